// node test/ui/install.mjs   installs what the editor tests need beside n8n itself (node test/e2e/install.mjs --only-n8n):
// Debian's chromium, through apt when run as root and none is there. CHROMIUM=<program> takes another Chromium or Chrome.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Runs a command with our terminal; throws with the command line when it fails. */
function run(command, args, options = {}) {
	const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
	if (status !== 0)
		throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `exit code ${status}`}`);
}

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(chromium)) {
	if (process.getuid?.() !== 0 || process.env.CHROMIUM)
		throw new Error(`${chromium} is missing: apt-get install chromium, or CHROMIUM=<program>`);
	const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
	run('apt-get', ['update', '-qq'], { env });
	run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-liberation'], {
		env,
	});
}
