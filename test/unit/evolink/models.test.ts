import type { IDataObject } from 'n8n-workflow';

import {
	CHARACTER_MODEL,
	CHARACTER_NOTE,
	checkBody,
	CUSTOM,
	DEFAULT_MODEL,
	framesOf,
	isDocumented,
	modelOptions,
	optionGroups,
	optionsOf,
	rulesOf,
	takesField,
	tasksOf,
} from '../../../nodes/evolink/models';

const PREVIEW = 'sora-2-preview';
const PRO = 'sora-2-pro-preview';
const [WAN, UPSCALE, UNKNOWN] = ['wan3.0-text-to-video', 'tencent-video-upscale', 'model-of-tomorrow'];
/** Of a model whose fields are not known. */
const BOTH = { first: 'image_urls', last: 'image_urls' };
const EMOJI = '\u{1f408}';

const issueOf = (model: string, fields: IDataObject) =>
	checkBody(model, { model: model === CUSTOM ? 'sora-3' : model, prompt: 'a cat', ...fields });

describe('what the editor offers', () => {
	test('is every documented video model by its name, and nothing for characters', () => {
		expect(modelOptions()).toEqual([
			{ name: 'Sora 2 Preview', value: PREVIEW, description: expect.any(String) },
			{ name: 'Sora 2 Pro Preview', value: PRO, description: expect.any(String) },
		]);
		expect([DEFAULT_MODEL, CHARACTER_MODEL]).toEqual([PREVIEW, 'sora-character']);
	});

	test('is each choice with what it means', () => {
		expect(optionsOf(PRO, 'quality')).toEqual([
			{ name: '720p', value: '720p', description: 'Standard price' },
			{ name: '1080p', value: '1080p', description: '1.667 times the price of 720p' },
		]);
		expect(optionsOf(PREVIEW, 'duration')[1]).toEqual({
			name: '8',
			value: 8,
			description: '8 seconds',
			credits: 46.08,
		});
		expect(optionsOf(PRO, 'duration')[1].credits).toBeUndefined();
		expect(optionsOf(PREVIEW, 'model')).toEqual([{ name: PREVIEW, value: PREVIEW }]);
		expect(optionsOf(PREVIEW, 'prompt')).toEqual([]);
	});

	test('is one list for models that share it and one for each that does not, the default model first', () => {
		const modelsOf = (field: string) => optionGroups(field).map(({ models }) => models);
		expect(modelsOf('aspect_ratio')).toEqual([[PREVIEW], [PRO]]);
		expect(modelsOf('duration')).toEqual([[PREVIEW], [PRO]]);
		expect(modelsOf('quality')).toEqual([[PRO]]);
		expect(optionGroups('aspect_ratio')[1].options).toEqual(optionsOf(PRO, 'aspect_ratio'));
	});
});

describe('what is known of a model', () => {
	test.each([
		[PREVIEW, { isOfSpec: true, tasks: 'text, image', frames: { first: 'image_urls' }, rules: PREVIEW }],
		[CHARACTER_MODEL, { isOfSpec: true, tasks: undefined, frames: BOTH, rules: CHARACTER_MODEL }],
		[WAN, { isOfSpec: false, tasks: 'text', frames: undefined, rules: WAN }],
		[UPSCALE, { isOfSpec: false, tasks: 'upscale', frames: BOTH, rules: CUSTOM }],
		[UNKNOWN, { isOfSpec: false, tasks: undefined, frames: BOTH, rules: CUSTOM }],
	])('%s: its fields, what it makes videos from, and which fields take pictures', (id, known) => {
		expect({
			isOfSpec: isDocumented(id),
			tasks: tasksOf(id),
			frames: framesOf(id),
			rules: rulesOf(id),
		}).toEqual(known);
	});

	test('is told of the character model before one is made', () => {
		expect(CHARACTER_NOTE).toContain('it may be refused');
	});
});

describe('a field of a body', () => {
	test('that a model takes is known by its name in the spec', () => {
		expect([PREVIEW, PRO, CUSTOM].map((model) => takesField(model, 'quality'))).toEqual([false, true, false]);
		expect(takesField(PRO, 'Quality')).toBe(false);
	});

	test.each<[string, IDataObject, string, string]>([
		[PREVIEW, { quality: '720p' }, 'quality', 'nothing: sora-2-preview has no such field'],
		[WAN, { duration: 'long' }, 'duration', expect.any(String) as string],
		[PRO, { callback_url: 'a.test' }, 'callback_url', 'an http or https URL'],
		[CUSTOM, { prompt: 7 }, 'prompt', 'Text of any length; some models take none.'],
	])('of %s that cannot be sent is named with what can: %j', (model, fields, field, allowed) => {
		expect(issueOf(model, fields)).toEqual({ field, given: fields[field], allowed });
	});

	test('of a model that the spec does not know is what the user says: any name, any value, and no prompt', () => {
		const fields = { duration: -1, quality: 'ultra', timestamps: '0,2', prompt: 'x'.repeat(20_000) };
		expect(issueOf(CUSTOM, fields)).toBeUndefined();
		expect(checkBody(CUSTOM, { model: 'sora-3' })).toBeUndefined();
	});

	test('that no document names goes to EvoLink as it is', () => {
		for (const model of [PREVIEW, PRO, CUSTOM]) expect(issueOf(model, { seed: 7 })).toBeUndefined();
	});
});

describe('a prompt of emoji', () => {
	test('does not hide what else is wrong', () => {
		expect(issueOf(PREVIEW, { prompt: EMOJI.repeat(5000), duration: 5 })).toMatchObject({
			field: 'duration',
		});
	});
});
