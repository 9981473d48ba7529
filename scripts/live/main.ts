/**
 * `npm run live`: whether the real EvoLink answers as the stand-in does. Key from EVOLINK_API_KEY; free but for `--spend`.
 * What is asked and why: docs/live.md.
 */
import { createServer } from 'node:http';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, readManifest } from '../support';
import { PROBES } from './probes';
import { reportOf } from './report';
import { runLive, Stopped, type LiveOptions } from './run';

const USAGE = `EVOLINK_API_KEY=… npm run live [-- options]

  --spend <credits>   also the probes that order a video; never more than this
  --callback <url>    also callbacks (with --spend): a public https URL that leads to --callback-port of this machine
  --callback-port     default 8765
  --burst <n>         also up to n orders at once (with --spend), until one is refused
  --later             also what a day does to what an earlier --spend left behind (with --spend)
  --only <probe>      this probe alone; may be repeated
  --api, --files      other hosts than EvoLink's own`;

class UsageError extends Error {}

function read() {
	try {
		return parseArgs({
			options: {
				spend: { type: 'string', default: '0' },
				callback: { type: 'string' },
				'callback-port': { type: 'string', default: '8765' },
				burst: { type: 'string', default: '0' },
				later: { type: 'boolean', default: false },
				only: { type: 'string', multiple: true },
				api: { type: 'string', default: 'https://api.evolink.ai' },
				files: { type: 'string', default: 'https://files-api.evolink.ai' },
			},
		}).values;
	} catch (error) {
		throw new UsageError((error as Error).message);
	}
}

function number(name: string, text: string): number {
	const value = Number(text);
	if (text.trim() === '' || !(value >= 0 && value < 1e6))
		throw new UsageError(`--${name} ${text}: not a number from 0`);
	return value;
}

/** Receives callbacks for both sides; the first call of each is answered 500, to see it come again. */
async function receiver(url: string, port: number): Promise<NonNullable<LiveOptions['callback']>> {
	if (!/^https:\/\//.test(url) || !URL.canParse(url))
		throw new UsageError(`--callback ${url}: not an https URL`);
	const calls: Array<{ path: string; contentType: string; body: unknown; atMs: number }> = [];
	const server = createServer((request, response) => {
		let text = '';
		request.on('data', (chunk: Buffer) => (text += chunk.toString()));
		request.on('end', () => {
			const from = request.url ?? '';
			const isFirst = !calls.some(({ path: other }) => other === from);
			let body: unknown = text;
			try {
				body = JSON.parse(text);
			} catch {
				// told as the text that it is
			}
			calls.push({ path: from, contentType: request.headers['content-type'] ?? '', body, atMs: Date.now() });
			response.writeHead(isFirst ? 500 : 200).end();
		});
	});
	await new Promise<void>((resolve, reject) =>
		server.once('error', reject).listen(port, '127.0.0.1', () => resolve()),
	);
	server.unref();
	const nameOf = ({ name }: { name: string }) => name.toLowerCase();
	return {
		host: new URL(url).host,
		origin: `http://127.0.0.1:${port}`,
		urlFor: (side) => `${url.replace(/\/$/, '')}/live-check?side=${nameOf(side)}`,
		async received(side) {
			const own = () => calls.filter(({ path: from }) => from.endsWith(`side=${nameOf(side)}`));
			for (let waited = 0; own().length < 2 && waited < 20_000; waited += 250) await side.sleep(250);
			return own();
		},
	};
}

async function main(): Promise<void> {
	const values = read();
	const apiKey = process.env.EVOLINK_API_KEY?.trim();
	if (!apiKey)
		throw new UsageError('EVOLINK_API_KEY is not set: put the key of EvoLink there, not into the command');
	const spend = number('spend', values.spend);
	const burst = number('burst', values.burst);
	if (spend === 0 && (burst > 0 || values.later || values.callback !== undefined))
		throw new UsageError('--burst, --callback and --later order videos: they need --spend <credits>');
	for (const name of ['api', 'files'] as const)
		if (!URL.canParse(values[name])) throw new UsageError(`--${name} ${values[name]}: not a URL`);
	const odd = values.only?.find((one) => !PROBES.some(({ name }) => name === one));
	if (odd !== undefined) throw new UsageError(`--only ${odd}: no such probe`);
	const stop = new AbortController();
	process.once('SIGINT', () => stop.abort());
	const memory = path.join(ROOT, '.tmp/live.json');
	mkdirSync(path.dirname(memory), { recursive: true });
	const live = await runLive({
		apiKey,
		servers: { api: new URL(values.api).origin, files: new URL(values.files).origin },
		spend,
		burst,
		later: values.later,
		only: values.only,
		callback:
			values.callback && (await receiver(values.callback, number('callback-port', values['callback-port']))),
		fixtures: path.join(ROOT, 'test/contract/fixtures/live'),
		memory,
		signal: stop.signal,
		say: (line) => console.log(line),
	} as LiveOptions);
	const report = reportOf(live, readManifest(ROOT).version, new Date());
	writeFileSync(path.join(ROOT, 'live-report.md'), report);
	console.log(`\n${report}`);
	process.exitCode = live.lines.some(({ differences }) => differences.length > 0) ? 1 : 0;
}

main().catch((error: unknown) => {
	const isKnown = error instanceof UsageError || error instanceof Stopped;
	console.error(isKnown ? error.message : error);
	if (error instanceof UsageError) console.error(`\n${USAGE}`);
	process.exitCode = error instanceof UsageError ? 2 : 3;
});
