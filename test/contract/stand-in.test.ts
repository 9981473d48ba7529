import type { TaskScript } from '../../stand-in';
import { client, evolink, misfit, standInForEachTest, type Json } from './stand-in-client';

const KEY = 'run-0001-node-0001-item-0';

standInForEachTest();

describe('answers fit the OpenAPI file', () => {
	test.each<[string, Json]>([
		['preview', { model: 'sora-2-preview', prompt: 'a cat', aspect_ratio: '1280x720', duration: 12 }],
		['pro', { model: 'sora-2-pro-preview', prompt: 'a cat', quality: '1080p', aspect_ratio: '9:16' }],
		['character', { model: 'sora-character', video_url: 'https://example.com/me.mp4', timestamps: '1,3' }],
	])('created, running and completed: %s', async (_name, body) => {
		const created = await client.create(body);
		expect(created.status).toBe(200);
		expect(misfit('createVideoTask', created)).toBeUndefined();
		expect(created.json).toMatchObject({ model: body.model, status: 'pending', progress: 0 });
		expect(created.json?.id).toMatch(/^task-unified-\d+-[a-z0-9]{8}$/);
		expect(created.json?.task_info).toMatchObject({ estimated_time: 20 });

		const id = String(created.json?.id);
		const progress: number[] = [];
		const seen: string[] = [];
		for (const step of [0, 5, 5, 5, 5.1]) {
			evolink.advance(step);
			if (step > 5) await evolink.until(() => evolink.tasks.get(id)?.terminal);
			const read = await client.read(id);
			expect(misfit('getTask', read)).toBeUndefined();
			progress.push(Number(read.json?.progress));
			seen.push(String(read.json?.status));
		}
		expect(seen).toEqual(['pending', 'processing', 'processing', 'processing', 'completed']);
		expect(progress).toEqual([...progress].sort((a, b) => a - b));
		expect(progress.at(-1)).toBe(100);
	});

	test.each<[TaskScript, Json]>([
		[{ outcome: 'failed', code: 'content_policy_violation' }, { status: 'failed' }],
		[{ outcome: 'request-cancelled' }, { status: 'failed', error: { code: 'request_cancelled' } }],
		[{ outcome: 'cancelled' }, { status: 'cancelled' }],
		[{ outcome: 'canceled' }, { status: 'canceled' }],
		[{ outcome: 'no-results' }, { status: 'completed', results: [] }],
		[{ outcome: 'completed', resultData: 'array' }, { result_data: [{}] }],
		[{ outcome: 'completed', usage: false, duration: false }, { status: 'completed' }],
		[{ outcome: 'failed', billing: true }, { billing: { refund_status: 'completed', charged_credits: 0 } }],
	])('ended: %j', async (script, expected) => {
		evolink.script('a cat', { seconds: 0, ...script });
		const read = await client.read(await client.start('a cat'));
		expect(misfit('getTask', read)).toBeUndefined();
		expect(read.json).toMatchObject(expected);
		expect(read.json?.usage === undefined).toBe(script.usage === false);
		expect(read.json?.duration === undefined).toBe(script.duration === false);
	});

	test.each(['stuck', 'unknown-status'] as const)('a %s task never ends by itself', async (outcome) => {
		evolink.script('a cat', { outcome });
		const id = await client.start('a cat');
		evolink.advance(86_400);
		const read = await client.read(id);
		expect(misfit('getTask', read)).toBeUndefined();
		expect(read.json?.status).toBe(outcome === 'stuck' ? 'processing' : 'queued_upstream');
		evolink.finish(id);
		expect((await client.read(id)).json?.status).toBe('completed');
	});

	test('an expired, an unknown and a malformed id are told apart', async () => {
		evolink.script('a cat', { outcome: 'expired', seconds: 0 });
		const expired = await client.read(await client.start('a cat'));
		const unknown = await client.read('task-unified-1-aaaaaaaa');
		const malformed = await client.read('video_123');
		expect([expired, unknown, malformed].map((reply) => reply.status)).toEqual([404, 404, 400]);
		for (const reply of [expired, unknown, malformed]) expect(misfit('getTask', reply)).toBeUndefined();
	});

	test('credits show what was charged', async () => {
		await client.start('a cat', { duration: 8 });
		const credits = await client.call('GET', '/v1/credits');
		expect(misfit('getCredits', credits)).toBeUndefined();
		expect(credits.json?.data).toMatchObject({
			user: { remaining_credits: 10_000 - 46.08, used_credits: 46.08 },
			token: { unlimited_credits: true },
		});
	});

	const places = [
		['create', 'createVideoTask', [400, 401, 402, 403, 404, 409, 413, 429, 500, 502, 503]],
		['read', 'getTask', [400, 401, 402, 403, 404, 429, 500, 502, 503]],
		['batch', 'getTasks', [400, 401, 403, 429, 500, 502, 503]],
		['list', 'listTasks', [400, 401, 403, 429, 500, 502, 503]],
		['credits', 'getCredits', [401, 403, 429, 500, 502, 503]],
		['upload', 'uploadFileStream', [400, 401, 403, 413, 429, 500, 502, 503]],
	] as const;

	test.each(places)('every error at %s, in both generations', async (where, operationId, statuses) => {
		for (const status of statuses) {
			for (const generation of ['new', 'old'] as const) {
				evolink.fault(where, { kind: 'http', status, generation }, { times: 1 });
				const reply =
					where === 'create'
						? await client.create({ model: 'sora-2-preview', prompt: 'a cat' })
						: where === 'upload'
							? await client.upload('/api/v1/files/upload/stream')
							: where === 'batch'
								? await client.readMany(['task-unified-1-a'])
								: await client.call(
										'GET',
										{ read: '/v1/tasks/task-unified-1-a', list: '/v1/tasks', credits: '/v1/credits' }[where],
									);
				expect(reply.status).toBe(status);
				expect(misfit(operationId, reply)).toBeUndefined();
				const error = reply.json?.error as Json;
				expect(typeof error.code).toBe(generation === 'new' ? 'string' : 'number');
				expect(error.message).toEqual(expect.stringMatching(/\w/));
			}
		}
		expect(evolink.charges).toEqual([]);
	});

	test('an own answer that does not fit is a loud 500, not a silent lie', async () => {
		const shout = jest.spyOn(console, 'error').mockImplementation();
		evolink.script('a cat', { seconds: 0, results: [42 as unknown as string] });
		const read = await client.read(await client.start('a cat'));
		evolink.account.used = NaN;
		const credits = await client.call('GET', '/v1/credits');
		for (const reply of [read, credits]) {
			expect(reply.status).toBe(500);
			expect(reply.text).toContain('STAND-IN BUG');
		}
		expect(evolink.violations.splice(0)).toEqual([
			expect.stringContaining('getTask 200'),
			expect.stringContaining('getCredits 200'),
		]);
		expect(shout).toHaveBeenCalledTimes(2);
		shout.mockRestore();
	});
});

describe('requests are judged as EvoLink would', () => {
	test.each<[string, Json]>([
		['duration', { model: 'sora-2-preview', prompt: 'a cat', duration: 5 }],
		['duration', { model: 'sora-2-preview', prompt: 'a cat', duration: '4' }],
		['quality', { model: 'sora-2-preview', prompt: 'a cat', quality: '720p' }],
		['aspect_ratio', { model: 'sora-2-pro-preview', prompt: 'a cat', aspect_ratio: '1280x720' }],
		['prompt', { model: 'sora-2-preview' }],
		['prompt', { model: 'sora-2-preview', prompt: 'x'.repeat(5001) }],
		['model', { prompt: 'a cat' }],
		[
			'image_urls',
			{
				model: 'sora-2-preview',
				prompt: 'a cat',
				image_urls: ['https://a.example/1', 'https://a.example/2'],
			},
		],
		...['0,5', '2,2', '3,1', '0,5,1', '0,1,1', '5,0,2', '1'].map((timestamps): [string, Json] => [
			'timestamps',
			{ model: 'sora-character', video_url: 'https://a.example/me.mp4', timestamps },
		]),
		['callback_url', { model: 'sora-2-preview', prompt: 'a cat', callback_url: 'http://hooks.example.com/' }],
		['callback_url', { model: 'sora-2-preview', prompt: 'a cat', callback_url: 'https://192.168.1.7/' }],
		['callback_url', { model: 'sora-2-preview', prompt: 'a cat', callback_url: 'https://[::1]/' }],
		['callback_url', { model: 'sora-2-preview', prompt: 'a cat', callback_url: 'https://n8n.local/' }],
		[
			'callback_url',
			{ model: 'sora-2-preview', prompt: 'a cat', callback_url: `https://a.example/${'x'.repeat(2040)}` },
		],
	])('a wrong %s is a 400 that names it and costs nothing', async (param, body) => {
		for (const generation of ['new', 'old'] as const) {
			evolink.errorGeneration = generation;
			const reply = await client.create(body);
			expect(reply.status).toBe(400);
			expect(misfit('createVideoTask', reply)).toBeUndefined();
			expect(reply.json?.error).toMatchObject({
				param,
				code: generation === 'new' ? 'invalid_request' : 400,
			});
		}
		expect(evolink.charges).toEqual([]);
	});

	test('an unserved model is a matter of access, whatever else is wrong with the body', async () => {
		const reply = await client.create({ model: 'sora-3', nonsense: true });
		expect(reply.status).toBe(403);
		expect(misfit('createVideoTask', reply)).toBeUndefined();
		expect(reply.json?.error).toMatchObject({ code: 'model_access_denied' });
	});

	test.each([
		[403, 'new', { code: 'model_access_denied', message: 'Token does not have access to model: sora-3' }],
		[403, 'old', { code: 403, message: 'Token does not have access to model: sora-3', param: 'model' }],
		[404, 'new', { code: 'not_found', message: 'Specified model not found', param: 'model' }],
		[404, 'old', { code: 404, message: 'Specified model not found', param: 'model' }],
		[503, 'new', { code: 'no_available_channel', message: 'No available channel for this model' }],
		[503, 'old', { code: 503, message: 'Service temporarily unavailable' }],
	] as const)('an unserved model can be a %d (%s)', async (status, generation, error) => {
		evolink.unservedModel = status;
		evolink.errorGeneration = generation;
		const reply = await client.create({ model: 'sora-3', prompt: 'a cat' });
		expect(reply.status).toBe(status);
		expect(misfit('createVideoTask', reply)).toBeUndefined();
		expect(reply.json?.error).toMatchObject(error);
		expect(evolink.charges).toEqual([]);
	});

	test.each(['0,2', '2.4,4.4', '0,0.5,2', '0,0.1'])('the timestamps %s are taken', async (timestamps) => {
		const body = { model: 'sora-character', video_url: 'https://a.example/me.mp4', timestamps };
		expect((await client.create(body)).status).toBe(200);
	});

	test('a missing or wrong key is a 401, and no key is kept anywhere', async () => {
		const bearers = ['', 'Bearer sk-other', `Bearer ${evolink.apiKey}`];
		for (const authorization of bearers)
			await client.call('GET', '/v1/credits', undefined, { authorization });
		expect(evolink.requests.map(({ status }) => status)).toEqual([401, 401, 200]);
		expect(evolink.requests.map(({ headers }) => headers.authorization)).toEqual(['wrong', 'wrong', 'ok']);
		expect(JSON.stringify(evolink.requests)).not.toContain('sk-');
	});
});

describe('the ledger counts what was really bought', () => {
	test('one entry per created task, none for a refused one', async () => {
		const id = await client.start('a cat', { duration: 12 });
		await client.create({ model: 'sora-2-preview', prompt: 'a cat', duration: 5 });
		expect(evolink.charges).toEqual([
			expect.objectContaining({ taskId: id, prompt: 'a cat', credits: 69.12, model: 'sora-2-preview' }),
		]);
		expect(evolink.tasks.get(id)?.request).toEqual({
			model: 'sora-2-preview',
			prompt: 'a cat',
			duration: 12,
		});
	});

	test('a repeated key answers the same task without a new charge', async () => {
		const first = await client.create(
			{ model: 'sora-2-preview', prompt: 'a cat' },
			{ 'idempotency-key': KEY },
		);
		const again = await client.create(
			{ prompt: 'a cat', model: 'sora-2-preview' },
			{ 'idempotency-key': KEY },
		);
		expect(again.json?.id).toBe(first.json?.id);
		expect(first.headers.get('idempotency-replayed')).toBeNull();
		expect(again.headers.get('idempotency-replayed')).toBe('true');
		expect(evolink.chargesFor({ idempotencyKey: KEY })).toHaveLength(1);
	});

	test('a repeated key with another body, even only another callback_url, is a conflict', async () => {
		await client.start('a cat', {}, { 'idempotency-key': KEY });
		for (const more of [{ duration: 8 }, { callback_url: 'https://hooks.example.com/' }]) {
			const body = { model: 'sora-2-preview', prompt: 'a cat', ...more };
			const reply = await client.create(body, { 'idempotency-key': KEY });
			expect(reply.status).toBe(409);
			expect(reply.json?.error).toMatchObject({ code: 'idempotency_conflict' });
		}
		expect(evolink.charges).toHaveLength(1);
	});

	test('where the header is ignored a repeat is charged again, under the same intent', async () => {
		evolink.idempotency = 'ignored';
		const ids = [];
		for (let i = 0; i < 2; i++) ids.push(await client.start('a cat', {}, { 'idempotency-key': KEY }));
		expect(new Set(ids).size).toBe(2);
		expect(evolink.chargesFor({ prompt: 'a cat' }).map(({ intent }) => intent)).toEqual([KEY, KEY]);
	});

	test('a failed or cancelled task is refunded, a completed one is not', async () => {
		for (const outcome of ['failed', 'cancelled', 'completed'] as const) {
			evolink.script(outcome, { outcome, seconds: 0 });
			await client.start(outcome);
		}
		expect(evolink.charges.map(({ refunded }) => refunded)).toEqual([23.04, 23.04, 0]);
		expect(evolink.account.remaining).toBe(10_000 - 23.04);
	});

	test('too few credits on the account or on the key end in a 402', async () => {
		evolink.account.tokenLimit = 30;
		await client.start('a cat');
		const keyLimit = await client.create({ model: 'sora-2-preview', prompt: 'a cat' });
		evolink.account.tokenLimit = null;
		evolink.account.remaining = 1;
		const balance = await client.create({ model: 'sora-2-preview', prompt: 'a cat' });
		expect([keyLimit, balance].map(({ status }) => status)).toEqual([402, 402]);
		expect(keyLimit.json?.error).toMatchObject({ code: 'insufficient_token_quota' });
		expect(balance.json?.error).toMatchObject({ code: 'insufficient_quota' });
		expect(evolink.charges).toHaveLength(1);
	});
});
