import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import type { IConnections, INode } from 'n8n-workflow';

import { type ApiFault, type MediaScript, type StandInTask } from '../../../stand-in';
import { items, json, type Execution, type SavedWorkflow } from '../../../tools/n8n-server/client';
import { errorText, Flow, type FlowOptions, type Started } from './flow';
import {
	executionIdOf,
	Installation,
	type InstallationOptions,
} from '../../../tools/n8n-server/installation';
import { Mischief, type Lane, type Lie, type Rule } from './mischief';
import { PUBLIC_HOST } from '../../../tools/n8n-server/n8n';
import { lockDatabase } from './lock';
import { eventually, sleep } from '../../../tools/n8n-server/poll';
import { order, TriggerFlow } from './trigger';
import { chain, node, soraVideo, webhookTrigger, wires } from '../../../tools/n8n-server/workflows';

const ENDED = ['success', 'error', 'crashed', 'canceled'];

/** An HTTP request to the callback URL of a parked run. */
interface Knock {
	method?: string;
	url?: string;
	headers?: Record<string, string>;
	body?: string | Buffer;
}

const page = '<!doctype html><title>Gateway</title>';
const deep = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
const isRead = (path: string) => path.startsWith('/v1/tasks/task-');

/**
 * Hostile callers, answers, files, edits and neighbours against a real n8n. Nobody calls back by itself here, and the timers are over
 * an hour away: a run goes on when a test calls it, and never else.
 *
 * @param extra tests that only this mode has
 */
export function attackSuite(
	mode: InstallationOptions['mode'],
	extra: (n8n: () => Installation) => void = () => {},
): void {
	let n8n: Installation;
	let mischief: Mischief;

	beforeAll(async () => {
		n8n = await Installation.open({
			name: `attack-${mode}`,
			mode,
			standIn: { timeScale: 20, idempotency: 'ignored', defaults: { seconds: 1_000_000 } },
		});
		n8n.evolink.fault('callback', { kind: 'never' });
		mischief = await Mischief.open(n8n.evolink);
	}, 240_000);
	afterAll(async () => {
		await mischief?.close();
		await n8n?.close();
	});

	const publish = async (title: string, lane?: Lane, { extra, ...options }: FlowOptions = {}) =>
		await Flow.publish(n8n, title, {
			...options,
			extra: { ...extra, ...(lane && { credentials: { evoLinkApi: lane.credential } }) },
		});
	const urlOf = ({ request }: StandInTask) => String(request.callback_url);
	const here = (url: string) => url.replace(`https://${PUBLIC_HOST}`, n8n.webhook.url);
	const call = async (task: StandInTask, body: unknown = { id: task.id, status: 'completed' }) =>
		await n8n.evolink.forgeCallback(urlOf(task), body);
	const knock = async (task: StandInTask, { method = 'POST', url, headers, body }: Knock) => {
		const answer = await fetch(here(url ?? urlOf(task)), {
			method,
			headers: { 'content-type': 'application/json', ...headers },
			...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
		});
		await answer.arrayBuffer();
		return answer.status;
	};
	const finishAll = ({ tasks }: Started) => tasks.forEach(({ id }) => n8n.evolink.finish(id));
	const once = (prompt: string) => expect(n8n.evolink.chargesFor({ prompt })).toHaveLength(1);

	/** The run has ended well, once, with the videos of its own tasks in their order, each paid once. */
	async function endsWell(flow: Flow, started: Started): Promise<Execution> {
		const done = await flow.end(started);
		expect([done.status, errorText(done)]).toEqual(['success', '']);
		expect(json(done, 'Next').map(({ id, status }) => [id, status])).toEqual(
			started.tasks.map(({ id }) => [id, 'completed']),
		);
		expect(done.data.resultData.runData.Video).toHaveLength(1);
		expect(done.data.resultData.runData.Next).toHaveLength(1);
		for (const { request } of started.tasks) once(String(request.prompt));
		return done;
	}

	// ------------------------------------------------------------------------------------------ the callback URL

	it('a parked run of 300 items has a page, which reads EvoLink at most twelve times and wakes nobody', async () => {
		const flow = await publish('three hundred', undefined, { video: { download: false } });
		const prompts = Array.from({ length: 300 }, (_, item) => `<b>${item}</b> of 300`);
		const started = await flow.park(...prompts);
		const reads = () =>
			n8n.evolink.requests.filter(({ operationId }) => ['getTask', 'getTasks'].includes(String(operationId)))
				.length;
		const before = reads();
		const answer = await fetch(here(urlOf(started.tasks[0])));
		expect(answer.status).toBe(200);
		const page = await answer.text();
		for (const [item, { id }] of started.tasks.entries()) {
			expect(page).toContain(`<code>${id}</code>`);
			expect(page).toContain(`&lt;b&gt;${item}&lt;/b&gt; of 300`);
		}
		expect(page).not.toContain('<b>');
		expect(reads() - before).toBeLessThanOrEqual(12);
		expect((await n8n.client.execution(started.executionId)).status).toBe('waiting');
		finishAll(started);
		await call(started.tasks[0]);
		await flow.end(started, 120_000);
	}, 240_000);

	describe('a parked run whose task has ended is woken by nobody who', () => {
		let flow: Flow;
		let own: Started;
		let other: Started;
		let past: Started;
		let parked: Execution;

		beforeAll(async () => {
			flow = await publish('callers');
			past = await flow.park('ended long ago');
			finishAll(past);
			await call(past.tasks[0]);
			await endsWell(flow, past);
			other = await flow.park('of another run');
			own = await flow.park('of this run');
			finishAll(other);
			finishAll(own);
			parked = await n8n.client.execution(own.executionId);
		}, 120_000);

		const id = () => own.tasks[0].id;
		const good = () => JSON.stringify({ id: id(), status: 'completed' });
		const url = () => urlOf(own.tasks[0]);

		it.each<[string, () => Knock]>([
			['asks with HEAD', () => ({ method: 'HEAD' })],
			['asks with OPTIONS', () => ({ method: 'OPTIONS' })],
			['sends PUT', () => ({ method: 'PUT', body: good() })],
			['sends PATCH', () => ({ method: 'PATCH', body: good() })],
			['sends DELETE', () => ({ method: 'DELETE', body: good() })],
			['overrides the method', () => ({ method: 'PUT', headers: { 'x-http-method-override': 'POST' } })],
			['opens its page without a signature', () => ({ method: 'GET', url: url().split('?')[0] })],
			[
				'opens its page with the signature of another run',
				() => ({ method: 'GET', url: url().replace(/signature=.*/, urlOf(other.tasks[0]).split('?')[1]) }),
			],
			['opens the bare resume URL', () => ({ method: 'GET', url: url().replace('/sora-video', '') })],
			['uses no signature', () => ({ url: url().split('?')[0], body: good() })],
			[
				'signs with a list of a wrong and the right signature',
				() => ({ url: url().replace('signature=', 'signature=0&signature='), body: good() }),
			],
			[
				'has the signature of another run',
				() => ({ url: url().replace(/signature=.*/, urlOf(other.tasks[0]).split('?')[1]), body: good() }),
			],
			[
				'has the id of another run under this signature',
				() => ({ url: url().replace(own.executionId, other.executionId), body: good() }),
			],
			['leaves out the path of this node', () => ({ url: url().replace('/sora-video', ''), body: good() })],
			[
				'goes on behind that path',
				() => ({ url: url().replace('/sora-video', '/sora-video/x'), body: good() }),
			],
			[
				'writes that path in capitals',
				() => ({ url: url().replace('/sora-video', '/SORA-VIDEO'), body: '{}' }),
			],
			['names a task of another run', () => ({ body: JSON.stringify({ id: other.tasks[0].id }) })],
			['names a task that ended long ago', () => ({ body: JSON.stringify({ id: past.tasks[0].id }) })],
			['names two tasks with one key', () => ({ body: `{"id":"${id()}","id":"${other.tasks[0].id}"}` })],
			[
				'writes the id in lookalikes',
				() => ({ body: JSON.stringify({ id: id().replace('task', 'tаsk').replace('-', '‐') }) }),
			],
			['writes the id in capitals', () => ({ body: JSON.stringify({ id: id().toUpperCase() }) })],
			['ends the id with NUL', () => ({ body: JSON.stringify({ id: `${id()}\0` }) })],
			['asks for every id', () => ({ body: '{"id":"*"}' })],
			['hides the id in __proto__', () => ({ body: `{"__proto__":{"id":"${id()}"}}` })],
			['hides the id in constructor', () => ({ body: `{"constructor":{"prototype":{"id":"${id()}"}}}` })],
			['hides the id two levels deep', () => ({ body: `{"data":{"data":{"id":"${id()}"}}}` })],
			['sends an id that is infinite', () => ({ body: '{"id":1e999}' })],
			['nests 100,000 deep', () => ({ body: deep(100_000) })],
			['sends half the body', () => ({ body: good().slice(0, -3) })],
			[
				'sends junk that calls itself gzip',
				() => ({ headers: { 'content-encoding': 'gzip' }, body: good() }),
			],
			['sends UTF-16', () => ({ body: Buffer.from(good(), 'utf16le') })],
			[
				'sends a form with a file',
				() => ({
					headers: { 'content-type': 'multipart/form-data; boundary=x' },
					body: `--x\r\nContent-Disposition: form-data; name="id"; filename="a"\r\nContent-Type: text/plain\r\n\r\n${id()}\r\n--x--\r\n`,
				}),
			],
		])('%s', async (_, attack) => {
			expect(await knock(own.tasks[0], attack())).not.toBe(200);
			const now = await n8n.client.execution(own.executionId);
			expect([now.status, now.waitTill]).toEqual(['waiting', parked.waitTill]);
			expect((await n8n.client.execution(other.executionId)).status).toBe('waiting');
		});

		it('and then both go on with their own', async () => {
			for (const started of [own, other]) {
				expect((await call(started.tasks[0])).status).toBe(200);
				await endsWell(flow, started);
			}
		});
	});

	describe('an odd callback that names the right task never wakes a run twice or breaks it:', () => {
		const prompt = (name: string) => `odd: ${name}`;

		it.each<[string, (task: StandInTask) => Knock]>([
			[
				'gzip',
				({ id }) => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(JSON.stringify({ id })) }),
			],
			['5 MB', ({ id }) => ({ body: JSON.stringify({ id, padding: 'x'.repeat(5e6) }) })],
			['a byte order mark', ({ id }) => ({ body: `\ufeff${JSON.stringify({ id })}` })],
			[
				'XML by its type',
				({ id }) => ({ headers: { 'content-type': 'text/xml' }, body: JSON.stringify({ id }) }),
			],
			[
				'Latin-1 by its type',
				({ id }) => ({
					headers: { 'content-type': 'application/json; charset=latin1' },
					body: JSON.stringify({ id }),
				}),
			],
			[
				'an error at the top',
				({ id }) => ({ body: JSON.stringify({ id, error: { code: 'x' }, status: 'failed' }) }),
			],
			['__proto__ beside the id', ({ id }) => ({ body: `{"id":"${id}","__proto__":{"disabled":true}}` })],
			[
				'one more parameter',
				(task) => ({ url: `${urlOf(task)}&x=1`, body: JSON.stringify({ id: task.id }) }),
			],
			[
				'a second, wrong signature',
				(task) => ({ url: `${urlOf(task)}&signature=0`, body: JSON.stringify({ id: task.id }) }),
			],
			['spaces around the id', ({ id }) => ({ body: JSON.stringify({ id: ` ${id}\r\n` }) })],
		])('%s', async (name, attack) => {
			const flow = await publish(prompt(name));
			const started = await flow.park(prompt(name));
			finishAll(started);
			await knock(started.tasks[0], attack(started.tasks[0]));
			await call(started.tasks[0]);
			await endsWell(flow, started);
		});

		it('30 at once with mixed ids for three tasks', async () => {
			const flow = await publish('thirty');
			const started = await flow.park('thirty a', 'thirty b', 'thirty c');
			finishAll(started);
			const ids = [...started.tasks.map(({ id }) => id), 'task-unified-1-nobody', '', 'x'.repeat(300)];
			const calls = Array.from({ length: 30 }, (_, index) => ids[index % ids.length]);
			// each costs n8n up to 0.3 s of its processor, so that EvoLink may not wait for the last ones
			const answers = await Promise.all(
				calls.map(
					async (id) => await knock(started.tasks[0], { body: JSON.stringify({ id, status: 'completed' }) }),
				),
			);
			expect(answers).toContain(200);
			await eventually(
				'n8n is itself again',
				async () => (await fetch(`${n8n.webhook.url}/healthz/readiness`)).ok,
			);
			await endsWell(flow, started);
		});
	});

	// ------------------------------------------------------------------------------------------ what EvoLink answers

	describe('while the callback of a parked run is checked, EvoLink answers', () => {
		const other = {
			id: 'task-unified-1-another',
			status: 'completed',
			results: ['https://evil.example/x.mp4'],
		};
		it.each<[string, Lie | ((id: string) => Lie)]>([
			['HTML', { headers: { 'content-type': 'text/html' }, body: page }],
			['a 403 page', { status: 403, headers: { 'content-type': 'text/html' }, body: page }],
			['404', { status: 404, body: '{"error":{"code":"task_not_found","message":"no"}}' }],
			['500', { status: 500, body: '{}' }],
			['another task', { body: JSON.stringify(other) }],
			['nothing', { body: '' }],
			['a list', { body: '[]' }],
			['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
			['half the JSON', { body: '{"id":"task-uni' }],
			['8 MB', (id) => ({ body: JSON.stringify({ id, status: 'completed', x: 'x'.repeat(8e6) }) })],
			['5,000 levels', (id) => ({ body: `{"id":"${id}","status":"completed","x":${deep(5000)}}` })],
			['429 for an hour', { status: 429, headers: { 'retry-after': '3600' }, body: '{}' }],
			['one byte a second', (id) => ({ drips: true, body: JSON.stringify({ id, status: 'completed' }) })],
			['what calls itself gzip', { headers: { 'content-encoding': 'gzip' }, body: '{"id":"x"}' }],
			['a status of no meaning', (id) => ({ body: JSON.stringify({ id, status: 'completed?' }) })],
		])('%s: the run stays parked, and finishes when EvoLink is sound again', async (name, lie) => {
			const lane = await mischief.lane(n8n.client);
			const flow = await publish(`reads ${name}`, lane);
			const started = await flow.park(`reads: ${name}`);
			const [task] = started.tasks;
			finishAll(started);
			lane.rule = ({ path }) => (isRead(path) ? (typeof lie === 'function' ? lie(task.id) : lie) : undefined);
			expect((await call(task)).status).toBe(503);
			expect(lane.hits).toBeGreaterThan(0);
			expect((await n8n.client.execution(started.executionId)).status).toBe('waiting');
			lane.rule = undefined;
			expect((await call(task)).status).toBe(200);
			await endsWell(flow, started);
		});
	});

	describe('to the read of many tasks EvoLink answers', () => {
		type Listed = Record<string, unknown> & { id: string };
		const listed =
			(change: (tasks: Listed[]) => unknown): Rule =>
			async ({ path, honest }) => {
				if (path !== '/v1/tasks/batch') return undefined;
				const { data } = JSON.parse((await honest()).body) as { data: Listed[] };
				return { body: JSON.stringify({ data: change(data) }) };
			};
		const batch =
			(lie: Lie): Rule =>
			({ path }) =>
				path === '/v1/tasks/batch' ? lie : undefined;
		const foreign = {
			id: 'task-unified-1-foreign',
			status: 'completed',
			results: ['https://evil.example/x.mp4'],
		};

		it.each<[string, Rule]>([
			['tasks of others, too', listed((tasks) => [foreign, ...tasks, foreign])],
			['each task three times', listed((tasks) => [...tasks, ...tasks, ...tasks])],
			[
				'each task, then that it is still pending',
				listed((tasks) => [...tasks, ...tasks.map(({ id }) => ({ id, status: 'pending' }))]),
			],
			[
				'completed tasks without a link',
				listed((tasks) => tasks.map(({ id }) => ({ id, status: 'completed' }))),
			],
			['failed tasks without a reason', listed((tasks) => tasks.map(({ id }) => ({ id, status: 'failed' })))],
			['tasks whose ids are lists', listed((tasks) => tasks.map((task) => ({ ...task, id: [task.id] })))],
			['nulls and numbers', listed(() => [null, 1, 'x', [], {}])],
			['an object where the list should be', listed((tasks) => ({ ...tasks }))],
			['a list in a list', listed((tasks) => [tasks])],
			['50 MB', batch({ body: JSON.stringify({ data: 'x'.repeat(50e6) }) })],
			['10,000 levels', batch({ body: `{"data":${deep(10_000)}}` })],
			['404', batch({ status: 404, body: '{"error":{"code":404,"message":"no"}}' })],
			['a page', batch({ headers: { 'content-type': 'text/html' }, body: page })],
			['a redirect', batch({ status: 307, headers: { location: '/v1/credits' } })],
			['500', batch({ status: 500, body: '{}' })],
			['a byte a second', batch({ drips: true, body: '{"data":[]}' })],
		])(
			'%s: all five videos arrive, each once',
			async (name, rule) => {
				const lane = await mischief.lane(n8n.client);
				const flow = await publish(`many ${name}`, lane, { video: { download: false } });
				const started = await flow.park(...['a', 'b', 'c', 'd', 'e'].map((one) => `many ${name} ${one}`));
				finishAll(started);
				lane.rule = rule;
				await call(started.tasks[0]);
				await eventually('the read of many', () => lane.hits > 0);
				await sleep(500);
				// a reading that lies may cost one more callback
				if ((await n8n.client.execution(started.executionId)).status === 'waiting') {
					lane.rule = undefined;
					await call(started.tasks[1]);
				}
				await endsWell(flow, started);
				expect(lane.hits).toBeGreaterThan(0);
			},
			60_000,
		);

		it('429 with Retry-After: the run stays parked, and finishes when EvoLink is sound again', async () => {
			const lane = await mischief.lane(n8n.client);
			const flow = await publish('many 429', lane, { video: { download: false } });
			const started = await flow.park(...['a', 'b', 'c', 'd', 'e'].map((one) => `many 429 ${one}`));
			finishAll(started);
			lane.rule = batch({ status: 429, headers: { 'retry-after': '3600' }, body: '{}' });
			expect((await call(started.tasks[0])).status).toBe(503);
			expect((await n8n.client.execution(started.executionId)).status).toBe('waiting');
			lane.rule = undefined;
			expect((await call(started.tasks[0])).status).toBe(200);
			await endsWell(flow, started);
		});
	});

	// ------------------------------------------------------------------------------------------ the answer to an order

	describe('to an order EvoLink answers', () => {
		const polls: FlowOptions = {
			video: { waitMode: 'poll', download: false, options: { pollSeconds: 0.25 } },
		};
		const toOrder =
			(lie: (task: Record<string, unknown>) => Lie): Rule =>
			async ({ path, honest }) => {
				if (path !== '/v1/videos/generations') return undefined;
				return lie(JSON.parse((await honest()).body) as Record<string, unknown>);
			};
		const estimated = (value: unknown) =>
			toOrder((task) => ({ body: JSON.stringify({ ...task, task_info: { estimated_time: value } }) }));
		const replayed = (value: string | string[]) =>
			toOrder((task) => ({ headers: { 'idempotency-replayed': value }, body: JSON.stringify(task) }));

		it.each<[string, Rule]>([
			['that it takes -1 s', estimated(-1)],
			['that it takes 1e12 s', estimated(1e12)],
			['that it takes 1e308 s', estimated(1e308)],
			['that it takes "NaN"', estimated('NaN')],
			['that it takes null', estimated(null)],
			['that it takes a list', estimated([60])],
			['with 201', toOrder((task) => ({ status: 201, body: JSON.stringify(task) }))],
			[
				'in a wrapping with an id of its own',
				toOrder((task) => ({ body: JSON.stringify({ id: 'req_1', data: task }) })),
			],
			[
				'failed at once, and renders it',
				toOrder((task) => ({ body: JSON.stringify({ ...task, status: 'failed' }) })),
			],
			[
				'completed at once, with a link elsewhere',
				toOrder((task) => ({
					body: JSON.stringify({ ...task, status: 'completed', results: ['https://evil.example/x.mp4'] }),
				})),
			],
		])('%s: the run parks for at most a day, and finishes with its video', async (name, rule) => {
			const flow = await publish(`order ${name}`, await mischief.lane(n8n.client, rule));
			const started = await flow.park(`order: ${name}`);
			const { waitTill } = await n8n.client.execution(started.executionId);
			expect(new Date(String(waitTill)).getTime()).toBeLessThan(Date.now() + 24 * 3_600_000 + 60_000);
			finishAll(started);
			expect((await call(started.tasks[0])).status).toBe(200);
			await endsWell(flow, started);
		});

		it.each<[string, Rule, boolean]>([
			['replayed: false', replayed('false'), false],
			['replayed: twice', replayed(['true', 'false']), false],
			['replayed: junk', replayed('tru\u00e9'), false],
			['replayed: true', replayed('true'), true],
		])('%s: the video is told to be of an earlier try only where that is said', async (name, rule, told) => {
			const flow = await publish(name, await mischief.lane(n8n.client, rule));
			const started = await flow.park(`order ${name}`);
			finishAll(started);
			await call(started.tasks[0]);
			const done = await endsWell(flow, started);
			expect(json(done, 'Video')[0].orderedByEarlierTry === true).toBe(told);
		});

		it.each<[string, (task: Record<string, unknown>) => Lie]>([
			['204', () => ({ status: 204 })],
			[
				'what calls itself gzip',
				(task) => ({ headers: { 'content-encoding': 'gzip' }, body: JSON.stringify(task) }),
			],
			[
				'what calls itself br',
				(task) => ({ headers: { 'content-encoding': 'br' }, body: JSON.stringify(task) }),
			],
			['two documents', (task) => ({ body: JSON.stringify(task).repeat(2) })],
			['UTF-16', (task) => ({ body: Buffer.from(JSON.stringify(task), 'utf16le') })],
			[
				'64 kB of headers',
				(task) => ({ headers: { 'x-long': 'x'.repeat(65_536) }, body: JSON.stringify(task) }),
			],
			['a redirect to itself', () => ({ status: 308, headers: { location: '/v1/videos/generations' } })],
			['an id of 300 characters', (task) => ({ body: JSON.stringify({ ...task, id: 'x'.repeat(300) }) })],
			['the id "."', (task) => ({ body: JSON.stringify({ ...task, id: '.' }) })],
			['success: false beside half an order', () => ({ body: '{"success":false,"msg":"?"}' })],
		])('%s: the run fails and names the key of the order; Retry does not pay again', async (name, lie) => {
			const prompt = `lost order: ${name}`;
			const lane = await mischief.lane(n8n.client, toOrder(lie));
			const flow = await publish(prompt, lane, polls);
			await flow.call(prompt);
			const task = await n8n.taskOf(prompt);
			const first = await n8n.latest(flow.workflow, ENDED);
			expect(first.status).toBe('error');
			expect(errorText(first)).toContain(String(task.idempotencyKey));
			lane.rule = undefined;
			const again = await n8n.client.until(await n8n.client.retry(first.id), [...ENDED, 'waiting']);
			expect(again.status).toBe('error');
			expect(errorText(again)).toContain(String(task.idempotencyKey));
			once(prompt);
		});

		it('the id of another item: both items end, each was paid once', async () => {
			let known: unknown;
			const rule = toOrder((task) => {
				known ??= task.id;
				return { body: JSON.stringify({ ...task, id: known }) };
			});
			const flow = await publish('one id', await mischief.lane(n8n.client, rule));
			const started = await flow.park('one id a', 'one id b');
			finishAll(started);
			await call(started.tasks.find(({ id }) => id === known)!);
			const done = await flow.end(started);
			expect(json(done, 'Next').map(({ id }) => id)).toEqual([known, known]);
			for (const name of ['a', 'b']) once(`one id ${name}`);
		});
	});

	// ------------------------------------------------------------------------------------------ files

	describe('an input picture', () => {
		const exif = (orientation: number) => {
			const tiff = Buffer.from('4578696600004d4d002a000000080001011200030000000100000000', 'hex');
			tiff.writeUInt16BE(orientation, 24);
			return Buffer.concat([Buffer.from([0xff, 0xe1, 0, tiff.length + 2]), tiff]);
		};
		const jpeg = (width: number, height: number, segment = Buffer.alloc(0)) => {
			const frame = Buffer.from('ffc0001108000000000301220002110103110100', 'hex').subarray(0, 19);
			frame.writeUInt16BE(height, 5);
			frame.writeUInt16BE(width, 7);
			return Buffer.concat([Buffer.from([0xff, 0xd8]), segment, frame, Buffer.from([0xff, 0xd9])]);
		};
		const png = Buffer.concat([
			Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
			Buffer.from('00000500000002d00802000000', 'hex'),
		]);
		const script = Buffer.from('<script>alert(1)</script>PK\x03\x04');
		const whole = jpeg(1280, 720);
		const LANDSCAPE = { aspectRatio: '1280x720' };

		async function run(name: string, bytes: Buffer, file: { fileName: string; mimeType: string }) {
			const path = `picture-${randomUUID()}`;
			const nodes = [
				webhookTrigger('Call', path),
				node(
					'File',
					'n8n-nodes-base.convertToFile',
					{ operation: 'toBinary', sourceProperty: 'body.file', options: file },
					{ typeVersion: 1.1 },
				),
				soraVideo('Video', n8n.credential, {
					prompt: name,
					...LANDSCAPE,
					startImage: 'binary',
					wait: 'none',
				}),
			];
			const workflow = await n8n.publish({ name, nodes, connections: chain(...nodes) });
			await n8n.call(path, { file: bytes.toString('base64') });
			return await n8n.latest(workflow, ENDED);
		}

		it.each<[string, Buffer, string, string]>([
			['JPEG with a page behind it', Buffer.concat([whole, script]), 'a.html', 'text/html'],
			[
				'JPEG with a page in a comment',
				jpeg(1280, 720, Buffer.concat([Buffer.from([0xff, 0xfe, 0, script.length + 2]), script])),
				'a.jpg',
				'image/jpeg',
			],
			['PNG with a ZIP behind it', Buffer.concat([png, script]), 'a.zip', 'application/zip'],
			['JPEG that EXIF turns, stored as the model wants it', jpeg(1280, 720, exif(6)), 'a.jpg', 'image/jpeg'],
			['JPEG called PNG', whole, 'a.png', 'image/png'],
			['JPEG with a hostile name', whole, '../../"\r\nX-Evil: 1\r\n.svg', 'image/svg+xml'],
		])(
			'%s: is taken for what its bytes are, under a name of our own',
			async (name, bytes, fileName, mimeType) => {
				const before = new Set(n8n.evolink.files.keys());
				const done = await run(name, bytes, { fileName, mimeType });
				expect([done.status, errorText(done)]).toEqual(['success', '']);
				const [file] = [...n8n.evolink.files].filter(([id]) => !before.has(id)).map(([, one]) => one);
				expect(file.path).toMatch(/^n8n-[0-9a-f]{32}\.(jpg|png)$/);
				expect(file.mimeType).toBe(name.startsWith('PNG') ? 'image/png' : 'image/jpeg');
				once(name);
			},
		);

		it.each<[string, Buffer]>([
			['JPEG that EXIF turns, stored upright', jpeg(720, 1280, exif(6))],
			['JPEG of no width', jpeg(0, 720)],
			['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
			['GIF', Buffer.from('GIF89a\0\x05\xd0\x02\0\0\0')],
			['ZIP with a JPEG behind it', Buffer.concat([Buffer.from('PK\x03\x04'), whole])],
			['JPEG that ends before its frame', whole.subarray(0, 8)],
			['PNG whose header is cut', png.subarray(0, 20)],
			['one byte', Buffer.from([0xff])],
		])('%s: is refused before anything is uploaded or paid', async (name, bytes) => {
			const uploads = n8n.evolink.files.size;
			const done = await run(`refused ${name}`, bytes, { fileName: 'a.jpg', mimeType: 'image/jpeg' });
			expect(done.status).toBe('error');
			expect(errorText(done)).toContain('Start Image Field Name');
			expect(n8n.evolink.files.size).toBe(uploads);
			expect(n8n.evolink.chargesFor({ prompt: `refused ${name}` })).toHaveLength(0);
		});

		it.each<[string, ApiFault]>([
			['the quota is full', { kind: 'refused', code: 40003 }],
			[
				'the file link is a script',
				{ kind: 'body', body: { success: true, data: { file_url: 'javascript:alert(1)', file_id: 'f' } } },
			],
			['there is no link', { kind: 'body', body: { success: true, data: {} } }],
			['a page', { kind: 'html' }],
		])(
			'the upload answers: %s. The run fails and nothing is ordered',
			async (name, fault) => {
				const handle = n8n.evolink.fault('upload', fault);
				const done = await run(`upload: ${name}`, whole, { fileName: 'a.jpg', mimeType: 'image/jpeg' });
				handle.remove();
				expect(done.status).toBe('error');
				expect(n8n.evolink.chargesFor({ prompt: `upload: ${name}` })).toHaveLength(0);
			},
			90_000,
		);

		it.each<[string, ApiFault]>([
			['500', { kind: 'http', status: 500 }],
			['404', { kind: 'http', status: 404 }],
			['a redirect', { kind: 'http', status: 307, headers: { location: '/v1/credits' } }],
			['no answer', { kind: 'drop-before' }],
		])('its deletion is answered with %s: the video arrives all the same', async (name, fault) => {
			const prompt = `deletion: ${name}`;
			const path = `deletion-${randomUUID()}`;
			const nodes = [
				webhookTrigger('Call', path),
				node(
					'File',
					'n8n-nodes-base.convertToFile',
					{ operation: 'toBinary', sourceProperty: 'body.file', options: { mimeType: 'image/jpeg' } },
					{ typeVersion: 1.1 },
				),
				soraVideo('Video', n8n.credential, { prompt, ...LANDSCAPE, startImage: 'binary' }),
			];
			await n8n.publish({ name: prompt, nodes, connections: chain(...nodes) });
			await n8n.call(path, { file: whole.toString('base64') });
			const task = await n8n.taskOf(prompt);
			const executionId = executionIdOf(task);
			await n8n.client.until(executionId, ['waiting']);
			n8n.evolink.finish(task.id);
			const handle = n8n.evolink.fault('files', fault);
			await call(task);
			const done = await n8n.client.until(executionId, ENDED);
			handle.remove();
			expect(handle.hits).toBe(1);
			expect([done.status, errorText(done)]).toEqual(['success', '']);
			once(prompt);
		});
	});

	describe('a result whose host', () => {
		const clip = readFileSync(path.join(__dirname, '../../../stand-in/assets/clip.mp4'));
		const ftyp = clip.subarray(0, clip.readUInt32BE(0));
		const box = (type: string, body = Buffer.alloc(0)) => {
			const head = Buffer.alloc(8);
			head.writeUInt32BE(body.length + 8);
			head.write(type, 4, 'latin1');
			return Buffer.concat([head, body]);
		};
		const third = (part: number): MediaScript => ({
			bytes: clip.subarray(0, Math.floor((clip.length * part) / 3)),
			contentLength: false,
		});
		type Host = MediaScript | ((lane: Lane) => { results: string[]; rule: Rule });
		const serves =
			(lie: (lane: Lane) => Lie): Host =>
			(lane) => ({
				results: [`${lane.url}/result.mp4`],
				rule: ({ path: asked }) => (asked.startsWith('/result') ? lie(lane) : undefined),
			});
		const video = { 'content-type': 'video/mp4' };

		const BAD: Array<[string, Host]> = [
			['ends after a third', third(1)],
			['ends after two thirds', third(2)],
			['ends one byte early', { bytes: clip.subarray(0, -1), contentLength: false }],
			['leaves out the index', { bytes: Buffer.concat([ftyp, box('mdat', Buffer.alloc(1000))]) }],
			['leaves out the pictures', { bytes: Buffer.concat([ftyp, box('moov', Buffer.alloc(100))]) }],
			['leaves out the end of its gzip', { truncated: 'gzip' }],
			[
				'sends a box of size 3',
				{ bytes: Buffer.concat([ftyp, Buffer.from('00000003', 'hex'), Buffer.from('moov')]) },
			],
			['sends a page as a video', { bytes: Buffer.from(page), contentType: 'video/mp4' }],
			[
				'sends a picture as a video',
				{ bytes: Buffer.from('ffd8ffe000104a4649460001ffd9', 'hex'), contentType: 'video/mp4' },
			],
			['redirects in a loop', { redirects: 99 }],
			['redirects back to the private host of the credential', { redirects: 1 }],
			['redirects to plain http elsewhere', { redirectTo: 'http://192.0.2.1/x.mp4' }],
			['redirects to a file', { redirectTo: 'file:///etc/passwd' }],
			['redirects to n8n itself', { redirectTo: 'http://localhost:5678/rest/settings' }],
			[
				'redirects to EvoLink with the key',
				serves((lane) => ({ status: 302, headers: { location: `${lane.url}/v1/credits` } })),
			],
			['answers 206', serves(() => ({ status: 206, headers: video, body: clip }))],
			['answers 204', serves(() => ({ status: 204 }))],
			[
				'sends junk as zstd',
				serves(() => ({ headers: { ...video, 'content-encoding': 'gzip' }, body: clip })),
			],
			['is a script', () => ({ results: ['javascript:alert(1)'], rule: () => undefined })],
			[
				'has a password in its link',
				(lane) => ({ results: [lane.url.replace('//', '//user:pass@')], rule: () => undefined }),
			],
		];
		const GOOD: Array<[string, Host]> = [
			['calls the video a page', { contentType: 'text/html' }],
			['gives no length', { contentLength: false }],
			[
				'compresses it',
				serves(() => ({ headers: { ...video, 'content-encoding': 'gzip' }, body: gzipSync(clip) })),
			],
			[
				'names a file in another folder',
				serves(() => ({
					headers: { ...video, 'content-disposition': 'attachment; filename="../../../../tmp/x.sh"' },
					body: clip,
				})),
			],
			['sets cookies', serves(() => ({ headers: { ...video, 'set-cookie': ['a=1', 'b=2'] }, body: clip }))],
		];
		let done: Execution;
		let started: Started;
		const all = [...BAD, ...GOOD];

		// one run of all: what is refused is tried three times, over 4 s
		beforeAll(async () => {
			const lane = await mischief.lane(n8n.client);
			const rules: Rule[] = [];
			const flow = await publish('hosts', lane, { extra: { onError: 'continueRegularOutput' } });
			for (const [index, [name, host]] of all.entries()) {
				const script = typeof host === 'function' ? host(lane) : { media: host, rule: undefined };
				if (script.rule) rules[index] = script.rule;
				const { rule: _, ...rest } = script;
				const results =
					'results' in rest
						? { results: rest.results.map((url) => (url.includes('/result') ? `${url}?n=${index}` : url)) }
						: rest;
				n8n.evolink.script((request) => request.prompt === `host ${name}`, results);
			}
			lane.rule = (asked) => rules[Number(asked.path.split('?n=')[1])]?.(asked);
			started = await flow.park(...all.map(([name]) => `host ${name}`));
			finishAll(started);
			await call(started.tasks[0]);
			done = await flow.end(started, 120_000);
		}, 180_000);

		it.each(BAD.map(([name], index) => [name, index] as const))(
			'%s: no file, an error that names the task',
			(_, index) => {
				expect(done.status).toBe('success');
				const [item] = [items(done, 'Video')[index]];
				expect(item.binary).toBeUndefined();
				expect(item.json.error).toMatchObject({ taskId: started.tasks[index].id });
			},
		);

		it.each(GOOD.map(([name], index) => [name, index + BAD.length] as const))(
			'%s: the whole file arrives',
			(_, index) => {
				const { binary } = items(done, 'Video')[index];
				expect(binary?.data).toMatchObject({
					mimeType: 'video/mp4',
					bytes: clip.length,
					fileName: `${started.tasks[index].id}.mp4`,
				});
			},
		);

		it("drips one byte a second: the workflow's own timeout ends the run", async () => {
			n8n.evolink.script('drips', { media: { bytesPerSecond: 0.05 } });
			const flow = await publish('drips', undefined, {
				settings: { executionTimeout: 6 },
				video: { waitMode: 'poll', options: { pollSeconds: 0.25 } },
			});
			await flow.call('drips');
			n8n.evolink.finish((await n8n.taskOf('drips')).id);
			const cut = await n8n.latest(flow.workflow, ENDED, 60_000);
			expect(cut.status).not.toBe('success');
			once('drips');
		}, 90_000);
	});

	// ------------------------------------------------------------------------------------------ while it is parked

	describe('while a run is parked', () => {
		type Stored = SavedWorkflow & { isArchived?: boolean };
		const change = async (flow: Flow, edit: (workflow: Stored) => void) => {
			const at = `/rest/workflows/${flow.workflow.id}`;
			const workflow = await n8n.client.request<Stored>('GET', at);
			edit(workflow);
			const { name, nodes, connections, settings, versionId } = workflow;
			const saved = await n8n.client.request<SavedWorkflow>('PATCH', at, {
				name,
				nodes,
				connections,
				settings,
				versionId,
			});
			await n8n.client.activate(saved);
		};
		const video = ({ nodes }: Stored) => nodes.find(({ name }) => name === 'Video')!;
		const edit = (act: (workflow: Stored) => void) => async (flow: Flow) => await change(flow, act);
		const ask =
			(method: string, path: (flow: Flow) => string, body: unknown = {}) =>
			async (flow: Flow) =>
				void (await n8n.client.request(method, path(flow), body));

		it.each<[string, (flow: Flow) => Promise<void>]>([
			[
				'its node is renamed',
				edit((workflow) => {
					const text = JSON.stringify([workflow.nodes, workflow.connections]).replaceAll('"Video"', '"Film"');
					[workflow.nodes, workflow.connections] = JSON.parse(text) as [INode[], IConnections];
				}),
			],
			[
				'its node is deleted',
				edit((workflow) => {
					workflow.nodes = workflow.nodes.filter(({ name }) => name !== 'Video');
					delete workflow.connections.Video;
					delete workflow.connections.Jobs;
				}),
			],
			['its node is disabled', edit((workflow) => (video(workflow).disabled = true))],
			[
				'its node gets another id and type',
				edit((workflow) =>
					Object.assign(video(workflow), { id: randomUUID(), type: 'n8n-nodes-base.noOp', credentials: {} }),
				),
			],
			['its prompt is changed', edit((workflow) => (video(workflow).parameters.prompt = 'something else'))],
			['its wait is changed to Poll', edit((workflow) => (video(workflow).parameters.wait = 'poll'))],
			['its On Error is changed', edit((workflow) => (video(workflow).onError = 'continueErrorOutput'))],
			[
				'another Sora Video is put before it',
				edit((workflow) => {
					workflow.nodes.push({ ...video(workflow), id: randomUUID(), name: 'Before' });
					workflow.connections = {
						...workflow.connections,
						...wires(['Jobs', 'Before'], ['Before', 'Video']),
					};
				}),
			],
			['its workflow is deactivated', async (flow) => await n8n.client.deactivate(flow.workflow)],
			[
				'its workflow is archived',
				async (flow) => {
					await n8n.client.deactivate(flow.workflow);
					await ask('POST', ({ workflow }) => `/rest/workflows/${workflow.id}/archive`)(flow);
				},
			],
		])('%s: it finishes as it was begun', async (name, act) => {
			const flow = await publish(name);
			const started = await flow.park(`parked: ${name}`);
			await act(flow);
			finishAll(started);
			expect((await call(started.tasks[0])).status).toBe(200);
			await endsWell(flow, started);
		});

		it.each<[string, (lane: Lane) => Promise<unknown>, RegExp]>([
			[
				'its credential is deleted',
				async ({ credential }) => await n8n.client.request('DELETE', `/rest/credentials/${credential.id}`),
				/credential/i,
			],
			[
				'its key is replaced by a wrong one',
				async ({ credential, url }) =>
					await n8n.client.request('PATCH', `/rest/credentials/${credential.id}`, {
						...credential,
						type: 'evoLinkApi',
						data: { ...n8n.evolink.credential, apiKey: 'sk-evo-wrong', baseUrl: url },
					}),
				/401|key/i,
			],
		])('%s: it ends with an error that names the task, or stays parked', async (name, act, reason) => {
			const lane = await mischief.lane(n8n.client);
			const flow = await publish(name, lane);
			const started = await flow.park(`parked: ${name}`);
			await act(lane);
			finishAll(started);
			await call(started.tasks[0]);
			const done = await flow.end(started);
			expect(done.status).toBe('error');
			expect(errorText(done)).toContain(started.tasks[0].id);
			expect(errorText(done)).toMatch(reason);
			once(`parked: ${name}`);
		});

		it('its key is replaced by another good one: it finishes', async () => {
			const lane = await mischief.lane(n8n.client);
			const flow = await publish('rotated', lane);
			const started = await flow.park('rotated');
			const data = { ...n8n.evolink.credential, baseUrl: n8n.evolink.url };
			await n8n.client.request('PATCH', `/rest/credentials/${lane.credential.id}`, {
				...lane.credential,
				type: 'evoLinkApi',
				data,
			});
			finishAll(started);
			await call(started.tasks[0]);
			await endsWell(flow, started);
		});

		it('its execution is deleted by hand: its callback starts nothing, and nothing is paid again', async () => {
			const flow = await publish('deleted');
			const started = await flow.park('deleted');
			await n8n.client.request('POST', '/rest/executions/delete', { ids: [started.executionId] });
			finishAll(started);
			expect((await call(started.tasks[0])).status).toBe(404);
			const { results } = await n8n.client.executions({ workflowId: flow.workflow.id });
			expect(results).toEqual([]);
			once('deleted');
		});

		it('n8n saves nothing of what ends well: it finishes all the same', async () => {
			const settings = {
				saveDataSuccessExecution: 'none',
				saveDataErrorExecution: 'none',
				saveManualExecutions: false,
			} as const;
			const flow = await publish('saves nothing', undefined, { settings });
			const started = await flow.park('saves nothing');
			finishAll(started);
			const { requests } = n8n.evolink.mediaStats;
			expect((await call(started.tasks[0])).status).toBe(200);
			await n8n.evolink.until(() => n8n.evolink.mediaStats.requests > requests, 30_000);
			await eventually(
				'n8n forgets the run',
				async () => (await n8n.client.executions({ workflowId: flow.workflow.id })).results.length === 0,
			);
			once('saves nothing');
		});

		it('n8n saves after each node: it finishes', async () => {
			const flow = await publish('saves all', undefined, { settings: { saveExecutionProgress: true } });
			const started = await flow.park('saves all');
			finishAll(started);
			await call(started.tasks[0]);
			await endsWell(flow, started);
		});

		it('a second run of the same workflow has the same prompt: two orders, and each gets its own video', async () => {
			const flow = await publish('twins');
			const [,] = await Promise.all([flow.call('twins'), flow.call('twins')]);
			const tasks = await n8n.evolink.until(() => {
				const found = [...n8n.evolink.tasks.values()].filter(({ request }) => request.prompt === 'twins');
				return found.length === 2 ? found : undefined;
			});
			expect(tasks[0].idempotencyKey).not.toBe(tasks[1].idempotencyKey);
			for (const task of tasks) await n8n.client.until(executionIdOf(task), ['waiting']);
			for (const task of tasks) {
				n8n.evolink.finish(task.id);
				await call(task);
				const done = await n8n.client.until(executionIdOf(task), ENDED);
				expect(json(done, 'Next').map(({ id }) => id)).toEqual([task.id]);
			}
			expect(n8n.evolink.chargesFor({ prompt: 'twins' })).toHaveLength(2);
		});

		describe("n8n's database is locked for 3 s", () => {
			const runs: Array<{ flow: Flow; started: Started }> = [];
			const begin = async (prompt: string, rule?: Rule) => {
				n8n.evolink.script(prompt, { estimatedTime: 60 });
				const flow = await publish(prompt, await mischief.lane(n8n.client, rule));
				const started = await flow.park(prompt);
				finishAll(started);
				runs.push({ flow, started });
				return started;
			};

			it('at the moment of the callback: the run goes on, or keeps its timer', async () => {
				const { tasks, executionId } = await begin('locked at the callback');
				const { waitTill } = await n8n.client.execution(executionId);
				await lockDatabase(n8n, 3000);
				await call(tasks[0]);
				await sleep(4000);
				const now = await n8n.client.execution(executionId);
				expect([
					['success', null],
					['waiting', waitTill],
				]).toContainEqual([now.status, now.waitTill]);
			});

			it('when the video has been fetched: the run goes on', async () => {
				const { tasks } = await begin('locked at the end');
				n8n.evolink.events.once('media', () => void lockDatabase(n8n, 3000));
				expect((await call(tasks[0])).status).toBe(200);
			});

			it('and then all of them finish', async () => {
				for (const { flow, started } of runs) await flow.end(started, 240_000);
				for (const { flow, started } of runs) await endsWell(flow, started);
			}, 300_000);

			it('at the moment of the callback, and n8n is restarted before the timer: it finishes, or Retry finishes it', async () => {
				const prompt = 'locked before a restart';
				const flow = await publish(prompt);
				const started = await flow.park(prompt);
				finishAll(started);
				await lockDatabase(n8n, 3000);
				await call(started.tasks[0]);
				await sleep(4000);
				let id = started.executionId;
				if ((await n8n.client.execution(id)).status === 'waiting') {
					await n8n.main.stop();
					await n8n.main.boot();
					if ((await n8n.client.until(id, ['crashed', 'waiting'])).status === 'crashed')
						id = await n8n.client.retry(id);
					else expect((await call(started.tasks[0])).status).toBe(200);
				}
				const done = await n8n.client.until(id, ENDED, 60_000);
				expect(json(done, 'Next').map((task) => task.id)).toEqual([started.tasks[0].id]);
				once(prompt);
			}, 180_000);

			it('when it should be parked: it is parked; or it is seen as crashed, and Retry pays nothing and names the order', async () => {
				const prompt = 'locked at the parking';
				let lock: Promise<void> | undefined;
				const rule: Rule = async ({ path: asked }) => {
					if (asked === '/v1/videos/generations') await (lock ??= lockDatabase(n8n, 3000));
					return undefined;
				};
				const flow = await publish(prompt, await mischief.lane(n8n.client, rule));
				// an EvoLink that ignores the key charges again for what a lost process has ordered
				n8n.evolink.idempotency = 'honoured';
				await flow.call(prompt);
				const task = await n8n.taskOf(prompt);
				await sleep(6000);
				const executionId = executionIdOf(task);
				const { status } = await n8n.client.execution(executionId);
				if (status === 'waiting') {
					n8n.evolink.finish(task.id);
					expect((await call(task)).status).toBe(200);
					expect(json(await n8n.client.until(executionId, ENDED), 'Next')[0].id).toBe(task.id);
				} else {
					// SQLite waits a second, then n8n gives up what it wanted to store
					await n8n.main.stop();
					await n8n.main.boot();
					await n8n.client.until(executionId, ['crashed']);
					const again = await n8n.client.until(await n8n.client.retry(executionId), ENDED);
					expect(again.status).toBe('error');
					expect(errorText(again)).toContain(String(task.idempotencyKey));
				}
				n8n.evolink.idempotency = 'ignored';
				once(prompt);
			}, 120_000);
		});
	});

	// ------------------------------------------------------------------------------------------ the trigger

	describe('the trigger', () => {
		const make = async (prompt: string, url: string) => {
			const id = await order(n8n, prompt, url);
			n8n.evolink.finish(id);
			return id;
		};
		const tell = async (flow: TriggerFlow, id: string) =>
			(await n8n.evolink.forgeCallback(flow.url, { id, status: 'completed' })).status;

		it('while EvoLink is down: each callback is asked to come again, and then starts one execution', async () => {
			const flow = await TriggerFlow.publish(n8n, 'storm');
			const id = await make('storm', flow.url);
			const down = n8n.evolink.fault(
				'read',
				{ kind: 'http', status: 503 },
				{ match: ({ task }) => task?.id === id },
			);
			const answers = await Promise.all(Array.from({ length: 20 }, async () => await tell(flow, id)));
			expect(new Set(answers)).toEqual(new Set([503]));
			down.remove();
			const later = await Promise.all(Array.from({ length: 20 }, async () => await tell(flow, id)));
			expect(new Set(later)).toEqual(new Set([200]));
			expect((await flow.outcomes(1)).map((task) => task.id)).toEqual([id]);
		});

		it('told of one task at two triggers: each starts once', async () => {
			const [one, two] = [await TriggerFlow.publish(n8n, 'one'), await TriggerFlow.publish(n8n, 'two')];
			const id = await make('for two triggers', one.url);
			for (const flow of [one, two, one, two]) expect(await tell(flow, id)).toBe(200);
			for (const flow of [one, two]) expect((await flow.outcomes(1)).map((task) => task.id)).toEqual([id]);
		});

		it('knows after a restart what it has started', async () => {
			const flow = await TriggerFlow.publish(n8n, 'restarted');
			const id = await make('restarted', flow.url);
			expect(await tell(flow, id)).toBe(200);
			await flow.outcomes(1);
			await n8n.webhook.stop();
			await n8n.webhook.boot();
			const again = await n8n.evolink.forgeCallback(flow.url, { id, status: 'completed' });
			expect([again.status, again.body]).toEqual([200, expect.stringContaining('Repeated')]);
			expect(await flow.executionIds()).toHaveLength(1);
		}, 120_000);

		it.each<[string, unknown]>([
			['a task that failed, told as completed', 'failed'],
			['a completed task, told as failed', 'completed'],
		])('%s: what EvoLink says counts', async (name, outcome) => {
			const flow = await TriggerFlow.publish(n8n, name);
			const id = await order(n8n, name, flow.url);
			n8n.evolink.finish(id, { outcome: outcome as 'failed' });
			const body = {
				id,
				status: outcome === 'failed' ? 'completed' : 'failed',
				results: ['https://evil.example/x.mp4'],
			};
			expect((await n8n.evolink.forgeCallback(flow.url, body)).status).toBe(200);
			const [told] = await flow.outcomes(1);
			expect(told.status).toBe(outcome);
			expect(JSON.stringify(told)).not.toContain('evil.example');
		});
	});

	extra(() => n8n);

	describe('the key', () => {
		it('stands in no log, output or error that n8n wrote', () => {
			expect(n8n.filesWith(n8n.evolink.apiKey)).toEqual([]);
			expect(n8n.evolink.mediaStats.authorizations).toEqual([]);
			expect(n8n.evolink.violations).toEqual([]);
		});
	});
}
