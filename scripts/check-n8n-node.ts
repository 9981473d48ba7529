/**
 * `n8n-node lint`, `build` and `cloud-support`, as n8n asks authors to run them: what is shipped passes n8n's linter in strict
 * mode, that is with n8n's own ESLint file unchanged, builds to the same files as `npm run build`, and may be verified. In a copy,
 * because the linter judges whatever is in the folder, and tests and scripts may do what nodes may not.
 */
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { ROOT, installTool, readManifest, run, runMain, withTemporaryFolder } from './support';

const SHIPPED = [
	'package.json',
	'eslint.config.mjs',
	'nodes',
	'credentials',
	'icons',
	'tsconfig.json',
	'README.md',
	'LICENSE',
	'CHANGELOG.md',
];

/** The project's modules and n8n's tool, side by side. */
function linkModules(folder: string, tool: string): void {
	const scope = path.join(folder, '@n8n');
	mkdirSync(scope, { recursive: true });
	const present = path.join(ROOT, 'node_modules');
	for (const name of readdirSync(present).filter((each) => each !== '@n8n')) {
		symlinkSync(path.join(present, name), path.join(folder, name));
	}
	for (const name of readdirSync(path.join(present, '@n8n'))) {
		symlinkSync(path.join(present, '@n8n', name), path.join(scope, name));
	}
	symlinkSync(tool, path.join(scope, 'node-cli'));
}

const filesOf = (folder: string) =>
	readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
		.sort();

runMain(() =>
	withTemporaryFolder((folder) => {
		const tool = path.join(installTool('node-cli'), '@n8n/node-cli');
		for (const name of SHIPPED) cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
		linkModules(path.join(folder, 'node_modules'), tool);
		const { version } = readManifest(tool);
		const n8nNode = (command: string) =>
			run(process.execPath, [path.join(tool, 'bin/n8n-node.mjs'), command], folder);
		for (const command of ['lint', 'build']) {
			n8nNode(command);
			console.log(`n8n-node ${command} (${version}): passed`);
		}
		const standing = n8nNode('cloud-support');
		if (!/Status: .*eligible/.test(standing) || /NOT eligible/.test(standing)) throw new Error(standing);
		console.log(`n8n-node cloud-support (${version}): eligible`);
		const [theirs, ours] = [folder, ROOT].map((root) => filesOf(path.join(root, 'dist')));
		const different = [
			...ours!.filter((file) => !theirs!.includes(file)),
			...theirs!.filter((file) => !ours!.includes(file)),
		];
		if (different.length > 0) throw new Error(`n8n-node and npm run build differ in ${different.join(', ')}`);
	}),
);
