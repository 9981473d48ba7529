import type { IDataObject, INodeParameters } from 'n8n-workflow';

import { models as ENTRIES } from '../../spec/models.json';
import { fieldsOf } from '../../nodes/evolink/modelEntries';
import { exampleRequest } from '../model-examples';
import { labForFile } from './lab';
import { png } from './media-files';
import { errorsOf, inline } from './support';

const lab = labForFile({ models: [...Object.keys(ENTRIES), 'sora-2-pro-preview', 'sora-3', 'wan9'] });

const IDS = Object.keys(ENTRIES);
const NAMES = [...new Set(IDS.flatMap((id) => Object.keys(fieldsOf(id)!)))].filter(
	(name) => name !== 'prompt',
);
const SEEDANCE = 'seedance-2.0-text-to-video';
const SEEDED = 'happyhorse-1.0-text-to-video';
const IMAGES = 'seedance-2.0-image-to-video';

const mapped = (value: IDataObject) => ({
	mappingMode: 'defineBelow',
	value,
	matchingColumns: [],
	schema: [],
});
const chosen = (id: string, fields: IDataObject = {}) =>
	({
		model: 'custom',
		modelId: { __rl: true, mode: 'list', value: id },
		modelFields: mapped(fields),
		wait: 'none',
	}) as unknown as INodeParameters;

/** The bodies of the orders that some items lead to, in their order. */
async function sent(parameters: INodeParameters, items: IDataObject[] = [{}]): Promise<IDataObject[]> {
	const from = lab.creates.length;
	const run = await lab.make({ prompt: 'a cat', ...parameters }, { items: items.map((json) => ({ json })) });
	expect(run.error).toBeUndefined();
	return lab.creates.slice(from).map(({ body }) => body as IDataObject);
}

async function refusal(parameters: INodeParameters): Promise<string> {
	const from = lab.evolink.requests.length;
	const run = await lab.make({ prompt: 'a cat', ...parameters });
	expect(lab.evolink.requests.length).toBe(from);
	return run.error!.message;
}

describe('every shipped model can be ordered by its example', () => {
	test.each(['all', 'required'] as const)(
		'with %s of its fields, each item with a model of its own',
		async (which) => {
			const requests = IDS.map((id) => ({ id, ...exampleRequest(fieldsOf(id)!, which) }) as IDataObject);
			const fields = Object.fromEntries(NAMES.map((name) => [name, `={{ $json[${JSON.stringify(name)}] }}`]));
			const parameters = { ...chosen('={{ $json.id }}', fields), prompt: '={{ $json.prompt }}' };
			const bodies = await sent(parameters, requests);
			const byModel = (a: IDataObject, b: IDataObject) => String(a.model).localeCompare(String(b.model));
			const expected = requests.map(({ id, ...rest }) => ({ model: id, ...rest }) as IDataObject);
			expect(bodies.sort(byModel)).toEqual(expected.sort(byModel));
		},
	);
});

describe('the fields of a model', () => {
	test('are sent as it takes them, whatever form an expression gives them', async () => {
		const fields = {
			duration: "={{ '8' }}",
			generate_audio: "={{ 'false' }}",
			seed: null,
			aspect_ratio: '',
			model_params: '{"web_search": true}',
		};
		expect(await sent(chosen(SEEDANCE, { ...fields, seed: '={{ $json.missing }}' }))).toEqual([
			{
				model: SEEDANCE,
				prompt: 'a cat',
				duration: 8,
				generate_audio: false,
				model_params: { web_search: true },
			},
		]);
	});

	test.each<[what: string, given: unknown]>([
		['one link', 'https://a.test/1,2.png'],
		['a JSON array', '["https://a.test/1,2.png"]'],
		['a list', "={{ ['https://a.test/1,2.png'] }}"],
	])('that hold links may be %s', async (_, image_urls) => {
		const [body] = await sent(chosen(IMAGES, { image_urls } as IDataObject));
		expect(body.image_urls).toEqual(['https://a.test/1,2.png']);
	});

	test.each([', ', ',', '\n', ' '])('that hold links may be links with %j between them', async (between) => {
		const image_urls = ['https://a.test/1.png', 'https://a.test/2.png'].join(between);
		const [body] = await sent(chosen(IMAGES, { image_urls }));
		expect(body.image_urls).toEqual(['https://a.test/1.png', 'https://a.test/2.png']);
	});

	test('are joined by the further fields of each item', async () => {
		const options = { additionalFields: '={{ { "seed": $json.seed } }}' };
		const bodies = await sent({ ...chosen(SEEDED), options }, [{ seed: 1 }, { seed: 2 }]);
		expect(bodies.map(({ seed }) => seed).sort()).toEqual([1, 2]);
	});

	test('a model without a prompt gets none', async () => {
		const fields = { source_task_id: 'task-unified-1-draft' };
		const bodies = await sent({ ...chosen('seedance-2.5-draft-to-video', fields), prompt: '' });
		expect(bodies).toEqual([{ model: 'seedance-2.5-draft-to-video', ...fields }]);
	});
});

describe('a binary field may stand where a model takes a URL', () => {
	const both = { first: inline(png(8, 8)), last: inline(png(9, 9)) };
	const fetched = async (url: unknown) => Buffer.from(await (await fetch(String(url))).arrayBuffer());

	test('several in a list, beside URLs, each by its name; when the task has ended, none is kept', async () => {
		const fields = { image_urls: "={{ [$json.link, 'first', 'last'] }}" };
		const link = 'https://a.test/1.png';
		const run = await lab.make(
			{
				prompt: 'a cat',
				...chosen('happyhorse-1.0-reference-to-video', fields),
				wait: 'auto',
				download: false,
			},
			{ items: [{ json: { link }, binary: both }] },
		);
		expect(run.error).toBeUndefined();
		const [, first, last, ...others] = (lab.creates.at(-1)!.body as IDataObject).image_urls as string[];
		expect(others).toEqual([]);
		expect(first).toMatch(/\/n8n-[0-9a-f]{32}\.png$/);
		expect(last).toMatch(/\/n8n-[0-9a-f]{32}-2\.png$/);
		expect(lab.requestsTo('uploadFileStream')).toHaveLength(2);
		expect(lab.requestsTo('deleteFile')).toHaveLength(2);
		expect(lab.evolink.files.size).toBe(0);
	});

	test.each(['first last', 'first,last', '["first", "last"]'])('as text: %s', async (image_urls) => {
		const { id, ...needed } = { id: IMAGES, image_urls };
		const run = await lab.make(
			{ prompt: 'a cat', ...chosen(id, needed) },
			{ items: [{ json: {}, binary: both }] },
		);
		expect(run.error).toBeUndefined();
		const urls = (lab.creates.at(-1)!.body as IDataObject).image_urls as string[];
		const sizes = [];
		for (const url of urls) sizes.push((await fetched(url)).equals(png(8, 8)));
		expect(sizes).toEqual([true, false]);
	});

	test.each([
		['half a picture', png(8, 8).subarray(0, 2000), 'incomplete'],
		['a web page', Buffer.from('<!doctype html>'), 'a web page'],
		['an empty file', Buffer.alloc(0), 'empty (0 bytes)'],
		['text in base64', Buffer.from(png(8, 8).toString('base64')), 'text in base64'],
	])('but %s is refused before anything is uploaded', async (_, bytes, found) => {
		const from = lab.evolink.requests.length;
		const parameters = { prompt: 'a cat', ...chosen(IMAGES, { image_urls: 'first' }) };
		const run = await lab.make(parameters, { items: [{ json: {}, binary: { first: inline(bytes) } }] });
		expect(run.error?.message).toBe(`The file in 'first' is ${found}`);
		expect(lab.evolink.requests.length).toBe(from);
	});

	test('but a name that the item does not have, or too many of them, are refused before anything is uploaded', async () => {
		const refused = async (image_urls: string) => {
			const from = lab.evolink.requests.length;
			const parameters = { prompt: 'a cat', ...chosen(IMAGES, { image_urls }) };
			const run = await lab.make(parameters, { items: [{ json: {}, binary: { ...both, more: both.last } }] });
			expect(lab.evolink.requests.length).toBe(from);
			return run.error!.message;
		};
		expect(await refused('other')).toContain('\'Image URLs\' is ["other"]');
		expect(await refused('first last more')).toContain('a list of 1 to 2');
	});
});

describe('a request that the model does not take ends before anything is sent', () => {
	test.each<[id: string, fields: IDataObject, words: string[]]>([
		[SEEDANCE, { duration: 3 }, ["'Duration' is 3.", 'whole numbers from 4 to 15', SEEDANCE]],
		[SEEDANCE, { quality: '={{ "8k" }}' }, ["'Quality' is '8k'.", '480p, 720p']],
		[SEEDANCE, { image_urls: 'https://a.test/1.png' }, ["'Image URLs' is", 'nothing: ', 'has no such field']],
		[SEEDANCE, { generate_audio: 'perhaps' }, ["'Generate Audio' is 'perhaps'.", 'true, false']],
		[IMAGES, {}, ["'Image URLs' is empty.", 'a list of 1 to 2 http or https URLs']],
		[IMAGES, { image_urls: 'me.png' }, ['\'Image URLs\' is ["me.png"].', '1 to 2 http or https URLs']],
		[IMAGES, { image_urls: 'https://a.test https://b.test https://c.test' }, ["'Image URLs' is", '1 to 2']],
		[
			'kling-v3-text-to-video',
			{ model_params: '{"shot_type":"both"}' },
			["'Model Params Shot Type' is 'both'."],
		],
		['kling-v3-text-to-video', { model_params: '{' }, ["'Model Params' is '{'.", 'an object of']],
	])('%s: %j', async (id, fields, words) => {
		const message = await refusal(chosen(id, fields));
		for (const word of words) expect(message).toContain(word);
	});

	test('also by its further fields, its prompt, or without an ID', async () => {
		const options = { additionalFields: '{"fps": 24}' };
		expect(await refusal({ ...chosen(SEEDANCE), options })).toContain(
			`nothing: ${SEEDANCE} has no such field`,
		);
		expect(await refusal({ ...chosen(SEEDANCE), prompt: ' ' })).toContain("'Prompt' is empty. Allowed: text");
		expect(await refusal({ ...chosen('topaz-video-upscale') })).toContain(
			"'Prompt' is 'a cat'. Allowed: nothing",
		);
		expect(await refusal(chosen("={{ '' }}"))).toContain("'Model ID' is empty. Allowed: the ID of a model");
		expect(await refusal(chosen('sora-character'))).toContain('Create Character');
	});

	test('of one item leaves the others alone', async () => {
		const items = [4, 99, 8].map((seconds) => ({ json: { seconds } }));
		const from = lab.creates.length;
		const run = await lab.make(
			{ prompt: 'a cat', ...chosen(SEEDANCE, { duration: '={{ $json.seconds }}' }) },
			{ items, onError: 'continueRegularOutput' },
		);
		expect(errorsOf(run)).toEqual([undefined, expect.stringContaining("'Duration' is 99."), undefined]);
		expect(lab.creates.length - from).toBe(2);
	});
});

describe('an ID that nobody knows', () => {
	test('gets what the user says, and nothing else', async () => {
		const additionalFields = { duration: -1, quality: 'ultra', video_url: 'ftp://a', n: null };
		const options = { additionalFields: JSON.stringify(additionalFields) };
		expect(await sent({ ...chosen('sora-3', { left: 'over' }), prompt: '', options })).toEqual([
			{ model: 'sora-3', ...additionalFields },
		]);
		const prompt = 'x'.repeat(9000);
		expect(await sent({ ...chosen('sora-3'), prompt })).toEqual([{ model: 'sora-3', prompt }]);
	});

	test('may be plain text, from an expression', async () => {
		expect(await sent({ ...chosen(''), modelId: 'sora-3' })).toEqual([{ model: 'sora-3', prompt: 'a cat' }]);
	});
});

test('a documented model by its ID gets the defaults that it needs', async () => {
	expect(await sent(chosen('sora-2-pro-preview'))).toEqual([
		{ model: 'sora-2-pro-preview', prompt: 'a cat', aspect_ratio: '16:9', duration: 4, quality: '720p' },
	]);
});
