import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import {
	checkBody,
	CUSTOM,
	DOCUMENTED_MODELS,
	optionsOf,
	takesField,
} from '../../../../nodes/evolink/models';
import { draftGenerate } from '../../../../nodes/SoraVideo/operations/generate';
import { validator } from '../../../contract/openapi';
import { always, alwaysAsync, fakeContext, parametersIn, PROPERTY_TIMEOUT_MS, RUNS } from '../../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const PREVIEW = 'sora-2-preview';
const PRO = 'sora-2-pro-preview';
/** By the OpenAPI file; a field that no page of EvoLink has may be in a body, from 'Additional Fields (JSON)'. */
const validators = Object.fromEntries(
	Object.entries({
		[PREVIEW]: 'Sora2PreviewRequest',
		[PRO]: 'Sora2ProPreviewRequest',
		[CUSTOM]: 'CustomModelRequest',
	}).map(([model, schema]) => [model, validator({ $ref: `#/components/schemas/${schema}` })]),
);

/** Whether the spec itself allows a body. */
const fits = (model: string, body: IDataObject) => validators[model](body) === true;

const generate = async (parameters: Record<string, unknown>) =>
	(await draftGenerate(fakeContext().ctx, parametersIn(parameters))).body;

/** Mostly a value that some model takes. */
const mostly = (good: unknown[], other: fc.Arbitrary<unknown>) =>
	fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: other });

const anyValue = fc.oneof(
	fc.constantFrom<unknown>(
		'16:9',
		'9:16',
		'1280x720',
		'720p',
		'1080p',
		4,
		8,
		12,
		'8',
		' 8 ',
		9,
		4.5,
		0,
		-1,
		null,
		'',
	),
	fc.string(),
	fc.integer(),
	fc.constant({ a: 1 }),
);

describe('the body of a video', () => {
	test('that is sent always fits the spec of its model; everything else is refused in words', async () => {
		const parameters = fc.record(
			{
				model: mostly([PREVIEW, PRO, 'sora-3'], fc.oneof(fc.constantFrom('sora-character', ''), anyValue)),
				prompt: mostly(
					['a cat', ' a cat ', 'x'.repeat(5000)],
					fc.oneof(fc.constant('x'.repeat(5001)), anyValue),
				),
				aspectRatio: mostly(['16:9', '9:16', '1280x720'], anyValue),
				duration: mostly([4, 8, 12, '8'], anyValue),
				quality: mostly(['720p', '1080p'], anyValue),
				startImage: mostly(['none', 'url'], fc.constant('upload')),
				startImageUrl: mostly(
					['http://a.test/x.png', 'https://a.test/ä b'],
					fc.oneof(fc.webUrl(), fc.string()),
				),
			},
			{ requiredKeys: [] },
		);
		let sent = 0;
		await alwaysAsync(parameters, async (given) => {
			const body = await generate({ prompt: 'a cat', ...given }).catch((error: Error) => {
				expect(error.message).toMatch(/^'[^']+' (is|has) [\s\S]*Allowed: .+$/);
			});
			if (!body) return;
			sent += 1;
			const rules = Object.hasOwn(validators, String(body.model)) ? String(body.model) : CUSTOM;
			expect([body, validators[rules](body), validators[rules].errors]).toEqual([body, true, null]);
			expect(body).not.toHaveProperty('callback_url');
			expect(String(body.prompt)).toBe(String(body.prompt).trim());
		});
		expect(sent).toBeGreaterThan(RUNS / 10);
	});
});

describe('the check of a body', () => {
	const bodies = fc.record(
		{
			prompt: fc.oneof(fc.constant('a cat'), anyValue),
			aspect_ratio: anyValue,
			duration: anyValue,
			quality: anyValue,
			image_urls: fc.oneof(anyValue, fc.array(fc.oneof(fc.webUrl(), fc.string()), { maxLength: 2 })),
			callback_url: fc.oneof(fc.webUrl({ validSchemes: ['https', 'http'] }), anyValue),
		},
		{ requiredKeys: ['prompt'] },
	);

	test('lets nothing through that the spec refuses', () => {
		always(fc.constantFrom(PREVIEW, PRO, CUSTOM), bodies, (model, fields) => {
			const body = { ...fields, model: model === CUSTOM ? 'sora-3' : model } as IDataObject;
			const issue = checkBody(model, body);
			if (issue === undefined) expect(fits(model, body)).toBe(true);
			else
				expect(issue).toEqual({ field: issue.field, given: body[issue.field], allowed: expect.any(String) });
		});
	});

	test('every option that the node offers is one that the spec takes', () => {
		for (const model of DOCUMENTED_MODELS) {
			for (const field of ['aspect_ratio', 'duration', 'quality'].filter((name) => takesField(model, name))) {
				const values = optionsOf(model, field).map(({ value }) => value);
				expect(values.length).toBeGreaterThan(1);
				for (const value of values) {
					const body = { model, prompt: 'a cat', [field]: value };
					expect([checkBody(model, body), fits(model, body)]).toEqual([undefined, true]);
				}
			}
		}
	});

	test('names that every object has are fields of no model', () => {
		for (const name of ['constructor', 'toString', '__proto__'])
			expect(takesField(PREVIEW, name)).toBe(false);
	});
});
