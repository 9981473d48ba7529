/**
 * Sets up the process for n8n-core, which reads these settings while it loads: require it before anything that requires
 * n8n-core. n8n's user folder is thrown away with the process.
 */
require('reflect-metadata');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

if (!process.env.N8N_USER_FOLDER) {
	const folder = mkdtempSync(join(tmpdir(), 'n8n-engine-'));
	process.env.N8N_USER_FOLDER = folder;
	process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
}

Object.assign(process.env, {
	N8N_ENCRYPTION_KEY: 'k'.repeat(32),
	N8N_LOG_LEVEL: 'debug',
	N8N_DIAGNOSTICS_ENABLED: 'false',
	N8N_DEFAULT_BINARY_DATA_MODE: 'filesystem',
	N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS: 'false',
});
