// node test/ui/install.mjs   installs what the editor tests need beside n8n itself (node test/e2e/install.mjs --only-n8n):
// Debian's chromium and pngquant, through apt when run as root and they are not there. CHROMIUM=<program> takes another Chromium or Chrome.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Runs a command with our terminal; throws with the command line when it fails. */
function run(command, args, options = {}) {
	const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
	if (status !== 0)
		throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `exit code ${status}`}`);
}

/** Installs what is missing of Debian's packages. */
function apt(...packages) {
	const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
	run('apt-get', ['update', '-qq'], { env });
	run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
}

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
const missing = [
	...(existsSync(chromium) ? [] : ['chromium', 'fonts-liberation']),
	...(existsSync('/usr/bin/pngquant') ? [] : ['pngquant']),
];
if (missing.length > 0) {
	const isForeign = process.env.CHROMIUM && missing.includes('chromium');
	if (process.getuid?.() !== 0 || isForeign)
		throw new Error(`${isForeign ? `${chromium} is missing` : `apt-get install ${missing.join(' ')}`} first`);
	apt(...missing);
}
