import { spawn } from 'node:child_process';
import path from 'node:path';

import type { DownloadJob, SubmitJob } from '../children/engine';
import { ROOT } from '../../../scripts/support';

/** Runs a job in n8n's engine in a Node of its own. */
export async function inEngine<T>(job: DownloadJob | SubmitJob, nodeFlags = ['--expose-gc']): Promise<T[]> {
	return await runChild<T[]>('engine.ts', [JSON.stringify(job)], nodeFlags);
}

/** Runs a file of children/ in a Node of its own and returns what it printed last, as JSON. Bounded: 5 minutes. */
export async function runChild<T>(file: string, args: string[], nodeFlags: string[] = []): Promise<T> {
	const script = path.join(__dirname, '../children', file);
	const loader = file.endsWith('.ts') ? ['--require', 'tsx/cjs'] : [];
	const child = spawn(process.execPath, [...nodeFlags, ...loader, script, ...args], {
		cwd: ROOT,
		stdio: ['ignore', 'pipe', 'inherit'],
		timeout: 300_000,
	});
	let output = '';
	child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
	const code = await new Promise<number | null>((resolve, reject) =>
		child.once('error', reject).once('close', resolve),
	);
	if (code !== 0) throw new Error(`${file} ended with ${code}`);
	return JSON.parse(output.trim().split('\n').at(-1) ?? '') as T;
}
