import type { ApiFault, Json, TaskScript } from '../../stand-in';
import { labForFile } from './lab';
import { SORA, errorsOf } from './support';

const lab = labForFile();

/** Answers with status 200 that no client should trip over. */
const ODD_ANSWERS: Array<[what: string, fault: ApiFault]> = [
	['a web page', { kind: 'html' }],
	['half an answer', { kind: 'truncated-json' }],
	['32 MB of JSON', { kind: 'huge-body' }],
	['an empty body', { kind: 'body', body: '' }],
	['null', { kind: 'body', body: null }],
	['a list', { kind: 'body', body: [{ id: 'task-1' }] }],
	['a number', { kind: 'body', body: 7 }],
	['no id', { kind: 'no-id' }],
	['an id that is an object', { kind: 'body', body: { id: { $ne: 1 }, status: 'pending' } }],
	['an id with a line break', { kind: 'body', body: { id: 'task\r\nX: 1', status: 'pending' } }],
	['an id of 10,000 characters', { kind: 'body', body: { id: 'x'.repeat(10_000), status: 'pending' } }],
	['bytes that are no text', { kind: 'body', body: '\u0000\ufffd\u0001{' }],
];

const options = { pollSeconds: 0.25, timeoutMinutes: 0.01 };

describe('an order answered with', () => {
	test.each(ODD_ANSWERS)(
		'%s is of unknown outcome: its key is told, the ids of the others stay',
		async (_, fault) => {
			const handle = lab.evolink.fault('create', fault, {
				match: ({ request }) => (request.body as Json).prompt === 'odd',
			});
			const run = await lab.makeAll(['good', 'odd'], { wait: 'none' });
			handle.remove();
			const [good, odd] = errorsOf(run);
			expect(good).toBeUndefined();
			expect(run.json(SORA)[0]).toMatchObject({ id: lab.taskOf('good').id });
			expect(handle.hits).toBe(1);
			const key = lab.creates.at(-1)!.headers['idempotency-key'];
			expect(odd).toContain('It is not known whether EvoLink took the order');
			expect(odd).toMatch(/Idempotency-Key n8n-[0-9a-f]{48}/);
			expect([key, lab.creates.at(-2)!.headers['idempotency-key']]).toContain(
				/n8n-[0-9a-f]{48}/.exec(odd!)![0],
			);
			expect(odd!.length).toBeLessThan(1500);
		},
	);

	test('an id of another form is taken as it is', async () => {
		const handle = lab.evolink.fault('create', { kind: 'odd-id', id: 'job/7?x=1' }, { times: 1 });
		const run = await lab.make({ prompt: 'odd id' });
		expect(handle.hits).toBe(1);
		expect(run.json(SORA)[0]).toMatchObject({ id: 'job/7?x=1' });
	});
});

describe('a status check answered with', () => {
	const ofReads = ODD_ANSWERS.filter(([what]) => what !== '32 MB of JSON');
	// tasks are told apart in single reads only
	beforeEach(() => void (lab.evolink.batchRead = 404));

	test('anything odd is waited out', async () => {
		const prompts = ODD_ANSWERS.map(([what]) => `for a moment ${what}`);
		const handles = ODD_ANSWERS.map(([, fault], index) =>
			lab.evolink.fault('read', fault, {
				times: 1,
				match: ({ task }) => task?.request.prompt === prompts[index],
			}),
		);
		const run = await lab.makeAll(prompts);
		expect(handles.map(({ hits }) => hits)).toEqual(handles.map(() => 1));
		expect(run.json(SORA)).toMatchObject(
			prompts.map((prompt) => ({ id: lab.taskOf(prompt).id, status: 'completed' })),
		);
	});

	test('nothing but such answers ends at the deadline, with the task and the reason for each', async () => {
		const handles = ofReads.map(([what, fault]) =>
			lab.evolink.fault('read', fault, { match: ({ task }) => task?.request.prompt === `always ${what}` }),
		);
		const prompts = ofReads.map(([what]) => `always ${what}`);
		const run = await lab.makeAll(prompts, { options });
		for (const handle of handles) handle.remove();
		const errors = errorsOf(run);
		expect(errors).toHaveLength(prompts.length);
		for (const [index, prompt] of prompts.entries()) {
			expect(errors[index]).toContain(`Task ${lab.taskOf(prompt).id} could not be read after 0.6 seconds`);
			expect(errors[index]).toContain(': EvoLink answered 200 with');
		}
	});

	test('another task is never taken for the one that was asked for', async () => {
		const other = {
			id: 'task-of-somebody-else',
			status: 'completed',
			results: ['https://example.com/v.mp4'],
		};
		const handle = lab.evolink.fault('read', { kind: 'body', body: other });
		const run = await lab.makeAll(['mine'], { options });
		handle.remove();
		expect(errorsOf(run)[0]).toContain(lab.taskOf('mine').id);
		expect(errorsOf(run)[0]).toContain('another task (task-of-somebody-else)');
	});
});

describe('a finished task', () => {
	test.each<[what: string, script: TaskScript]>([
		['no results', { outcome: 'no-results' }],
		['a result that is no link', { extra: { results: ['javascript:alert(1)'] } }],
		['results that are null', { extra: { results: null } }],
	])('with %s is told as paid and without a link', async (what, script) => {
		const prompt = `finished, ${what}`;
		const remove = lab.evolink.script(prompt, script);
		const run = await lab.makeAll([prompt], { options: { timeoutMinutes: 0.02 } });
		remove();
		expect(errorsOf(run)[0]).toContain(`Task ${lab.taskOf(prompt).id} completed, but EvoLink sent no link`);
	});

	test.each<[what: string, extra: Json]>([
		['task_info that is null', { task_info: null }],
		['usage that is text', { usage: 'none' }],
		['progress that is text', { progress: 'all' }],
		['result_data that is a list of null', { result_data: [null] }],
		['an error that is false', { error: false }],
		['fields that no document names', { shiny: { new: [1, 2, { deep: true }] } }],
		['a status in capitals', { status: 'COMPLETED' }],
	])('with %s is downloaded all the same, and its fields go on as sent', async (what, extra) => {
		const prompt = `finished, ${what}`;
		const remove = lab.evolink.script(prompt, { extra });
		const run = await lab.makeAll([prompt]);
		remove();
		expect(errorsOf(run)).toEqual([undefined]);
		const { error: _, ...verbatim } = extra;
		expect(run.json(SORA)[0]).toMatchObject({ id: lab.taskOf(prompt).id, ...verbatim });
		expect(run.output(SORA)[0]!.binary?.data?.mimeType).toBe('video/mp4');
	});

	test.each<[what: string, error: unknown, said: string]>([
		['text', 'out of order', 'out of order (unknown_error)'],
		['a number as its code', { code: 500, message: 'down' }, 'down (500)'],
		['nothing', null, 'EvoLink gave no reason (unknown_error)'],
		['a list', [1], '(unknown_error)'],
	])('that failed with %s as its error is told with its id', async (what, error, said) => {
		const prompt = `failed with ${what}`;
		const remove = lab.evolink.script(prompt, { outcome: 'failed', extra: { error } });
		const run = await lab.makeAll([prompt]);
		remove();
		expect(errorsOf(run)[0]).toContain(`Task ${lab.taskOf(prompt).id} failed: `);
		expect(errorsOf(run)[0]).toContain(said);
	});
});

describe('Get Credits', () => {
	const credits = { operation: 'getCredits' };

	test("gives the key's and the account's credits to every item, asked for once", async () => {
		const before = lab.evolink.requests.length;
		const run = await lab.make(credits, { items: [{ json: {} }, { json: {} }] });
		expect(run.json(SORA)).toEqual([run.json(SORA)[0], run.json(SORA)[0]]);
		expect(run.json(SORA)[0]).toMatchObject({
			token: { unlimited_credits: true },
			user: { remaining_credits: lab.evolink.account.remaining },
		});
		expect(run.output(SORA).map(({ pairedItem }) => pairedItem)).toMatchObject([{ item: 0 }, { item: 1 }]);
		expect(lab.evolink.requests.length - before).toBe(1);
	});

	test.each<[string, ApiFault]>([
		...ODD_ANSWERS.filter(([, { kind }]) => kind !== 'no-id' && kind !== 'huge-body'),
		['data that is text', { kind: 'body', body: { success: true, data: 'many' } }],
		['success: false', { kind: 'body', body: { success: false, message: 'no', data: {} } }],
		['status 500', { kind: 'http', status: 500 }],
		['status 401', { kind: 'http', status: 401 }],
		['a dropped connection', { kind: 'drop-before' }],
	])('answered with %s says that the credits could not be read', async (_, fault) => {
		const handle = lab.evolink.fault('credits', fault);
		const stopped = await lab.make(credits);
		const going = await lab.make(credits, { onError: 'continueRegularOutput' });
		handle.remove();
		expect(stopped.error?.message).toContain('The credits could not be read: ');
		expect(errorsOf(going)).toEqual([expect.stringContaining('The credits could not be read: ')]);
	});
});
