import { DOCUMENTED_FIELDS } from '../../nodes/evolink/generated/spec.gen';
import type { INodeParameters } from 'n8n-workflow';
import { labForFile } from './lab';
import { SORA, errorsOf, failedWith } from './support';

const lab = labForFile({ models: ['sora-2-preview', 'sora-2-pro-preview', 'sora-character', 'sora-3'] });

const requests = () => lab.evolink.requests.length;

const LONG = 'x'.repeat(5001);
const PRO = { model: 'sora-2-pro-preview' };
const RATIOS = DOCUMENTED_FIELDS['sora-2-preview'].aspect_ratio.enum.join(', ');
const CUSTOM = { model: 'custom', modelId: { __rl: true, mode: 'id', value: 'sora-3' } };
const options = (fields: INodeParameters) => ({ options: fields });
const additional = (fields: unknown) => options({ additionalFields: JSON.stringify(fields) });
const character = (fields: INodeParameters) => ({
	operation: 'character',
	videoUrl: 'https://example.com/a.mp4',
	...fields,
});
const getTask = (taskId: string) => ({ operation: 'getTask', taskId });

/** Parameters beside a prompt of "a cat"; the refusal's text up to 'Allowed', and a part of what it allows. */
type Refusal = [parameters: INodeParameters, given: string, allowed: string];

const generate: Refusal[] = [
	[{ model: 'sora-2' }, "'Model' is 'sora-2'", 'sora-2-preview, sora-2-pro-preview, custom'],
	[{ model: '={{ 7 }}' }, "'Model' is '7'", 'sora-2-preview'],
	[{ model: 'sora-character' }, "'Model' is 'sora-character'", 'sora-2-preview'],
	[{ model: "={{ 'custom' }}" }, "'Model ID' is empty", 'the ID of a model'],
	[
		{ model: 'custom', modelId: { __rl: true, mode: 'id', value: '   ' } },
		"'Model ID' is empty",
		'the ID of a model',
	],
	[
		{ model: 'custom', modelId: { __rl: true, mode: 'id', value: 'sora-character' } },
		"'Model ID' is 'sora-character'",
		'Create Character',
	],
	[{ prompt: "={{ '' }}" }, "'Prompt' is empty", '1 to 5000 characters'],
	[{ prompt: ' \n\t ' }, "'Prompt' is empty", '1 to 5000 characters'],
	[{ prompt: LONG }, `'Prompt' is '${'x'.repeat(76)}…`, '1 to 5000 characters'],
	[{ prompt: '🎬'.repeat(5001) }, "'Prompt' is '🎬🎬", '1 to 5000 characters'],
	[{ ...PRO, prompt: LONG }, "'Prompt' is 'xxx", '1 to 5000 characters'],
	[{ ...CUSTOM, prompt: '={{ true }}' }, "'Prompt' is true", 'Text of any length'],
	[{ prompt: '={{ $json.missing }}' }, "'Prompt' is empty", '1 to 5000 characters'],
	[{ prompt: "={{ { text: 'a cat' } }}" }, `'Prompt' is {"text":"a cat"}`, '1 to 5000 characters'],
	[{ prompt: "={{ ['a cat', 'a dog'] }}" }, `'Prompt' is ["a cat","a dog"]`, '1 to 5000 characters'],
	[{ prompt: '={{ true }}' }, "'Prompt' is true", '1 to 5000 characters'],
	[{ prompt: '={{ NaN }}' }, "'Prompt' is NaN", '1 to 5000 characters'],
	[{ aspectRatio: 'wide' }, "'Aspect Ratio' is 'wide'", RATIOS],
	[{ aspectRatio: '' }, "'Aspect Ratio' is empty", RATIOS],
	[{ ...PRO, aspectRatio: '1280x720' }, "'Aspect Ratio' is '1280x720'", '16:9, 9:16 for sora-2-pro-preview'],
	[{ duration: 5 }, "'Duration' is 5", '4, 8, 12 for sora-2-preview'],
	[{ duration: 0 }, "'Duration' is 0", '4, 8, 12'],
	[{ duration: '={{ $json.missing }}' }, "'Duration' is empty", '4, 8, 12 for sora-2-preview'],
	[{ duration: '={{ null }}' }, "'Duration' is empty", '4, 8, 12'],
	[{ duration: '={{ NaN }}' }, "'Duration' is NaN", '4, 8, 12'],
	[{ ...PRO, duration: '={{ $json.missing }}' }, "'Duration' is empty", '4, 8, 12 for sora-2-pro-preview'],
	[{ duration: '={{ 8.5 }}' }, "'Duration' is 8.5", '4, 8, 12'],
	[{ duration: "={{ '8s' }}" }, "'Duration' is '8s'", '4, 8, 12'],
	[{ duration: '={{ -4 }}' }, "'Duration' is -4", '4, 8, 12'],
	[{ duration: '={{ [8] }}' }, "'Duration' is [8]", '4, 8, 12'],
	[{ ...PRO, duration: 10 }, "'Duration' is 10", '4, 8, 12 for sora-2-pro-preview'],
	[{ ...PRO, quality: '4k' }, "'Quality' is '4k'", '720p, 1080p for sora-2-pro-preview'],
	[{ ...PRO, quality: '' }, "'Quality' is empty", '720p, 1080p'],
	[{ image: 'file' }, "'Input Image' is 'file'", 'none, url, binary'],
	[{ image: "={{ 'url' }}" }, "'Image URL' is empty", 'http or https URL'],
	[{ image: 'url', imageUrl: 'cat.png' }, "'Image URL' is 'cat.png'", 'http or https URL'],
	[{ image: 'url', imageUrl: 'ftp://example.com/cat.png' }, "'Image URL' is 'ftp://", 'http or https URL'],
	[
		{ image: 'url', imageUrl: 'https://me:you@example.com/c.png' },
		"'Image URL' is 'https://me",
		'http or https',
	],
	[{ image: 'binary', imageField: '' }, "'Input Data Field Name' is empty", 'the name of a binary field'],
];

const characters: Refusal[] = (
	[
		[{ video: 'file' }, "'Input Video' is 'file'", 'url, binary'],
		[{ videoUrl: '={{ $json.missing }}' }, "'Video URL' is empty", 'http or https URL'],
		[{ videoUrl: 'me.mp4' }, "'Video URL' is 'me.mp4'", 'http or https URL'],
		[{ videoUrl: 'data:video/mp4;base64,AAAA' }, "'Video URL' is 'data:", 'http or https URL'],
		[{ timestamps: '' }, "'Timestamps' is empty", 'at most 2 seconds from first to last'],
		[{ timestamps: '1' }, "'Timestamps' is '1'", 'such as 0,2'],
		[{ timestamps: '0,3' }, "'Timestamps' is '0,3'", 'at most 2 seconds'],
		[{ timestamps: '3,1' }, "'Timestamps' is '3,1'", 'rising order'],
		[{ timestamps: '-1,1' }, "'Timestamps' is '-1,1'", 'seconds of 0 or more'],
		[{ timestamps: 'a,b' }, "'Timestamps' is 'a,b'", 'seconds of 0 or more'],
		[{ timestamps: '1,,2' }, "'Timestamps' is '1,,2'", 'seconds of 0 or more'],
	] as Refusal[]
).map(([fields, given, allowed]) => [character(fields), given, allowed]);

const common: Refusal[] = [
	[{ wait: 'forever' }, "'Wait' is 'forever'", 'auto, none'],
	[{ wait: 'auto', ...options({ waitMode: 'none' }) }, "'How to Wait' is 'none'", 'auto, poll, suspend'],
	[{ binaryField: ' ' }, "'Output Data Field Name' is empty", 'a field name'],
	[{ binaryField: '__proto__' }, "'Output Data Field Name' is '__proto__'", 'a field name'],
	[options({ timeoutMinutes: 0 }), "'Timeout Minutes' is 0", '0.01 to 1440 minutes'],
	[options({ timeoutMinutes: 1441 }), "'Timeout Minutes' is 1441", '0.01 to 1440 minutes'],
	[options({ timeoutMinutes: 'soon' }), "'Timeout Minutes' is 'soon'", '0.01 to 1440 minutes'],
	[options({ pollSeconds: 0.1 }), "'Poll Seconds' is 0.1", '0.25 to 600 seconds'],
	[options({ pollSeconds: 601 }), "'Poll Seconds' is 601", '0.25 to 600 seconds'],
	[options({ maxDownloadMb: 0 }), "'Max Download MB' is 0", '0.001 to 10240 MB'],
	[options({ maxDownloadMb: -5 }), "'Max Download MB' is -5", '0.001 to 10240 MB'],
	[options({ onTaskFailure: 'ignore' }), "'When a Task Fails' is 'ignore'", 'error, output'],
	[
		{ operation: 'remix' },
		"'Operation' is 'remix'",
		'generate, character, getTask, getManyTasks, getCredits',
	],
];

const further: Refusal[] = [
	[options({ additionalFields: '{seed' }), "'Additional Fields (JSON)' is '{seed'", 'a JSON object such as'],
	[options({ additionalFields: '[1]' }), "'Additional Fields (JSON)' is '[1]'", 'a JSON object such as'],
	[options({ additionalFields: '"text"' }), "'Additional Fields (JSON)' is", 'a JSON object such as'],
	[additional({ model: 'sora-3' }), "'Additional Fields (JSON)' is", "without 'model'"],
	[additional({ Model: 'sora-3' }), "'Additional Fields (JSON)' is", "without 'Model'"],
	[
		additional({ callback_url: 'https://example.com' }),
		"'Additional Fields (JSON)' is",
		"without 'callback_url'",
	],
	[additional({ prompt: LONG }), "'Prompt' is 'xxx", '1 to 5000 characters'],
	[additional({ prompt: '  ' }), "'Prompt' is empty", '1 to 5000 characters'],
	[additional({ prompt: 7 }), "'Prompt' is 7", '1 to 5000 characters'],
	[additional({ duration: 5 }), "'Duration' is 5", '4, 8, 12'],
	[additional({ duration: '8' }), "'Duration' is '8'", '4, 8, 12'],
	[additional({ aspect_ratio: 'wide' }), "'Aspect Ratio' is 'wide'", RATIOS],
	[additional({ quality: '1080p' }), "'Quality' is '1080p'", 'nothing: sora-2-preview has no such field'],
	[additional({ timestamps: '0,2' }), "'Timestamps' is '0,2'", 'nothing: sora-2-preview has no such field'],
	[additional({ image_urls: 'https://example.com/a.png' }), "'Image URL' is 'https://", 'at most 1 http'],
	[
		additional({ image_urls: ['https://a.com/1.png', 'https://a.com/2.png'] }),
		"'Image URL' is [",
		'at most 1 http',
	],
	[additional({ image_urls: ['file:///etc/passwd'] }), "'Image URL' is [", 'at most 1 http'],
	[{ ...PRO, ...additional({ quality: '4k' }) }, "'Quality' is '4k'", '720p, 1080p'],
	[character(additional({ prompt: 'hi' })), "'Prompt' is 'hi'", 'nothing: sora-character has no such field'],
	[character(additional({ timestamps: '5' })), "'Timestamps' is '5'", 'at most 2 seconds from first to last'],
	[
		character(additional({ timestamps: '0,9' })),
		"'Timestamps' is '0,9'",
		'at most 2 seconds from first to last',
	],
	[character(additional({ timestamps: 2 })), "'Timestamps' is 2", 'at most 2 seconds from first to last'],
	[
		character(additional({ video_url: 'ftp://a.com/b' })),
		"'Video URL' is 'ftp://a.com/b'",
		'http or https URL',
	],
];

const callbacks: Refusal[] = (
	[
		['http://n8n.example.test/hook', 'is http where https is needed'],
		['https://localhost/hook', "names the private host 'localhost'"],
		['https://192.168.1.4/hook', "names the private host '192.168.1.4'"],
		['https://3232235780/hook', "names the private host '192.168.1.4'"],
		['https://[::1]/hook', 'names the private host'],
		['https://n8n.internal/hook', 'names the private host'],
		['https://u:p@n8n.example.test/hook', 'holds a user name or password'],
		['n8n.example.test/hook', 'is not a URL'],
		[`https://n8n.example.test/${'x'.repeat(2048)}`, 'at most 2048 characters'],
	] as const
).map(([callbackUrl, reason]) => [
	{ wait: 'none', callbackUrl },
	`'Callback URL' is '${callbackUrl.slice(0, 40)}`,
	reason,
]);

const references: Refusal[] = [
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

const taskIds: Refusal[] = [
	[getTask('={{ $json.missing }}'), "'Task ID' is empty", 'an ID such as task-unified-'],
	[getTask('two words'), "'Task ID' is 'two words'", 'a URL that ends in one'],
	[getTask('https://example.com/'), "'Task ID' is 'https://example.com/'", 'a URL that ends in one'],
	[getTask('x'.repeat(300)), "'Task ID' is 'xxx", 'an ID such as'],
];

describe.each([
	['Generate Video', generate],
	['Create Character', characters],
	['every operation', common],
	['Additional Fields', further],
	['the callback URL', callbacks],
	['the reference', references],
	['Get Task', taskIds],
])('a wrong parameter of %s ends before any request', (_, refusals) => {
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
		...[...common, callbacks[0]!].map(([parameters]) => parameters),
		{ download: '={{ "maybe" }}' },
		{ ...getTask('task-unified-1-a'), wait: 'auto', ...options({ pollSeconds: 0 }) },
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
		expect(run.error?.message).toContain("'Duration' is 5. Allowed: 4, 8, 12 for sora-2-preview [item 1]");
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

	test("a wrong Output Data Field Name of one item is that item's own, too", async () => {
		const named = {
			prompt: '={{ $json.prompt }}',
			binaryField: '={{ $json.prompt === "second" ? "" : "data" }}',
		};
		const before = requests();
		const stopped = await lab.make(named, { items });
		expect(stopped.error?.message).toContain("'Output Data Field Name' is empty");
		expect(stopped.error?.message).toMatch(/\[item 1\]$/);
		expect(requests()).toBe(before);
		const run = await lab.make(named, { items, onError: 'continueRegularOutput' });
		expect(errorsOf(run)).toEqual([undefined, expect.stringContaining('is empty'), undefined]);
	});

	test('On Error = error output: the wrong one reaches the error branch, the others the next node', async () => {
		const run = await lab.make(parameters, { items, onError: 'continueErrorOutput' });
		expect(run.json('After')).toHaveLength(2);
		expect(run.json('Failed')).toEqual([{ ...items[1]!.json, ...failedWith("'Duration' is 5") }]);
	});
});
