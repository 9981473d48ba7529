import { searchList } from '../../tools/n8n-engine';
import { inLab, type Lab } from './lab';
import { BY_HAND, SORA, prompts, sora, failedWith } from './support';

/** Orders one task, as an earlier workflow would have done, and gives its id. */
async function ordered(lab: Lab, prompt = 'a cat'): Promise<string> {
	const run = await lab.run(sora({ wait: 'none' }), prompts(prompt));
	return String(run.json(SORA)[0]!.id);
}

const getTask = (more: object = {}, node: object = {}) =>
	sora({ operation: 'getTask', taskId: '={{ $json.id }}', wait: 'none', ...more }, node);
const items = (...ids: string[]) => ids.map((id) => ({ json: { id } }));

test.concurrent('without a wait it is one read of the task as it is, and orders nothing', () =>
	inLab(async (lab) => {
		lab.evolink.script('', BY_HAND);
		const id = await ordered(lab);
		const run = await lab.run(getTask(), items(id));
		expect(run.json(SORA)).toMatchObject([{ id, status: expect.stringMatching(/pending|processing/) }]);
		expect(lab.evolink.tasks.get(id)!.reads).toBe(1);
		expect(lab.paid).toEqual(['a cat']);
	}),
);

test.concurrent(
	"with 'Simplify' it leaves the fields that most workflows need, and knows of no request",
	() =>
		inLab(async (lab) => {
			const [{ id, ...more }] = (await lab.run(getTask({ simplify: true }), items(await ordered(lab)))).json(
				SORA,
			);
			expect(id).toBe(lab.ids[0]);
			expect(more).toMatchObject({ status: 'completed', videoUrl: expect.any(String), creditsUsed: 23.04 });
			expect(Object.keys(more).length).toBeLessThan(10);
			expect(more).not.toHaveProperty('request');
		}),
);

test.concurrent('without a wait a failed task is data, told apart by its status and taskError', () =>
	inLab(async (lab) => {
		lab.evolink.script('', { outcome: 'failed', code: 'service_error', message: 'No luck' });
		const id = await ordered(lab);
		const run = await lab.run(getTask({}, { retryOnFail: true }), items(id));
		expect(run.status).toBe('success');
		expect(run.json(SORA)).toMatchObject([
			{ id, status: 'failed', taskError: { code: 'service_error', message: 'No luck' } },
		]);
		expect(run.json(SORA)[0]).not.toHaveProperty('error');
		expect(lab.evolink.tasks.get(id)!.reads).toBe(1);
	}),
);

test.concurrent(
	'a download of a completed task without a link is an error that names it, no item without a file',
	() =>
		inLab(async (lab) => {
			lab.evolink.script('', { outcome: 'no-results' });
			const id = await ordered(lab);
			const run = await lab.run(getTask({ download: true }), items(id));
			expect(run.error?.message).toMatch(new RegExp(`^Task ${id} completed, but EvoLink sent no link`));
			const output = getTask({ download: true, options: { onTaskFailure: 'output' } });
			for (const node of [getTask(), output]) {
				const asData = await lab.run(node, items(id));
				expect(asData.json(SORA)).toMatchObject([{ id, status: 'completed' }]);
			}
		}),
);

test.concurrent('with a wait a finished task is there at once, however slow the polling', () =>
	inLab(async (lab) => {
		const id = await ordered(lab);
		const before = Date.now();
		const run = await lab.run(getTask({ wait: 'auto', options: { pollSeconds: 60 } }), items(id));
		// a wait for a new task looks first after 15 s at this pace
		expect(Date.now() - before).toBeLessThan(15_000);
		expect(run.json(SORA)).toMatchObject([{ id, status: 'completed' }]);
	}),
);

test.concurrent('with a wait an unfinished task is polled until it is done', () =>
	inLab(async (lab) => {
		lab.evolink.script('a dog', BY_HAND);
		const [done, running] = [await ordered(lab, 'a cat'), await ordered(lab, 'a dog')];
		lab.evolink.events.on('read', ({ id, reads }) => {
			if (id === running && reads === 1) setImmediate(() => lab.evolink.finish(running));
		});
		const run = await lab.run(getTask({ wait: 'auto' }), items(done, running, done));
		expect(run.json(SORA).map(({ id, status }) => [id, status])).toEqual([
			[done, 'completed'],
			[running, 'completed'],
			[done, 'completed'],
		]);
		expect(run.output(SORA).map(({ pairedItem }) => pairedItem)).toEqual([0, 1, 2].map((item) => ({ item })));
		expect(lab.evolink.tasks.get(done)!.reads).toBe(1);
		const [finished, watched] = run.json(SORA);
		expect(finished).not.toHaveProperty('resultExpiresAt');
		expect(watched).toHaveProperty('resultExpiresAt');
	}),
);

test.concurrent('an id that EvoLink does not know is told with the id, and the other items go on', () =>
	inLab(async (lab) => {
		const id = await ordered(lab);
		const node = getTask({}, { onError: 'continueRegularOutput' });
		const run = await lab.run(node, items('task-unified-1-nobody', id));
		expect(run.json(SORA)).toMatchObject([
			failedWith(/Task task-unified-1-nobody could not be read.*404/, {
				taskId: 'task-unified-1-nobody',
				status: 404,
			}),
			{ id },
		]);
	}),
);

test.concurrent('an id that does not look like one of EvoLink is asked for all the same, with a hint', () =>
	inLab(async (lab) => {
		const node = getTask({}, { onError: 'continueRegularOutput' });
		const run = await lab.run(node, items('sora_123'));
		expect(lab.evolink.requests.map(({ path }) => path)).toEqual(['/v1/tasks/sora_123']);
		const [hint] = run.hints(SORA);
		expect(hint).toMatchObject({ type: 'warning', message: expect.stringContaining("'sora_123'") });
		const fine = await lab.run(getTask(), items(await ordered(lab)));
		expect(fine.hints(SORA)).toEqual([]);
	}),
);

describe('Task ID', () => {
	const locator = (mode: string, value: unknown) => ({ __rl: true, mode, value });

	test.concurrent.each<[string, (id: string) => unknown]>([
		['plain text', (id) => id],
		['an expression for the whole field', () => '={{ $json.id }}'],
		['an expression that gives another choice of the list', () => "={{ { mode: 'id', value: $json.id } }}"],
		['a choice from the list', (id) => locator('list', id)],
		['a choice from the list that is an expression', () => locator('list', '={{ $json.id }}')],
		['an ID', (id) => locator('id', id)],
		['an ID that is an expression', () => locator('id', '={{ $json.id }}')],
		['a URL', (id) => locator('url', `https://api.evolink.ai/v1/tasks/${id}?x=1`)],
		['a URL under ID', (id) => locator('id', `https://evolink.ai/dashboard/tasks/${id}/`)],
		['an ID under URL', (id) => locator('url', id)],
		['an object around it', () => '={{ $json }}'],
	])('may be %s', (_, taskId) =>
		inLab(async (lab) => {
			const id = await ordered(lab);
			const run = await lab.run(getTask({ taskId: taskId(id) as string }), items(id));
			expect(run.json(SORA)).toMatchObject([{ id }]);
		}),
	);

	test.concurrent.each([
		locator('url', 'https://evolink.ai/'),
		locator('id', '={{ $json.missing }}'),
		locator('list', "={{ '' }}"),
		'={{ $json.missing }}',
		'={{ ({}) }}',
		'two words',
		'x'.repeat(300),
	])('%j is told before any request', (taskId) =>
		inLab(async (lab) => {
			const run = await lab.run(getTask({ taskId }));
			expect(run.error?.message).toMatch(/^'Task ID' is .*Allowed: an ID such as [^[]*$/);
			expect(lab.evolink.requests).toEqual([]);
		}),
	);
});

describe('the list of Task ID', () => {
	const search = async (lab: Lab, filter?: string, token?: string) =>
		await searchList(lab.engine, getTask(), 'searchTasks', filter, token);

	test.concurrent('has the latest tasks first, with time, model and status', () =>
		inLab(async (lab) => {
			lab.evolink.script('', { seconds: 0 });
			const first = await ordered(lab);
			const second = await ordered(lab);
			const { results, paginationToken } = await search(lab);
			expect(paginationToken).toBeUndefined();
			const name = expect.stringMatching(
				/^\d{4}-\d\d-\d\d \d\d:\d\d( · a cat)? · sora-2-preview · completed$/,
			);
			expect(results).toEqual([
				{ name, value: second },
				{ name, value: first },
			]);
		}),
	);

	test.concurrent('goes on where it ended, and finds what stands pages below', () =>
		inLab(async (lab) => {
			lab.evolink.script('', { seconds: 3600 });
			lab.evolink.script('the oldest', { seconds: 0 });
			const oldest = await ordered(lab, 'the oldest');
			await lab.run(sora({ wait: 'none' }), prompts(...Array<string>(55).fill('a cat')));
			const page = await search(lab);
			expect([page.results.length, page.paginationToken]).toEqual([50, '2']);
			const rest = await search(lab, undefined, page.paginationToken as string);
			expect(rest.results.map(({ value }) => value)).toContain(oldest);
			expect(rest.paginationToken).toBeUndefined();
			for (const words of ['COMPLETED', oldest.slice(-8), ` ${oldest} `])
				expect((await search(lab, words)).results.map(({ value }) => value)).toEqual([oldest]);
		}),
	);

	test.concurrent('takes a few requests at most for one look', () =>
		inLab(async (lab) => {
			lab.evolink.fault('list', {
				kind: 'body',
				body: {
					data: Array.from({ length: 50 }, (_, at) => ({ id: `task-unified-1-${at}`, status: 'failed' })),
				},
			});
			expect(await search(lab, 'nowhere')).toEqual({ results: [], paginationToken: '5' });
			expect(lab.evolink.requests).toHaveLength(4);
		}),
	);

	test.concurrent('says so where EvoLink has none', () =>
		inLab(
			async (lab) => {
				await expect(search(lab)).rejects.toThrow(/^This EvoLink has no list of tasks/);
			},
			{ taskList: 404 },
		),
	);
});
