import fc from 'fast-check';

import { createTask, getPricingRules, getTask } from '../../../nodes/evolink/api';
import {
	CREDENTIAL,
	alwaysAsync,
	fakeContext,
	hostileBody,
	PROPERTY_TIMEOUT_MS,
	type FakeAnswer,
} from '../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const KEY = CREDENTIAL.apiKey;
const ID = 'task-unified-1757169743-7cvnl5zw';

type Answer = () => FakeAnswer;

const host = (answer: Answer, credential?: () => unknown) => fakeContext({ answer, credential });

const throwing = (error: unknown): Answer => {
	return () => {
		throw error;
	};
};

describe('a request to EvoLink', () => {
	test('no answer of any status and body makes it throw, and only a task with the asked id is one', async () => {
		const bodies = fc.oneof(
			hostileBody.map((body) => JSON.stringify(body)),
			fc.string(),
			fc.constantFrom('', '<html>', '{"id":"task', 'null', '[]'),
		);
		await alwaysAsync(bodies, fc.integer({ min: 200, max: 599 }), async (body, status) => {
			const reading = await getTask(host(() => ({ status, body })).ctx, ID);
			if (reading.ok) expect(reading.task.id).toBe(ID);
			else expect(reading.failure.message).not.toBe('');
		});
	});

	test('a success without a usable id leaves it open whether the order was taken', async () => {
		for (const body of ['', '{}', '[]', 'null', '<html>', '{"id":', '{"id":7}', '{"id":""}']) {
			const reading = await createTask(host(() => ({ body })).ctx, { prompt: 'x' }, 'k'.repeat(20));
			expect(reading).toMatchObject({ ok: false, failure: { charge: 'unknown' } });
		}
	});

	test('a refusal inside a 200 is a refusal, with the key blanked; a task id in it outweighs it', async () => {
		const refusal = { success: false, code: 402, msg: 'no credits left for plain-key-123' };
		const credential = () => ({ ...CREDENTIAL, apiKey: 'plain-key-123' });
		const refused = host(() => ({ body: JSON.stringify(refusal) }), credential);
		expect(await createTask(refused.ctx, {}, 'key')).toMatchObject({
			ok: false,
			failure: {
				kind: 'balance',
				status: 402,
				charge: 'unlikely',
				message: 'no credits left for [redacted]',
			},
		});
		const taken = host(() => ({ body: JSON.stringify({ ...refusal, id: ID }) }), credential);
		expect(await createTask(taken.ctx, {}, 'key')).toMatchObject({ ok: true, task: { id: ID } });
	});

	test.each([
		[{ success: false, message: 'no' }],
		[{ success: false, code: 200, message: 'no' }],
		[{ success: false, code: 'internal_error', message: 'no' }],
	])(
		'%j says nothing of what was refused: an order may have been taken, and a task is asked for again',
		async (body) => {
			const { ctx } = host(() => ({ body: JSON.stringify(body) }));
			const said = expect.stringMatching(/^EvoLink answered 200 with a refusal .*; it says: no$/) as string;
			const failure = { charge: 'unknown', transient: true, status: 200, message: said };
			expect(await createTask(ctx, {}, 'key')).toMatchObject({ ok: false, failure });
			expect(await getTask(ctx, ID)).toMatchObject({ ok: false, failure });
		},
	);

	test('a body of more than 4 MB is not kept', async () => {
		const body = Buffer.alloc(5_000_000, 0x20);
		const reading = await getTask(host(() => ({ body })).ctx, ID);
		expect(reading).toMatchObject({ ok: false, failure: { message: expect.stringContaining('4 MB') } });
	});

	test('an id behind a byte order mark is not lost', async () => {
		const { ctx } = host(() => ({ body: `\uFEFF{"id":"${ID}"}` }));
		expect(await createTask(ctx, {}, 'key')).toMatchObject({ ok: true, task: { id: ID } });
	});

	test('the key is in no task, wherever EvoLink or a gateway repeats it', async () => {
		const apiKey = 'opaque/key+0123456789==';
		const body = JSON.stringify({ id: ID, debug: apiKey, error: { code: 'x', message: `key ${apiKey}` } });
		const { ctx } = host(
			() => ({ body }),
			() => ({ ...CREDENTIAL, apiKey: ` ${apiKey}\n` }),
		);
		const reading = await getTask(ctx, ID);
		expect(reading).toMatchObject({ ok: true, task: { id: ID, error: { message: 'key [redacted]' } } });
		expect(JSON.stringify(reading)).not.toContain(apiKey);
	});

	test('the key is in no task, however a gateway spells it', async () => {
		const apiKey = 'sk-evo/key+0123456789';
		const echoes = [
			'sk-evo\\/key\\u002B0123456789',
			'\\u0073k-evo/key+0123456789',
			encodeURIComponent(apiKey),
			Buffer.from(`Bearer ${apiKey}`).toString('base64'),
		].join(' ');
		const { ctx } = host(
			() => ({ body: `{"id":"${ID}","status":"failed","${echoes}":1,"error":"${echoes}"}` }),
			() => ({ ...CREDENTIAL, apiKey }),
		);
		const reading = await getTask(ctx, ID);
		const blanked = expect.stringMatching(
			/^\[redacted\] \[redacted\] \[redacted\] \S*\[redacted\]\S*$/,
		) as string;
		expect(reading).toMatchObject({ ok: true, task: { id: ID, error: { message: blanked } } });
		expect(reading.ok && Object.keys(reading.task.raw)[2]).toEqual(blanked);
	});

	test.each([101, 1_000_000])(
		'an answer with %i lists in one another is none, and names the task that it names',
		async (depth) => {
			const nested = '['.repeat(depth) + ']'.repeat(depth);
			const { ctx } = host(() => ({ body: `{"id":"${ID}","deep":${nested}}` }));
			const message = `EvoLink answered 200 with a body that is nested more than 100 levels deep, which names the task ${ID}`;
			const failure = { message, transient: true, charge: 'unknown' };
			expect(await createTask(ctx, {}, 'key')).toMatchObject({ ok: false, failure });
			const refusing = host(() => ({ status: 402, body: nested }));
			expect(await createTask(refusing.ctx, {}, 'key')).toMatchObject({ failure: { kind: 'balance' } });
			const nameless = await getTask(host(() => ({ body: nested })).ctx, ID);
			expect(nameless).toMatchObject({ failure: { message: expect.stringMatching(/levels deep$/) } });
		},
	);

	test('an answer of 100 levels is one', async () => {
		const nested = '['.repeat(99) + ']'.repeat(99);
		const { ctx } = host(() => ({ body: `{"id":"${ID}","deep":${nested}}` }));
		expect(await getTask(ctx, ID)).toMatchObject({ ok: true, task: { id: ID } });
	});

	test.each([
		['localhost:1234', "'Base URL' starts with 'localhost:'"],
		['api.evolink.ai', "'Base URL' is not a URL"],
		['ftp://api.evolink.ai', "'Base URL' starts with 'ftp:'"],
		['https://me:secret@api.evolink.ai', "'Base URL' holds a user name or password"],
		['', "'Base URL' is not a URL"],
	])('the base URL "%s" is told as it is, before anything is sent or charged', async (baseUrl, told) => {
		const { ctx, requests } = host(
			() => ({ body: '{}' }),
			() => ({ ...CREDENTIAL, baseUrl }),
		);
		const reading = await createTask(ctx, {}, 'key');
		const message = expect.stringContaining(told) as string;
		expect(reading).toMatchObject({ ok: false, failure: { charge: 'none', transient: false, message } });
		expect(requests).toEqual([]);
	});

	test('the answer for another task is no answer', async () => {
		const reading = await getTask(host(() => ({ body: '{"id":"other"}' })).ctx, ID);
		expect(reading).toMatchObject({ ok: false, failure: { transient: true } });
	});

	test('a credential that cannot be read is an answer, so that known ids are kept, and nothing was ordered', async () => {
		const { ctx, requests } = host(
			() => ({ body: '{}' }),
			() => {
				throw new Error('Node does not have any credentials set');
			},
		);
		const message = expect.stringContaining('does not have any credentials set') as string;
		expect(await getTask(ctx, ID)).toMatchObject({ ok: false, failure: { message, transient: false } });
		expect(await createTask(ctx, {}, 'k')).toMatchObject({ ok: false, failure: { message, charge: 'none' } });
		expect(requests).toEqual([]);
	});

	test('ids are encoded, slashes of the base URL are not doubled, redirects are not followed with the key', async () => {
		const { ctx, requests } = host(
			() => ({ body: '{"id":"a/b?c"}' }),
			() => ({ ...CREDENTIAL, baseUrl: `${CREDENTIAL.baseUrl}//` }),
		);
		await getTask(ctx, 'a/b?c');
		expect(requests[0]).toMatchObject({
			url: 'https://api.evolink.ai/v1/tasks/a%2Fb%3Fc',
			disableFollowRedirect: true,
		});
	});

	test('the idempotency key travels in its header, the body as JSON', async () => {
		const { ctx, requests } = host(() => ({ body: `{"id":"${ID}"}` }));
		await createTask(ctx, { prompt: 'a cat' }, 'n8n-key');
		expect(requests[0].headers).toMatchObject({
			'Idempotency-Key': 'n8n-key',
			'Content-Type': 'application/json',
		});
		expect(requests[0].body).toBe('{"prompt":"a cat"}');
	});

	test.each([
		['ECONNREFUSED', 'none'],
		['ENOTFOUND', 'none'],
		['EAI_AGAIN', 'none'],
		['DEPTH_ZERO_SELF_SIGNED_CERT', 'none'],
		['CERT_HAS_EXPIRED', 'none'],
		['ERR_INVALID_URL', 'none'],
		['ECONNRESET', 'unknown'],
		['EPIPE', 'unknown'],
		['ETIMEDOUT', 'unknown'],
		['ECONNABORTED', 'unknown'],
		['ERR_SOMETHING_NEW', 'unknown'],
	])('%s, however deep it is wrapped, leaves a charge of "%s"', async (code, charge) => {
		const wrapped = new Error('outer', { cause: Object.assign(new Error('inner'), { code }) });
		for (const error of [Object.assign(new Error('x'), { code }), wrapped]) {
			const reading = await createTask(host(throwing(error)).ctx, {}, 'k');
			expect(reading).toMatchObject({
				ok: false,
				failure: { kind: 'network', code, charge, transient: true },
			});
		}
	});

	test.each([undefined, null, 'text', 7, {}, new Error('socket hang up')])(
		'an unknown throw (%p) leaves it open whether the order was taken',
		async (error) => {
			const reading = await createTask(host(throwing(error)).ctx, {}, 'k');
			expect(reading).toMatchObject({ ok: false, failure: { kind: 'network', charge: 'unknown' } });
		},
	);

	test('the key is in no failure, wherever EvoLink or a gateway repeats it', async () => {
		const filler = fc.integer({ min: 0, max: 300 }).map((length) => 'x'.repeat(length));
		const shapes: Array<(text: string) => string> = [
			(text) => text,
			(text) => JSON.stringify({ error: { code: text, message: text, fallback_suggestion: text } }),
			(text) => JSON.stringify({ msg: text, request_id: text }),
			(text) => JSON.stringify(text),
		];
		const keys = fc.constantFrom(KEY, 'opaque/key+0123456789==');
		await alwaysAsync(
			filler,
			fc.constantFrom(...shapes),
			fc.constantFrom(200, 302, 400, 401, 500),
			keys,
			async (before, shape, status, apiKey) => {
				const body = shape(`${before} ${apiKey} end`);
				const { ctx } = host(
					() => ({ status, body, headers: { 'x-request-id': apiKey } }),
					() => ({
						...CREDENTIAL,
						apiKey,
					}),
				);
				const text = JSON.stringify(await createTask(ctx, {}, 'k'));
				for (let length = 8; length <= apiKey.length; length += 1) {
					expect(text).not.toContain(apiKey.slice(0, length));
				}
			},
		);
	});
});

const limited = (limits: object) =>
	fakeContext({ credential: () => ({ ...CREDENTIAL, ...limits }), answer: () => ({ body: { id: 't' } }) });

describe("the credential's list of allowed domains", () => {
	test('goes along with every request, so that n8n keeps the key from any other host', async () => {
		const { ctx, requests } = limited({
			allowedHttpRequestDomains: 'domains',
			allowedDomains: 'api.evolink.ai',
		});
		await createTask(ctx, {}, 'k');
		expect(requests[0]).toMatchObject({ allowedDomains: 'api.evolink.ai' });
	});

	test.each(['all', 'none', undefined])('is left out where the credential says %j', async (choice) => {
		const { ctx, requests } = limited({ allowedHttpRequestDomains: choice, allowedDomains: 'x.test' });
		await createTask(ctx, {}, 'k');
		expect(requests[0]).not.toHaveProperty('allowedDomains');
	});
});

test("an order that n8n's own protection blocks is known to cost nothing, and n8n is named", async () => {
	const { ctx } = fakeContext({
		answer: () => {
			throw new Error('The request was blocked because it resolves to a restricted IP address');
		},
	});
	const reading = await createTask(ctx, {}, 'k');
	expect(reading).toMatchObject({ ok: false, failure: { charge: 'none' } });
	expect(JSON.stringify(reading)).toContain('n8n does not allow requests to api.evolink.ai');
});

describe('the price rules of a model', () => {
	const rules = (id: string) => ({ body: { model: { model_id: id } } });
	const catalogue = { body: { models: [{ model_id: 'Veo-One', aliases: ['veo-alias'] }] } };
	const askFor = async (model: string, answers: Record<string, FakeAnswer>, key: string) => {
		const { ctx } = fakeContext({
			credential: () => ({ ...CREDENTIAL, apiKey: key }),
			answer: ({ url }) => answers[url.replace(/^.*\/v1\/(catalog\/)?/, '')] ?? { status: 404 },
		});
		return (await getPricingRules(ctx, model))?.model_id;
	};

	test('are found under the name that the catalogue has for it', async () => {
		const direct = { 'models/veo-alias/pricing-rules': rules('veo-one') };
		const byName = { 'models/Veo-One/pricing-rules': rules('veo-one') };
		expect(await askFor('VEO-alias', { models: catalogue, ...byName }, 'key-1')).toBe('veo-one');
		expect(await askFor('veo-alias', { models: catalogue, ...direct }, 'key-2')).toBe('veo-one');
		expect(await askFor('veo-alias', { ...direct }, 'key-3')).toBeUndefined();
		expect(await askFor('other', { models: catalogue, ...byName }, 'key-4')).toBeUndefined();
	});

	test('of another model are none', async () => {
		const wrong = { 'models/Veo-One/pricing-rules': rules('cheap'), models: catalogue };
		expect(await askFor('Veo-One', wrong, 'key-5')).toBeUndefined();
		expect(await askFor('veo-alias', wrong, 'key-6')).toBeUndefined();
	});
});
