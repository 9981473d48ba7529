import type { IDataObject, INodeParameters } from 'n8n-workflow';

import { models as ENTRIES } from '../../spec/models.json';
import { fieldsOf } from '../../nodes/evolink/modelEntries';
import { exampleRequest } from '../model-examples';
import { labForFile } from './lab';
import { png } from './media-files';
import { inline } from './support';

const lab = labForFile({ models: [...Object.keys(ENTRIES)] });

const IDS = Object.keys(ENTRIES).filter((id) => fieldsOf(id) !== undefined);
const NAMES = [...new Set(IDS.flatMap((id) => Object.keys(fieldsOf(id)!)))].filter(
	(name) => name !== 'prompt',
);
const IMAGES = 'seedance-2.0-image-to-video';

const mapped = (value: IDataObject) => ({
	mappingMode: 'defineBelow',
	value,
	matchingColumns: [],
	schema: [],
});
const chosen = (id: string, fields: IDataObject = {}) =>
	({
		model: id,
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

	test('but a name that the item does not have, too many of them, or half a picture are refused before anything is uploaded', async () => {
		const refused = async (image_urls: string) => {
			const from = lab.evolink.requests.length;
			const parameters = { prompt: 'a cat', ...chosen(IMAGES, { image_urls }) };
			const half = inline(png(8, 8).subarray(0, 2000));
			const binary = { ...both, more: both.last, half };
			const run = await lab.make(parameters, { items: [{ json: {}, binary }] });
			expect(lab.evolink.requests.length).toBe(from);
			return run.error!.message;
		};
		expect(await refused('other')).toContain("This item has no file in 'other' ('Image')");
		expect(await refused('first last more')).toContain('a list of 1 to 2');
		expect(await refused('half')).toBe("The file in 'half' is incomplete");
	});
});
