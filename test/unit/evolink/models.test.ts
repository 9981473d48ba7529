import type { IDataObject } from 'n8n-workflow';

import {
	CHARACTER_MODEL,
	checkBody,
	CUSTOM,
	DEFAULT_MODEL,
	modelOptions,
	optionGroups,
	optionsOf,
	takesField,
} from '../../../nodes/evolink/models';

const PREVIEW = 'sora-2-preview';
const PRO = 'sora-2-pro-preview';
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

describe('a field of a body', () => {
	test('that a model takes is known by its name in the spec', () => {
		expect([PREVIEW, PRO, CUSTOM].map((model) => takesField(model, 'quality'))).toEqual([false, true, false]);
		expect(takesField(PRO, 'Quality')).toBe(false);
	});

	test.each<[string, IDataObject, string, string]>([
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
