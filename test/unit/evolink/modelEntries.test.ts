import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import { checkEntry, fieldsOf, fieldTitle, MODEL_ENTRIES } from '../../../nodes/evolink/modelEntries';
import { checkBody, DOCUMENTED_MODELS, rulesOf } from '../../../nodes/evolink/models';
import { models as ENTRIES } from '../../../spec/models.json';
import { checkByEntry } from '../../../stand-in/create-rules';
import type { Entries } from '../../../stand-in/spec';
import { exampleRequest } from '../../model-examples';
import { always, hostileJson, PROPERTY_TIMEOUT_MS } from '../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const ALL = MODEL_ENTRIES.map(({ id }) => id);
const IDS = ALL.filter((id) => fieldsOf(id) !== undefined);
const entry = (id: string) => fieldsOf(id)!;
const example = (id: string, which: 'all' | 'required' = 'required') => ({
	...exampleRequest(entry(id), which),
	model: id,
});
const issueOf = (id: string, more: IDataObject) => checkBody(id, { ...example(id), ...more });

/** Whether the stand-in would refuse a body, by rules of its own over the same entries. */
function isRefused(body: IDataObject): boolean {
	try {
		checkByEntry(body, ENTRIES as unknown as Entries);
		return false;
	} catch {
		return true;
	}
}

describe('a shipped model', () => {
	test('is every one of the table, under a name of its own, and none that the API description has', () => {
		expect(ALL).toEqual(Object.keys(ENTRIES));
		expect(new Set(MODEL_ENTRIES.map(({ label }) => label)).size).toBe(ALL.length);
		expect(ALL.filter((id) => DOCUMENTED_MODELS.includes(id))).toEqual([]);
		expect(IDS.map(rulesOf)).toEqual(IDS);
		const known = ALL.filter((id) => !IDS.includes(id));
		expect(known.map(rulesOf)).toEqual(known.map(() => 'custom'));
		expect([rulesOf('sora-3'), rulesOf('toString'), rulesOf('__proto__')]).toEqual([
			'custom',
			'custom',
			'custom',
		]);
	});

	test.each(IDS)('%s takes its example, with all its fields and with no more than it needs', (id) => {
		for (const which of ['all', 'required'] as const) {
			const body = example(id, which);
			expect([checkBody(id, body), isRefused(body)]).toEqual([undefined, false]);
		}
	});

	test('takes no field that it does not have, no choice that it does not offer, and no list too long', () => {
		for (const id of IDS) {
			expect(issueOf(id, { fps: 24 })).toEqual({
				field: 'fps',
				given: 24,
				allowed: expect.stringContaining(`nothing: ${id} has no such field; it takes `),
			});
			for (const [name, field] of Object.entries(entry(id))) {
				const wrong = [
					...(field.enum ? ['wrong'] : []),
					...(field.max === undefined ? [] : [field.max + 1]),
					...(field.min === undefined ? [] : [field.min - 1]),
					...(field.maxItems ? [Array.from({ length: field.maxItems + 1 }, () => 'https://a.test')] : []),
					...(field.format === 'uri' ? ['me.png', ['me.png']] : []),
					null,
				];
				for (const given of wrong) {
					expect([name, issueOf(id, { [name]: given })]).toEqual([
						name,
						{ field: name, given, allowed: expect.stringContaining(`for ${id}`) },
					]);
				}
			}
		}
	});

	test('is refused whatever the stand-in refuses', () => {
		const bodies = fc.constantFrom(...IDS).chain((id) => {
			const names = Object.keys(entry(id));
			const changed = fc.dictionary(fc.constantFrom(...names), fc.oneof(hostileJson, fc.integer()), {
				maxKeys: 2,
			});
			const left = fc.subarray(names, { minLength: names.length - 1 });
			return fc.record({ id: fc.constant(id), changed, left });
		});
		always(bodies, ({ id, changed, left }) => {
			const all = Object.entries(example(id, 'all')).filter(
				([name]) => name === 'model' || left.includes(name),
			);
			const body = { ...Object.fromEntries(all), ...changed } as IDataObject;
			if (isRefused(body)) expect(checkBody(id, body)).toBeDefined();
		});
	});
});

test('a frame goes to a field of the model that takes URLs, a last one behind the first where one list holds both', () => {
	const framed = MODEL_ENTRIES.flatMap(({ id, frames }) => (frames ? [{ id, frames }] : []));
	expect(framed).toHaveLength(31);
	expect(framed.filter(({ frames }) => frames.last)).toHaveLength(20);
	for (const { id, frames } of framed) {
		const fields = entry(id);
		for (const name of [frames.first, frames.last ?? frames.first])
			expect([id, fields[name]]).toMatchObject([id, { format: 'uri' }]);
		if (frames.first === frames.last) expect(fields[frames.first]!.maxItems).toBeGreaterThan(1);
		for (const [name, value] of Object.entries(frames.set ?? {})) expect(fields[name]!.enum).toContain(value);
	}
});

describe('what a model takes is told in words', () => {
	const RANGE = { duration: { type: 'integer', min: 2, max: 12 } } as const;

	test.each<[string, IDataObject, string]>([
		['seedance-2.0-text-to-video', { prompt: '' }, 'text that is not empty for seedance-2.0-text-to-video'],
		[
			'doubao-seedance-1.0-pro-fast',
			{ duration: 13 },
			'whole numbers from 2 to 12 for doubao-seedance-1.0-pro-fast',
		],
		['gemini-omni-flash-text-to-video', { duration: 11 }, 'whole numbers from 3 to 10, or auto for gemini'],
		['MiniMax-Hailuo-2.3', { duration: 7 }, '6, 10 for MiniMax-Hailuo-2.3'],
		['seedance-2.0-text-to-video', { generate_audio: 'yes' }, 'true, false for'],
		[
			'MiniMax-Hailuo-2.3-Fast',
			{ image_urls: [] },
			'a list of exactly 1 http or https URLs without a user name',
		],
		['seedance-2.0-image-to-video', { image_urls: ['https://me:you@a.test/a.png'] }, 'a list of 1 to 2 http'],
		['kling-v3-motion-control', { model_params: 'x' }, 'an object of character_orientation, element_list,'],
	])('%s: %j', (id, more, allowed) => {
		expect(issueOf(id, more)?.allowed).toContain(allowed);
	});

	test('also inside an object, with the place', () => {
		const issue = (model_params: IDataObject) => issueOf('kling-v3-text-to-video', { model_params });
		expect(issue({ shot_type: 'both' })).toMatchObject({
			field: 'model_params.shot_type',
			allowed: 'customize, intelligence for kling-v3-text-to-video',
		});
		expect(
			issue({ multi_prompt: [{ index: 1, prompt: 'a cat', duration: '4' }, { index: 2 }] }),
		).toMatchObject({
			field: 'model_params.multi_prompt.1.prompt',
			given: undefined,
		});
		expect(issue({ multi_prompt: ['a cat'] })?.field).toBe('model_params.multi_prompt');
		expect(issue({ unknown_there: 1 })).toBeUndefined();
	});

	test('a length that the manual leaves open is left to EvoLink', () => {
		for (const duration of [-1, 30, 400])
			expect(issueOf('seedance-2.5-text-to-video', { duration })).toBeUndefined();
		expect(issueOf('seedance-2.5-text-to-video', { duration: 4.5 })?.allowed).toContain(
			'whole numbers, or -1',
		);
	});

	test('a prompt is never too long: the limit may count tokens', () => {
		expect(issueOf('wan2.5-text-to-video', { prompt: 'x'.repeat(30_000) })).toBeUndefined();
	});

	test('by the names that people read', () => {
		const names = ['image_urls', 'mask_url', 'source_task_id', 'pe_fast_mode', 'n', 'model_params.shot_type'];
		expect(names.map(fieldTitle)).toEqual([
			'Image URLs',
			'Mask URL',
			'Source Task ID',
			'PE Fast Mode',
			'N',
			'Model Params Shot Type',
		]);
	});

	test('whatever is given', () => {
		expect(checkEntry('a', RANGE, { duration: 2.5 })?.allowed).toBe('whole numbers from 2 to 12 for a');
		expect(checkEntry('a', RANGE, { duration: '5' })?.allowed).toBe('whole numbers from 2 to 12 for a');
		const wrong = { cfg: -1, tags: ['x', 1], shots: [1] };
		const fields = {
			cfg: { type: 'number', min: 0, max: 1 },
			tags: { type: 'string[]' },
			shots: { type: 'object[]' },
		} as const;
		const told = Object.entries(wrong).map(
			([name, value]) => checkEntry('a', fields, { [name]: value })?.allowed,
		);
		expect(told).toEqual(['numbers from 0 to 1 for a', 'a list of texts for a', 'a list of objects for a']);
	});
});
