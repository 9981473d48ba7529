import { createServer, type Server } from 'node:http';
import { listen, shut } from '../../tools/loopback';
import { startStandIn, type CallbackFault, type StandIn, type StandInOptions } from '../../stand-in';
import { Client, misfitTask, type Json } from './stand-in-client';

const HOOK = 'https://n8n.example.test/webhook-waiting/7?signature=a%2Fb';

interface Received {
	path: string;
	host: string;
	type: string;
	body: string;
}

let evolink: StandIn;
let client: Client;
let receiver: Server;
let origin: string;
let received: Received[];
/** Status per attempt; the last one stays. 0 = no answer. */
let answers: number[];

/** Tasks end only when a test says so: a busy machine must not end them first. */
async function startWith(options: StandInOptions): Promise<void> {
	const callbackHosts = { 'n8n.example.test': origin };
	evolink = await startStandIn({ callbackHosts, defaults: { seconds: 1e6 }, ...options });
	client = new Client(evolink);
}

beforeEach(async () => {
	received = [];
	answers = [200];
	receiver = createServer((request, response) => {
		let body = '';
		request.on('data', (chunk: Buffer) => (body += chunk.toString()));
		request.on('end', () => {
			const { host = '', 'content-type': type = '' } = request.headers;
			received.push({ path: request.url ?? '', host, type, body });
			const status = answers.length > 1 ? answers.shift()! : answers[0];
			if (status > 0) response.writeHead(status).end('seen');
		});
	});
	origin = await listen(receiver);
	await startWith({ timeScale: 50 });
});

afterEach(async () => {
	await evolink.close();
	await shut(receiver);
	expect(evolink.violations).toEqual([]);
});

/** Lets a pending retry come due, then waits for a whole later task and its callback: what was to come has come. */
async function settled(): Promise<void> {
	await client.read('task-unified-1-a');
	evolink.advance(60);
	const last = await client.start('the last one', { callback_url: 'https://n8n.example.test/last' });
	evolink.finish(last);
	await evolink.until(() => evolink.callbacks.some(({ taskId }) => taskId === last));
	evolink.callbacks.splice(
		evolink.callbacks.findIndex(({ taskId }) => taskId === last),
		1,
	);
}

const start = (prompt = 'a cat') => client.start(prompt, { callback_url: HOOK });

test.each(['completed', 'failed', 'cancelled'] as const)(
	'a %s task is reported as the query shows it',
	async (outcome) => {
		evolink.script('a cat', { outcome });
		const id = await start();
		expect(received).toEqual([]);
		evolink.finish(id);
		await evolink.until(() => evolink.callbacks.length === 1);
		expect(received[0]).toMatchObject({
			path: '/webhook-waiting/7?signature=a%2Fb',
			host: 'n8n.example.test',
			type: 'application/json',
		});
		const body = JSON.parse(received[0].body) as Json;
		expect(misfitTask(body)).toBeUndefined();
		expect(body).toEqual((await client.read(id)).json);
		expect(body.status).toBe(outcome);
		expect(evolink.callbacks[0]).toMatchObject({ taskId: id, url: HOOK, attempt: 1, status: 200 });
	},
);

test('anything but a 2xx is tried again after 1, 2 and 4 seconds, then given up', async () => {
	answers = [404, 503, 302, 500];
	evolink.finish(await start());
	await evolink.until(() => evolink.callbacks.length === 4);
	answers = [200];
	await settled();
	expect(evolink.callbacks.map(({ attempt, status }) => [attempt, status])).toEqual([
		[1, 404],
		[2, 503],
		[3, 302],
		[4, 500],
	]);
	const gaps = evolink.callbacks.slice(1).map(({ at }, index) => at - evolink.callbacks[index].at);
	for (const [index, seconds] of [1, 2, 4].entries())
		expect(gaps[index]).toBeGreaterThanOrEqual((seconds * 1000) / 50 - 2);
});

test('a 2xx ends the retries', async () => {
	answers = [409, 204];
	evolink.finish(await start());
	await evolink.until(() => evolink.callbacks.length === 2);
	await settled();
	expect(evolink.callbacks.map(({ status }) => status)).toEqual([409, 204]);
});

test('no answer within ten seconds counts as a failure', async () => {
	await evolink.close();
	await startWith({ timeScale: 20, realCallbackTimeout: false });
	answers = [0, 200];
	evolink.finish(await start());
	await evolink.until(() => evolink.callbacks.length === 2);
	expect(evolink.callbacks[0].error).toContain('timeout');
	expect(evolink.callbacks[1]).toMatchObject({ attempt: 2, status: 200 });
});

test('a host that is not in the table gets nothing, and the record says so', async () => {
	const id = await client.start('a cat', { callback_url: 'https://elsewhere.example.com/hook' });
	evolink.finish(id);
	await evolink.until(() => evolink.callbacks.length === 1);
	await settled();
	expect(evolink.callbacks).toHaveLength(1);
	expect(evolink.callbacks[0]).toMatchObject({
		attempt: 0,
		error: expect.stringContaining('elsewhere.example.com'),
	});
	expect(received.map(({ path }) => path)).toEqual(['/last']);
});

async function delivered(fault: CallbackFault, count: number): Promise<Json[]> {
	evolink.fault('callback', fault);
	evolink.finish(await start());
	await evolink.until(() => evolink.callbacks.length === count);
	return received.map(({ body }) => JSON.parse(body) as Json);
}

test('fault: duplicate', async () => {
	const bodies = await delivered({ kind: 'duplicate', times: 3 }, 3);
	expect(new Set(bodies.map(({ id }) => id)).size).toBe(1);
});

test('fault: forged has the right id and a link elsewhere', async () => {
	const [body] = await delivered({ kind: 'forged' }, 1);
	expect(body).toMatchObject({
		id: evolink.charges[0].taskId,
		results: ['https://attacker.example/forged.mp4'],
	});
});

test('fault: wrong id', async () => {
	const [body] = await delivered({ kind: 'wrong-id' }, 1);
	expect(body.id).toMatch(/^task-unified-/);
	expect(evolink.tasks.has(String(body.id))).toBe(false);
});

test('fault: wrapped in data, with task_id', async () => {
	const [body] = await delivered({ kind: 'wrapped' }, 1);
	expect(body).toMatchObject({ data: { task_id: evolink.charges[0].taskId, status: 'completed' } });
});

test('fault: no JSON', async () => {
	evolink.fault('callback', { kind: 'non-json' });
	evolink.finish(await start());
	await evolink.until(() => evolink.callbacks.length === 1);
	expect(received[0]).toMatchObject({ type: 'text/plain', body: 'task finished' });
});

test('fault: never, for one task only', async () => {
	const ids = [await start('a cat'), await start('a dog')];
	evolink.fault('callback', { kind: 'never' }, { match: ({ task }) => task.id === ids[0] });
	for (const id of ids) evolink.finish(id);
	await evolink.until(() => evolink.callbacks.length === 1);
	await settled();
	expect(evolink.callbacks.map(({ taskId }) => taskId)).toEqual([ids[1]]);
});

test('fault: late comes after so many seconds', async () => {
	evolink.fault('callback', { kind: 'late', seconds: 36_000 });
	const id = await start();
	evolink.finish(id);
	evolink.advance(30_000);
	expect((await client.read(id)).json?.status).toBe('completed');
	expect(received).toEqual([]);
	evolink.advance(6000);
	await evolink.until(() => received.length === 1);
});

test('fault: early arrives before the create answer', async () => {
	evolink.fault('callback', { kind: 'early' });
	const order: string[] = [];
	evolink.events.on('callback', () => order.push('callback'));
	const created = await client.create({ model: 'sora-2-preview', prompt: 'a cat', callback_url: HOOK });
	order.push('answer');
	expect(order).toEqual(['callback', 'answer']);
	expect(created.json?.status).toBe('pending');
	expect((await client.read(String(created.json?.id))).json?.status).toBe('completed');
});
