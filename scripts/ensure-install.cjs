/**
 * Makes a fresh clone ready: `npm ci` when node_modules is not what package-lock.json says, `npm run build` when
 * dist is missing, unfinished or older than its sources. Runs before anything is installed, on the host's own Node (20
 * or newer), so it is plain CommonJS without dependencies.
 *
 * Then runs its arguments: `node scripts/ensure-install.cjs jest --ci`. The program and its Node are looked up in
 * node_modules/.bin first, which holds the Node that the tools need; a shell line that began before the install would use
 * the host's.
 */
const { spawnSync } = require('node:child_process');
const { existsSync, readFileSync, readdirSync, statSync } = require('node:fs');
const path = require('node:path');

const { countPackages, runLong } = require('./progress.cjs');

const root = path.resolve(__dirname, '..');
const at = (...parts) => path.join(root, ...parts);
const json = (...parts) => JSON.parse(readFileSync(at(...parts), 'utf8'));

const sorted = (dependencies = {}) => JSON.stringify(Object.entries(dependencies).sort());

/** Whether the lock file is of this package.json; `npm ci` refuses one that is not. */
function isLocked() {
	const { '': root } = json('package-lock.json').packages;
	return sorted(root.devDependencies) === sorted(json('package.json').devDependencies);
}

function isInstalled() {
	// npm writes this file only after a complete install.
	if (!existsSync(at('node_modules', '.package-lock.json'))) return false;
	const wanted = json('package-lock.json').packages;
	const present = json('node_modules', '.package-lock.json').packages;
	return (
		isLocked() &&
		Object.entries(wanted).every(
			([where, { version, optional, devOptional }]) =>
				where === '' || optional || devOptional || present[where]?.version === version,
		)
	);
}

function newest(file) {
	const stat = statSync(file);
	const inside = stat.isDirectory() ? readdirSync(file).map((name) => newest(path.join(file, name))) : [];
	return Math.max(stat.mtimeMs, ...inside);
}

function isBuilt() {
	// The icons are copied last: without them the build was interrupted.
	if (!existsSync(at('dist', 'icons'))) return false;
	const sources = ['nodes', 'credentials', 'icons', 'tsconfig.json', 'gulpfile.js'];
	return newest(at('dist')) >= Math.max(...sources.map((name) => newest(at(name))));
}

const environment = {
	...process.env,
	PATH: at('node_modules', '.bin') + path.delimiter + process.env.PATH,
};

function run(command, args) {
	const { status, error } = spawnSync(command, args, {
		cwd: root,
		env: environment,
		stdio: 'inherit',
		shell: process.platform === 'win32',
	});
	if (error) console.error(`${command} could not be started: ${error.message}`);
	return status ?? 1;
}

/** Prints what failed and ends, rather than showing a stack. */
async function must(command, args, options = {}) {
	try {
		await runLong({
			command,
			args,
			log: at('.tmp', `${args[0]}.log`),
			options: { cwd: root, env: environment, shell: process.platform === 'win32' },
			...options,
		});
	} catch (error) {
		console.error(error.message);
		process.exit(1);
	}
}

async function main() {
	const [major] = process.versions.node.split('.').map(Number);
	if (major < 20) {
		console.error(`This is Node ${process.version}; Node 20 or newer is needed.`);
		process.exit(1);
	}
	if (!isInstalled()) {
		const top = ([where, { optional }]) => !optional && where.lastIndexOf('node_modules/') === 0;
		const wanted = Object.entries(json('package-lock.json').packages).filter(top).length;
		console.log(`Installing dependencies into node_modules: once, 770 MB, one to four minutes`);
		const started = Date.now();
		// n8n's packages ask for a newer Node than some hosts have: 300 lines of warnings for nothing, because Node 24 is installed too
		await must('npm', [isLocked() ? 'ci' : 'install', '--loglevel=error', '--no-progress'], {
			progress: () => `, ${countPackages(at('node_modules'))} of about ${wanted} packages`,
		});
		console.log(`Installed in ${Math.round((Date.now() - started) / 1000)} s`);
	}
	if (!isBuilt()) {
		console.log('Building the package into dist');
		await must('npm', ['run', '--silent', 'build']);
	}
	const [command, ...args] = process.argv.slice(2);
	if (command) process.exitCode = run(command, args);
}

void main();
