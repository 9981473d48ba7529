/**
 * An intent is ordered once, whatever its prompt says by then: n8n runs a lost execution anew from its trigger, and a failed
 * one as often as somebody retries it. EvoLink honours the Idempotency-Key here.
 */
import type { NodeFixture } from '../../tools/n8n-engine';
import { inLab, labForEachTest, type Lab } from './lab';
import { BY_HAND, SORA, after, parking, retryOnFail, sora, start } from './support';

const lab = labForEachTest({ defaults: { seconds: 0 } });

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

const workflowOf = (prompt: string, before: NodeFixture[], mode: string) => {
	const wait = mode === 'none' ? 'none' : 'auto';
	const waitMode = wait === 'none' ? 'auto' : mode;
	const node = parking({
		parameters: { prompt, wait, download: false, options: { waitMode, pollSeconds: 0.25 } },
	});
	return { nodes: [start, ...before, node, after] };
};

describe.each(['poll', 'suspend'])('a process that was lost after it ordered, Wait = %s', (wait) => {
	test.each(PROMPTS)('a prompt %s is paid once', async (_, prompt, before) => {
		await lab.retry(await lab.lostWhileOrdering(workflowOf(prompt, before, wait)));
		expect(lab.creates).toHaveLength(2);
		expect(lab.sentKeys.size).toBe(1);
		expect(lab.evolink.charges).toHaveLength(1);
	});
});

describe('that an earlier try ordered the video', () => {
	const lost = async (prompt: string) =>
		await lab.retry(await lab.lostWhileOrdering(workflowOf(prompt, [], 'poll')));
	const told = (id: string) => expect.objectContaining({ message: expect.stringContaining(id) });

	test('is said by the item and a hint where EvoLink answers with the first task', async () => {
		const run = await lost('a cat');
		const [id] = lab.ids;
		expect(run.json(SORA)).toMatchObject([{ id, status: 'completed', orderedByEarlierTry: true }]);
		expect(run.json(SORA)[0]).not.toHaveProperty('request');
		expect(run.hints(SORA)).toContainEqual(told(id));
	});

	test('is said with its key where EvoLink refuses another body under it', async () => {
		const run = await lost('={{ $now.toMillis() }}');
		expect(run.errorText).toContain('usually not charged');
		expect(run.error?.message).toContain(lab.evolink.charges[0].idempotencyKey);
	});

	test('is said by the item after a parked wait, too, and by a hint while it is parked', async () => {
		lab.engine.oneProcess = true;
		lab.evolink.fault('create', { kind: 'http', status: 402 }, { times: 1 });
		const failed = await lab.run(workflowOf('={{ $now.toMillis() }}', [], 'suspend'));
		const [first, second] = [await lab.retry(failed), await lab.retry(failed)];
		const [id] = lab.ids;
		expect(second.hints(SORA)).toContainEqual(told(id));
		expect((await lab.timer(first.executionId)).json(SORA)[0]).not.toHaveProperty('orderedByEarlierTry');
		expect((await lab.timer(second.executionId)).json(SORA)).toMatchObject([
			{ id, status: 'completed', orderedByEarlierTry: true },
		]);
	});

	test('is said by the item that does not wait', async () => {
		lab.engine.oneProcess = true;
		lab.evolink.fault('create', { kind: 'http', status: 402 }, { times: 1 });
		const workflow = workflowOf('a cat', [], 'none');
		// which drops no warning
		workflow.nodes[1].parameters!.simplify = true;
		const failed = await lab.run(workflow);
		expect((await lab.retry(failed)).json(SORA)[0]).not.toHaveProperty('orderedByEarlierTry');
		expect((await lab.retry(failed)).json(SORA)).toMatchObject([
			{ id: lab.ids[0], orderedByEarlierTry: true },
		]);
	});
});

test('a try that was refused before the one that was lost does not change the key', async () => {
	lab.evolink.fault('create', { kind: 'http', status: 402 }, { times: 1 });
	const workflow = workflowOf('a cat', [], 'poll');
	Object.assign(workflow.nodes[1], retryOnFail);
	const again = await lab.retry(await lab.lostWhileOrdering(workflow));
	expect(again.status).toBe('success');
	expect(lab.creates).toHaveLength(3);
	expect(lab.sentKeys.size).toBe(1);
	expect(lab.evolink.charges).toHaveLength(1);
});

test("an order names its key in both headers in which EvoLink's own clients do, and pretends to be none of them", async () => {
	await lab.run(workflowOf('a cat', [], 'poll'));
	const [{ headers }] = lab.creates;
	expect(headers['idempotency-key']).toMatch(/^n8n-/);
	expect(headers['x-evo-run-id']).toBe(headers['idempotency-key']);
	expect(Object.keys(headers).filter((name) => name.startsWith('x-evo-'))).toEqual(['x-evo-run-id']);
});

test("a proxy's refusal does not change the key: EvoLink may have taken the order", async () => {
	lab.evolink.fault('create', { kind: 'html', status: 403 }, { times: 1 });
	const failed = await lab.run(workflowOf('a cat', [], 'suspend'));
	expect(failed.status).toBe('error');
	await lab.retry(failed);
	expect(lab.creates).toHaveLength(2);
	expect(lab.sentKeys.size).toBe(1);
});

describe.each([
	[true, 'forgotten'],
	[false, 'forgotten'],
	[true, 'replayed'],
	[false, 'replayed'],
	[true, 'conflict'],
	[false, 'conflict'],
] as const)(
	'one failed execution that is retried twice, in one process: %j, its refused key is %s',
	(together, refusedKeys) => {
		beforeEach(() => {
			lab.engine.oneProcess = together;
			lab.evolink.refusedKeys = refusedKeys;
		});

		test.each(PROMPTS)('a prompt %s is paid once', async (_, prompt, before) => {
			lab.evolink.fault('create', { kind: 'http', status: 402 }, { times: 1 });
			const failed = await lab.run(workflowOf(prompt, before, 'suspend'));
			expect(failed.error?.message).toContain('402');
			await lab.retry(failed);
			await lab.retry(failed);
			expect(lab.evolink.charges).toHaveLength(1);
			// another key only where EvoLink keeps the refusal under the first
			expect(lab.sentKeys.size).toBe(refusedKeys === 'forgotten' ? 1 : 2);
		});
	},
);

/** As n8n before 2.14 stores executions: without the token that its resume URL is signed with. */
function takeToken({ engine }: Lab, executionId: string): void {
	const { resumeToken, ...data } = engine.store.readData(executionId);
	expect(resumeToken).toBeDefined();
	engine.store.write(executionId, {}, data as never);
}

const WARNING = /found no earlier order.*EvoLink dashboard/;

async function warningsOfRetry(lab: Lab, executionId: string): Promise<string[]> {
	return (await lab.retry({ executionId }))
		.hints(SORA)
		.filter(({ type }) => type === 'warning')
		.map(({ message }) => message);
}

describe('Retry where n8n gives executions no token', () => {
	test('of a run that was lost while it ordered: says that the video may be there twice', () =>
		inLab(async (lab) => {
			const { executionId } = await lab.lostWhileOrdering(sora());
			takeToken(lab, executionId);
			expect(await warningsOfRetry(lab, executionId)).toEqual([expect.stringMatching(WARNING)]);
			expect(lab.sentKeys.size).toBe(2);
		}));

	test('of a run whose order is known: goes on with it, and has nothing to say', () =>
		inLab(async (lab) => {
			lab.evolink.script('', BY_HAND);
			const first = await lab.run(sora({ options: { timeoutMinutes: 0.01 } }));
			lab.evolink.finish(lab.ids[0]!);
			takeToken(lab, first.executionId);
			expect(await warningsOfRetry(lab, first.executionId)).toEqual([]);
			expect(lab.paid).toEqual(['a cat']);
		}));
});
