/** What goes wrong around a run that waits for room, and input and answers that nobody should send: what its user is owed all the same. */
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import { connect, stopStored, type Execution, type NodeFixture } from '../../tools/n8n-engine';
import { ordersOf } from '../match';
import { inLab, labForEachTest, type Lab } from './lab';
import { png } from './media-files';
import { SORA, failedWith, hintsOf, inline, parking, prompts, retryOnFail, sora, start } from './support';

const lab = labForEachTest();

const quiet = (more: Partial<NodeFixture> = {}) =>
	parking({ ...more, parameters: { download: false, ...more.parameters } });
const finishAll = ({ evolink }: Lab) => {
	for (const task of evolink.tasks.values()) if (!task.terminal) evolink.finish(task.id);
};

/** Lets every task end and n8n wake the run, until it is over. */
async function toItsEnd(run: Execution): Promise<Execution> {
	let last = run;
	for (let wakes = 0; last.status === 'waiting' && wakes < 10; wakes += 1) {
		finishAll(lab);
		last = await lab.timeIsUp(run.executionId);
	}
	return last;
}

/** A suspended run whose account has room for one task. */
async function queued(
	node = quiet(),
	items: INodeExecutionData[] = prompts('a', 'b'),
): Promise<[id: string, task: string]> {
	lab.evolink.room = { tasks: 1 };
	const [executionId, id] = await lab.parked(node, items);
	return [executionId, id!];
}

interface Kept {
	wait?: { items: Array<{ item: number; phase: string; watch?: IDataObject }>; room?: object } & IDataObject;
	ledger?: unknown;
}

/** Changes what n8n keeps of the node. */
function edit(executionId: string, change: (kept: Kept) => unknown): void {
	const data = lab.engine.store.readData(executionId);
	change(data.executionData!.contextData[`node:${SORA}`] as Kept);
	lab.engine.store.write(executionId, {}, data);
}

async function retryOfStopped(executionId: string): Promise<Execution> {
	stopStored(lab.engine, executionId);
	return await lab.retry({ executionId });
}

const asked = (run: Execution, node = SORA) =>
	run.json(node).map(({ request }) => (request as IDataObject | undefined)?.prompt);

describe('a run that waits for room', () => {
	test('and meets an order of unknown outcome: its Retry sends it again where the option says so, and pays once', async () => {
		const [executionId, id] = await queued();
		lab.evolink.finish(id);
		lab.evolink.fault('create', { kind: 'drop-after' }, { times: 1 });
		const doubtful = await lab.timeIsUp(executionId);
		expect(doubtful.errorText).toContain("turn on the option 'Resend When Outcome Is Unknown' and use Retry");
		expect((await lab.retry(doubtful)).error?.message).toMatch(/earlier try.*Idempotency-Key/);
		lab.evolink.room = undefined;
		const workflow = structuredClone(lab.engine.store.get(executionId).workflow);
		Object.assign(workflow.nodes[1]!.parameters, { options: { resendUnknown: true } });
		const done = await toItsEnd(await lab.retry(doubtful, { workflow }));
		expect([done.status, asked(done), lab.paid]).toEqual(['success', ['a', 'b'], ['a', 'b']]);
	});

	test('retried twice from the same stopped execution orders each item once, and both deliver all', async () => {
		lab.engine.oneProcess = true;
		lab.evolink.idempotency = 'ignored';
		const [executionId, id] = await queued(quiet(), prompts('a', 'b', 'c'));
		lab.evolink.finish(id);
		const retries = [await retryOfStopped(executionId), await lab.retry({ executionId })];
		for (const retry of retries)
			expect((await toItsEnd(retry)).json(SORA)).toMatchObject(Array(3).fill({ status: 'completed' }));
		expect(lab.paid).toEqual(['a', 'b', 'c']);
	});

	test('in a loop, stopped in the second round: the videos of the first round cast no doubt on what waits', async () => {
		const loop = { name: 'Loop', type: 'n8n-nodes-base.splitInBatches', parameters: { batchSize: 2 } };
		const connections = connect(['Start', 'Loop'], [['Loop', 1], SORA], [SORA, 'Loop']);
		lab.evolink.room = { tasks: 1 };
		const run = await lab.run({ nodes: [start, loop, quiet()], connections }, prompts('a', 'b', 'c', 'd'));
		for (const paid of [2, 3]) {
			finishAll(lab);
			await lab.timeIsUp(run.executionId);
			expect(lab.paid).toHaveLength(paid);
		}
		const done = await toItsEnd(await retryOfStopped(run.executionId));
		expect([done.status, lab.paid]).toEqual(['success', ['a', 'b', 'c', 'd']]);
	});

	test('orders nothing more after a task that cannot be read, where it stops on errors', async () => {
		const [executionId, id] = await queued();
		lab.evolink.fault('read', { kind: 'http', status: 403, code: 'permission_denied' });
		const run = await lab.timeIsUp(executionId);
		expect(run.error?.message).toContain(`Task ${id} could not be read`);
		expect(run.errorText).toContain('Nothing was ordered for item 1');
		expect(lab.paid).toEqual(['a']);
	});

	test('for its orders alone goes on after a task that fails: that is data', () =>
		inLab(
			async (own) => {
				own.evolink.script('a', { outcome: 'failed', code: 'service_error' });
				const run = await own.run(sora({ wait: 'none', options: { tasksAtOnce: 1 } }), prompts('a', 'b'));
				expect(run.json(SORA)).toMatchObject([{ status: 'failed' }, { status: 'pending' }]);
			},
			{ timeScale: 1, defaults: { seconds: 1 } },
		));

	test.each(['soon', '-5', 'Thu, 01 Jan 2099 00:00:00 GMT'])(
		'comes back within minutes, asked to after %j',
		async (retryAfter) => {
			lab.evolink.fault('create', { kind: 'http', status: 429, retryAfter });
			const inMs = (await lab.run(quiet())).waitTill!.getTime() - Date.now();
			expect(inMs > 60_000 && inMs < 600_000).toBe(true);
		},
	);

	test('of none at all for a while loses nothing', async () => {
		lab.evolink.room = { tasks: 0, full: '429-retry-after', retryAfter: 86_400 };
		const run = await lab.run(quiet(), prompts('a', 'b'));
		lab.evolink.room = undefined;
		expect(asked(await toItsEnd(run))).toEqual(['a', 'b']);
	});

	test('outlasts a task whose time is up, names it, and orders the rest', async () => {
		const node = quiet({ parameters: { options: { timeoutMinutes: 1 } }, onError: 'continueRegularOutput' });
		const [executionId, id] = await queued(node);
		expect((await lab.timeIsUp(executionId)).status).toBe('waiting');
		finishAll(lab);
		const done = await toItsEnd(await lab.timeIsUp(executionId));
		expect(done.json(SORA)).toMatchObject([failedWith(`Task ${id} was still`), { status: 'completed' }]);
		expect(lab.paid).toEqual(['a', 'b']);
	});

	test('takes the turn of a task whose result comes late, and delivers both', async () => {
		lab.evolink.script('a', { seconds: 3600, resultsLate: 60 });
		const [executionId, id] = await queued();
		lab.evolink.finish(id);
		await lab.refused(executionId, id, 503);
		expect((await lab.timeIsUp(executionId)).status).toBe('waiting');
		lab.evolink.advance(60);
		expect(asked(await toItsEnd(await lab.timeIsUp(executionId)))).toEqual(['a', 'b']);
	});

	test('whose credential was deleted names its task, and goes on once it is back', async () => {
		const [executionId, id] = await queued();
		lab.evolink.finish(id);
		const { credentials } = lab.engine;
		const { evoLinkApi } = credentials;
		delete credentials.evoLinkApi;
		const bad = await lab.timeIsUp(executionId);
		expect(bad.error?.message).toContain(`Task ${id} could not be read`);
		Object.assign(credentials, { evoLinkApi });
		expect(asked(await toItsEnd(await lab.retry(bad)))).toEqual(['a', 'b']);
		expect(lab.paid).toEqual(['a', 'b']);
	});

	test('polls, is tried again by n8n after a refusal, and pays each item once', () =>
		inLab(
			async (own) => {
				own.evolink.room = { tasks: 1 };
				own.evolink.fault('create', { kind: 'http', status: 402 }, { match: ordersOf('b'), times: 1 });
				const run = await own.run(sora({}, retryOnFail), prompts('a', 'b', 'c'));
				expect([run.errorText, asked(run), own.paid]).toEqual(['', ['a', 'b', 'c'], ['a', 'b', 'c']]);
			},
			{ timeScale: 1, defaults: { seconds: 0.5, estimatedTime: 0 } },
		));
});

describe('a file that n8n keeps in the execution alone', () => {
	const binary = { data: inline(png(1280, 720)) };
	const pictures = prompts('a', 'b', 'c').map((item) => ({ ...item, binary }));
	const node = quiet({ parameters: { startImage: 'binary' } });

	test('is said to be gone where a Retry after a wait would need it, and the paid task is named', async () => {
		const [executionId, id] = await queued(node, pictures);
		lab.evolink.finish(id);
		lab.evolink.fault('create', { kind: 'http', status: 402 }, { times: 1 });
		const again = await lab.retry(await lab.timeIsUp(executionId));
		expect(again.errorText).toMatch(/^The file of this item is gone: .*Run the workflow again/);
		expect(again.error?.message).toContain(id);
		expect(lab.paid).toEqual(['a']);
	});

	test('is not given up: where EvoLink has no place for it yet, the run polls, and says why', async () => {
		lab.evolink.room = { tasks: 1 };
		lab.evolink.fault('upload', { kind: 'refused', code: 40003 }, { skip: 1 });
		const run = await lab.start(node, pictures);
		const why = 'EvoLink has no room yet for a file';
		await lab.evolink.until(() => lab.requestsTo('uploadFileStream').length >= 3 && lab.creates.length > 0);
		await new Promise((resolve) => setTimeout(resolve, 200));
		await run.cancel();
		expect(hintsOf(await lab.end(run))).toContainEqual(expect.stringContaining(why));
	});
});

describe('what n8n keeps of a suspended run, changed by somebody', () => {
	type Change = (kept: Kept) => unknown;
	const [first, second] = [0, 1];

	test.each<[string, Change]>([
		['of version 2', ({ wait }) => (wait!.version = 2)],
		['without its items', ({ wait }) => (wait!.items = [])],
		['with its items reversed', ({ wait }) => wait!.items.forEach((entry, at) => (entry.item = 1 - at))],
		['with an item that there is not', ({ wait }) => (wait!.items[second]!.item = 7)],
		['with two entries of one item', ({ wait }) => (wait!.items[second]!.item = 0)],
		['with a phase that there is not', ({ wait }) => (wait!.items[first]!.phase = 'done')],
		['of another wait', ({ wait }) => (wait!.token = 'another')],
		['gone', (kept) => delete kept.wait],
		['with a ledger of version 2', (kept) => (kept.ledger = { version: 2 })],
		['with a ledger that is a text', (kept) => (kept.ledger = 'gone')],
	])('%s: the run ends with an error that names its task, and nothing more is ordered', async (_, change) => {
		const [executionId, id] = await queued();
		edit(executionId, change);
		lab.evolink.finish(id);
		const run = await lab.timer(executionId);
		expect(run.status).toBe('error');
		expect(run.error?.message).toContain(id);
		expect(lab.paid).toEqual(['a']);
	});

	test('without its items, in a run that goes on after errors: an error item with its task, not an empty success', async () => {
		const [executionId, id] = await queued(quiet({ onError: 'continueRegularOutput' }));
		edit(executionId, ({ wait }) => (wait!.items = []));
		expect((await lab.timer(executionId)).json(SORA)).toMatchObject([failedWith(id)]);
	});

	test.each<[string, Change]>([
		['a room below zero', ({ wait }) => Object.assign(wait!.room!, { cap: -5, strikes: 1e9, growBy: -3 })],
		['a turn in ages', ({ wait }) => Object.assign(wait!.room!, { tryAt: 1e300, tryMoreAt: 1e300 })],
		['a clock years ahead', ({ wait }) => Object.assign(wait!, { parkedAt: 2e12, wakesAt: 2e12 })],
		['a time before it began', ({ wait }) => (wait!.lastedMs = -1e9)],
		['a next look that never comes', ({ wait }) => (wait!.readAt = 1e15)],
		['nothing known of its task', ({ wait }) => delete wait!.items[first]!.watch!.seen],
		['no ledger', (kept) => delete kept.ledger],
	])('with %s: it delivers all, and pays once', async (_, change) => {
		const [executionId, id] = await queued();
		edit(executionId, change);
		lab.evolink.finish(id);
		const done = await toItsEnd(await lab.timeIsUp(executionId));
		expect(asked(done)).toEqual(['a', 'b']);
		expect(lab.paid).toEqual(['a', 'b']);
	});
});

test('a list that tells the oldest tasks first does not hide the one that a lost n8n may have ordered', async () => {
	lab.evolink.room = { tasks: 0 };
	const { executionId } = await lab.run(quiet());
	lab.evolink.room = undefined;
	await lab.evolink.order({ model: 'sora-2-preview', prompt: 'a cat' });
	const old = Array.from({ length: 50 }, (_, at) => ({ id: `task-unified-${at}-old`, created: 1e9 + at }));
	lab.evolink.fault('list', { kind: 'body', body: { data: old, page: 1, page_size: 50, total: 51 } });
	const { error } = await retryOfStopped(executionId);
	expect(error?.message).toMatch(/not known whether this item was ordered.*Idempotency-Key/);
	expect(lab.creates).toHaveLength(1);
});

test('a dead link among several results: the error names the task once, and the link to each of the others', () =>
	inLab(async (own) => {
		const links = ({ id }: { id: string }) =>
			['', '?2', '.gone'].map((end) => `${own.evolink.url}/media/stand-in/${id}.mp4${end}`);
		own.evolink.events.on('create', (task) => (task.script.results = links(task)));
		const run = await own.run(sora({ download: true }));
		const [id] = own.ids;
		expect(run.error?.message.split(id!)).toHaveLength(2);
		for (const link of links({ id: id! })) expect(run.error?.description).toContain(link);
	}));

const links = Array.from({ length: 500 }, (_, at) => `https://example.com/${at}.png`).join(', ');
const fields = (value: object) => ({
	model: 'kling-v3-text-to-video',
	modelFields: { mappingMode: 'defineBelow', value },
});
const deep = '{"a":'.repeat(2000) + '1' + '}'.repeat(2000);
const noFile = (name: string) => `This item has no file in '${name}'`;

test.each<[what: string, parameters: object, told: string]>([
	['a file called constructor', { operation: 'uploadFile', fileField: 'constructor' }, noFile('constructor')],
	['a file called __proto__', { operation: 'uploadFile', fileField: '__proto__' }, noFile('__proto__')],
	[
		'a video called toString',
		{ operation: 'character', video: 'binary', videoField: 'toString' },
		noFile('toString'),
	],
	['500 links for one image', { startImage: 'url', startImageUrl: links }, 'this one holds 500 URLs'],
	[
		'a host of 100,000 letters',
		{ startImage: 'url', startImageUrl: `http://${'a'.repeat(1e5)}/x` },
		"'Start Image URL' is",
	],
	['another model among the model fields', fields({ model: 'sora-2-pro-preview' }), "without 'model'"],
	[
		'a callback among the model fields',
		fields({ callback_url: 'https://example.com' }),
		"without 'callback_url'",
	],
	[
		'fields nested 2,000 levels deep',
		{ options: { additionalFields: deep } },
		"'Additional Fields (JSON)' is",
	],
	[
		'an object for the model of a list',
		{ operation: 'getManyTasks', filters: { model: { a: 1 } } },
		`'Model' is {"a":1}`,
	],
	['infinite seconds', { operation: 'estimateCost', duration: '={{ 1e400 }}' }, "'Duration' is Infinity"],
])(
	'%s: told by its field, in a message of bounded length, and nothing is sent',
	async (_, parameters, told) => {
		const items = [{ json: {}, binary: { data: inline(png(8, 8)) } }];
		const { error } = await lab.run(
			sora({ prompt: 'x', ...(parameters as NodeFixture['parameters']) }),
			items,
		);
		expect(error?.message).toContain(told);
		expect(error!.message.length).toBeLessThan(1500);
		expect(lab.evolink.requests).toEqual([]);
	},
);
