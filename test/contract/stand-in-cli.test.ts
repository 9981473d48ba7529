import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { readOptions } from '../../stand-in/cli-options';

const ROOT = join(__dirname, '../..');

function start(...options: string[]): { child: ChildProcess; output: () => string } {
	const tsx = require.resolve('tsx/cli');
	const child = spawn(process.execPath, [tsx, 'stand-in/cli.ts', ...options], { cwd: ROOT });
	let output = '';
	for (const stream of [child.stdout, child.stderr])
		stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
	return { child, output: () => output };
}

async function said(run: { child: ChildProcess; output: () => string }, pattern: RegExp): Promise<string> {
	for (;;) {
		const match = pattern.exec(run.output());
		if (match) return match[1] ?? match[0];
		if (run.child.exitCode !== null) throw new Error(`ended with ${run.child.exitCode}: ${run.output()}`);
		await Promise.race([once(run.child.stdout!, 'data'), once(run.child, 'exit')]);
	}
}

test('it prints the address and the key, logs each request, and ends on SIGTERM', async () => {
	const run = start('--port', '0', '--time-scale', '100');
	const url = await said(run, /(http:\/\/127\.0\.0\.1:\d+)/);
	const key = await said(run, /API key: (\S+)/);
	const response = await fetch(`${url}/v1/videos/generations`, {
		method: 'POST',
		headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
		body: JSON.stringify({ model: 'sora-2-preview', prompt: 'a cat' }),
	});
	expect(response.status).toBe(200);
	await said(run, /POST \/v1\/videos\/generations → 200 "a cat"/);
	await said(run, /charged 23.04/);
	await said(run, /is completed/);
	const exit = once(run.child, 'exit');
	run.child.kill('SIGTERM');
	expect(await exit).toEqual([0, null]);
});

test('it ends by itself after --minutes', async () => {
	const run = start('--port', '0', '--minutes', '0.001');
	expect(await once(run.child, 'exit')).toEqual([0, null]);
	expect(run.output()).toContain('Stand-in EvoLink at');
});

test('a wrong option is named in one line above the usage', async () => {
	const run = start('--bogus');
	expect(await once(run.child, 'close')).toEqual([2, null]);
	const [line, empty, ...usage] = run.output().split('\n');
	expect(line).toContain('--bogus');
	expect(empty).toBe('');
	expect(usage.join('\n')).toMatch(/^A local EvoLink[^]*--minutes/);
	expect(run.output()).not.toContain('    at ');
});

test.each([
	[['--port', 'abc'], '--port abc'],
	[['--time-scale', '0'], '--time-scale 0'],
	[['--room', 'many'], '--room many'],
	[['--room', '3', '--full', '418'], '--full 418'],
	[['--callback-host', 'n8n.example.test'], '--callback-host n8n.example.test'],
	[['--port'], '--port'],
	[['stray'], 'stray'],
])('a wrong option is refused: %j', (options, named) => {
	expect(() => readOptions(options)).toThrow(named);
});
