import type { IDataObject } from 'n8n-workflow';
import { API_SERVERS, PATHS } from '../../nodes/evolink/generated/spec.gen';
import { checkBody } from '../../nodes/evolink/models';
import { at, bodySchema, facts, misfits, validator, type Json, type JsonObject } from './openapi';
import characterRequest from './fixtures/seeds/character.request.json';
import characterResponse from './fixtures/seeds/character.response.json';
import previewFields from './fixtures/seeds/preview.fields.json';
import previewRequest from './fixtures/seeds/preview.request.json';
import previewResponse from './fixtures/seeds/preview.response.json';
import proErrors from './fixtures/seeds/pro.errors.json';
import proFields from './fixtures/seeds/pro.fields.json';
import proRequest from './fixtures/seeds/pro.request.json';

// The expectations here are written from the four pages of the manual, never from the spec.

const CREATE = '/v1/videos/generations';
const requestFits = validator(bodySchema(CREATE, 'post'));
const answerFits = validator(bodySchema(CREATE, 'post', '200'));

describe('each example of the manual is accepted', () => {
	it.each([
		['preview, the call', previewRequest],
		['preview, every field', previewFields.request],
		['pro, the call', proRequest],
		['pro, every field', proFields.request],
		['character, the call', characterRequest],
	])('request: %s', (_, example) => {
		expect(misfits(requestFits, example)).toEqual([]);
		expect(checkBody(example.model, example)).toBeUndefined();
	});

	it.each([
		['preview', previewResponse],
		['pro, every field', proFields.response],
		['character', characterResponse],
	])('answer: %s', (_, example) => {
		expect(misfits(answerFits, example)).toEqual([]);
	});

	it.each(Object.entries(proErrors))('error %s', (status, example) => {
		expect(misfits(validator(bodySchema(CREATE, 'post', status)), example)).toEqual([]);
		const printed = at('paths', CREATE, 'post', 'responses', status, 'content', 'application/json').examples;
		expect((printed as { newer: { value: Json } }).newer.value).toEqual(example);
	});
});

describe('the manual and the spec say the same about each field', () => {
	const image = { type: 'array', maxItems: 1, items: { type: 'string', format: 'uri' } };
	const callback = { type: 'string', format: 'uri', maxLength: 2048 };

	const requests: Array<[string, string[], Record<string, JsonObject>]> = [
		[
			'Sora2PreviewRequest',
			['model', 'prompt'],
			{
				model: { type: 'string', default: 'sora-2-preview' },
				prompt: { type: 'string', maxLength: 5000 },
				aspect_ratio: { type: 'string', enum: ['1280x720', '720x1280', '16:9', '9:16'], default: null },
				duration: { type: 'integer', enum: [4, 8, 12], default: 4 },
				image_urls: image,
				callback_url: callback,
			},
		],
		[
			'Sora2ProPreviewRequest',
			['model', 'prompt'],
			{
				model: { type: 'string', enum: ['sora-2-pro-preview'], default: 'sora-2-pro-preview' },
				prompt: { type: 'string', maxLength: 5000 },
				aspect_ratio: { type: 'string', enum: ['16:9', '9:16'], default: null },
				duration: { type: 'integer', enum: [4, 8, 12], default: null },
				quality: { type: 'string', enum: ['720p', '1080p'], default: null },
				image_urls: image,
				callback_url: callback,
			},
		],
		[
			'SoraCharacterRequest',
			['model', 'video_url'],
			{
				model: { type: 'string', enum: ['sora-character'], default: 'sora-character' },
				video_url: { type: 'string', format: 'uri' },
				timestamps: { type: 'string', default: '0,2' },
			},
		],
	];

	it.each(requests)('%s has exactly the fields of its page', (name, required, fields) => {
		const schema = at('components', 'schemas', name);
		expect(schema.required).toEqual(required);
		expect(Object.keys(schema.properties as JsonObject)).toEqual(Object.keys(fields));
	});

	it.each(
		requests.flatMap(([name, , fields]) =>
			Object.entries(fields).flatMap(([field, rules]) =>
				Object.entries(rules).map(([rule, value]) => [name, field, rule, value] as const),
			),
		),
	)('%s.%s: %s', (name, field, rule, value) => {
		const found = at('components', 'schemas', name, 'properties', field)[rule];
		if (rule === 'items') expect(found).toMatchObject(value as JsonObject);
		// EvoLink adds choices without a new page; `null` stands for "the page states none"
		else if (rule === 'enum') expect(found).toEqual(expect.arrayContaining(value as Json[]));
		else expect(found ?? null).toEqual(value);
	});

	const answers: Array<[string, string, JsonObject]> = [
		['VideoTask', 'created', { type: 'integer' }],
		['VideoTask', 'id', { type: 'string' }],
		['VideoTask', 'model', { type: 'string' }],
		['VideoTask', 'object', { enum: ['video.generation.task'] }],
		['VideoTask', 'progress', { type: 'integer', minimum: 0, maximum: 100 }],
		['VideoTask', 'status', { enum: ['pending', 'processing', 'completed', 'failed'] }],
		['VideoTask', 'type', { enum: ['text', 'image', 'audio', 'video'] }],
		['TaskInfo', 'can_cancel', { type: 'boolean' }],
		['TaskInfo', 'estimated_time', { type: 'integer', minimum: 0 }],
		['TaskInfo', 'video_duration', { type: 'integer' }],
		['TaskUsage', 'billing_rule', { enum: ['per_call', 'per_token', 'per_second'] }],
		['TaskUsage', 'credits_reserved', { type: 'number', minimum: 0 }],
		['TaskUsage', 'user_group', { type: 'string' }],
	];

	it.each(answers)('%s.%s', (name, field, rules) => {
		const schema = at('components', 'schemas', name, 'properties', field);
		const listed = Array.isArray(schema.anyOf) ? (schema.anyOf[0] as JsonObject) : schema;
		expect(listed).toMatchObject(rules);
	});

	it('has the answers that the pro pages print', () => {
		expect(Object.keys(at('paths', CREATE, 'post', 'responses'))).toEqual(
			expect.arrayContaining(['200', '400', '401', '402', '403', '429', '500']),
		);
	});

	it('knows where to send what', () => {
		expect(API_SERVERS.api).toBe('https://api.evolink.ai');
		expect(PATHS.createVideoTask).toEqual({ method: 'POST', server: 'api', path: CREATE });
		expect(at('components', 'securitySchemes', 'bearerAuth')).toMatchObject({
			type: 'http',
			scheme: 'bearer',
		});
	});

	it('carries what the pages say in words', () => {
		expect(facts).toMatchObject({
			results: { linkLifetimeHours: 24 },
			quality: { standard: '720p', priceFactors: { '720p': 1, '1080p': 1.667 } },
			imageInput: {
				maxItems: 1,
				maxBytes: 10 * 1024 * 1024,
				extensions: ['.jpg', '.jpeg', '.png', '.webp'],
				exactPixels: {
					models: ['sora-2-preview'],
					sizes: { '1280x720': { width: 1280, height: 720, inferred: false } },
				},
			},
			characterVideo: {
				extensions: ['.mp4', '.mov', '.webm'],
				timestamps: { default: '0,2', maxSpanSeconds: 2 },
			},
			callback: {
				protocol: 'https:',
				maxLength: 2048,
				timeoutSeconds: 10,
				retryDelaysSeconds: [1, 2, 4],
				events: ['completed', 'failed', 'cancelled'],
				forbiddenRanges: {
					documented: ['127.0.0.1/32', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
				},
			},
		});
	});
});

describe('what the manual does not allow is refused before anything is spent', () => {
	const preview = { model: 'sora-2-preview', prompt: 'A cat' };
	const pro = { model: 'sora-2-pro-preview', prompt: 'A cat' };
	const character = { model: 'sora-character', video_url: 'https://example.com/video.mp4' };
	const url = (length: number): string => 'https://example.com/'.padEnd(length, 'x');

	const verdicts = (body: IDataObject): boolean[] => [
		requestFits(body),
		checkBody(String(body.model), body) === undefined,
	];

	it.each<[string, IDataObject]>([
		['quality for preview', { ...preview, quality: '720p' }],
		['pixels as aspect ratio for pro', { ...pro, aspect_ratio: '1280x720' }],
		['an unknown quality', { ...pro, quality: '4k' }],
		['an unknown aspect ratio', { ...preview, aspect_ratio: 'wide' }],
		['a duration between the allowed ones', { ...preview, duration: 5 }],
		['a duration as text', { ...preview, duration: '8' }],
		['no prompt', { model: 'sora-2-preview' }],
		['an empty prompt', { ...preview, prompt: '' }],
		['a prompt of 5001 characters', { ...pro, prompt: 'x'.repeat(5001) }],
		['two images', { ...preview, image_urls: ['https://example.com/1.png', 'https://example.com/2.png'] }],
		['an image that is no URL', { ...pro, image_urls: ['image1.jpg'] }],
		['an image as data URL', { ...pro, image_urls: ['data:image/png;base64,AAAA'] }],
		['a callback of 2049 characters', { ...preview, callback_url: url(2049) }],
		['a callback without TLS', { ...pro, callback_url: 'http://example.com/hook' }],
		['a callback for a character', { ...character, callback_url: 'https://example.com/hook' }],
		['a prompt for a character', { ...character, prompt: 'A cat' }],
		['a character without a video', { model: 'sora-character' }],
		['timestamps that are not numbers', { ...character, timestamps: 'start,end' }],
		['a single timestamp', { ...character, timestamps: '1' }],
	])('%s', (_, body) => {
		expect(verdicts(body)).toEqual([false, false]);
	});

	it.each<[string, IDataObject]>([
		['a prompt of 5000 characters', { ...preview, prompt: 'x'.repeat(5000) }],
		['a callback of 2048 characters', { ...pro, callback_url: url(2048) }],
		['pixels as aspect ratio for preview', { ...preview, aspect_ratio: '720x1280' }],
		['timestamps with fractions', { ...character, timestamps: '0.5,2.5' }],
	])('but %s is allowed', (_, body) => {
		expect(verdicts(body)).toEqual([true, true]);
	});
});
