import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';

import { packPackage } from '../../../tools/n8n-server/package-under-test';
import { HOST, IN_CONTAINER, INSTALL_DIR, N8N_BIN, NODE_BIN, RUN_DIR } from '../../../tools/n8n-server/paths';

/** Fails early, with what to do, when n8n is missing; packs the package once for all files. */
export default async function globalSetup(): Promise<void> {
	if (!IN_CONTAINER && (!existsSync(N8N_BIN) || !existsSync(NODE_BIN))) {
		throw new Error(`n8n is not installed in ${INSTALL_DIR}: run node test/e2e/install.mjs ${HOST}`);
	}
	rmSync(RUN_DIR, { recursive: true, force: true });
	mkdirSync(RUN_DIR, { recursive: true });
	// the package lives below this folder: without the link it would find the modules of another n8n, in a folder above
	if (!IN_CONTAINER) symlinkSync(path.join(INSTALL_DIR, 'node_modules'), path.join(RUN_DIR, 'node_modules'));
	await packPackage();
}
