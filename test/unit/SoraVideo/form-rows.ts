import type { IDataObject } from 'n8n-workflow';

import { DOCUMENTED_FIELDS } from '../../../nodes/evolink/generated/spec.gen';

/**
 * What the form makes of what people write: each row is the form, perhaps an item, and the body that EvoLink gets or the words of the
 * refusal. `={{ $json.x }}` is read from the item.
 */
export interface Row {
	what: string;
	form: IDataObject;
	item: IDataObject;
	/** Names of the item's binary fields. */
	files: string[];
	/** The whole request. */
	body?: IDataObject;
	/** Parts of the message of a refusal. */
	refused?: string[];
	/** Parts of what is said before the order, in order. */
	hints?: string[];
}

type More = Partial<Pick<Row, 'item' | 'files' | 'hints'>>;

const sends = (what: string, form: IDataObject, body: IDataObject, more: More = {}): Row => ({
	what: `${what} is sent`,
	form: { prompt: 'a cat', ...form },
	body,
	item: {},
	files: [],
	...more,
});

const refuses = (what: string, form: IDataObject, refused: string[], more: More = {}): Row => ({
	what: `${what} is refused`,
	form: { prompt: 'a cat', ...form },
	refused,
	item: {},
	files: [],
	...more,
});

const SORA = { model: 'sora-2-preview', prompt: 'a cat', aspect_ratio: '16:9', duration: 4 };
const RATIOS = DOCUMENTED_FIELDS['sora-2-preview'].aspect_ratio.enum.join(', ');
const PRO = { model: 'sora-2-pro-preview' };
const PRO_BODY = { ...SORA, ...PRO, quality: '720p' };
const VEO = 'veo-3.1-generate-preview';
const KLING = 'kling-v3-image-to-video';
const SEEDANCE = 'seedance-2.5-image-to-video';
const TEXT = 'wan3.0-text-to-video';
const ANY = 'model-of-tomorrow';
const A = 'https://a.test/a.png';
const B = 'https://b.test/b.png';
const start = { startImage: 'url', startImageUrl: A };
const end = { endImage: 'url', endImageUrl: B };
const mapped = (value: IDataObject) => ({ modelFields: { mappingMode: 'defineBelow', value } });
const further = (fields: unknown) => ({ options: { additionalFields: JSON.stringify(fields) } });
const character = { operation: 'character', video: 'url', videoUrl: 'https://a.test/me.mp4' };
const CHARACTER = { model: 'sora-character', video_url: 'https://a.test/me.mp4', timestamps: '0,2' };

const sora: Row[] = [
	sends('an untouched form', {}, SORA),
	sends('an untouched form of the pro model', PRO, PRO_BODY),
	sends('a quality left over from the pro model', { quality: '1080p' }, SORA),
	sends(
		'what the pro model takes',
		{ ...PRO, quality: '1080p', aspectRatio: '9:16', duration: 12 },
		{ ...PRO_BODY, quality: '1080p', aspect_ratio: '9:16', duration: 12 },
	),
	sends(
		'a model by an expression',
		{ model: '={{ $json.m }}', quality: '1080p' },
		{ ...PRO_BODY, quality: '1080p' },
		{ item: { m: PRO.model } },
	),
	sends('further fields over a choice', further({ duration: 12, seed: 7 }), {
		...SORA,
		duration: 12,
		seed: 7,
	}),
	sends('a prompt without the blanks around it', { prompt: '  a cat\n' }, SORA),
	sends('a number as prompt', { prompt: '={{ $json.n }}' }, { ...SORA, prompt: '42' }, { item: { n: 42 } }),
	sends('a prompt of 5000 emoji', { prompt: '🎬'.repeat(5000) }, { ...SORA, prompt: '🎬'.repeat(5000) }),
	sends('a start image', { ...start, startImageUrl: ` ${A} ` }, { ...SORA, image_urls: [A] }),
	sends('None with a URL left over', { ...start, startImage: 'none' }, SORA),
	sends(
		'a node without a resource',
		{ operation: 'character', videoUrl: CHARACTER.video_url, prompt: '' },
		CHARACTER,
	),
	refuses('an empty prompt', { prompt: '={{ $json.missing }}' }, [
		"'Prompt' is empty",
		'1 to 5000 characters',
	]),
	refuses('a prompt of what cannot be seen', { prompt: '\u200B\u200B' }, ["'Prompt' is empty"]),
	refuses('a prompt that is too long', { prompt: 'x'.repeat(5200) }, [
		"'Prompt' has 5,200 characters. Allowed: 1 to 5000 characters",
	]),
	refuses('a prompt of 5001 emoji', { prompt: '🎬'.repeat(5001) }, ["'Prompt' has 5,001 characters"]),
	refuses('an object as prompt', { prompt: '={{ $json.p }}' }, [`'Prompt' is {"text":"a cat"}`], {
		item: { p: { text: 'a cat' } },
	}),
	...['[object Object]', 'A cat like [object Object]', 'undefined', 'null', 'NaN'].map((prompt) =>
		refuses(`the prompt ${prompt}`, { prompt }, [
			`'Prompt' is '${prompt}'`,
			'an expression put something else here',
		]),
	),
	refuses('a field of another model', further({ quality: '1080p' }), [
		"'Quality' is '1080p'",
		'nothing: sora-2-preview has no such field',
	]),
	refuses('a wrong further field', further({ aspect_ratio: '4:3' }), ["'Aspect Ratio' is '4:3'", RATIOS]),
	refuses('two images', further({ image_urls: [A, B] }), ["'Start Image", 'at most 1 http or https URL']),
	...['{seed', '[1]', '7', 'null', '"text"'].map((additionalFields) =>
		refuses(`${additionalFields} as further fields`, { options: { additionalFields } }, [
			"'Additional Fields (JSON)' is",
			'a JSON object such as',
		]),
	),
	refuses('a model by further fields', further({ Model: 'x' }), ["without 'Model'"]),
	refuses('a model and a callback by further fields', further({ model: 1, callback_url: null }), [
		"without 'model' and 'callback_url', which the node sets itself",
	]),
];

/** A cell, and what it means; both by an expression and as a fixed text. */
const cells: Row[] = [
	...(
		[
			[
				'aspectRatio',
				'9:16',
				[
					'9 : 16',
					'9x16',
					'９：１６',
					'9∶16',
					'9:16\u200B',
					' 9:16\u00A0',
					'Portrait'.replace('Portrait', '9/16'),
				],
			],
			['aspectRatio', '1280x720', ['1280×720', '1280 X 720', '1280*720'.replace('*', 'x')]],
			['duration', 8, ['8', ' 8 ', '8s', '8 seconds', '8.0', '8 Seconds', 8]],
		] as const
	).flatMap(([name, meant, given]) =>
		given.map((cell) =>
			sends(
				`${name} ${JSON.stringify(cell)} as ${meant}`,
				{ [name]: '={{ $json.cell }}' },
				{ ...SORA, [name === 'duration' ? 'duration' : 'aspect_ratio']: meant },
				{ item: { cell } },
			),
		),
	),
	...['1080P', '1080', ' 1080p '].map((cell) =>
		sends(`quality ${cell} as 1080p`, { ...PRO, quality: cell }, { ...PRO_BODY, quality: '1080p' }),
	),
	...['', '  ', null].flatMap((cell) => [
		sends(
			`a blank cell ${JSON.stringify(cell)} in each field that has a default`,
			{
				...PRO,
				aspectRatio: '={{ $json.c }}',
				duration: '={{ $json.c }}',
				quality: '={{ $json.c }}',
				startImage: '={{ $json.c }}',
			},
			PRO_BODY,
			{ item: { c: cell } },
		),
	]),
	sends(
		'From URL by its label',
		{ ...start, startImage: '={{ $json.c }}' },
		{ ...SORA, image_urls: [A] },
		{ item: { c: 'from url' } },
	),
	sends('a model by its name', { model: 'veo 3.1 preview' }, { model: VEO, prompt: 'a cat' }),
	sends('a model in other capitals', { model: 'Sora-2-Preview' }, SORA),
	...(
		[
			['aspectRatio', 'portrait', 'portrait is 9:16'],
			['aspectRatio', 'vertical', 'vertical is 9:16'],
			['aspectRatio', 'landscape', 'landscape is 16:9'],
			['aspectRatio', '1920x1080', '1920x1080 has the shape of 16:9'],
			['aspectRatio', '16:09:00', "'16:09:00' looks like a time: format the column as text"],
			['aspectRatio', 0.6729, 'looks like a time'],
			['aspectRatio', '1899-12-30T16:09:00.000Z', 'looks like a time'],
			['duration', '5s', '4 is the nearest'],
			['duration', 30, '12 is the nearest'],
		] as const
	).map(([name, cell, near]) =>
		refuses(
			`${name} ${cell}`,
			{ [name]: '={{ $json.cell }}' },
			['Allowed: ', ' for sora-2-preview; ', near],
			{ item: { cell } },
		),
	),
	refuses('quality standard', { ...PRO, quality: 'standard' }, [
		"'Quality' is 'standard'",
		'standard is 720p',
	]),
	refuses('pixels for the pro model', { ...PRO, aspectRatio: '1280×720' }, [
		'1280×720 has the shape of 16:9',
	]),
	...[[8], true, NaN, { s: 8 }].map((cell) =>
		refuses(
			`duration ${JSON.stringify(cell)}`,
			{ duration: '={{ $json.cell }}' },
			["'Duration' is ", '4, 8, 12'],
			{ item: { cell } },
		),
	),
];

const models: Row[] = [
	sends(
		'an unknown ID with what is given',
		{ model: ANY, ...further({ n: null, quality: 'ultra' }) },
		{ model: ANY, prompt: 'a cat', n: null, quality: 'ultra' },
	),
	sends('an unknown ID without a prompt', { model: ANY, prompt: ' ' }, { model: ANY }),
	sends(
		'an unknown ID with both images',
		{ model: ANY, ...start, ...end },
		{ model: ANY, prompt: 'a cat', image_urls: [A, B] },
	),
	sends(
		'cells for the fields of another model',
		{
			model: 'seedance-2.0-text-to-video',
			...mapped({
				duration: '8 seconds',
				quality: '720P',
				aspect_ratio: '16x9',
				generate_audio: 'FALSE',
				seed: '',
				model_params: '{"web_search": true}',
			}),
		},
		{
			model: 'seedance-2.0-text-to-video',
			prompt: 'a cat',
			duration: 8,
			quality: '720p',
			aspect_ratio: '16:9',
			generate_audio: false,
			model_params: { web_search: true },
		},
	),
	...[', ', ',', ';', '\n', ' '].map((between) =>
		sends(
			`a list of URLs with ${JSON.stringify(between)} between them`,
			{
				model: 'happyhorse-1.0-reference-to-video',
				...mapped({ image_urls: `${A}${between}https://b.test/1,2.png` }),
			},
			{
				model: 'happyhorse-1.0-reference-to-video',
				prompt: 'a cat',
				image_urls: [A, 'https://b.test/1,2.png'],
			},
		),
	),
	refuses('no model', { model: '={{ $json.missing }}' }, [
		"'Model Name or ID' is empty",
		'the name or ID of a model',
	]),
	...[{ id: 'x' }, 7, true, ['sora-2-preview']].map((m) =>
		refuses(
			`a model that is no text, ${JSON.stringify(m)},`,
			{ model: '={{ $json.m }}' },
			[`'Model Name or ID' is ${JSON.stringify(m)}`],
			{ item: { m } },
		),
	),
	...['undefined', '[object Object]', 'two words', 'a\nb'].map((model) =>
		refuses(`the model ${JSON.stringify(model)}`, { model }, ["'Model Name or ID' is '"]),
	),
	refuses('the character model', { model: 'sora-character' }, ["operation 'Create Character'"]),
	refuses('a number out of range', { model: 'seedance-2.0-text-to-video', ...mapped({ duration: 3 }) }, [
		"'Duration' is 3.",
		'whole numbers from 4 to 15',
	]),
	refuses(
		'a word where true or false is',
		{ model: 'seedance-2.0-text-to-video', ...mapped({ generate_audio: 'perhaps' }) },
		["'Generate Audio' is 'perhaps'", 'true, false'],
	),
	refuses('a field that the model lacks', { model: TEXT, ...further({ fps: 24 }) }, [
		`nothing: ${TEXT} has no such field`,
	]),
	refuses('a prompt for a model without one', { model: 'topaz-video-upscale' }, [
		"'Prompt' is 'a cat'",
		'nothing',
	]),
];

const images: Row[] = [
	sends(
		'a first frame of Kling',
		{ model: KLING, ...start },
		{ model: KLING, prompt: 'a cat', image_start: A },
	),
	sends(
		'both frames of Kling',
		{ model: KLING, ...start, ...end },
		{ model: KLING, prompt: 'a cat', image_start: A, image_end: B },
	),
	sends(
		'both frames of Seedance',
		{ model: SEEDANCE, ...start, ...end },
		{ model: SEEDANCE, prompt: 'a cat', image_urls: [A, B] },
	),
	sends(
		'a frame of Veo, as a frame',
		{ model: VEO, ...start },
		{ model: VEO, prompt: 'a cat', image_urls: [A], generation_type: 'FIRST&LAST' },
	),
	sends(
		'references of Veo',
		{ model: VEO, ...mapped({ image_urls: A, generation_type: 'REFERENCE' }) },
		{ model: VEO, prompt: 'a cat', image_urls: [A], generation_type: 'REFERENCE' },
	),
	sends(
		'images of a row by its model',
		{ model: '={{ $json.m }}', ...start },
		{ model: KLING, prompt: 'a cat', image_start: A },
		{ item: { m: KLING } },
	),
	sends(
		'an image left over from another model',
		{ model: TEXT, ...start, ...end },
		{ model: TEXT, prompt: 'a cat' },
	),
	refuses(
		'an image for a model by an expression that takes none',
		{ model: '={{ $json.m }}', ...start },
		["'Start Image' is 'url'", `None, because ${TEXT} takes no image there`],
		{ item: { m: TEXT } },
	),
	refuses(
		'a last frame for a model by an expression that takes none',
		{ model: '={{ $json.m }}', ...end },
		["'End Image' is 'url'", 'takes no image there'],
		{ item: { m: SORA.model } },
	),
	refuses('a model that needs an image without one', { model: KLING }, [
		"'Start Image' is 'None'",
		`From URL, From Binary Field, because ${KLING} needs an image`,
	]),
	refuses('the same where the field is a list', { model: SEEDANCE }, ["'Start Image' is 'None'"]),
	refuses('a last frame without a first', { model: SEEDANCE, ...end }, [
		"'Start Image' is 'None'",
		"an image beside 'End Image'",
	]),
	refuses('an image twice', { model: VEO, ...start, ...mapped({ image_urls: B }) }, [
		'image_urls',
		"nothing beside 'Start Image'",
	]),
	refuses('an image in the form and in further fields', { ...start, ...further({ image_urls: [B] }) }, [
		"nothing beside 'Start Image' or 'End Image'",
	]),
	refuses(
		'a choice that is none',
		{ startImage: '={{ $json.c }}' },
		["'Start Image' is 'file'", 'none, url, binary'],
		{ item: { c: 'file' } },
	),
	...[SORA.model, KLING, ANY].map((model) =>
		refuses(
			`a binary field that is not there, for ${model},`,
			{ model, startImage: 'binary', startImageField: 'picture' },
			["This item has no file in 'picture' ('Start Image Field Name')"],
			{ files: ['photo'] },
		),
	),
	refuses(
		'a name that is no file in the fields of a model',
		{ model: 'happyhorse-1.0-reference-to-video', ...mapped({ image_urls: 'photo, data' }) },
		["This item has no file in 'data' ('Image')"],
		{ files: ['photo'] },
	),
];

const DRIVE = 'https://drive.google.com/file/d/1AbC_d-e/view?usp=sharing';

const urls: Row[] = [
	...[
		'https://a.test/ä.png',
		'https://A.test/%20x.png',
		'https://web.archive.org/web/https://a.test/a.png',
		'https://p.test/?u=https://a.test/a.png,https://b.test/b.png',
	].map((startImageUrl) =>
		sends(startImageUrl, { ...start, startImageUrl }, { ...SORA, image_urls: [startImageUrl] }),
	),
	...['\n', ', ', ',', ';', ' ', ' | '].map((between) =>
		refuses(
			`two URLs with ${JSON.stringify(between)} between them`,
			{ ...start, startImageUrl: `${A}${between}${B}` },
			["'Start Image URL' is '", `holds 2 URLs: ${A} and ${B}`],
		),
	),
	refuses(
		'two URLs in a field of a model',
		{ model: 'videoretalk', prompt: '', ...mapped({ video_url: `${A} ${B}`, audio_url: A }) },
		["'Video' is '", `holds 2 URLs: ${A} and ${B}`],
	),
	refuses('a URL with a blank', { ...start, startImageUrl: 'https://a.test/a.png (front)' }, [
		'has a blank or a backslash in it',
	]),
	refuses('a URL without a scheme', { ...start, startImageUrl: 'a.test/a.png' }, ['is not a URL']),
	refuses('a URL with half a scheme', { ...start, startImageUrl: 'https:a.test/a.png' }, ['is not a URL']),
	refuses('a file of this machine', { ...start, startImageUrl: 'file:///etc/passwd' }, [
		"starts with 'file:'",
	]),
	refuses(
		'no URL',
		{ startImage: '={{ $json.c }}' },
		["'Start Image URL' is empty", 'an http or https URL that EvoLink can fetch'],
		{ item: { c: 'url' } },
	),
	refuses('a URL with a password', { ...start, startImageUrl: 'https://me:you@a.test/a.png' }, [
		'holds a user name or password',
	]),
	refuses('a private host', { ...start, startImageUrl: 'http://192.168.1.5/a.png' }, [
		"names the private host '192.168.1.5'",
		'give the file in a binary field instead',
	]),
	refuses(
		'a private host for another model',
		{ model: KLING, startImage: 'url', startImageUrl: 'https://nas.local/a.png' },
		["names the private host 'nas.local'"],
	),
	refuses('a private host by further fields', further({ image_urls: ['http://10.0.0.1/a.png'] }), [
		"names the private host '10.0.0.1'",
	]),
	refuses('a private host for a character', { ...character, videoUrl: 'https://nas.local/me.mp4' }, [
		"'Video URL' is",
		"names the private host 'nas.local'",
	]),
	...(
		[
			[DRIVE, 'https://drive.google.com/uc?export=download&id=1AbC_d-e'],
			['https://drive.google.com/open?id=1AbC', 'https://drive.google.com/uc?export=download&id=1AbC'],
			['https://www.dropbox.com/s/abc/a.png?dl=0', 'https://www.dropbox.com/s/abc/a.png?dl=1'],
			['https://acme.sharepoint.com/a.png', 'https://acme.sharepoint.com/a.png?download=1'],
			['https://1drv.ms/i/abc', 'give it in a binary field'],
			['https://photos.app.goo.gl/abc', 'give it in a binary field'],
			['https://imgur.com/abc', 'give it in a binary field'],
			['https://www.youtube.com/watch?v=abc', 'give it in a binary field'],
			['https://youtu.be/abc', 'give it in a binary field'],
		] as const
	).map(([url, remedy]) =>
		sends(
			`the page ${url}, with a hint,`,
			{ ...start, startImageUrl: url },
			{ ...SORA, image_urls: [url] },
			{ hints: [remedy] },
		),
	),
	...[
		'https://drive.google.com/uc?export=download&id=1',
		'https://www.dropbox.com/s/a/a.png?dl=1',
		'https://i.imgur.com/a.png',
		'https://a.test/',
	].map((url) =>
		sends(
			`${url}, without a word,`,
			{ ...start, startImageUrl: url },
			{ ...SORA, image_urls: [url] },
			{ hints: [] },
		),
	),
	...(
		[
			[
				start,
				'https://a.test/cat.gif?width=1280',
				"'Start Image' of item 0 ends in .gif: EvoLink takes .jpg, .jpeg, .png, .webp",
			],
			[
				character,
				'https://a.test/watch.php?v=1',
				"'Video URL' of item 0 ends in .php: EvoLink takes .mp4, .mov, .webm",
			],
		] as const
	).map(([form, url, hint]) =>
		sends(
			`a URL that ends in something else, with a hint, ${url},`,
			{ ...form, [form === start ? 'startImageUrl' : 'videoUrl']: url },
			form === start ? { ...SORA, image_urls: [url] } : { ...CHARACTER, video_url: url },
			{ hints: [hint] },
		),
	),
];

const characters: Row[] = [
	sends('a character', character, CHARACTER),
	sends(
		'its timestamps as EvoLink writes them',
		{ ...character, timestamps: ' 1.5 , 3.5 ' },
		{ ...CHARACTER, timestamps: '1.5,3.5' },
	),
	sends('a blank cell as its timestamps', { ...character, timestamps: '={{ $json.missing }}' }, CHARACTER),
	...['1', '0,3', '3,1', '-1,1', 'a,b', '1,,2'].map((timestamps) =>
		refuses(`timestamps ${timestamps}`, { ...character, timestamps }, [
			`'Timestamps' is '${timestamps}'`,
			'at most 2 seconds from first to last',
		]),
	),
	refuses('timestamps by further fields', { ...character, ...further({ timestamps: 2 }) }, [
		"'Timestamps' is 2",
	]),
	refuses('a prompt for a character', { ...character, ...further({ prompt: 'hi' }) }, [
		'nothing: sora-character has no such field',
	]),
	refuses('no video', { ...character, videoUrl: '={{ $json.missing }}' }, ["'Video URL' is empty"]),
	refuses(
		'a choice of a video that is none',
		{ ...character, video: '={{ $json.c }}' },
		["'Input Video' is 'file'", 'url, binary'],
		{ item: { c: 'file' } },
	),
	refuses('a binary field that is not there', { ...character, video: 'binary' }, [
		"This item has no file in 'data' ('Input Data Field Name')",
	]),
];

export const ROWS: readonly Row[] = [...sora, ...cells, ...models, ...images, ...urls, ...characters];
