import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { packedPackage } from '../n8n-engine/packed-package';
import { IN_CONTAINER, NODE_BIN, REPO_DIR, RUN_DIR } from './paths';

const manifest = JSON.parse(readFileSync(path.join(REPO_DIR, 'package.json'), 'utf8')) as {
	name: string;
	version: string;
};

export const PACKAGE_NAME = manifest.name;
export const PACKAGE_VERSION = manifest.version;

/** First on n8n's PATH, so that its `npm` is ours. */
export const NPM_SHIM_DIR = path.join(RUN_DIR, 'npm-shim');

/** Where `packPackage` puts the package as n8n would have installed it, for containers to mount. */
export const MOUNTED_PACKAGE = path.join(NPM_SHIM_DIR, 'package');

/**
 * Packs the package as it stands in the working copy, or takes a tarball of it, and puts an `npm` into NPM_SHIM_DIR that serves that tarball as if it were published: n8n
 * installs community packages with `npm view` and `npm pack` and then unpacks. It is the newest version, too: the real `npm
 * outdated`, which n8n runs whenever it lists packages, asks the registry for it and may take minutes. Every other npm
 * command is the real one.
 */
export async function packPackage(packed?: string): Promise<void> {
	const tarball = `${PACKAGE_NAME}-${PACKAGE_VERSION}.tgz`;
	mkdirSync(NPM_SHIM_DIR, { recursive: true });
	copyFileSync(packed ?? (await packedPackage()).tarball, path.join(NPM_SHIM_DIR, tarball));
	if (IN_CONTAINER) execFileSync('tar', ['-xzf', tarball], { cwd: NPM_SHIM_DIR });
	const npm = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim();
	const spec = `${PACKAGE_NAME}@`;
	const script = [
		'#!/bin/sh',
		'case "$1 $2" in',
		`"view ${spec}"*) echo '"${PACKAGE_VERSION}"' ;;`,
		`"pack ${spec}"*) cp '${path.join(NPM_SHIM_DIR, tarball)}' . && echo '${tarball}' ;;`,
		`outdated*) echo '{}' ;;`,
		`*) exec '${npm}' "$@" ;;`,
		'esac',
		'',
	].join('\n');
	writeFileSync(path.join(NPM_SHIM_DIR, 'npm'), script);
	chmodSync(path.join(NPM_SHIM_DIR, 'npm'), 0o755);
}

/** PATH for n8n: the npm shim, then Node 24, then what this machine has. */
export const n8nPath = () => [NPM_SHIM_DIR, path.dirname(NODE_BIN), process.env.PATH].join(':');
