/**
 * Commands that take minutes: what they print goes into a log, meanwhile a line says that it goes on, and a failure says
 * why. Plain CommonJS without dependencies, like ensure-install.cjs, which runs before anything is installed.
 */
const { spawn } = require('node:child_process');
const { existsSync, mkdirSync, readdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { clearInterval, setInterval } = require('node:timers');

/** What npm and compilers say when they fail, and what to do then. */
const CAUSES = [
	[
		/spawn npm\S* ENOENT/,
		'There is no npm. It comes with Node: install Node 20 or newer anew, or put npm on the PATH.',
	],
	[
		/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|EHOSTUNREACH|network request failed/,
		'npm could not reach its registry. Look at the network and the proxy (HTTPS_PROXY, npm config get registry), then try again.',
	],
	[/CERT|SSL/, 'A proxy shows a certificate that npm does not know. Set NODE_EXTRA_CA_CERTS to its file.'],
	[/ENOSPC|no space left/i, 'The disk is full. Free some gigabytes, then try again.'],
	[/EACCES|EPERM|EROFS/, 'A file may not be written. Look at the owner of this folder and of ~/.npm.'],
	[/EUSAGE/, 'package-lock.json is not of this package.json. Run npm install.'],
	[/ETARGET|E404/, 'The registry lacks a package. A mirror may be behind: npm config get registry'],
	[/E401|E403/, 'The registry refuses. Look at ~/.npmrc.'],
	[
		/gyp ERR|make: |g\+\+/,
		'A module could not be compiled. Install python3, make and g++, then try again (Debian: apt-get install python3 make g++).',
	],
	[/heap out of memory|Killed|SIGKILL/, 'There is too little memory. About 2 GB are needed.'],
];

/** The first known cause that an output names, in plain words. */
function causeOf(output) {
	return CAUSES.find(([sign]) => sign.test(output))?.[1];
}

/** How many packages npm has put at the top of a node_modules by now. */
function countPackages(modules) {
	const inside = (folder) => (existsSync(folder) ? readdirSync(folder) : []);
	return inside(modules)
		.flatMap((name) =>
			name.startsWith('@') ? inside(path.join(modules, name)).map((x) => `${name}/${x}`) : name,
		)
		.filter((name) => existsSync(path.join(modules, name, 'package.json'))).length;
}

/**
 * Runs a command to its end and tells every few seconds how far it is: in a terminal on one line, elsewhere now and then on
 * a new one.
 *
 * @param {{ command: string, args: string[], log: string, options?: object, progress?: () => string, say?: (line: string) => void }} what
 *   `log` gets all its output; `options` are spawn's
 * @throws Error with the end of the output and the cause, as far as it is known
 */
async function runLong({ command, args, log, options = {}, progress = () => '', say = console.log }) {
	const started = Date.now();
	const line = () => `  … ${Math.round((Date.now() - started) / 1000)} s${progress()}`;
	const isTerminal = process.stdout.isTTY;
	const ticking = setInterval(
		() => (isTerminal ? process.stdout.write(`\r${line()}`) : say(line())),
		isTerminal ? 1000 : 15_000,
	);
	let output = '';
	const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
	for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
	const ended = await new Promise((resolve) => {
		child.once('error', (error) => resolve(error.message));
		child.once('close', (code, signal) => resolve(code ?? signal));
	});
	clearInterval(ticking);
	if (isTerminal) process.stdout.write('\r\u001b[K');
	mkdirSync(path.dirname(log), { recursive: true });
	writeFileSync(log, output);
	if (ended === 0) return;
	// npm tells of its own inside, too
	const isStack = (text) =>
		/^(npm (error|ERR!) +)?(stack |at |\{|\}|A complete log of this run)/.test(text.trim());
	const end = output
		.split('\n')
		.filter((text) => text.trim() !== '' && !isStack(text))
		.slice(-15)
		.join('\n');
	const cause = causeOf(`${output}\n${ended}`);
	throw new Error(
		[
			`${command} ${args.join(' ')} failed (${ended}):`,
			end,
			`All of it: ${log}`,
			...(cause ? [cause] : []),
		].join('\n'),
	);
}

module.exports = { causeOf, countPackages, runLong };
