// node test/bench/install.mjs   installs what the bench needs beside `npm install` of the package itself: n8n (the
// end-to-end suite's) and the library that draws the figures. Does nothing when all is there.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
const run = (command, args, cwd) => {
	const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
	if (status !== 0) process.exit(status ?? 1);
};

run(process.execPath, [path.join(here, '../e2e/install.mjs'), '--only-n8n'], here);
if (!existsSync(path.join(here, 'node_modules/vega-lite')))
	run('npm', ['install', '--no-audit', '--no-fund', '--no-progress', '--no-package-lock'], here);
if (!existsSync(path.join(here, '../../dist/nodes'))) run('npm', ['run', 'build'], path.join(here, '../..'));
