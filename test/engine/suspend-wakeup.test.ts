import { WebhookContext } from 'n8n-core';
import { connect, type NodeFixture, type WebhookAnswer } from '../../tools/n8n-engine';
import { labForEachTest } from './lab';
import { SORA, after, parking, prompts, start, failedWith } from './support';

/** What can go wrong in the instant in which a parked run is woken: several wakers, slow media, other nodes. */

const lab = labForEachTest();

test('a node that two branches lead to runs for each: what the second one gets is ordered, never passed on', async () => {
	const connections = connect(['Start', SORA], ['Start', 'Other'], ['Other', SORA], [SORA, 'After']);
	const other: NodeFixture = { name: 'Other', type: 'n8n-nodes-base.noOp' };
	// breadth first, as n8n runs workflows of the older kind: both runs of the node stand on the stack together
	const settings = { executionOrder: 'v0' as const };
	connections.Start.main[0]!.push({ node: SORA, type: 'main', index: 0 });
	const { executionId } = await lab.run({ nodes: [start, other, parking(), after], connections, settings });
	for (let runs = 1; runs <= 3; runs += 1) {
		expect(lab.ids).toHaveLength(runs);
		lab.evolink.finish(lab.ids.at(-1)!);
		await lab.woken(executionId, lab.ids.at(-1)!);
	}
	const { resultData } = lab.engine.store.readData(executionId);
	const given = resultData.runData.After.map(({ data }) => data!.main[0]!.map(({ json }) => json.id));
	expect(given).toEqual(lab.ids.map((id) => [id]));
});

describe('a callback near the timer', () => {
	test('leaves the run to it, because n8n would wake the next node that waits with the armed timer', async () => {
		const [executionId, id] = await lab.parked(parking({ parameters: { options: { timeoutMinutes: 1 } } }));
		lab.evolink.finish(id);
		await lab.refused(executionId, id, 200);
		expect(lab.evolink.tasks.get(id)!.reads).toBe(0);
		expect((await lab.timer(executionId)).json('After')).toMatchObject([{ id, status: 'completed' }]);
	});

	test('wakes the run all the same where nobody has come for a minute', async () => {
		const [executionId, id] = await lab.parked(parking({ parameters: { options: { timeoutMinutes: 1 } } }));
		lab.evolink.finish(id);
		lab.change(executionId, (wait) => (wait.wakesAt -= 140_000));
		expect((await lab.woken(executionId, id)).status).toBe('success');
	});
});

test('a callback downloads nothing and emits nothing itself: whoever runs executions does', async () => {
	const [executionId, id] = await lab.parked();
	lab.evolink.finish(id);
	const atAnswer: number[] = [];
	const onAnswer = () => atAnswer.push(lab.evolink.mediaStats.requests);
	const { run } = await lab.callback(executionId, id, { body: { id }, onAnswer });
	expect((await run!.done).status).toBe('success');
	expect(atAnswer).toEqual([0]);
	expect(lab.evolink.mediaStats.requests).toBe(1);
});

test('a callback on a host that cannot wake a run this way leaves it to the timer', async () => {
	const [executionId, id] = await lab.parked();
	lab.evolink.finish(id);
	const { prototype } = WebhookContext;
	Object.defineProperty(prototype, 'executeData', {
		configurable: true,
		get: () => undefined,
		set: () => {},
	});
	try {
		await lab.refused(executionId, id, 200);
	} finally {
		delete (prototype as { executeData?: unknown }).executeData;
	}
	expect((await lab.timer(executionId)).status).toBe('success');
});

describe('a callback is answered', () => {
	const answerTo = async (executionId: string, id: string, look: (answer: WebhookAnswer) => void) =>
		await lab.callback(executionId, id, { body: { id }, onAnswer: look });

	test('before all tasks of a large batch are read, while EvoLink still listens', async () => {
		const many = Array.from({ length: 40 }, (_, item) => `video ${item}`);
		const [executionId] = await lab.parked(parking({ parameters: { download: false } }), prompts(...many));
		for (const id of lab.ids) lab.evolink.finish(id);
		lab.evolink.fault('read', { kind: 'slow', seconds: 0.5, accepted: true });
		let readBefore = 0;
		const { run } = await answerTo(executionId, lab.ids[0]!, () => (readBefore = lab.reads.length));
		expect(readBefore).toBeLessThan(many.length);
		expect((await run!.done).json('After')).toHaveLength(many.length);
	});

	test('503 when the stored run cannot be read, and the run stays parked', async () => {
		const [executionId, id] = await lab.parked();
		const data = lab.engine.store.readData(executionId);
		data.executionData!.contextData[`node:${SORA}`]!.wait = { token: 'x', items: null } as never;
		lab.engine.store.write(executionId, {}, data);
		await lab.refused(executionId, id, 503);
		expect(lab.engine.store.get(executionId).status).toBe('waiting');
	});
});

test('tasks that the timer has seen end are not read again by a callback', async () => {
	const [executionId, cat, dog] = await lab.parked(parking(), prompts('a cat', 'a dog'));
	lab.evolink.finish(cat);
	expect((await lab.timer(executionId)).status).toBe('waiting');
	lab.evolink.finish(dog);
	expect((await lab.woken(executionId, dog)).status).toBe('success');
	expect(lab.evolink.tasks.get(cat)!.reads).toBe(1);
});

test('a task whose time is up keeps nobody waiting: the last of the others wakes the run', async () => {
	const [executionId, cat, dog] = await lab.parked(parking(), prompts('a cat', 'a dog'));
	lab.change(executionId, ({ items: [first] }) => Object.assign(first, { isOver: true }));
	lab.evolink.finish(dog);
	const { error } = await lab.woken(executionId, dog);
	expect(error).toMatchObject({ context: { taskId: cat } });
});

test('a callback that is still being checked while another one wakes the run does not wake what comes behind', async () => {
	lab.engine.oneProcess = true;
	const behind = parking({ parameters: { prompt: 'behind' } }, 'Behind');
	const { executionId } = await lab.run({ nodes: [start, parking(), behind] }, prompts('a cat', 'a dog'));
	const [cat, dog] = lab.ids;
	lab.evolink.finish(cat);
	lab.evolink.finish(dog);
	const slow = lab.evolink.fault('read', { kind: 'slow', seconds: 100 }, { times: 1 });
	const checked = lab.callback(executionId, dog);
	await lab.evolink.until(() => slow.hits > 0);
	expect((await lab.woken(executionId, cat)).status).toBe('waiting');
	lab.evolink.advance(100);
	expect(await checked).not.toHaveProperty('run');
	expect(lab.engine.store.readData(executionId).resultData.lastNodeExecuted).toBe('Behind');
});

test('the bare resume URL, which belongs to whatever node waits, is not answered by this one', async () => {
	const [executionId, id] = await lab.parked();
	lab.evolink.finish(id);
	await lab.refused(executionId, id, 404, { suffix: '', body: { id } });
	expect((await lab.woken(executionId, id)).status).toBe('success');
});

test('a parked run of which n8n has kept no record orders nothing, and says so', async () => {
	const [executionId] = await lab.parked();
	const data = lab.engine.store.readData(executionId);
	data.executionData!.contextData = {};
	lab.engine.store.write(executionId, {}, data);
	const run = await lab.timer(executionId);
	expect(run.error?.message).toContain('n8n has lost what it kept of the run');
	expect(lab.evolink.charges).toHaveLength(1);
});

test('each round of a loop waits for its own task', async () => {
	const loop: NodeFixture = { name: 'Loop', type: 'n8n-nodes-base.splitInBatches' };
	const connections = connect(['Start', 'Loop'], [['Loop', 1], SORA], [SORA, 'Loop'], [['Loop', 0], 'After']);
	const nodes = [start, loop, parking({ parameters: { download: false } }), after];
	const { executionId } = await lab.run({ nodes, connections }, prompts('a cat', 'a dog', 'a cow'));
	lab.evolink.finish(lab.ids[0]!);
	expect((await lab.woken(executionId, lab.ids[0]!)).status).toBe('waiting');
	expect((await lab.timer(executionId)).status).toBe('waiting');
	expect(lab.ids).toHaveLength(2);
	lab.evolink.finish(lab.ids[1]!);
	expect((await lab.timer(executionId)).status).toBe('waiting');
	lab.evolink.finish(lab.ids[2]!);
	const ended = await lab.timer(executionId);
	expect(ended.json('After').map(({ id }) => id)).toEqual(lab.ids);
});

test('a node that goes on after errors the old way is finished by a callback, too', async () => {
	const node = parking({ continueOnFail: true });
	const [executionId, id] = await lab.parked(node);
	lab.evolink.finish(id, { outcome: 'failed', code: 'service_error' });
	const ended = await lab.woken(executionId, id);
	expect(ended.json('After')).toEqual([failedWith(id, { taskId: id, code: 'service_error' })]);
});

test('Retry after a file could not be had asks EvoLink for the link that holds now', async () => {
	const [executionId, id] = await lab.parked();
	lab.evolink.finish(id);
	const broken = lab.evolink.fault('media', { kind: 'http', status: 403 });
	expect((await lab.timer(executionId)).error?.message).toContain('could not be downloaded');
	broken.remove();
	const { reads } = lab.evolink.tasks.get(id)!;
	const again = await lab.retry({ executionId });
	expect(again.status).toBe('success');
	expect(lab.evolink.tasks.get(id)!.reads).toBe(reads + 1);
	expect(lab.evolink.charges).toHaveLength(1);
});
