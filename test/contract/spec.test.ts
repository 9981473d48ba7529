import Ajv2020 from 'ajv/dist/2020';
import * as data from '../../nodes/evolink/generated/spec.gen';
import openapiSchema from './fixtures/openapi-3.1.schema.json';
import { at, facts, misfits, spec, validator, type Json, type JsonObject } from './openapi';

/** Every object of the document with its path, `$ref`s not followed. */
function* objects(value: Json, path: string[] = []): Generator<[string[], JsonObject]> {
	if (typeof value !== 'object' || value === null) return;
	if (!Array.isArray(value)) yield [path, value];
	for (const [key, item] of Object.entries(value)) yield* objects(item, [...path, key]);
}

const all = [...objects(spec)].filter(([[root]]) => root !== 'x-evolink');

describe('the OpenAPI document', () => {
	it('is valid OpenAPI 3.1', () => {
		const ajv = new Ajv2020({ strict: false, validateFormats: false });
		expect(misfits(ajv.compile(openapiSchema), spec)).toEqual([]);
	});

	it('has only references that lead somewhere', () => {
		const references = all.flatMap(([, object]) => (typeof object.$ref === 'string' ? [object.$ref] : []));
		expect(references.length).toBeGreaterThan(20);
		for (const reference of references) expect(() => at(...reference.slice(2).split('/'))).not.toThrow();
	});

	const schemas = [
		...Object.entries(at('components', 'schemas')).map(([name, schema]) => [name, schema] as const),
		...all.flatMap(([path, object]) =>
			path[0] === 'paths' && object.schema ? [[path.join(' '), object.schema] as const] : [],
		),
	];

	it.each(schemas)('has a sound schema: %s', (_, schema) => {
		expect(() => validator(schema)).not.toThrow();
	});

	const bodies = all.flatMap(([path, object]) =>
		object.schema && object.examples
			? Object.entries(object.examples as JsonObject).map(
					([name, example]) =>
						[[...path, name].join(' '), object.schema, (example as JsonObject).value] as const,
				)
			: [],
	);
	const values = all.flatMap(([path, object]) =>
		Array.isArray(object.examples)
			? object.examples.map((example) => [path.join(' '), object, example] as const)
			: [],
	);

	it.each([...bodies, ...values])('has examples that keep its own rules: %s', (_, schema, example) => {
		expect(misfits(validator(schema), example)).toEqual([]);
	});

	it('shows an example of each answer of each operation', () => {
		for (const [path, item] of Object.entries(at('paths'))) {
			for (const method of ['get', 'post', 'delete'].filter((name) => name in (item as JsonObject))) {
				for (const status of Object.keys(at('paths', path, method, 'responses'))) {
					const media = at('paths', path, method, 'responses', status, 'content', 'application/json');
					expect(Object.keys(media.examples as JsonObject)).not.toEqual([]);
				}
			}
		}
	});
});

describe('the facts beside the schemas', () => {
	it('describe exactly the models that have a schema', () => {
		const schemas = Object.entries(facts.models).map(([model, { schema }]) => {
			const { model: property } = at('components', 'schemas', schema).properties as JsonObject;
			expect((property as JsonObject).enum).toEqual([model]);
			return schema;
		});
		const options = at(
			'paths',
			'/v1/videos/generations',
			'post',
			'requestBody',
			'content',
			'application/json',
		);
		expect((options.schema as { oneOf: unknown }).oneOf).toEqual(
			[...schemas, 'CustomModelRequest'].map((name) => ({ $ref: `#/components/schemas/${name}` })),
		);
		expect(at('components', 'schemas', 'CustomModelRequest', 'properties', 'model').not).toEqual({
			enum: Object.keys(facts.models),
		});
		expect(Object.keys(facts.models)).toContain(facts.defaultModel);
	});

	it('offer callbacks exactly for the models that take a callback_url', () => {
		for (const { schema, callback } of Object.values(facts.models)) {
			const properties = at('components', 'schemas', schema).properties as JsonObject;
			expect('callback_url' in properties).toBe(callback);
		}
	});

	it('name an exact size for each aspect ratio of the preview model', () => {
		expect(Object.keys(facts.imageInput.exactPixels.sizes).sort()).toEqual(
			[...data.DOCUMENTED_FIELDS['sora-2-preview'].aspect_ratio.enum].sort(),
		);
	});

	it('price each quality, the default being the standard', () => {
		const { enum: qualities } = data.DOCUMENTED_FIELDS['sora-2-pro-preview'].quality;
		expect(Object.keys(facts.quality.priceFactors)).toEqual([...qualities]);
		expect(facts.quality.priceFactors[facts.quality.standard]).toBe(1);
	});

	it('count every announced callback event as terminal, and no running status', () => {
		expect(Object.keys(facts.task.endStatuses)).toEqual([...facts.callback.events]);
		const ends: string[] = Object.values(facts.task.endStatuses).flat();
		expect(ends).toEqual(expect.arrayContaining([...facts.callback.events]));
		expect(facts.task.runningStatuses.filter((status) => ends.includes(status))).toEqual([]);
		expect(new Set(ends).size).toBe(ends.length);
	});

	it('tell the user something to do about each failure code', () => {
		const retryable = Object.entries(facts.taskFailures).filter(([, failure]) => failure.retryable);
		expect(retryable.map(([code]) => code)).toEqual([
			'service_error',
			'generation_timeout',
			'resource_exhausted',
			'quota_exceeded',
			'service_unavailable',
		]);
		for (const { meaning, advice } of Object.values(facts.taskFailures)) {
			expect([meaning, advice]).toEqual([
				expect.stringMatching(/^[A-Z].+\.$/),
				expect.stringMatching(/^[A-Z].+\.$/),
			]);
		}
		expect(Object.keys(facts.taskFailures)).toContain(facts.task.cancelledFailureCode);
	});

	it('put each code of an HTTP error into one group only', () => {
		const codes = Object.values(facts.httpErrorCodes).flat();
		expect(new Set(codes).size).toBe(codes.length);
	});

	it('agree with the numbers in the help texts', () => {
		const { prompt, quality } = data.DOCUMENTED_FIELDS['sora-2-pro-preview'];
		const about = (schema: string, field: string) =>
			at('components', 'schemas', schema, 'properties', field).description;
		expect(about('Sora2ProPreviewRequest', 'prompt')).toContain(String(prompt.maxLength));
		expect(quality.description).toContain(String(facts.quality.priceFactors['1080p']));
		expect(quality.enumDescriptions['1080p']).toContain(String(facts.quality.priceFactors['1080p']));
		const image = about('Sora2ProPreviewRequest', 'image_urls');
		expect(image).toContain(`${facts.imageInput.maxBytes / 1024 / 1024} MB`);
		for (const extension of facts.imageInput.extensions) expect(image).toContain(extension);
		for (const extension of facts.characterVideo.extensions) {
			expect(about('SoraCharacterRequest', 'video_url')).toContain(extension);
		}
	});

	it('name the idempotency header as the create call does', () => {
		const { name, schema } = at('components', 'parameters', 'IdempotencyKey');
		expect(facts.idempotency).toMatchObject({ requestHeader: name, pattern: (schema as JsonObject).pattern });
		expect(at('components', 'headers')).toHaveProperty('IdempotencyReplayed');
	});
});
