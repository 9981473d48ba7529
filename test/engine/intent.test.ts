/**
 * An intent is ordered once, whatever its prompt says by then: n8n runs a lost execution anew from its trigger, and a failed
 * one as often as somebody retries it. EvoLink honours the Idempotency-Key here.
 */
import {
	recoverCrashed,
	retryExecution,
	startWorkflow,
	type Execution,
	type NodeFixture,
	type Run,
} from '../../tools/n8n-engine';
import { parking, parkingForEachTest } from './parking-support';
import { SORA, after, prompts, retryOnFail, start } from './support';

const lab = parkingForEachTest({ defaults: { seconds: 0 } });

const random: NodeFixture = {
	name: 'Random',
	type: 'n8n-nodes-base.set',
	parameters: { assign: '={{ { prompt: "cat " + Math.random() } }}' },
};

const PROMPTS: Array<[string, string, NodeFixture[]]> = [
	['constant', 'a cat', []],
	['of the hour', '={{ $now.toMillis() }}', []],
	['written by a node before it', '={{ $json.prompt }}', [random]],
	['of the execution id', '=cat of {{ $execution.id }}', []],
];

const workflowOf = (prompt: string, before: NodeFixture[], wait: string) => {
	const options = { pollSeconds: 0.25, timeoutMinutes: 0.05 };
	const node = parking({ parameters: { prompt, wait, download: false, options } });
	return { nodes: [start, ...before, node, after] };
};

const keys = () => new Set(lab.creates.map(({ headers }) => headers['idempotency-key']));

/** The process is gone between the order and the storing of its ledger; n8n's recovery and a Retry follow. */
async function retriedAfterLoss(run: Run): Promise<Execution> {
	await new Promise((resolve) => lab.evolink.events.once('create', resolve));
	run.crash();
	recoverCrashed(lab.engine, run);
	return await (
		await retryExecution(lab.engine, run.executionId)
	).done;
}

describe.each(['poll', 'suspend'])('a process that was lost after it ordered, Wait = %s', (wait) => {
	test.each(PROMPTS)('a prompt %s is paid once', async (_, prompt, before) => {
		const workflow = workflowOf(prompt, before, wait);
		await retriedAfterLoss(await startWorkflow(lab.engine, workflow, { items: prompts('a cat') }));
		expect(lab.creates).toHaveLength(2);
		expect(keys().size).toBe(1);
		expect(lab.evolink.charges).toHaveLength(1);
	});
});

describe('that an earlier try ordered the video', () => {
	const lost = async (prompt: string) => {
		const run = await startWorkflow(lab.engine, workflowOf(prompt, [], 'poll'), { items: prompts('') });
		return await retriedAfterLoss(run);
	};
	const told = (id: string) => expect.objectContaining({ message: expect.stringContaining(id) });

	test('is said by the item and a hint where EvoLink answers with the first task', async () => {
		const run = await lost('a cat');
		const [id] = lab.taskIds;
		expect(run.json(SORA)).toMatchObject([{ id, status: 'completed', orderedByEarlierTry: true }]);
		expect(run.hints(SORA)).toContainEqual(told(id));
	});

	test('is said with its key where EvoLink refuses another body under it', async () => {
		const run = await lost('={{ $now.toMillis() }}');
		expect(run.error?.message).toContain('Nothing was charged for this one');
		expect(run.error?.message).toContain(lab.evolink.charges[0].idempotencyKey);
	});

	test('is said by the item after a parked wait, too, and by a hint while it is parked', async () => {
		lab.engine.oneProcess = true;
		lab.evolink.fault('create', { kind: 'http', status: 402 }, { times: 1 });
		const failed = await lab.run(workflowOf('={{ $now.toMillis() }}', [], 'suspend'), prompts('a cat'));
		const retry = async () => await (await retryExecution(lab.engine, failed.executionId)).done;
		const first = await retry();
		const second = await retry();
		const [id] = lab.taskIds;
		expect(second.hints(SORA)).toContainEqual(told(id));
		expect((await lab.timer(first.executionId)).json(SORA)[0]).not.toHaveProperty('orderedByEarlierTry');
		expect((await lab.timer(second.executionId)).json(SORA)).toMatchObject([
			{ id, status: 'completed', orderedByEarlierTry: true },
		]);
	});

	test('is said by the item that does not wait', async () => {
		lab.engine.oneProcess = true;
		lab.evolink.fault('create', { kind: 'http', status: 402 }, { times: 1 });
		const failed = await lab.run(workflowOf('a cat', [], 'none'), prompts('a cat'));
		const retry = async () => await (await retryExecution(lab.engine, failed.executionId)).done;
		expect((await retry()).json(SORA)[0]).not.toHaveProperty('orderedByEarlierTry');
		expect((await retry()).json(SORA)).toMatchObject([{ id: lab.taskIds[0], orderedByEarlierTry: true }]);
	});
});

test('a try that was refused before the one that was lost does not change the key', async () => {
	lab.evolink.fault('create', { kind: 'http', status: 402 }, { times: 1 });
	const workflow = workflowOf('a cat', [], 'poll');
	Object.assign(workflow.nodes[1], retryOnFail);
	const again = await retriedAfterLoss(
		await startWorkflow(lab.engine, workflow, { items: prompts('a cat') }),
	);
	expect(again.status).toBe('success');
	expect(lab.creates).toHaveLength(3);
	expect(keys().size).toBe(1);
	expect(lab.evolink.charges).toHaveLength(1);
});

test("a proxy's refusal does not change the key: EvoLink may have taken the order", async () => {
	lab.evolink.fault('create', { kind: 'html', status: 403 }, { times: 1 });
	const failed = await lab.run(workflowOf('a cat', [], 'suspend'), prompts('a cat'));
	expect(failed.status).toBe('error');
	await (
		await retryExecution(lab.engine, failed.executionId)
	).done;
	expect(lab.creates).toHaveLength(2);
	expect(keys().size).toBe(1);
});

describe.each([true, false])('one failed execution that is retried twice, in one process: %j', (together) => {
	beforeEach(() => (lab.engine.oneProcess = together));

	test.each(PROMPTS)('a prompt %s is paid once', async (_, prompt, before) => {
		lab.evolink.fault('create', { kind: 'http', status: 402 }, { times: 1 });
		const workflow = workflowOf(prompt, before, 'suspend');
		const failed = await lab.run(workflow, prompts('a cat'));
		expect(failed.error?.message).toContain('402');
		const retry = async () => await (await retryExecution(lab.engine, failed.executionId)).done;
		await retry();
		await retry();
		expect(lab.evolink.charges).toHaveLength(1);
		// what was refused may be changed and ordered under another key
		expect(keys().size).toBe(2);
		expect(lab.evolink.charges[0].idempotencyKey).not.toBe(lab.creates[0].headers['idempotency-key']);
	});
});
