import { binaryOf, type NodeFixture } from '../../tools/n8n-engine';
import { labForEachTest } from './lab';
import { after, parking, prompts, start, failedWith } from './support';

const lab = labForEachTest();

/** A wait that n8n's timer ends the first time. */
const short = parking({ parameters: { options: { timeoutMinutes: 0.01 } } });

describe('a suspended run', () => {
	test('orders once, parks, and shows the tasks it waits for', async () => {
		const run = await lab.run(parking(), prompts('a cat', 'a dog'));
		expect(run.status).toBe('waiting');
		expect(lab.evolink.charges).toHaveLength(2);
		expect(run.json('Sora Video')).toEqual(
			lab.ids.map((taskId) => ({
				status: 'waiting',
				taskId,
				lastStatus: { id: taskId, status: 'pending', progress: 0 },
			})),
		);
		expect(run.task('After')).toBeUndefined();
		// n8n finds executions by these values
		const { metadata } = lab.engine.store.readData(run.executionId).resultData;
		expect(metadata).toEqual({ evolink_tasks_1: lab.ids.join(' ') });
	});

	test("asks EvoLink to call n8n's own resume URL", async () => {
		const [executionId] = await lab.parked();
		const [task] = lab.evolink.tasks.values();
		expect(task.request.callback_url).toMatch(
			new RegExp(`^https://.+/webhook-waiting/${executionId}/sora-video\\?signature=`),
		);
	});

	test('of a model that takes no callback is ordered without one, and is waited for by the timer', async () => {
		const [executionId, id] = await lab.parked(parking({ parameters: { model: 'MiniMax-Hailuo-2.3' } }));
		expect(lab.creates.map(({ body }) => 'callback_url' in (body as object))).toEqual([true, false]);
		expect(lab.paid).toHaveLength(1);
		lab.evolink.finish(id);
		expect((await lab.timer(executionId)).status).toBe('success');
	});

	test('goes on with the video when the callback comes', async () => {
		const [executionId, id] = await lab.parked();
		lab.evolink.finish(id);
		const run = await lab.woken(executionId, id);
		expect(run.status).toBe('success');
		expect(run.json('After')).toMatchObject([
			{ id, status: 'completed', resultExpiresAt: expect.any(String) },
		]);
		expect(await binaryOf(run.output('After')[0])).toMatchObject({
			mimeType: 'video/mp4',
			fileName: `${id}.mp4`,
		});
		expect(lab.evolink.charges).toHaveLength(1);
	});

	test('says what was asked for: after the callback, after the timer, and on a Retry', async () => {
		const asked = (prompt: string) => ({
			model: 'sora-2-preview',
			prompt,
			aspect_ratio: '16:9',
			duration: 4,
		});
		const ended = (...ids: string[]) => ids.forEach((id) => lab.evolink.finish(id));
		const woken = async (executionId: string, id: string) => await lab.woken(executionId, id);
		const timer = async (executionId: string) => await lab.timer(executionId);
		const retry = async (executionId: string) => await lab.retry({ executionId });
		for (const goOn of [woken, timer, retry]) {
			const [executionId, ...ids] = await lab.parked(
				goOn === retry ? short : parking(),
				prompts('a cat', 'a dog'),
			);
			if (goOn === retry) expect((await lab.timeIsUp(executionId)).status).toBe('error');
			ended(...ids);
			const run = await goOn(executionId, ids[0]);
			expect(run.json('After').map(({ request }) => request)).toEqual(['a cat', 'a dog'].map(asked));
		}
	});

	test("keeps to 'Simplify' as it was set when it parked", async () => {
		const [executionId, id] = await lab.parked(parking({ parameters: { simplify: true } }));
		lab.evolink.finish(id);
		const [item] = (await lab.timer(executionId)).json('After');
		expect(item).toMatchObject({ id, request: { prompt: 'a cat' }, resultExpiresAt: expect.any(String) });
		expect(item).not.toHaveProperty('usage');
	});

	test.each(['text/plain', 'application/octet-stream', ''])(
		'goes on by a callback that calls itself "%s"',
		async (type) => {
			const [executionId, id] = await lab.parked();
			lab.evolink.finish(id);
			const call = { body: JSON.stringify({ id }), headers: { 'content-type': type } };
			expect((await lab.woken(executionId, id, call)).status).toBe('success');
		},
	);

	test('puts the file into the field that each item names, woken by callback or timer', async () => {
		const parameters = { download: '={{ $json.field !== "" }}', binaryField: '={{ $json.field }}' };
		const items = ['a', '', 'c'].map((field) => ({ json: { prompt: `into ${field}`, field } }));
		for (const wake of ['callback', 'timer']) {
			const from = lab.ids.length;
			const [executionId] = await lab.parked(parking({ parameters }), items);
			for (const id of lab.ids.slice(from)) lab.evolink.finish(id);
			const id = lab.ids[from];
			const run = await (wake === 'timer' ? lab.timer(executionId) : lab.woken(executionId, id));
			const fields = run.output('After').map(({ binary }) => Object.keys(binary ?? {}));
			expect(fields).toEqual([['a'], [], ['c']]);
		}
	});

	test('finds the result by its timer when the callback is lost, in as many rounds as it takes', async () => {
		const [executionId, cat, dog] = await lab.parked(parking(), prompts('a cat', 'a dog'));
		lab.evolink.finish(dog);
		expect((await lab.timer(executionId)).status).toBe('waiting');
		lab.evolink.finish(cat);
		const run = await lab.timer(executionId);
		expect(run.status).toBe('success');
		expect(run.json('After').map(({ id }) => id)).toEqual([cat, dog]);
		expect(run.output('After').map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
		expect(run.runData['Sora Video']).toHaveLength(1);
		expect(lab.evolink.charges).toHaveLength(2);
	});

	test('promises the link for 24 h from when the task was last seen unfinished, however late the result is found', async () => {
		const [executionId, id] = await lab.parked();
		await lab.timer(executionId);
		const HOUR = 3_600_000;
		lab.change(executionId, ({ items }) => (items[0].watch.unfinishedAt -= HOUR));
		const anHourAgo = Date.now() - HOUR;
		lab.evolink.finish(id);
		const [{ resultExpiresAt }] = (await lab.timer(executionId)).json('After');
		expect(Date.parse(String(resultExpiresAt)) - 24 * HOUR).toBeLessThanOrEqual(anHourAgo);
	});

	test('stays parked on callbacks for unfinished, foreign and forged tasks, and on bodies without a task', async () => {
		const [executionId, cat] = await lab.parked(parking(), prompts('a cat', 'a dog'));
		await lab.refused(executionId, cat, 503);
		lab.evolink.finish(cat);
		await lab.refused(executionId, cat, 200);
		await lab.refused(executionId, 'task-unified-1-forged00', 404);
		for (const body of [{}, { id: 7 }, { id: '' }, { id: { a: 1 } }, { data: [] }]) {
			await lab.refused(executionId, '', 400, { body });
		}
		expect(lab.engine.store.get(executionId).status).toBe('waiting');
	});

	test('takes each file once when all videos of a run end at the same instant', async () => {
		const [executionId] = await lab.parked(
			parking(),
			prompts('a cat', 'a dog', 'a cow', 'a pig', 'a hen', 'a bee'),
		);
		const ids = lab.ids;
		for (const id of ids) lab.evolink.finish(id);
		const outcomes = await Promise.all(ids.map(async (id) => await lab.callback(executionId, id)));
		expect(outcomes.map(({ statusCode }) => statusCode)).toEqual(ids.map(() => 200));
		const runs = outcomes.flatMap(({ run }) => run ?? []);
		expect(runs).toHaveLength(1);
		const run = await lab.end(runs[0]);
		expect(run.json('After').map(({ id }) => id)).toEqual(ids);
		expect(lab.evolink.mediaStats.requests).toBe(ids.length);
	});

	test('goes on by the callback of the last task although another one is still being looked into', async () => {
		const [executionId, cat, dog] = await lab.parked(parking(), prompts('a cat', 'a dog'));
		lab.evolink.finish(cat);
		// its answer is made before the dog has ended and given after that
		const late = lab.evolink.fault('read', { kind: 'slow', seconds: 1, accepted: true }, { times: 2 });
		const first = lab.callback(executionId, cat);
		await lab.evolink.until(() => late.hits === 2);
		lab.evolink.finish(dog);
		const outcomes = await Promise.all([first, lab.callback(executionId, dog)]);
		expect(outcomes.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
		expect(outcomes.flatMap(({ run }) => run ?? [])).toHaveLength(1);
	});

	test('answers 503 to a callback while EvoLink cannot be asked, so that it is repeated', async () => {
		const [executionId, id] = await lab.parked();
		lab.evolink.finish(id);
		const fault = lab.evolink.fault('read', { kind: 'http', status: 500 });
		await lab.refused(executionId, id, 503);
		fault.remove();
		expect((await lab.callback(executionId, id)).run).toBeDefined();
	});

	test('ends with an error that names the running task when the time is up, after one last read', async () => {
		const [executionId, id] = await lab.parked(short);
		const { reads } = lab.evolink.tasks.get(id)!;
		const run = await lab.timeIsUp(executionId);
		expect(run.status).toBe('error');
		expect(run.error?.message).toContain(`Task ${id} was still`);
		expect(lab.evolink.tasks.get(id)!.reads).toBe(reads + 1);
	});
});

test('the last read of a wait is not lost to a bad moment of EvoLink', async () => {
	const [executionId, id] = await lab.parked(short);
	lab.evolink.finish(id);
	const fault = lab.evolink.fault('read', { kind: 'http', status: 502 }, { times: 1 });
	const run = await lab.timeIsUp(executionId);
	expect(fault.hits).toBe(1);
	expect(run.json('After')).toMatchObject([{ id, status: 'completed' }]);
});

describe('a task that fails while the run is parked', () => {
	/** Three tasks, of which the second fails, in a run that parks. */
	async function park(onError?: NodeFixture['onError'], parameters: NodeFixture['parameters'] = {}) {
		const node = parking({ ...(onError && { onError }), parameters });
		const [executionId, a, b, c] = await lab.parked(node, prompts('a', 'b', 'c'));
		lab.evolink.finish(a);
		lab.evolink.finish(b, { outcome: 'failed', code: 'content_policy_violation' });
		lab.evolink.finish(c);
		return { executionId, ids: [a, b, c] as const };
	}
	const wakers = [['the callback'], ['the timer']] as const;
	const wake = async (by: (typeof wakers)[number][0], executionId: string, id: string) =>
		by === 'the timer' ? await lab.timer(executionId) : await lab.woken(executionId, id);

	test.each(wakers)('ends the run with a message that names it and all others, woken by %s', async (by) => {
		const { executionId, ids } = await park();
		const ended = await wake(by, executionId, ids[1]);
		expect(ended.status).toBe('error');
		for (const id of ids) expect(ended.error?.message).toContain(id);
		expect(ended.error?.message).toContain('content_policy_violation');
	});

	test.each(wakers)('goes on as an error item beside the others, woken by %s', async (by) => {
		const { executionId, ids } = await park('continueRegularOutput');
		const ended = await wake(by, executionId, ids[1]);
		const [first, second, third] = ended.json('After');
		expect([first.id, third.id]).toEqual([ids[0], ids[2]]);
		expect(second).toEqual(failedWith(ids[1]!, { taskId: ids[1] }));
		expect(ended.output('After').map(({ pairedItem }) => pairedItem)).toEqual([
			{ item: 0 },
			{ item: 1 },
			{ item: 2 },
		]);
	});

	test.each(wakers)('goes to the error branch, woken by %s', async (by) => {
		const { executionId, ids } = await park('continueErrorOutput');
		const ended = await wake(by, executionId, ids[1]);
		expect(ended.json('After').map(({ id }) => id)).toEqual([ids[0], ids[2]]);
		expect(ended.json('Failed')).toEqual([{ prompt: 'b', ...failedWith(ids[1]!, { taskId: ids[1] }) }]);
	});

	test.each(wakers)('goes on as data where that was chosen, woken by %s', async (by) => {
		const { executionId, ids } = await park(undefined, { options: { onTaskFailure: 'output' } });
		const ended = await wake(by, executionId, ids[1]);
		expect(ended.json('After').map(({ id, status }) => [id, status])).toEqual([
			[ids[0], 'completed'],
			[ids[1], 'failed'],
			[ids[2], 'completed'],
		]);
	});

	test('and an order that was refused hold up no callback where errors go on as items', async () => {
		lab.evolink.fault('create', { kind: 'http', status: 403 }, { times: 1 });
		const node = parking({ onError: 'continueRegularOutput' });
		const [executionId, id] = await lab.parked(node, prompts('a', 'b'));
		lab.evolink.finish(id);
		const ended = await wake('the callback', executionId, id);
		expect(ended.json('After')).toMatchObject([failedWith('403'), { id }]);
	});
});

describe('one intent, one charge', () => {
	test('a failed task is not bought again by Retry, and Retry On Fail does not multiply it', async () => {
		const [executionId] = await lab.parked(parking({ retryOnFail: true, maxTries: 3, waitBetweenTries: 1 }));
		lab.evolink.finish(lab.ids[0], { outcome: 'failed', code: 'service_error' });
		const run = await lab.timer(executionId);
		expect(run.errorText).toContain('does not order it again');
		const again = await lab.retry({ executionId });
		expect(again.status).toBe('error');
		expect(lab.evolink.charges).toHaveLength(1);
	});

	test('Retry after a timeout waits on for the same task', async () => {
		const [executionId] = await lab.parked(short);
		expect((await lab.timeIsUp(executionId)).status).toBe('error');
		const again = await lab.retry({ executionId });
		expect(again.status).toBe('waiting');
		lab.evolink.finish(lab.ids[0]);
		expect((await lab.timer(again.executionId)).json('After')).toMatchObject([{ id: lab.ids[0] }]);
		expect(lab.evolink.charges).toHaveLength(1);
	});

	test('a process lost after the wake-up: Retry of the crashed execution finishes it without a new order', async () => {
		const [executionId] = await lab.parked();
		await lab.lose(await lab.startTimer(executionId));
		lab.evolink.finish(lab.ids[0]);
		const again = await lab.retry({ executionId });
		expect(again.json('After')).toMatchObject([{ id: lab.ids[0] }]);
		expect(lab.evolink.charges).toHaveLength(1);
	});
});

test('two waits in one run each take their own task', async () => {
	const nodes = [start, parking(), parking({ parameters: { prompt: 'second' } }, 'Again'), after];
	const { executionId } = await lab.run({ nodes }, prompts('first'));
	const [first] = lab.ids;
	lab.evolink.finish(first);
	const middle = await lab.woken(executionId, first);
	expect(middle.status).toBe('waiting');
	await lab.refused(executionId, first, 404);
	const second = lab.ids[1];
	lab.evolink.finish(second);
	const run = await lab.woken(executionId, second);
	expect(run.json('After')).toMatchObject([{ id: second }]);
	expect(lab.evolink.charges).toHaveLength(2);
});

test.each(['a "b" }} c', '{{ $json }}', "it's `odd` \\ \n", '視頻 🎬'])(
	'a node named %j is resumed by its callback',
	async (name) => {
		const [executionId, id] = await lab.parked(parking({}, name));
		lab.evolink.finish(id);
		expect((await lab.callback(executionId, id)).run).toBeDefined();
	},
);

test('if n8n ever forwarded what was parked, it would be an error that names the tasks, never the input', async () => {
	const [executionId] = await lab.parked();
	const [entry] = lab.engine.store.readData(executionId).executionData!.nodeExecutionStack;
	expect(entry.data.main[0]).toMatchObject([{ json: failedWith(lab.ids[0]!) }]);
});
