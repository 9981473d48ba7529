import { existsSync, mkdirSync, rmSync } from 'node:fs';

import { packPackage } from './package-under-test';
import { INSTALL_DIR, N8N_BIN, NODE_BIN, RUN_DIR } from './paths';

/** Fails early, with what to do, when n8n or the build is missing; packs the package once for all files. */
export default function globalSetup(): void {
	if (!existsSync(N8N_BIN) || !existsSync(NODE_BIN)) {
		throw new Error(`n8n is not installed in ${INSTALL_DIR}: run node test/e2e/install.mjs`);
	}
	rmSync(RUN_DIR, { recursive: true, force: true });
	mkdirSync(RUN_DIR, { recursive: true });
	packPackage();
}
