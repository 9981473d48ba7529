import type { ApiFault } from '../../stand-in';
import { client, evolink, misfit, standInForEachTest, type Json } from './stand-in-client';

const KEY = 'run-0001-node-0001-item-0';
const CAT = { model: 'sora-2-preview', prompt: 'a cat' };

standInForEachTest({ timeScale: 100 });

const create = () => client.create(CAT, { 'idempotency-key': KEY });

describe('a fault at create says whether anything was bought', () => {
	test.each<[string, ApiFault, number]>([
		['a 500', { kind: 'http', status: 500 }, 0],
		['a 502 after the task was accepted', { kind: 'http', status: 502, accepted: true }, 1],
		['a socket dropped before', { kind: 'drop-before' }, 0],
		['a socket dropped after', { kind: 'drop-after' }, 1],
		['200 without an id', { kind: 'no-id' }, 1],
		['200 with a page', { kind: 'html' }, 1],
		['502 with a page', { kind: 'html', status: 502 }, 0],
		['JSON cut in half', { kind: 'truncated-json' }, 1],
		['a huge body', { kind: 'huge-body', bytes: 1_000_000 }, 1],
		['an odd id', { kind: 'odd-id', id: 'task/1?x=ü#' }, 1],
		['a slow answer', { kind: 'slow', seconds: 1 }, 1],
		['some other body', { kind: 'body', body: [1, 2], status: 201 }, 0],
	])('%s', async (_name, fault, charges) => {
		const handle = evolink.fault('create', fault, { times: 1 });
		await create().catch(() => undefined);
		expect(handle.hits).toBe(1);
		expect(evolink.chargesFor({ idempotencyKey: KEY })).toHaveLength(charges);

		const again = await create();
		expect(again.status).toBe(200);
		expect(again.headers.get('idempotency-replayed')).toBe(charges ? 'true' : null);
		expect(evolink.chargesFor({ idempotencyKey: KEY })).toHaveLength(1);
	});
});

describe('which requests a fault takes', () => {
	test('times, skip and match decide; the next fault takes the next request', async () => {
		evolink.fault(
			'create',
			{ kind: 'http', status: 402 },
			{ match: ({ request }) => (request.body as Json).prompt === 'a dog' },
		);
		const third = evolink.fault('create', { kind: 'http', status: 503 }, { skip: 2, times: 1 });
		const statuses = [];
		for (const prompt of ['a cat', 'a dog', 'a cat', 'a cat', 'a cat']) {
			statuses.push((await client.create({ ...CAT, prompt })).status);
		}
		expect(statuses).toEqual([200, 402, 200, 503, 200]);
		expect(third.hits).toBe(1);
	});
});

test('Retry-After comes as seconds, as a date, as nonsense, or not at all', async () => {
	for (const retryAfter of [7, { date: 60 }, 'soon', undefined]) {
		evolink.fault('read', { kind: 'http', status: 429, retryAfter }, { times: 1 });
	}
	const values = [];
	for (let i = 0; i < 4; i++) values.push((await client.read('task-unified-1-a')).headers.get('retry-after'));
	const ahead = Date.parse(String(values[1])) - Date.now();
	expect([values[0], values[2], values[3]]).toEqual(['7', 'soon', null]);
	expect(ahead).toBeGreaterThan(50_000);
	expect(ahead).toBeLessThanOrEqual(60_000);
});

test('code, message and further fields of an error can be set', async () => {
	const extra = { request_id: 'req_1', allowed_values: [4, 8] };
	evolink.fault('create', {
		kind: 'http',
		status: 503,
		code: 'no_available_channel',
		message: 'None left',
		extra,
	});
	const reply = await create();
	expect(misfit('createVideoTask', reply)).toBeUndefined();
	expect(reply.json?.error).toMatchObject({ code: 'no_available_channel', message: 'None left', ...extra });
});

test('a slow answer arrives after so many API seconds; the task runs meanwhile', async () => {
	evolink.fault('create', { kind: 'slow', seconds: 30 });
	const before = performance.now();
	const id = await client.start('a cat');
	expect(performance.now() - before).toBeGreaterThanOrEqual(290);
	expect((await client.read(id)).json?.status).toBe('completed');
});

test('offline means connection refused; nothing is lost meanwhile', async () => {
	const id = await client.start('a cat');
	await evolink.offline();
	await expect(client.read(id)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
	await evolink.online();
	expect((await client.read(id)).status).toBe(200);
});

test('offline, it keeps its port: what is sent to it can never reach another stand-in', async () => {
	await evolink.offline();
	expect(ownPorts()).toContain(Number(new URL(evolink.url).port));
	await evolink.online();
	expect((await client.read('task-unified-1-a')).status).toBe(404);
	await evolink.offline();
	await evolink.close();
	expect(ownPorts()).not.toContain(Number(new URL(evolink.url).port));
});

/** The local ports of this process's open TCP sockets. */
function ownPorts(): Array<number | undefined> {
	const { libuv } = process.report.getReport() as {
		libuv: Array<{ type: string; localEndpoint?: { port: number } }>;
	};
	return libuv.filter(({ type }) => type === 'tcp').map(({ localEndpoint }) => localEndpoint?.port);
}

test('closing ends open answers, endless waits and pending questions at once', async () => {
	evolink.fault('read', { kind: 'slow', seconds: 1e6 });
	const read = client.read('task-unified-1-a').catch((error: Error) => error.message);
	const question = evolink.until(() => false).catch((error: Error) => error.message);
	await evolink.until(() => evolink.requests.length === 1);
	await evolink.close();
	expect(await read).toBe('fetch failed');
	expect(await question).toContain('the stand-in was closed');
});

describe('orders in the prompt, for people in the editor', () => {
	test.each([
		['a cat [stand-in: fail content_policy_violation]', 'failed'],
		['a cat [stand-in: cancelled]', 'cancelled'],
		['a cat [Stand-In: no-results, seconds 0]', 'completed'],
	])('%s', async (prompt, status) => {
		const id = await client.start(prompt);
		await evolink.until(() => evolink.tasks.get(id)?.terminal);
		expect((await client.read(id)).json?.status).toBe(status);
	});

	test('seconds, stuck and refusals', async () => {
		const slow = await client.create({ ...CAT, prompt: 'a cat [stand-in: seconds 600]' });
		expect(slow.json?.task_info).toMatchObject({ estimated_time: 6 });
		const stuck = await client.start('[stand-in: stuck]');
		evolink.advance(3600);
		expect((await client.read(stuck)).json?.status).toBe('processing');
		const refused = await client.create({
			...CAT,
			prompt: '[stand-in: refuse 402 insufficient_token_quota]',
		});
		expect([refused.status, (refused.json?.error as Json).code]).toEqual([402, 'insufficient_token_quota']);
		await expect(client.create({ ...CAT, prompt: '[stand-in: drop]' })).rejects.toThrow();
		expect(evolink.chargesFor({ prompt: '[stand-in: drop]' })).toHaveLength(1);
	});

	test('in the address of a character video', async () => {
		const order = encodeURIComponent('[stand-in: fail video_probe_failed, seconds 0]');
		const created = await client.create({
			model: 'sora-character',
			video_url: `https://a.example/me.mp4?${order}`,
		});
		const read = await client.read(String(created.json?.id));
		expect(read.json?.error).toMatchObject({ code: 'video_probe_failed' });
	});
});
