/**
 * `npm run bench` (all parts) or `npm run bench:<part>`; `-- --rounds 5` (default), `-- --videos 500` (default; how many wait
 * in the part waiting) and `-- --quick` (small sizes, writes nothing) may follow. A full run writes to reports/bench. Parts run one after
 * the other, each in a process of its own.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { ROOT, runMain } from '../../scripts/support';
import type { RunPart } from './lib/report';

const PARTS = ['resume', 'waiting', 'room', 'download', 'submit', 'loading'];

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		rounds: { type: 'string', default: '5' },
		videos: { type: 'string', default: '500' },
		quick: { type: 'boolean', default: false },
	},
});

function runEach(names: string[]): void {
	const options = process.argv.slice(2).filter((arg) => !names.includes(arg));
	const failed = names.filter((name) => {
		const args = [...process.execArgv, process.argv[1], name, ...options];
		return spawnSync(process.execPath, args, { stdio: 'inherit', cwd: ROOT }).status !== 0;
	});
	if (failed.length > 0) throw new Error(`no result from ${failed.join(', ')}`);
}

runMain(async () => {
	const unknown = positionals.filter((name) => !PARTS.includes(name));
	if (unknown.length > 0)
		throw new Error(`no such part: ${unknown.join(', ')}; there are ${PARTS.join(', ')}`);
	if (positionals.length !== 1) return runEach(positionals.length > 0 ? positionals : PARTS);
	// before anything is loaded that looks for it
	process.env.E2E_RUN_DIR ??= path.join(__dirname, '.run');
	const { publish } = await import('./lib/report');
	const options = { rounds: Number(values.rounds), videos: Number(values.videos), quick: values.quick };
	const { run } = (await import(`./parts/${positionals[0]}`)) as { run: RunPart };
	await publish(positionals[0], run, options);
	process.exit();
});
