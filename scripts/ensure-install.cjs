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

function run(command, args) {
	const { status, error } = spawnSync(command, args, {
		cwd: root,
		env: { ...process.env, PATH: at('node_modules', '.bin') + path.delimiter + process.env.PATH },
		stdio: 'inherit',
		shell: process.platform === 'win32',
	});
	if (error) console.error(`${command} could not be started: ${error.message}`);
	return status ?? 1;
}

function must(command, args) {
	const status = run(command, args);
	if (status !== 0) process.exit(status);
}

if (!isInstalled()) {
	console.log('Installing dependencies (once, about a minute) …');
	// n8n's packages ask for a newer Node than some hosts have: 300 lines of warnings for nothing, because Node 24 is installed too
	must('npm', [isLocked() ? 'ci' : 'install', '--loglevel=error']);
}
if (!isBuilt()) {
	console.log('Building …');
	must('npm', ['run', '--silent', 'build']);
}
const [command, ...args] = process.argv.slice(2);
if (command) process.exitCode = run(command, args);
