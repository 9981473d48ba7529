import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { INodeParameters } from 'n8n-workflow';
import { startStandIn, type StandIn } from '../../stand-in';

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

let evolink: StandIn;

beforeEach(async () => (evolink = await startStandIn({ timeScale: 100, defaults: { seconds: 0 } })));
afterEach(async () => await evolink.close());

/** Runs the node in a process of its own, so that nobody else's memory is counted. */
async function measure(parameters: INodeParameters, inputBytes = 0): Promise<Measured> {
	const given = [evolink.credential, { wait: 'auto', ...parameters }, inputBytes].map((each) =>
		JSON.stringify(each),
	);
	const args = [TSX, ...FREED_AT_ONCE, join(__dirname, 'memory-probe.ts'), ...given];
	const { stdout } = await promisify(execFile)(process.execPath, args);
	return JSON.parse(stdout.trim().split('\n').at(-1)!) as Measured;
}

test('a video of 100 MB passes through in chunks', async () => {
	const measured = await measure({
		prompt: 'long [stand-in: media megabytes 100]',
		options: { pollSeconds: 0.25 },
	});
	expect(measured.error).toBeUndefined();
	expect(measured.storedBytes).toBe(100 * MIB);
	expect(measured.samples).toBeGreaterThan(1);
	expect(measured.peakMb).toBeLessThan(30);
	expect(evolink.mediaStats.maxBytesInFlight).toBeLessThan(MIB);
}, 180_000);

test('an input video of 60 MB goes from the binary store to EvoLink in chunks', async () => {
	const measured = await measure({ operation: 'character', video: 'binary', wait: 'none' }, 60 * MIB);
	expect(measured.error).toBeUndefined();
	expect([...evolink.files.values()]).toMatchObject([{ size: 60 * MIB }]);
	expect(measured.samples).toBeGreaterThan(0);
	expect(measured.peakMb).toBeLessThan(30);
}, 180_000);

test('a file without an end is cut off at Max Download MB, and the connection is closed', async () => {
	const prompt = 'endless [stand-in: media endless]';
	const measured = await measure({ prompt, options: { pollSeconds: 0.25, maxDownloadMb: 5 } });
	expect(measured.error).toContain("the file is larger than 5 MB ('Max Download MB' in the options)");
	await evolink.until(() => evolink.mediaStats.openConnections === 0);
	const { id } = [...evolink.tasks.values()].at(-1)!;
	expect(evolink.requests.filter(({ path }) => path.startsWith('/media') && path.includes(id))).toHaveLength(
		1,
	);
	expect(evolink.mediaStats.bytesSent).toBeLessThan(32e6);
}, 180_000);
