import path from 'node:path';

export const E2E_DIR = path.resolve(__dirname, '../../test/e2e');
export const REPO_DIR = path.resolve(E2E_DIR, '../..');
/** `oldest`: the oldest supported n8n is driven instead of the newest; `container`: an image, as container.ts says. */
export const HOST = ['oldest', 'container'].find((host) => host === process.env.E2E_HOST) ?? '';
/** What is driven comes from nowhere on this disk. */
export const IN_CONTAINER = HOST === 'container';
/** Where `install.mjs` put n8n; E2E_N8N_DIR as there. */
export const installDir = (host: string) =>
	path.join(process.env.E2E_N8N_DIR ? path.resolve(process.env.E2E_N8N_DIR) : E2E_DIR, host);
export const n8nBin = (host: string) => path.join(installDir(host), 'node_modules/n8n/bin/n8n');
/** A Node of its own: n8n 2.41 refuses to start on Node 20, and the oldest n8n runs on the oldest Node that it takes. */
export const nodeBin = (host: string) =>
	path.join(installDir(host), `node_modules/node-${process.platform}-${process.arch}/bin/node`);
export const INSTALL_DIR = installDir(HOST);
export const N8N_BIN = n8nBin(HOST);
export const NODE_BIN = IN_CONTAINER ? process.execPath : nodeBin(HOST);
/** Databases, user folders, logs; emptied at the start of a run and kept after it. E2E_RUN_DIR lets others use this library. */
export const RUN_DIR = process.env.E2E_RUN_DIR
	? path.resolve(process.env.E2E_RUN_DIR)
	: path.join(E2E_DIR, HOST, '.run');
