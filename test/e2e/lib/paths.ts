import path from 'node:path';

export const E2E_DIR = path.resolve(__dirname, '..');
export const REPO_DIR = path.resolve(E2E_DIR, '../..');
/** Where `install.mjs` put n8n; E2E_N8N_DIR as there. */
export const INSTALL_DIR = process.env.E2E_N8N_DIR ? path.resolve(process.env.E2E_N8N_DIR) : E2E_DIR;
export const N8N_BIN = path.join(INSTALL_DIR, 'node_modules/n8n/bin/n8n');
/** Node 24 of its own: n8n 2.41 refuses to start on Node 20. */
export const NODE_BIN = path.join(
	INSTALL_DIR,
	`node_modules/node-${process.platform}-${process.arch}/bin/node`,
);
/** Databases, user folders, logs; emptied at the start of a run and kept after it. E2E_RUN_DIR lets others use this library. */
export const RUN_DIR = process.env.E2E_RUN_DIR
	? path.resolve(process.env.E2E_RUN_DIR)
	: path.join(E2E_DIR, '.run');
