import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const ROOT = path.resolve(__dirname, '..');

export interface Manifest {
	name: string;
	version: string;
	description: string;
	author: { name: string; email: string };
	repository: { url: string };
	dependencies?: Record<string, string>;
	devDependencies: Record<string, string>;
	n8n: { nodes: string[]; credentials: string[] };
}

export function readManifest(folder: string): Manifest {
	return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;
}

/**
 * Runs a program to its end and returns what it printed.
 * @throws Error with its output when it fails or takes longer than `minutes`.
 */
export function run(command: string, args: string[], cwd = ROOT, minutes = 5): string {
	const { status, stdout, stderr, error } = spawnSync(command, args, {
		cwd,
		encoding: 'utf8',
		timeout: minutes * 60_000,
		shell: process.platform === 'win32',
	});
	if (error ?? status !== 0) {
		throw new Error(
			`${command} ${args.join(' ')} ended with ${error?.message ?? status}\n${stdout}${stderr}`,
		);
	}
	return stdout;
}

/** Calls `work` with a fresh folder outside the project, where none of its node_modules is found, and removes it. */
export async function withTemporaryFolder<T>(work: (folder: string) => T | Promise<T>): Promise<T> {
	const folder = mkdtempSync(path.join(tmpdir(), 'evolink-sora-'));
	try {
		return await work(folder);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/**
 * Packs the project as it would be published; returns the tarball's path in `folder`.
 * @throws Error where `dist` is not built: such a tarball passes every check of its files
 */
export function pack(folder: string): string {
	const [{ filename, files }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder])) as [
		{ filename: string; files: Array<{ path: string }> },
	];
	const packed = new Set(files.map((file) => file.path));
	const { n8n } = readManifest(ROOT);
	const missing = [...n8n.nodes, ...n8n.credentials].filter((file) => !packed.has(file));
	if (missing.length > 0) throw new Error(`The tarball lacks ${missing.join(', ')}: run npm run build`);
	return path.join(folder, filename);
}

/** Unpacks a tarball made by `pack`; returns the package's folder. */
export function unpack(tarball: string, folder: string): string {
	run('tar', ['-xzf', tarball, '-C', folder]);
	return path.join(folder, 'package');
}

/**
 * Installs what `tools/<name>/package.json` pins, unless it is there already, and returns its node_modules.
 * Such tools need versions of their own, and so cannot be devDependencies of the project.
 */
export function installTool(name: string): string {
	const folder = path.join(ROOT, 'tools', name);
	const modules = path.join(folder, 'node_modules');
	if (!existsSync(path.join(modules, '.package-lock.json'))) {
		console.log(`Installing tools/${name} (once) …`);
		run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], folder, 10);
	}
	return modules;
}

/** Runs a script's `main`; an error ends it with exit code 1 and is printed without a stack. */
export function runMain(main: () => Promise<void>): void {
	main().catch((error: unknown) => {
		console.error(error instanceof Error ? error.message : error);
		process.exitCode = 1;
	});
}
