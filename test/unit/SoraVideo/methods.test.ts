import type { ILoadOptionsFunctions, ResourceMapperField } from 'n8n-workflow';

import { MODEL_ENTRIES } from '../../../nodes/evolink/modelEntries';
import { getModelFields } from '../../../nodes/SoraVideo/methods/modelFields';
import { searchModels } from '../../../nodes/SoraVideo/methods/searchModels';

const editor = (modelId?: unknown) =>
	({ getCurrentNodeParameter: () => modelId }) as unknown as ILoadOptionsFunctions;
const found = async (filter?: string) =>
	(await searchModels.call(editor(), filter)).results.map(({ name, value }) => `${name}: ${String(value)}`);
const formOf = async (id: unknown) => await getModelFields.call(editor(id));

async function fieldOf(id: string, name: string): Promise<ResourceMapperField | undefined> {
	return (await formOf({ mode: 'list', value: id })).fields.find((field) => field.id === name);
}

describe('the list of models', () => {
	test('has every shipped model, and those that a word names by label or ID', async () => {
		expect(await found()).toHaveLength(MODEL_ENTRIES.length);
		expect(await found(' veo 3.1 PRO')).toEqual(['Veo 3.1 Pro Beta: veo3.1-pro-beta']);
		expect(await found('kling-v2')).toEqual(['Kling 2.6 Motion Control: kling-v2.6-motion-control']);
		expect(await found('no such model')).toEqual([]);
	});
});

describe('the form of a model', () => {
	test('has its fields, those that it needs as mandatory, the rest at hand', async () => {
		const { fields } = await formOf('seedance-2.0-image-to-video');
		const places = fields.map(({ id, required, removed }) =>
			[id, required ? 'needed' : removed ? 'to add' : 'shown'].join(': '),
		);
		expect(places).toEqual([
			'image_urls: needed',
			'duration: shown',
			'quality: shown',
			'aspect_ratio: shown',
			'generate_audio: to add',
			'content_filter: to add',
		]);
	});

	test.each<[id: string, name: string, field: Partial<ResourceMapperField>]>([
		['seedance-2.0-text-to-video', 'duration', { type: 'number', displayName: 'Duration (4–15; default 5)' }],
		['seedance-2.5-text-to-video', 'duration', { displayName: 'Duration (4–30 or -1; default 5)' }],
		['seedance-2.0-image-to-video', 'image_urls', { type: 'string', displayName: 'Image URLs/Binary (1–2)' }],
		['MiniMax-Hailuo-2.3-Fast', 'image_urls', { displayName: 'Image URLs/Binary (1)' }],
		['MiniMax-Hailuo-02', 'image_urls', { displayName: 'Image URLs/Binary (max 2)' }],
		['kling-v2.6-motion-control', 'image_urls', { displayName: 'Image URLs/Binary' }],
		['happyhorse-1.0-text-to-video', 'seed', { type: 'number', displayName: 'Seed (1–2147483647)' }],
		['wan2.6-text-to-video', 'audio_url', { type: 'string', displayName: 'Audio URL/Binary' }],
		['kling-v3-text-to-video', 'sound', { type: 'options', displayName: 'Sound' }],
		['topaz-video-upscale', 'model_params', { type: 'object', displayName: 'Model Params (upscale_factor)' }],
	])('%s shows %s as what it is, with its limits and its default', async (id, name, field) => {
		expect(await fieldOf(id, name)).toMatchObject(field);
	});

	test('lists the choices: of a schema, of the manual, and numbers beside a word', async () => {
		const values = async (id: string, name: string) =>
			(await fieldOf(id, name))?.options?.map(({ value }) => value);
		expect(await values('MiniMax-Hailuo-02', 'duration')).toEqual([6, 10]);
		expect(await values('wan2.5-text-to-video', 'duration')).toEqual([5, 10]);
		expect(await values('gemini-omni-flash-text-to-video', 'duration')).toEqual([
			...[3, 4, 5, 6, 7, 8, 9, 10],
			'auto',
		]);
	});

	test('fills in nothing: a switch alone shows what EvoLink would do', async () => {
		for (const { id } of MODEL_ENTRIES) {
			for (const { type, defaultValue } of (await formOf(id)).fields)
				expect(typeof defaultValue).toBe(type === 'boolean' ? 'boolean' : 'undefined');
		}
		expect((await fieldOf('seedance-2.0-text-to-video', 'generate_audio'))?.defaultValue).toBe(true);
	});

	test('marks the default in a list of choices, and tells none that is empty', async () => {
		const names = (await fieldOf('kling-v3-text-to-video', 'sound'))?.options?.map(({ name }) => name);
		expect(names).toContain('off (Default)');
		const labels = await Promise.all(
			MODEL_ENTRIES.map(async ({ id }) => (await formOf(id)).fields.map((field) => field.displayName)),
		);
		expect(labels.flat().filter((label) => /default\s*\)/.test(label))).toEqual([]);
	});

	test('says where the fields of an unknown model go, and what to do without one', async () => {
		expect(await formOf({ mode: 'id', value: 'sora-3' })).toEqual({
			fields: [],
			emptyFieldsNotice: expect.stringMatching(/No fields of sora-3 .* 'Additional Fields \(JSON\)'/),
		});
		for (const none of [undefined, '', { mode: 'list', value: '' }])
			expect((await formOf(none)).emptyFieldsNotice).toContain("'Model ID' first");
	});
});
