import type { ILoadOptionsFunctions, ResourceMapperField } from 'n8n-workflow';

import { MODEL_ENTRIES } from '../../../nodes/evolink/modelEntries';
import { DOCUMENTED_MODELS, framesOf } from '../../../nodes/evolink/models';
import { getModels } from '../../../nodes/SoraVideo/methods/getModels';
import { getModelFields } from '../../../nodes/SoraVideo/methods/modelFields';

const editor = (model?: unknown) =>
	({ getCurrentNodeParameter: () => model }) as unknown as ILoadOptionsFunctions;
const formOf = async (id: unknown) => await getModelFields.call(editor(id));

async function fieldOf(id: string, name: string): Promise<ResourceMapperField | undefined> {
	return (await formOf(id)).fields.find((field) => field.id === name);
}

test("the list of models has Sora's first, what is asked for most next, and each with what it makes a video of", async () => {
	const models = await getModels.call(editor());
	expect(models).toHaveLength(DOCUMENTED_MODELS.length + MODEL_ENTRIES.length);
	expect(models.slice(0, 4)).toEqual([
		{ name: 'Sora 2 Preview', value: 'sora-2-preview', description: 'sora-2-preview · text, image' },
		{
			name: 'Sora 2 Pro Preview',
			value: 'sora-2-pro-preview',
			description: 'sora-2-pro-preview · text, image',
		},
		{
			name: 'Veo 3.1 Preview',
			value: 'veo-3.1-generate-preview',
			description: 'veo-3.1-generate-preview · text, first and last frame, reference',
		},
		expect.objectContaining({ name: 'Veo 3.1 Fast Preview' }),
	]);
	const first = models.slice(0, 11).map(({ name }) => name);
	for (const asked of ['Kling 3', 'Seedance 2.5', 'Wan 3.0', 'MiniMax Hailuo'])
		expect(first.some((name) => name.startsWith(asked))).toBe(true);
});

describe('the form of a model', () => {
	test('has its fields, those that it needs as mandatory, the rest at hand, and no images that have fields of their own', async () => {
		const { fields } = await formOf('seedance-2.0-image-to-video');
		const places = fields.map(({ id, required, removed }) =>
			[id, required ? 'needed' : removed ? 'to add' : 'shown'].join(': '),
		);
		expect(places).toEqual([
			'duration: shown',
			'quality: shown',
			'aspect_ratio: shown',
			'generate_audio: to add',
			'content_filter: to add',
		]);
		for (const { id } of MODEL_ENTRIES) {
			const { first, last, alsoReferences } = framesOf(id) ?? {};
			const ids = (await formOf(id)).fields.map((field) => field.id);
			expect(ids).not.toContain('prompt');
			if (!alsoReferences) for (const frame of [first, last]) expect(ids).not.toContain(frame);
		}
	});

	test.each<[id: string, name: string, field: Partial<ResourceMapperField>]>([
		['seedance-2.0-text-to-video', 'duration', { type: 'number', displayName: 'Duration (4–15; default 5)' }],
		[
			'seedance-2.5-text-to-video',
			'duration',
			{ displayName: 'Duration (4–30 or -1; default 5): Whole seconds, or -1 for automatic' },
		],
		[
			'seedance-2.5-video-edit',
			'audio_urls',
			{ type: 'string', displayName: 'Audio (URLs or Binary, 1–10): Optional reference sounds' },
		],
		['kling-v2.6-motion-control', 'image_urls', { displayName: 'Image (URLs or Binary): Character image' }],
		[
			'wan2.6-text-to-video',
			'audio_url',
			{ type: 'string', displayName: 'Audio (URL or Binary): Sound track for the video' },
		],
		[
			'veo-3.1-generate-preview',
			'image_urls',
			{
				displayName: 'Reference Image (URLs or Binary, max 3): Frames or references, by generation_type',
				removed: true,
			},
		],
		['kling-v3-text-to-video', 'sound', { type: 'options', displayName: expect.stringMatching(/^Sound: /) }],
		[
			'topaz-video-upscale',
			'model_params',
			{ type: 'object', displayName: expect.stringMatching(/^Model Params \(upscale_factor\)/) },
		],
	])(
		'%s shows %s as what it is, with its limits, its default and what it is for',
		async (id, name, field) => {
			expect(await fieldOf(id, name)).toMatchObject(field);
		},
	);

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

	test('says where the fields of a model go that is not known, or that an expression names', async () => {
		const noticeOf = async (id: unknown) => {
			const { fields, emptyFieldsNotice } = await formOf(id);
			expect(fields).toEqual([]);
			return emptyFieldsNotice;
		};
		expect(await noticeOf('sora-3')).toMatch(/^The fields of sora-3 .* 'Additional Fields \(JSON\)'/);
		expect(await noticeOf('={{ $json.model }}')).toMatch(/^The fields of a model that an expression names /);
		expect(await noticeOf('veo3.1-fast')).toMatch(/^The fields of veo3.1-fast /);
	});
});
