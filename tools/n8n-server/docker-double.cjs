#!/usr/bin/env node
/**
 * `docker run` and `docker kill` without containers, to try container.ts on a machine that has no Docker: the "image" is the
 * n8n of test/e2e/install.mjs, and mounts are copies.
 *
 *   N8N_DOCKER=tools/n8n-server/docker-double.cjs npm run test:e2e:container -- credential
 */
const { spawn } = require('node:child_process');
const { cpSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');

const install = process.env.E2E_N8N_DIR ?? path.join(__dirname, '../../test/e2e');
const modules = path.join(install, 'node_modules');
const node = path.join(modules, `node-${process.platform}-${process.arch}/bin/node`);
const pidFile = (name) => path.join(tmpdir(), 'docker-double', `${name}.pid`);

function run(args) {
	const text = { type: 'string' };
	const several = { type: 'string', multiple: true };
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: {
			rm: { type: 'boolean' },
			name: text,
			network: text,
			workdir: text,
			user: text,
			volume: several,
			env: several,
		},
	});
	for (const [from, to] of values.volume.map((volume) => volume.split(':'))) {
		if (from !== to) cpSync(from, to, { recursive: true });
	}
	const [, ...command] = positionals;
	const env = Object.fromEntries(values.env.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
	const child = spawn(node, [path.join(modules, 'n8n/bin/n8n'), ...command], {
		cwd: values.workdir,
		env: { ...env, PATH: `${path.dirname(node)}:${process.env.PATH}` },
		stdio: 'inherit',
	});
	mkdirSync(path.dirname(pidFile(values.name)), { recursive: true });
	writeFileSync(pidFile(values.name), String(child.pid));
	process.on('SIGTERM', () => child.kill('SIGTERM'));
	child.once('exit', (code) => process.exit(code ?? 137));
}

const [command, ...rest] = process.argv.slice(2);
if (command === 'run') run(rest);
else if (command === 'kill') process.kill(Number(readFileSync(pidFile(rest[0]), 'utf8')), 'SIGKILL');
else throw new Error(`docker-double knows run and kill, not '${command}'`);
