/**
 * `npm run bench` (all parts) or `npm run bench:<part>`; `-- --rounds 5` (default), `-- --videos 500` (default; how many wait
 * in the part waiting) and `-- --quick` (small sizes, writes nothing) may follow. A full run writes to reports/bench. Parts run one after the other, each in a process of its own.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import path from 'node:path';

import { load, publish, ROOT, type RunPart } from './lib/report';

const PARTS = ['wall', 'resume', 'waiting', 'download', 'submit', 'trigger', 'reads', 'loading'];

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		rounds: { type: 'string', default: '5' },
		videos: { type: 'string', default: '500' },
		quick: { type: 'boolean', default: false },
	},
});

async function runOne(name: string): Promise<void> {
	const before = load();
	const options = { rounds: Number(values.rounds), videos: Number(values.videos), quick: values.quick };
	const { run } = (await import(`./parts/${name}`)) as { run: RunPart };
	await publish(await run(options), options, before);
}

function runEach(names: string[]): number {
	const failed = names.filter((name) => {
		console.error(`bench: ${name} …`);
		const args = [
			...process.execArgv,
			process.argv[1],
			name,
			...process.argv.slice(2).filter((arg) => !names.includes(arg)),
		];
		return spawnSync(process.execPath, args, { stdio: 'inherit', cwd: ROOT }).status !== 0;
	});
	if (failed.length > 0) console.error(`bench: no result from ${failed.join(', ')}`);
	return failed.length;
}

async function main(): Promise<number> {
	const unknown = positionals.filter((name) => !PARTS.includes(name));
	if (unknown.length > 0)
		throw new Error(`no such part: ${unknown.join(', ')}; there are ${PARTS.join(', ')}`);
	if (positionals.length !== 1) return runEach(positionals.length > 0 ? positionals : PARTS);
	process.env.E2E_RUN_DIR ??= path.join(__dirname, '.run');
	await runOne(positionals[0]);
	return 0;
}

main().then(
	(failures) => process.exit(failures === 0 ? 0 : 1),
	(error: unknown) => {
		console.error(error);
		process.exit(1);
	},
);
