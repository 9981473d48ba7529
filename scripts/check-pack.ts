/**
 * Checks the package as it would be published: it has the expected files, installs without dependencies, and n8n's own loader
 * loads it with nothing but the modules that n8n provides.
 */
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { ROOT, pack, readManifest, run, runMain, withTemporaryFolder } from './support';

/** Direct dependencies of the `n8n` package that a community node may import. */
const HOST_MODULES = ['n8n-workflow', 'zod', 'luxon', 'lodash', 'p-limit'];
const TOP_LEVEL = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
const SHIPPED = /^dist\/(credentials|nodes|icons)\/.+(\.js|\.d\.ts|\.node\.json|\.svg)$/;

function demand(holds: boolean, message: string): void {
	if (!holds) throw new Error(`check-pack: ${message}`);
}

function checkFiles(tarball: string): void {
	const files = run('tar', ['-tzf', tarball])
		.trim()
		.split('\n')
		.map((file) => file.replace(/^package\//, ''));
	const foreign = files.filter((file) => !TOP_LEVEL.includes(file) && !SHIPPED.test(file));
	demand(foreign.length === 0, `these files do not belong into the package: ${foreign.join(', ')}`);
	const missing = TOP_LEVEL.filter((file) => !files.includes(file));
	demand(missing.length === 0, `the package lacks ${missing.join(', ')}`);
	const tests = files.filter((file) => /(^|\/)(tests?|__tests__)\/|\.(test|spec)\.(js|d\.ts)$/.test(file));
	demand(tests.length === 0, `tests are packed: ${tests.join(', ')}`);
	console.log(`check-pack: ${files.length} files, none foreign`);
}

function checkLoads(modules: string): void {
	const installed = readdirSync(modules).filter((name) => !name.startsWith('.'));
	const { name } = readManifest(ROOT);
	demand(installed.join() === name, `installing the package brought ${installed.join(', ')}`);
	const host = path.join(modules, '..', 'host');
	for (const module of HOST_MODULES) {
		mkdirSync(path.dirname(path.join(host, module)), { recursive: true });
		symlinkSync(path.join(ROOT, 'node_modules', module), path.join(host, module));
	}
	const loader = path.join(ROOT, 'scripts', 'load-packed.cjs');
	console.log(run('env', [`NODE_PATH=${host}`, process.execPath, loader, path.join(modules, name)]).trim());
}

runMain(() =>
	withTemporaryFolder((folder) => {
		const tarball = pack(folder);
		checkFiles(tarball);
		run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--prefix', folder, tarball], folder);
		checkLoads(path.join(folder, 'node_modules'));
	}),
);
