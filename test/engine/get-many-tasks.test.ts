import type { ApiFault } from '../../stand-in';
import { inLab, type Lab } from './lab';
import { BY_HAND, SORA, failed, prompts, sora, failedWith } from './support';

const list = (more: object = {}, node: object = {}) =>
	sora({ operation: 'getManyTasks', returnAll: true, ...more }, node);

/** Orders one video for each prompt, as an earlier workflow would have done; their ids, newest first. */
async function ordered(lab: Lab, ...texts: string[]): Promise<string[]> {
	for (const text of texts) await lab.run(sora({ wait: 'none' }), prompts(text));
	return [...lab.ids].reverse();
}

const listings = (lab: Lab) => lab.requestsTo('listTasks').map(({ path }) => path);

test.concurrent('the tasks of the account come newest first, one item each, and cost nothing', () =>
	inLab(async (lab) => {
		lab.evolink.script('fails', { outcome: 'failed', code: 'service_error' });
		const ids = await ordered(lab, 'a cat', 'fails');
		const run = await lab.run(list({}, { retryOnFail: true }));
		expect(run.status).toBe('success');
		expect(run.json(SORA)).toMatchObject([
			{ id: ids[0], status: 'failed', model: 'sora-2-preview', creditsUsed: 0 },
			{ id: ids[1], status: 'completed', creditsUsed: 23.04, createdAt: expect.any(String) },
		]);
		for (const json of run.json(SORA)) expect(json).not.toHaveProperty('error');
		expect(run.output(SORA).map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 0 }]);
		expect(listings(lab)).toHaveLength(1);
		expect(lab.paid).toHaveLength(2);
	}),
);

test.concurrent('filters go to EvoLink and are kept: status, model, since', () =>
	inLab(async (lab) => {
		lab.evolink.script('runs', BY_HAND);
		const [, ends] = await ordered(lab, 'ends', 'runs');
		const filters = { status: 'completed', model: 'sora-2-preview', since: '={{ $now.minus({ days: 1 }) }}' };
		const run = await lab.run(list({ filters }));
		expect(run.json(SORA)).toMatchObject([{ id: ends }]);
		const { searchParams } = new URL(listings(lab)[0]!, 'http://x');
		expect(Object.fromEntries(searchParams)).toEqual({
			status: 'completed',
			type: 'video',
			model: 'sora-2-preview',
			page: '1',
			page_size: '50',
		});
		for (const since of [
			'={{ $now.plus({ days: 1 }) }}',
			'2124-01-01T00:00:00',
			'={{ $now.plus({ days: 1 }).toISO() }}',
		])
			expect((await lab.run(list({ filters: { since } }))).json(SORA)).toEqual([]);
	}),
);

test.concurrent('Limit holds, Return All reads every page', () =>
	inLab(async (lab) => {
		const many = Array.from({ length: 60 }, (_, at) => `video ${at}`);
		await lab.run(sora({ wait: 'none' }), prompts(...many));
		const all = await lab.run(list());
		expect(new Set(all.json(SORA).map(({ id }) => id))).toEqual(new Set(lab.ids));
		expect(listings(lab)).toHaveLength(2);
		const few = await lab.run(list({ returnAll: false, limit: 7 }));
		const ids = (run: typeof all) => run.json(SORA).map(({ id }) => id);
		expect(ids(few)).toEqual(ids(all).slice(0, 7));
		expect(listings(lab)).toHaveLength(3);
		expect((await lab.run(list({ returnAll: false }))).json(SORA)).toHaveLength(50);
	}),
);

test.concurrent('Include Results gives links and reasons; a task that is gone stays as it is listed', () =>
	inLab(async (lab) => {
		lab.evolink.script('fails', { outcome: 'failed', code: 'service_error', message: 'No luck' });
		lab.evolink.script('runs', BY_HAND);
		await ordered(lab, 'a cat', 'fails', 'runs', 'a dog', 'a cow');
		const gone = lab.idOf('a dog');
		lab.evolink.batchRead = 404;
		lab.evolink.fault('read', { kind: 'http', status: 404 }, { match: ({ task }) => task?.id === gone });
		const run = await lab.run(list({ includeResults: true }));
		const video = { status: 'completed', videoUrl: expect.stringContaining('.mp4') };
		const [cow, dog, runs, fails, cat] = run.json(SORA);
		expect([cow, cat]).toMatchObject([video, video]);
		expect(fails).toMatchObject({
			status: 'failed',
			taskError: { code: 'service_error', message: 'No luck' },
		});
		expect(dog).toMatchObject({ id: gone, status: 'completed', has_results: true });
		expect(runs).not.toHaveProperty('videoUrl');
		expect(lab.evolink.tasks.get(String(runs!.id))!.reads).toBe(0);
	}),
);

test.concurrent("'Simplify' leaves the fields that most workflows need, with results and without", () =>
	inLab(async (lab) => {
		const [id] = await ordered(lab, 'a cat');
		const fields = ['id', 'status', 'model', 'createdAt', 'creditsUsed', 'processingSeconds', 'videoUrl'];
		for (const includeResults of [false, true]) {
			const [json] = (await lab.run(list({ simplify: true, includeResults }))).json(SORA);
			expect(json).toMatchObject({ id, status: 'completed', creditsUsed: 23.04 });
			expect(fields).toEqual(expect.arrayContaining(Object.keys(json!)));
			expect('videoUrl' in json!).toBe(includeResults);
		}
	}),
);

test.concurrent('a result that cannot be read is an error that names its task', () =>
	inLab(async (lab) => {
		const [id] = await ordered(lab, 'a cat');
		lab.evolink.fault('read', { kind: 'http', status: 503 });
		const run = await lab.run(list({ includeResults: true }));
		expect(run.error?.message).toMatch(new RegExp(`^Task ${id} could not be read`));
	}),
);

test.concurrent.each([404, 405] as const)(
	'an EvoLink without the list (%i) says so, and what to do',
	(status) =>
		inLab(
			async (lab) => {
				const run = await lab.run(list({}, { onError: 'continueErrorOutput' }));
				expect(run.json(failed.name)).toEqual([
					{
						prompt: 'a cat',
						...failedWith(new RegExp(`^This EvoLink has no list of tasks \\(${status} .*\\)$`), { status }),
					},
				]);
				const stopped = await lab.run(list());
				expect(stopped.error).toMatchObject({ description: expect.stringContaining('Get Task') });
			},
			{ taskList: status },
		),
);

test.concurrent.each<[string, ApiFault]>([
	['a page', { kind: 'html' }],
	['another page than was asked for', { kind: 'body', body: { data: [], page: 2, total: 0 } }],
	[
		'the same full page for ever',
		{ kind: 'body', body: { data: Array(50).fill({ id: 'task-unified-1-a' }) } },
	],
	['429', { kind: 'http', status: 429 }],
])('%s is an error, never a short list', (_, fault) =>
	inLab(async (lab) => {
		lab.evolink.fault('list', fault);
		const run = await lab.run(list());
		expect(run.error?.message).toMatch(/^The tasks could not be listed: (?!.*\[item)/);
		expect(listings(lab).length).toBeLessThanOrEqual(2);
	}),
);

test.concurrent.each<[object, RegExp]>([
	[{ returnAll: false, limit: 0 }, /^'Limit' is 0\. Allowed: a whole number from 1/],
	[{ returnAll: 'perhaps' }, /^'Return All' is 'perhaps'\. Allowed: true, false/],
	[
		{ filters: { status: 'done' } },
		/^'Status' is 'done'\. Allowed: cancelled, completed, failed, processing/,
	],
	[{ filters: { since: 'yesterday' } }, /^'Since' is 'yesterday'\. Allowed: a date and time/],
])('%j is told before any request', (parameters, message) =>
	inLab(async (lab) => {
		const run = await lab.run(list(parameters));
		expect(run.error?.message).toMatch(message);
		expect(lab.evolink.requests).toEqual([]);
	}),
);
