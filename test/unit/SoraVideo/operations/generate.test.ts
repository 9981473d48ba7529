import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import { checkBody, CUSTOM, GENERATE_MODELS, optionsOf, takesField } from '../../../../nodes/evolink/models';
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

async function refusal(step: Promise<unknown>): Promise<string> {
	return await step.then(
		(body) => Promise.reject(new Error(`not refused: ${JSON.stringify(body)}`)),
		(error: Error) => error.message,
	);
}

const allowedIn = (model: string, field: string) =>
	optionsOf(model, field)
		.map(({ value }) => value)
		.join(', ');

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
				model: mostly([PREVIEW, PRO, CUSTOM], fc.constantFrom('sora-character', '', 'sora-2')),
				modelId: mostly(['sora-3', PREVIEW, PRO], fc.constantFrom('', 'sora-character')),
				prompt: mostly(
					['a cat', ' a cat ', 'x'.repeat(5000)],
					fc.oneof(fc.constant('x'.repeat(5001)), anyValue),
				),
				aspectRatio: mostly(['16:9', '9:16', '1280x720'], anyValue),
				duration: mostly([4, 8, 12, '8'], anyValue),
				quality: mostly(['720p', '1080p'], anyValue),
				image: mostly(['none', 'url'], fc.constant('upload')),
				imageUrl: mostly(['http://a.test/x.png', 'https://a.test/ä b'], fc.oneof(fc.webUrl(), fc.string())),
			},
			{ requiredKeys: [] },
		);
		let sent = 0;
		await alwaysAsync(parameters, async (given) => {
			const body = await generate({ prompt: 'a cat', ...given }).catch((error: Error) => {
				expect(error.message).toMatch(/^'[^']+' is [\s\S]*Allowed: .+$/);
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

	test('holds the ratio and the length of every documented model, also when they were never touched', async () => {
		expect(await generate({ prompt: 'a cat' })).toEqual({
			model: PREVIEW,
			prompt: 'a cat',
			aspect_ratio: '16:9',
			duration: 4,
		});
		expect(await generate({ prompt: 'a cat', model: PRO })).toEqual({
			model: PRO,
			prompt: 'a cat',
			aspect_ratio: '16:9',
			duration: 4,
			quality: '720p',
		});
	});

	test('drops a quality that is left over from another model', async () => {
		expect(await generate({ prompt: 'a cat', quality: '1080p' })).not.toHaveProperty('quality');
	});

	test('takes a length that an expression gives as text', async () => {
		expect((await generate({ prompt: 'a cat', duration: '8' })).duration).toBe(8);
	});

	test.each([
		[{ prompt: ' ' }, "'Prompt' is empty. Allowed: 1 to 5000 characters"],
		[{ prompt: 'x'.repeat(5001) }, "'Prompt' is 'xxx"],
		[{ model: 'sora-9' }, "'Model' is 'sora-9'. Allowed: sora-2-preview, sora-2-pro-preview, custom"],
		[{ model: CUSTOM, modelId: ' ' }, "'Model ID' is empty"],
		[{ model: CUSTOM, modelId: 'sora-character' }, "'Model ID' is 'sora-character'"],
		[
			{ aspectRatio: 'wide' },
			`'Aspect Ratio' is 'wide'. Allowed: ${allowedIn(PREVIEW, 'aspect_ratio')} for sora-2-preview`,
		],
		[
			{ model: PRO, aspectRatio: '1280x720' },
			`'Aspect Ratio' is '1280x720'. Allowed: ${allowedIn(PRO, 'aspect_ratio')} for sora-2-pro-preview`,
		],
		[{ duration: 4.5 }, `'Duration' is 4.5. Allowed: ${allowedIn(PREVIEW, 'duration')} for`],
		[{ model: PRO, quality: '4k' }, "'Quality' is '4k'. Allowed: 720p, 1080p"],
		[{ image: 'file' }, "'Input Image' is 'file'. Allowed: none, url, binary"],
		[{ image: 'url', imageUrl: 'x.png' }, "'Image URL' is 'x.png'. Allowed: an http or https URL"],
		[{ image: 'url', imageUrl: '' }, "'Image URL' is empty"],
		[{ options: { additionalFields: { prompt: '  ' } } }, "'Prompt' is "],
		[{ options: { additionalFields: { prompt: 7 } } }, "'Prompt' is 7"],
		[{ options: { additionalFields: { quality: '720p' } } }, "'Quality' is '720p'. Allowed: nothing"],
		[{ options: { additionalFields: { video_url: 'https://a.test/' } } }, "'Video URL' is "],
	])('%j is refused: %s', async (parameters, message) => {
		const text = await refusal(generate({ prompt: 'a cat', ...parameters }));
		expect(text).toContain(message);
		expect(text).toContain('Allowed: ');
	});

	test('takes fields that no document names from additional fields, and checks them together with the rest', async () => {
		const options = { additionalFields: '{"seed": 7, "aspect_ratio": "9:16"}' };
		expect(await generate({ prompt: 'a cat', options })).toMatchObject({ seed: 7, aspect_ratio: '9:16' });
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

	test('refuses each field that belongs to another model only', () => {
		const body = { model: PREVIEW, prompt: 'a cat', quality: '720p' };
		expect(checkBody(PREVIEW, body)).toMatchObject({
			field: 'quality',
			allowed: expect.stringContaining(PREVIEW),
		});
		expect(checkBody(PRO, { ...body, model: PRO })).toBeUndefined();
	});

	test('every option that the node offers is one that the spec takes', () => {
		for (const model of GENERATE_MODELS.filter((name) => name !== CUSTOM)) {
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
