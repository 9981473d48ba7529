import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startStandIn, type StandIn } from '../../stand-in';
import type { Probe } from './memory-probe';

const MIB = 2 ** 20;

/** A collection frees the bytes of buffers too, not a moment later in the background: what is counted is in use. */
const FREED_AT_ONCE = ['--expose-gc', '--no-concurrent-array-buffer-sweeping'];
const TSX = join(__dirname, '../../node_modules/tsx/dist/cli.mjs');

interface Measured {
	error?: string;
	storedBytes?: number;
	/** The most that was in use at one time, beyond what was before the run; millions of bytes. */
	peakMb: number;
	samples: number;
}

const PROBES: Array<Omit<Probe, 'credential'>> = [
	{ parameters: { prompt: 'long [stand-in: media megabytes 100]', options: { pollSeconds: 0.25 } } },
	{ parameters: { operation: 'character', video: 'binary', wait: 'none' }, inputBytes: 60 * MIB },
	{
		parameters: {
			prompt: 'endless [stand-in: media endless]',
			options: { pollSeconds: 0.25, maxDownloadMb: 5 },
		},
	},
];

let servers: StandIn[] = [];
let results: Measured[] = [];

/** In a process of their own, so that nobody else's memory is counted; one after the other, because it takes long to start. */
beforeAll(async () => {
	servers = await Promise.all(
		PROBES.map(async () => await startStandIn({ timeScale: 100, defaults: { seconds: 0 } })),
	);
	const probes = PROBES.map(({ parameters, ...probe }, at) => {
		const { credential } = servers[at]!;
		return { ...probe, credential, parameters: { wait: 'auto', ...parameters } };
	});
	const args = [TSX, ...FREED_AT_ONCE, join(__dirname, 'memory-probe.ts'), JSON.stringify(probes)];
	const { stdout } = await promisify(execFile)(process.execPath, args);
	const lines = stdout.trim().split('\n').slice(-PROBES.length);
	results = lines.map((line) => JSON.parse(line) as Measured);
}, 300_000);

afterAll(async () => {
	for (const server of servers) await server.close();
});

test('a video of 100 MB passes through in chunks', () => {
	const [measured] = results;
	expect(measured!.error).toBeUndefined();
	expect(measured!.storedBytes).toBe(100 * MIB);
	expect(measured!.samples).toBeGreaterThan(1);
	expect(measured!.peakMb).toBeLessThan(30);
	expect(servers[0]!.mediaStats.maxBytesInFlight).toBeLessThan(MIB);
});

test('an input video of 60 MB goes from the binary store to EvoLink in chunks', () => {
	const [, measured] = results;
	expect(measured!.error).toBeUndefined();
	expect([...servers[1]!.files.values()]).toMatchObject([{ size: 60 * MIB }]);
	expect(measured!.samples).toBeGreaterThan(0);
	expect(measured!.peakMb).toBeLessThan(30);
});

test('a file without an end is cut off at Max Download MB, and the connection is closed', async () => {
	const evolink = servers[2]!;
	expect(results[2]!.error).toContain("the file is larger than 5 MB ('Max Download MB' in the options)");
	await evolink.until(() => evolink.mediaStats.openConnections === 0);
	const { id } = [...evolink.tasks.values()].at(-1)!;
	const asked = evolink.requests.filter(({ path }) => path.startsWith('/media') && path.includes(id));
	expect(asked).toHaveLength(1);
	expect(evolink.mediaStats.bytesSent).toBeLessThan(32e6);
});
