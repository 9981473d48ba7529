// node test/e2e/install.mjs   installs what the end-to-end suite needs beside `npm install` of the package itself:
//  - n8n in test/e2e/node_modules (about 2.4 GB, 3 to 5 minutes the first time), with a Node 24 of its own;
//  - redis-server and postgresql for the queue-mode tests, through apt, when run as root on Debian or Ubuntu; not with
//    --only-n8n.
// node test/e2e/install.mjs oldest   installs the oldest supported n8n (1.8 GB) with its Node in test/e2e/oldest instead,
// and nothing else.
// Says what it does; does nothing when all is there. Runs on any Node >= 20. E2E_N8N_DIR=<folder> takes or makes the
// n8n install in another folder (the oldest one in its subfolder `oldest`), so that several checkouts can share one.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	readFileSync,
	readdirSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';

import progress from '../../scripts/progress.cjs';

const here = import.meta.dirname;
const oldest = process.argv.includes('oldest');
const subfolder = oldest ? 'oldest' : '';
const target = path.join(process.env.E2E_N8N_DIR ? path.resolve(process.env.E2E_N8N_DIR) : here, subfolder);
const modules = path.join(target, 'node_modules');
const stamp = path.join(modules, '.e2e-install');
const manifest = path.join(here, subfolder, 'package.json');
const { version } = process;
const say = (line) => console.log(`[install] ${line}`);

/** Runs a command with our terminal; throws with the command line when it fails. */
function run(command, args, options = {}) {
	const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
	if (status !== 0)
		throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `exit code ${status}`}`);
}

/** A command that takes minutes: a line says that it goes on, its output goes into a log, and a failure says why. */
const runLong = async (name, command, args, options) =>
	await progress.runLong({
		command,
		args,
		options,
		say,
		log: path.join(here, '../../.tmp', `n8n-${subfolder}${name}.log`),
		progress: () => (name === 'install' ? `, ${progress.countPackages(modules)} packages` : ''),
	});

const onPath = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
const postgresBin = () =>
	onPath('initdb') ||
	(existsSync('/usr/lib/postgresql') &&
		readdirSync('/usr/lib/postgresql').some((v) => existsSync(`/usr/lib/postgresql/${v}/bin/initdb`)));

/** Installs Debian packages when root; otherwise says which are missing (the tests that need them will fail). */
function aptInstall(packages, why) {
	if (packages.length === 0) return;
	if (process.getuid?.() !== 0 || !onPath('apt-get')) {
		say(
			`MISSING: ${packages.join(', ')} (${why}); install them by hand, e.g. sudo apt-get install ${packages.join(' ')}`,
		);
		return;
	}
	say(`apt-get install ${packages.join(' ')} (${why})`);
	const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
	run('apt-get', ['update', '-qq'], { env });
	run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
}

/** @throws when "npm run check:oldest" checks against the types of another n8n than the one that was just installed */
function checkTypes() {
	const read = (...parts) => JSON.parse(readFileSync(path.join(...parts, 'package.json'), 'utf8'));
	const { version: installed } = read(modules, 'n8n-workflow');
	const pinned = read(here, '../../tools/oldest').dependencies['n8n-workflow'];
	if (pinned !== installed)
		throw new Error(`tools/oldest has n8n-workflow ${pinned}, this n8n has ${installed}`);
}

async function installN8n() {
	const digest = createHash('sha256');
	for (const file of [manifest, path.join(here, '.npmrc')]) digest.update(readFileSync(file));
	const wanted = `${process.platform} ${process.arch} ${digest.digest('hex')}`;
	if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
		say(`n8n is installed in ${modules}`);
		return;
	}
	aptInstall(
		[
			...(onPath('python3') ? [] : ['python3']),
			...(onPath('make') ? [] : ['make']),
			...(onPath('g++') ? [] : ['g++']),
		],
		'to compile sqlite3',
	);
	mkdirSync(target, { recursive: true });
	const copy = path.join(target, 'package.json');
	if (copy !== manifest) copyFileSync(manifest, copy);
	rmSync(stamp, { force: true });
	const started = Date.now();
	say(`installing n8n into ${modules}: once, ${oldest ? 1.8 : 2.4} GB, 3 to 10 minutes (Node ${version})`);
	// the flags repeat .npmrc, which the other folders lack, and which npm_config_* variables (npm sets some for every
	// `npm run`) would beat
	const flags = ['--legacy-peer-deps', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
	await runLong('install', 'npm', ['install', '--ignore-scripts', '--no-package-lock', ...flags], {
		cwd: target,
	});

	const node = path.join(modules, `node-${process.platform}-${process.arch}`);
	if (!existsSync(path.join(node, 'include'))) {
		throw new Error(
			`no Node package for ${process.platform} ${process.arch}; the suite runs on Linux x64 and arm64`,
		);
	}
	say('compiling sqlite3: one to three minutes');
	// node-gyp must take the headers that came with this Node: a machine-wide nodedir (e.g. /usr) has another Node's
	const env = {
		...process.env,
		PATH: `${path.join(node, 'bin')}:${process.env.PATH}`,
		npm_config_nodedir: node,
		npm_config_ignore_scripts: 'false',
	};
	const rebuild = [
		'rebuild',
		'sqlite3',
		'--ignore-scripts=false',
		'--foreground-scripts',
		'--loglevel=error',
	];
	await runLong('compile', 'npm', rebuild, { cwd: target, env });
	const check =
		'require("sqlite3"); require("isolated-vm");' +
		'console.log("[install] Node", process.version, "n8n", require("n8n/package.json").version, "load");';
	const bin = path.join(node, 'bin/node');
	run(bin, ['-e', check], { cwd: target });
	// loads all that a start needs: a module that npm resolved to a version that does not fit is told here, not in a test
	run(bin, [path.join(modules, 'n8n/bin/n8n'), 'start', '--help'], {
		env: { ...process.env, N8N_USER_FOLDER: path.join(modules, '.e2e-check') },
		stdio: ['ignore', 'ignore', 'inherit'],
	});
	if (oldest) checkTypes();
	writeFileSync(stamp, wanted);
	say(`n8n is ready after ${Math.round((Date.now() - started) / 1000)} s`);
}

try {
	await installN8n();
} catch (error) {
	say(error.message);
	process.exit(1);
}
if (!oldest && !process.argv.includes('--only-n8n')) {
	aptInstall(
		[...(onPath('redis-server') ? [] : ['redis-server']), ...(postgresBin() ? [] : ['postgresql'])],
		'for queue mode',
	);
}
