import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asked, compared, runLive, Stopped, type Live, type LiveOptions } from '../../scripts/live/run';
import { FREE, newKey, PROBES, type Plan } from '../../scripts/live/probes';
import { Redactor } from '../../scripts/live/redact';
import { reportOf } from '../../scripts/live/report';
import { Side } from '../../scripts/live/side';
import { startStandIn, type StandIn, type StandInOptions } from '../../stand-in';

const ROOT = join(__dirname, '../..');
const KEY = 'sk-evo-4f9a7c2e81d6b35';
let folder: string;
let evolink: StandIn;
let stop: AbortController;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'live-'));
	stop = new AbortController();
});
afterEach(async () => {
	await evolink?.close();
	rmSync(folder, { recursive: true });
});

/** The EvoLink that is asked: a stand-in of its own, changed as a test says. */
async function start(options: StandInOptions = {}): Promise<StandIn> {
	evolink = await startStandIn({ apiKey: KEY, seed: 7, timeScale: 200, prices: 'all', ...options });
	for (const outcome of ['completed', 'failed', 'cancelled', 'stuck'] as const)
		await evolink.order({ model: 'sora-2-preview', prompt: 'earlier' }, { seconds: 0, outcome });
	evolink.charges.length = 0;
	return evolink;
}

async function run(options: Partial<LiveOptions> = {}): Promise<Live> {
	return await runLive({
		apiKey: KEY,
		servers: { api: evolink.url, files: evolink.url },
		fixtures: join(folder, 'fixtures'),
		memory: join(folder, 'memory.json'),
		pollMs: 20,
		signal: stop.signal,
		say: () => undefined,
		...options,
	});
}

const differing = ({ lines }: Live) =>
	lines.filter(({ differences }) => differences.length > 0).map(({ probe }) => probe);
const written = () =>
	existsSync(join(folder, 'fixtures'))
		? readdirSync(join(folder, 'fixtures')).map((file) =>
				readFileSync(join(folder, 'fixtures', file), 'utf8'),
			)
		: [];

describe('npm run live', () => {
	test('agrees with an EvoLink like the stand-in, orders nothing, and writes no secret', async () => {
		await start();
		const live = await run();
		expect(live.lines.flatMap(({ differences }) => differences)).toEqual([]);
		expect([live.spent, live.ordered, evolink.charges, live.withheld]).toEqual([0, [], [], []]);
		expect(written()).toHaveLength(FREE.length);
		for (const text of [...written(), reportOf(live, '1.0.0', new Date(0))]) {
			expect(text).not.toContain(KEY.slice(7));
			expect(text).not.toMatch(/task-unified-\d{5}|127\.0\.0\.1|req_\w/);
		}
	});

	test('finds each difference that is planted, and no other', async () => {
		await start({
			unservedModel: 404,
			taskList: 404,
			batchRead: 405,
			refusedKeys: 'replayed',
			catalogue: 404,
		});
		evolink.account.dailyLimit = 50;
		evolink.fault('upload', { kind: 'refused', code: 40003 });
		evolink.fault('read', { kind: 'drop-before' });
		const isOdd = (body: unknown) => typeof body === 'object' && body !== null && 'no_such_field' in body;
		evolink.fault(
			'create',
			{ kind: 'http', status: 400, param: 'no_such_field' },
			{ match: ({ request }) => isOdd(request.body) },
		);
		const live = await run();
		expect(differing(live).sort()).toEqual(
			[
				...['batch', 'catalogue', 'credits', 'list', 'models', 'prices', 'refused-key'],
				...['unknown-field', 'unknown-task', 'unserved-model', 'uploads'],
			].sort(),
		);
		const report = reportOf(live, '1.0.0', new Date(0));
		for (const told of [
			'data.token.daily_limit_credits: number / absent',
			'/ 403 model_access_denied',
			'no answer (UND_ERR_SOCKET) / 404 task_not_found',
			'error.param: no_such_field / prompt',
			'header idempotency-replayed: true / absent',
		])
			expect(report).toContain(told);
		expect(evolink.charges).toEqual([]);
	});

	const paid = { spend: 100, only: ['order', 'burst', 'later'] };
	const lineOf = ({ lines }: Live, name: string) => lines.find(({ probe }) => probe === name)!.differences;

	test('pays for its order once, and tells how a paid task differs', async () => {
		await start({ defaults: { resultsAt: 'output.video_url' } });
		const live = await run(paid);
		expect(lineOf(live, 'order').join()).toMatch(/output: object \/ absent/);
		expect([evolink.charges.length, live.spent, live.ordered.length]).toEqual([1, 10, 1]);
	});

	test('finds that keys are ignored, that room is small, and what a day does', async () => {
		await start({ idempotency: 'ignored' });
		expect(lineOf(await run(paid), 'order')).toContain('the same key finds the same task: false / true');
		evolink.idempotency = 'honoured';
		evolink.room = { tasks: 1 };
		expect(lineOf(await run({ ...paid, only: ['burst'], burst: 3 }), 'burst')).toContain(
			'tasks at once: 0 / at least 3',
		);
		evolink.room = undefined;
		const later = lineOf(await run({ ...paid, only: ['later'], later: true }), 'later');
		expect(later).toContain('the link: 200 / 410');
	});

	test('hears the callbacks of both', async () => {
		const calls: Array<{ path: string; contentType: string; body: unknown; atMs: number }> = [];
		const server: Server = createServer((request, response) => {
			let text = '';
			request.on('data', (chunk: Buffer) => (text += chunk.toString()));
			request.on('end', () => {
				const path = request.url ?? '';
				const isFirst = !calls.some((call) => call.path === path);
				const contentType = request.headers['content-type'] ?? '';
				calls.push({ path, contentType, body: JSON.parse(text), atMs: 0 });
				response.writeHead(isFirst ? 500 : 200).end();
			});
		}).listen(0, '127.0.0.1');
		await once(server, 'listening');
		const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		await start({ callbackHosts: { 'live.example.test': origin } });
		const pathOf = ({ name }: Side) => `/live?side=${name.toLowerCase()}`;
		const live = await run({
			spend: 100,
			only: ['callback'],
			callback: {
				host: 'live.example.test',
				origin,
				urlFor: (side) => `https://live.example.test${pathOf(side)}`,
				async received(side) {
					const own = () => calls.filter(({ path }) => path === pathOf(side));
					while (own().length < 2) await side.sleep(20);
					return own();
				},
			},
		});
		expect(live.lines.at(-1)).toMatchObject({ probe: 'callback', differences: [] });
		server.close();
	});
});

describe('bad input', () => {
	const refusal = async (options: Partial<LiveOptions> = {}) =>
		await run(options).then(
			() => 'no refusal',
			(error: unknown) => (error instanceof Stopped ? error.message : String(error)),
		);

	test('a wrong key, no credits, too little to spend, no price, no network, nothing to come back to', async () => {
		await start();
		expect(await refusal({ apiKey: 'sk-wrong-key' })).toMatch(
			/^EvoLink does not take the key .*401\); nothing/,
		);
		expect(await refusal({ spend: 5 })).toMatch(/may cost 30 credits, and --spend allows 5; nothing/);
		expect(await refusal({ spend: 100, later: true, only: ['later'] })).toMatch(
			/--later needs an earlier run/,
		);
		evolink.account.remaining = 1;
		expect(await refusal({ spend: 100 })).toMatch(/may cost 30 credits, and 1 are left/);
		evolink.catalogue = 404;
		expect(await refusal({ spend: 100 })).toMatch(/tells no price/);
		await evolink.offline();
		expect(await refusal()).toMatch(/cannot be reached \(ECONNREFUSED\)/);
	});

	test('stops at once when the balance moves in a free run', async () => {
		await start();
		evolink.events.once('request', () => (evolink.account.remaining -= 3));
		expect(await refusal({ only: ['credits'] })).toMatch(/moved by -3 credits during the free probe credits/);
		expect(written()).toEqual([]);
	});

	test('stops at once when a refused order is taken after all', async () => {
		await start();
		evolink.fault('create', { kind: 'body', body: { id: 'task-unified-1-taken' } }, { times: 1 });
		expect(await refusal({ only: ['refused-orders'] })).toMatch(
			/an order was taken; ordered: task-unified-1-taken; no fixture/,
		);
	});

	test('Ctrl-C in the middle of a paid probe names what was ordered and leaves no fixture', async () => {
		await start({ defaults: { outcome: 'stuck' } });
		evolink.events.once('charge', () => setTimeout(() => stop.abort(), 100));
		expect(await refusal({ spend: 100 })).toMatch(
			/^Stopped; ordered: task-unified-\S+; no fixture was written$/,
		);
		expect(written()).toEqual([]);
	});

	test.each([
		[[], undefined, 2, 'EVOLINK_API_KEY is not set'],
		[['--burst', '3'], KEY, 2, 'they need --spend'],
		[['--api', 'http://127.0.0.1:9'], KEY, 3, 'cannot be reached'],
	])('%j is answered in a sentence', async (options, key, code, told) => {
		const env = { ...process.env, EVOLINK_API_KEY: key };
		const child = spawn(process.execPath, [require.resolve('tsx/cli'), 'scripts/live/main.ts', ...options], {
			cwd: ROOT,
			env,
		});
		let output = '';
		for (const stream of [child.stdout, child.stderr])
			stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
		expect((await once(child, 'close'))[0]).toBe(code);
		expect(output.split('\n')[0]).toContain(told);
		expect(output).not.toContain('    at ');
	});
});

describe('what is published of an answer', () => {
	test.each([
		['sk-evo-aaaaaaaaaaaaaaaa'],
		['A1b2C3d4E5f6G7h8I9j0K1l2M3n4'],
		['Bearer abcdefgh'],
		[KEY.slice(0, 12)],
	])('refuses what looks like a secret: %s', (secret) => {
		expect(() => new Redactor(KEY).publish({ somewhere: [secret] })).toThrow(/looks like a secret/);
	});

	test('keeps names, times and shapes', () => {
		const kept = {
			model: 'seedance-2.0-fast-reference-to-video',
			code: 'image_dimension_mismatch',
			at: '2026-10-10T06:52:34.303Z',
		};
		expect(JSON.parse(new Redactor(KEY).publish(kept))).toEqual(kept);
		const text = new Redactor(KEY).publish({
			remaining_credits: 1095.3996,
			link: 'https://files.evolink.ai/u1/a.mp4',
			ip: '10.1.2.3',
		});
		expect(JSON.parse(text)).toEqual({
			remaining_credits: 0.5,
			link: 'https://files.evolink.ai/<link-1>.mp4',
			ip: '<ip-1>',
		});
	});
});

const FIXTURES = join(__dirname, 'fixtures/live');
const recorded = readdirSync(FIXTURES).filter((file) => file.endsWith('.json'));

/** Answers of the real EvoLink: of `npm run live`, or published ones, then with their `source`. */
test.each(recorded)('the stand-in answers as EvoLink did: %s', async (file) => {
	const {
		probe: name,
		source,
		...theirs
	} = JSON.parse(readFileSync(join(FIXTURES, file), 'utf8')) as {
		probe: string;
		source?: string;
	} & Awaited<ReturnType<typeof asked>>;
	await start();
	const plan = { keyOf: () => newKey(), burst: 0 } as unknown as Plan;
	const side = new Side('stand-in', { api: evolink.url, files: evolink.url }, KEY, 20, stop.signal);
	const ours = await asked(
		PROBES.find((probe) => probe.name === name)!,
		side,
		plan,
	);
	const of = ({ asked: what }: { asked: string }) => what;
	// of a published answer not everything is known: the headers and the other questions of the probe are not
	const told = theirs.exchanges.map(of);
	const known =
		source === undefined
			? ours
			: {
					findings: {},
					exchanges: ours.exchanges
						.filter(
							(one, at, all) =>
								told.includes(of(one)) && all.findIndex((other) => of(other) === of(one)) === at,
						)
						.map((one) => ({ ...one, reply: { ...one.reply, headers: {} } })),
				};
	expect(compared(theirs, known)).toEqual([]);
});

test('docs/live.md tells each assumption, and what asks for it', () => {
	const page = readFileSync(join(ROOT, 'docs/live.md'), 'utf8');
	const rows = [...page.matchAll(/^\| (\d+) \| (.+?) \| (.+?) \|/gm)];
	expect(rows.map(([, number]) => Number(number))).toEqual(rows.map((_, at) => at + 1));
	const named = rows.flatMap(([, , , probes]) => [...probes.matchAll(/`([\w-]+)`/g)].map(([, name]) => name));
	expect([...new Set(named)].sort()).toEqual(PROBES.map(({ name }) => name).sort());
	for (const [, , , probes] of rows) expect(probes).toMatch(/`[\w-]+`|^none: /);
});

test('docs/live.md calls a guess just what the spec calls one', () => {
	const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
	const told = [...read('docs/live.md').matchAll(/^\| (\d+) \| .*?a guess/gm)];
	const spec = ['spec/evolink-sora.openapi.yaml', 'spec/models.json'].map(read).join('');
	const marked = [...spec.matchAll(/guess (\d+)/g)];
	const numbers = (found: RegExpExecArray[]) =>
		found.map(([, number]) => Number(number)).sort((a, b) => a - b);
	expect(numbers(marked)).toEqual(numbers(told));
});
