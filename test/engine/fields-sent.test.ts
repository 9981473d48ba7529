import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { labForFile, type Lab } from './lab';
import { SORA, errorsOf, hintsOf } from './support';

const lab = labForFile({ models: ['sora-2-preview', 'sora-2-pro-preview', 'sora-character', 'sora-3'] });

const PRO = { model: 'sora-2-pro-preview' };
const CUSTOM = { model: 'custom', modelId: { __rl: true, mode: 'id', value: 'sora-3' } };
const options = (fields: INodeParameters) => ({ options: fields });

/** Runs one item without waiting and returns the bodies of the orders that it sent. */
async function sent(parameters: INodeParameters, more: Parameters<Lab['make']>[1] = {}) {
	const from = lab.creates.length;
	const run = await lab.make({ prompt: 'a cat', wait: 'none', ...parameters }, more);
	expect(run.error).toBeUndefined();
	return lab.creates.slice(from).map(({ body }) => body as IDataObject);
}

const PREVIEW_BODY = { model: 'sora-2-preview', prompt: 'a cat', aspect_ratio: '16:9', duration: 4 };

test.each<[what: string, parameters: INodeParameters, body: IDataObject]>([
	['the preview model, by default', {}, PREVIEW_BODY],
	['the preview model, without a left-over quality', { quality: '1080p' }, PREVIEW_BODY],
	[
		'the preview model with exact pixels',
		{ aspectRatio: '720x1280', duration: 12 },
		{ ...PREVIEW_BODY, aspect_ratio: '720x1280', duration: 12 },
	],
	[
		'the pro model, with the standard quality',
		PRO,
		{ ...PREVIEW_BODY, model: 'sora-2-pro-preview', quality: '720p' },
	],
	[
		'the pro model in 1080p',
		{ ...PRO, quality: '1080p', aspectRatio: '9:16' },
		{ ...PREVIEW_BODY, model: 'sora-2-pro-preview', quality: '1080p', aspect_ratio: '9:16' },
	],
	[
		'the pro model chosen by an expression',
		{ model: "={{ 'sora-2-pro-preview' }}", quality: '1080p' },
		{ ...PREVIEW_BODY, model: 'sora-2-pro-preview', quality: '1080p' },
	],
	[
		'the preview model chosen by an expression, without quality',
		{ model: "={{ 'sora-2-preview' }}", quality: '1080p' },
		PREVIEW_BODY,
	],
	['a custom model, with nothing chosen for it', CUSTOM, { model: 'sora-3', prompt: 'a cat' }],
	[
		'a custom model, without a left-over quality',
		{ ...CUSTOM, quality: '1080p' },
		{ model: 'sora-3', prompt: 'a cat' },
	],
	[
		'a custom model with further fields',
		{ ...CUSTOM, ...options({ additionalFields: '{"seed":7,"quality":"ultra"}' }) },
		{ model: 'sora-3', prompt: 'a cat', seed: 7, quality: 'ultra' },
	],
	[
		'a documented model typed as a custom one, with the defaults that it needs',
		{ model: 'custom', modelId: { __rl: true, mode: 'id', value: 'sora-2-pro-preview' }, quality: '1080p' },
		{ ...PREVIEW_BODY, model: 'sora-2-pro-preview', quality: '720p' },
	],
	[
		'a documented model typed as a custom one with its default duration, should an expression find none',
		{
			model: 'custom',
			modelId: { __rl: true, mode: 'id', value: 'sora-2-preview' },
			duration: '={{ $json.missing }}',
		},
		PREVIEW_BODY,
	],
	['a prompt without the blanks around it', { prompt: '  a cat\n' }, PREVIEW_BODY],
	['a number as prompt', { prompt: '={{ 42 }}' }, { ...PREVIEW_BODY, prompt: '42' }],
	['"8" from an expression as the integer 8', { duration: "={{ '8' }}" }, { ...PREVIEW_BODY, duration: 8 }],
	[
		'an image URL',
		{ image: 'url', imageUrl: ' https://example.com/cat.png ' },
		{ ...PREVIEW_BODY, image_urls: ['https://example.com/cat.png'] },
	],
	[
		'no image once Input Image is none, whatever URL is left over',
		{ image: 'none', imageUrl: 'https://example.com/cat.png' },
		PREVIEW_BODY,
	],
	[
		'a callback URL, when the run does not wait',
		{ callbackUrl: 'https://n8n.example.test/hook' },
		{ ...PREVIEW_BODY, callback_url: 'https://n8n.example.test/hook' },
	],
	[
		'further fields that replace a choice',
		options({ additionalFields: '{"duration":12}' }),
		{ ...PREVIEW_BODY, duration: 12 },
	],
	[
		'a character, by URL, with its default timestamps',
		{ operation: 'character', videoUrl: 'https://example.com/me.mp4' },
		{ model: 'sora-character', video_url: 'https://example.com/me.mp4', timestamps: '0,2' },
	],
	[
		'a character, with timestamps as EvoLink writes them',
		{ operation: 'character', videoUrl: 'https://example.com/me.mp4', timestamps: ' 1.5 , 3.5 ' },
		{ model: 'sora-character', video_url: 'https://example.com/me.mp4', timestamps: '1.5,3.5' },
	],
	[
		'a character without a callback: EvoLink documents none',
		{
			operation: 'character',
			videoUrl: 'https://example.com/me.mp4',
			callbackUrl: 'https://n8n.example.test/hook',
		},
		{ model: 'sora-character', video_url: 'https://example.com/me.mp4', timestamps: '0,2' },
	],
])('sends %s', async (_, parameters, body) => {
	expect(await sent(parameters)).toEqual([body]);
});

test.each(['é', '🎬'])('a prompt of exactly 5000 characters such as %s arrives whole', async (character) => {
	const prompt = character.repeat(5000);
	expect(await sent({ prompt })).toEqual([{ ...PREVIEW_BODY, prompt }]);
});

test.each<[INodeParameters, string]>([
	[{ image: 'url', imageUrl: 'http://192.168.1.5/cat.png' }, "'Image URL' of item 0 names the private host"],
	[
		{ operation: 'character', videoUrl: 'https://nas.local/me.mp4' },
		"'Video URL' of item 0 names the private",
	],
])(
	'a file that only a private network can reach is ordered with a warning: %j',
	async (parameters, warning) => {
		const run = await lab.make({ prompt: 'a cat', wait: 'none', ...parameters });
		const warnings = run.hints(SORA).filter(({ type }) => type === 'warning');
		expect(warnings).toMatchObject([{ message: expect.stringContaining(warning) }]);
	},
);

describe('a URL that ends like another kind of file', () => {
	const IMAGES =
		'EvoLink takes .jpg, .jpeg, .png, .webp, and fails the task if it finds anything else there.';
	const VIDEOS = 'EvoLink takes .mp4, .mov, .webm, and fails the task if it finds anything else there.';
	const toldOf = async (parameters: INodeParameters, items = [{ json: {} }]) => {
		const ordered = lab.creates.length;
		const run = await lab.make({ prompt: 'a cat', wait: 'none', ...parameters }, { items });
		expect(run.error).toBeUndefined();
		expect(lab.creates.length - ordered).toBe(items.length);
		return hintsOf(run);
	};
	const image = (imageUrl: string) => ({ image: 'url', imageUrl });
	const video = (videoUrl: string) => ({ operation: 'character', videoUrl });

	test.each<[INodeParameters, string]>([
		[image('https://example.com/cat.gif?width=1280'), `'Image URL' of item 0 ends in .gif: ${IMAGES}`],
		[image('https://example.com/a/CAT.HTML#top'), `'Image URL' of item 0 ends in .html: ${IMAGES}`],
		[image('https://example.com/cat.mp4'), `'Image URL' of item 0 ends in .mp4: ${IMAGES}`],
		[video('https://example.com/me.avi'), `'Video URL' of item 0 ends in .avi: ${VIDEOS}`],
		[video('https://example.com/watch.php?v=1'), `'Video URL' of item 0 ends in .php: ${VIDEOS}`],
		[video('https://example.com/me.jpg'), `'Video URL' of item 0 ends in .jpg: ${VIDEOS}`],
		[
			options({
				additionalFields: '{"image_urls":["https://example.com/a.bmp"]}',
			}),
			`'Image URL' of item 0 ends in .bmp: ${IMAGES}`,
		],
	])('is ordered with a warning: %j', async (parameters, warning) => {
		expect(await toldOf(parameters)).toEqual([warning]);
	});

	test('is told once for a run, with the first item that has one', async () => {
		const links = ['cat.png', 'cat.gif', 'cat.svg'].map((name) => ({
			json: { link: `https://example.com/${name}` },
		}));
		const hints = await toldOf(image('={{ $json.link }}'), links);
		expect(hints).toEqual([`'Image URL' of item 1 ends in .gif: ${IMAGES}`]);
	});

	test.each([
		image('https://example.com/CAT.JPEG'),
		image('https://example.com/cat.gif/1280'),
		image('https://example.com/cat?file=cat.gif'),
		image('https://example.com/'),
		image('https://cat.svg/photo'),
		video('https://example.com/me.MOV'),
		video('https://example.com/v1.2'),
	])('is not this: %j', async (parameters) => {
		expect(await toldOf(parameters)).toEqual([]);
	});
});

test('every order has the callback URL of its own item', async () => {
	const items = ['one', 'two'].map((hook) => ({ json: { hook: `https://${hook}.example.test/hook` } }));
	const bodies = await sent({ wait: 'none', callbackUrl: '={{ $json.hook }}' }, { items });
	expect(bodies.map(({ callback_url: url }) => url)).toEqual(items.map(({ json }) => json.hook));
});

test('a callback URL and a reference have no effect on a run that waits by polling', async () => {
	const [body] = await sent({
		wait: 'auto',
		download: false,
		callbackUrl: 'https://n8n.example.test/hook',
		reference: 'row 17',
	});
	expect(body).toEqual(PREVIEW_BODY);
});

test('fields are read for each item, the model too', async () => {
	const items = [
		{ json: { model: 'sora-2-preview', text: 'one' } },
		{ json: { model: 'sora-2-pro-preview', text: 'two' } },
		{ json: { model: 'custom', text: 'three' } },
	];
	const run = await lab.make(
		{
			wait: 'none',
			model: '={{ $json.model }}',
			modelId: { __rl: true, mode: 'id', value: 'sora-3' },
			prompt: '={{ $json.text }}',
			quality: '1080p',
			aspectRatio: '9:16',
			duration: 8,
		},
		{ items, onError: 'continueRegularOutput' },
	);
	expect(errorsOf(run)).toEqual([undefined, undefined, undefined]);
	const common = { aspect_ratio: '9:16', duration: 8 };
	const made = run.json(SORA).map(({ id }) => lab.evolink.tasks.get(id as string)!.request);
	expect(made).toEqual([
		{ ...common, model: 'sora-2-preview', prompt: 'one' },
		{ ...common, model: 'sora-2-pro-preview', prompt: 'two', quality: '1080p' },
		{ model: 'sora-3', prompt: 'three' },
	]);
});

test('a URL that ends in the task id is taken as the id', async () => {
	const [{ id }] = (await lab.make({ prompt: 'to be read', wait: 'none' })).json(SORA) as [{ id: string }];
	for (const taskId of [id, ` ${id} `, `https://evolink.ai/dashboard/tasks/${id}?tab=result#top`]) {
		const run = await lab.make({ operation: 'getTask', taskId, wait: 'none' });
		expect(run.json(SORA)[0]).toMatchObject({ id });
	}
});
