// node test/e2e/install.mjs   installs what the end-to-end suite needs beside `npm install` of the package itself:
//  - n8n in test/e2e/node_modules (about 2.4 GB, 3 to 5 minutes the first time), with a Node 24 of its own;
//  - redis-server and postgresql for the queue-mode tests, through apt, when run as root on Debian or Ubuntu; not with
//    --only-n8n.
// Says what it does; does nothing when all is there. Runs on any Node >= 20. E2E_N8N_DIR=<folder> takes or makes the
// n8n install in another folder, so that several checkouts can share one.
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

const here = import.meta.dirname;
const target = process.env.E2E_N8N_DIR ? path.resolve(process.env.E2E_N8N_DIR) : here;
const modules = path.join(target, 'node_modules');
const stamp = path.join(modules, '.e2e-install');
const manifest = ['package.json', '.npmrc'];
const { version } = process;
const say = (line) => console.log(`[e2e install] ${line}`);

/** Runs a command with our terminal; throws with the command line when it fails. */
function run(command, args, options = {}) {
	const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
	if (status !== 0)
		throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `exit code ${status}`}`);
}

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

function installN8n() {
	const digest = createHash('sha256');
	for (const file of manifest) digest.update(readFileSync(path.join(here, file)));
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
	if (target !== here)
		for (const file of manifest) copyFileSync(path.join(here, file), path.join(target, file));
	rmSync(stamp, { force: true });
	const started = Date.now();
	say(`installing n8n into ${modules}: about 2.4 GB, 3 to 5 minutes (Node ${version})`);
	// the flags repeat .npmrc because npm_config_* variables (npm sets some for every `npm run`) would beat it
	const flags = ['--legacy-peer-deps', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
	run('npm', ['install', '--ignore-scripts', '--no-package-lock', ...flags], { cwd: target });

	const node = path.join(modules, `node-${process.platform}-${process.arch}`);
	if (!existsSync(path.join(node, 'include'))) {
		throw new Error(
			`no Node 24 package for ${process.platform} ${process.arch}; the suite runs on Linux x64 and arm64`,
		);
	}
	say('compiling sqlite3: about a minute');
	// node-gyp must take the headers that came with this Node 24: a machine-wide nodedir (e.g. /usr) has another Node's
	const env = {
		...process.env,
		PATH: `${path.join(node, 'bin')}:${process.env.PATH}`,
		npm_config_nodedir: node,
		npm_config_ignore_scripts: 'false',
	};
	run('npm', ['rebuild', 'sqlite3', '--ignore-scripts=false', '--foreground-scripts', '--loglevel=error'], {
		cwd: target,
		env,
	});
	const check =
		'require("sqlite3"); require("isolated-vm");' +
		'console.log("[e2e install] Node", process.version, "n8n", require("n8n/package.json").version, "load");';
	run(path.join(node, 'bin/node'), ['-e', check], { cwd: target });
	writeFileSync(stamp, wanted);
	say(`n8n is ready after ${Math.round((Date.now() - started) / 1000)} s`);
}

installN8n();
if (!process.argv.includes('--only-n8n')) {
	aptInstall(
		[...(onPath('redis-server') ? [] : ['redis-server']), ...(postgresBin() ? [] : ['postgresql'])],
		'for queue mode',
	);
}
