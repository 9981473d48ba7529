import type { INodeParameters } from 'n8n-workflow';
import { ROWS } from '../unit/SoraVideo/form-rows';
import { labForFile } from './lab';
import { png } from './media-files';
import { SORA, errorsOf, failedWith, inline } from './support';

const lab = labForFile({
	models: [
		'sora-2-preview',
		'sora-2-pro-preview',
		'sora-character',
		'sora-3',
		'seedance-2.5-image-to-video',
		'wan3.0-text-to-video',
	],
});

const requests = () => lab.evolink.requests.length;

const options = (fields: INodeParameters) => ({ options: fields });

/** Parameters beside a prompt of "a cat"; the refusal's text up to 'Allowed', and a part of what it allows. */
type Refusal = [parameters: INodeParameters, given: string, allowed: string];

const refusals: Refusal[] = [
	[{ wait: 'forever' }, "'Wait' is 'forever'", 'auto, none'],
	[{ wait: 'auto', ...options({ waitMode: 'none' }) }, "'How to Wait' is 'none'", 'auto, poll, suspend'],
	[{ binaryField: '__proto__' }, "'Output Data Field Name' is '__proto__'", 'a field name'],
	[options({ timeoutMinutes: 'soon' }), "'Timeout Minutes' is 'soon'", '0.01 to 1440 minutes'],
	[
		{ operation: 'remix' },
		"'Operation' is 'remix'",
		'generate, character, getTask, getManyModels, getManyTasks, estimateCost, getCredits, uploadFile',
	],
	[
		{ wait: 'none', callbackUrl: 'https://3232235780/hook' },
		"'Callback URL' is 'https://3232235780/hook'",
		"names the private host '192.168.1.4'",
	],
	[{ wait: 'none', reference: 'row 17' }, "'Reference' is 'row 17'", "nothing without a 'Callback URL'"],
	[
		{
			wait: 'none',
			callbackUrl: 'https://n8n.example.test/hook',
			reference: 'ä'.repeat(340),
		},
		"'Reference' is 'äää",
		'the callback URL has at most 2048 characters (with this one it has 2123)',
	],
];

/** Some rows of the form's table: what n8n itself does with a form, its expressions and what it hides. */
const ENGINE_ROWS = [
	'an untouched form is sent',
	'a quality left over from the pro model is sent',
	'a model by an expression is sent',
	'a node without a resource is sent',
	'duration "8 seconds" as 8 is sent',
	'a blank cell "" in each field that has a default is sent',
	'both frames of Seedance is sent',
	'an image left over from another model is sent',
	'a prompt that is too long is refused',
	'an image for a model by an expression that takes none is refused',
	'a binary field that is not there, for kling-v3-image-to-video, is refused',
	'two URLs with "\\n" between them is refused',
];

test.each(ENGINE_ROWS)('in the engine: %s', async (what) => {
	const { form, item, files, body, refused } = ROWS.find((row) => row.what === what)!;
	const from = lab.creates.length;
	const before = requests();
	const binary = Object.fromEntries(files.map((name) => [name, inline(png(8, 8))]));
	const run = await lab.make({ wait: 'none', ...form } as INodeParameters, {
		items: [{ json: item, ...(files.length > 0 && { binary }) }],
	});
	expect(lab.creates.slice(from).map((create) => create.body)).toEqual(body ? [body] : []);
	if (!refused) return;
	for (const words of refused) expect(run.error?.message).toContain(words);
	expect(requests()).toBe(before);
});

describe('a wrong parameter ends before any request', () => {
	const cases = refusals.map(([parameters, given, allowed]) => ({ given, allowed, parameters }));
	test.each(cases)('$given. Allowed: $allowed', async ({ parameters, given, allowed }) => {
		const before = requests();
		const run = await lab.make({ prompt: 'a cat', ...parameters });
		expect(run.status).toBe('error');
		expect(run.error?.message).toContain(given);
		expect(run.error?.message.split('Allowed: ')[1]).toContain(allowed);
		expect(run.error?.message).not.toContain('[item');
		expect(run.error?.message.length).toBeLessThan(600);
		expect(requests()).toBe(before);
	});
});

describe('a wrong setting of a run that goes on after errors makes every item an error item, never a result', () => {
	const wrong: INodeParameters[] = [
		...refusals.map(([parameters]) => parameters),
		{ download: '={{ "maybe" }}' },
		{ operation: 'getTask', taskId: 'task-unified-1-a', wait: 'auto', ...options({ pollSeconds: 0 }) },
	];
	const items = [{ json: { input: 1 } }, { json: { input: 2 } }];
	const told = items.map(() => failedWith(/Allowed: [^[]*$/));

	test.each(wrong.map((parameters) => [parameters]))('%j', async (parameters) => {
		const before = requests();
		const wanted = { prompt: 'a cat', ...parameters };
		const goesOn = await lab.make(wanted, { items, onError: 'continueRegularOutput' });
		expect(goesOn.json('After')).toEqual(told);
		const branches = await lab.make(wanted, { items, onError: 'continueErrorOutput' });
		expect(branches.json('After')).toEqual([]);
		expect(branches.json('Failed')).toEqual(items.map(({ json }, item) => ({ ...json, ...told[item] })));
		expect(requests()).toBe(before);
	});
});

describe('one wrong item among good ones', () => {
	const items = ['first', 'second', 'third'].map((prompt, index) => ({
		json: { prompt, seconds: index === 1 ? 5 : 8 },
	}));
	const parameters = { prompt: '={{ $json.prompt }}', duration: '={{ $json.seconds }}', download: false };

	test('On Error = stop: nothing at all is ordered', async () => {
		const before = requests();
		const run = await lab.make(parameters, { items });
		expect(run.error?.message).toContain(
			"'Duration' is 5. Allowed: 4, 8, 12 for sora-2-preview; 4 is the nearest [item 1]",
		);
		expect(requests()).toBe(before);
	});

	test('On Error = continue: the others are ordered, the wrong one is told in its place', async () => {
		const ordered = lab.creates.length;
		const run = await lab.make(parameters, { items, onError: 'continueRegularOutput' });
		expect(errorsOf(run)).toEqual([undefined, expect.stringContaining("'Duration' is 5"), undefined]);
		expect(run.output(SORA).map(({ pairedItem }) => pairedItem)).toMatchObject([
			{ item: 0 },
			{ item: 1 },
			{ item: 2 },
		]);
		expect(
			lab.creates
				.slice(ordered)
				.map(({ body }) => (body as INodeParameters).prompt)
				.sort(),
		).toEqual(['first', 'third']);
	});

	test('On Error = error output: the wrong one reaches the error branch, the others the next node', async () => {
		const run = await lab.make(parameters, { items, onError: 'continueErrorOutput' });
		expect(run.json('After')).toHaveLength(2);
		expect(run.json('Failed')).toEqual([{ ...items[1]!.json, ...failedWith("'Duration' is 5") }]);
	});
});

test('a callback URL and a reference have no effect on a run that waits by polling', async () => {
	const waits = { prompt: 'a cat', download: false, callbackUrl: 'https://n8n.example.test/hook' };
	const run = await lab.make({ ...waits, reference: 'row 17' });
	expect(run.error).toBeUndefined();
	expect(lab.creates.at(-1)!.body).not.toHaveProperty('callback_url');
});

test('fields are read for each item, the model and the callback URL too', async () => {
	const items = [
		{ json: { model: 'sora-2-preview', text: 'one', hook: 'https://one.example.test/hook' } },
		{ json: { model: 'sora-2-pro-preview', text: 'two', hook: 'https://two.example.test/hook' } },
		{ json: { model: 'sora-3', text: 'three' } },
	];
	const run = await lab.make(
		{
			wait: 'none',
			callbackUrl: '={{ $json.hook }}',
			model: '={{ $json.model }}',
			prompt: '={{ $json.text }}',
			quality: '1080p',
			aspectRatio: '9:16',
			duration: 8,
		},
		{ items, onError: 'continueRegularOutput' },
	);
	expect(errorsOf(run)).toEqual([undefined, undefined, undefined]);
	const hookOf = (item: number) => ({ callback_url: items[item]!.json.hook });
	const common = { aspect_ratio: '9:16', duration: 8 };
	const made = run.json(SORA).map(({ id }) => lab.evolink.tasks.get(id as string)!.request);
	expect(made).toEqual([
		{ ...common, ...hookOf(0), model: 'sora-2-preview', prompt: 'one' },
		{ ...common, ...hookOf(1), model: 'sora-2-pro-preview', prompt: 'two', quality: '1080p' },
		{ model: 'sora-3', prompt: 'three' },
	]);
});
