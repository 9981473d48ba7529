import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const repositoryRoot = resolve(__dirname, '../..');

/** What `npm run build` and `npm pack` read, as far as it exists. */
const SOURCES = ['package.json', 'tsconfig.json', 'gulpfile.js', 'nodes', 'credentials', 'icons'];
const DOCUMENTS = ['README.md', 'LICENSE', 'CHANGELOG.md'];

/** What a node may import at run time: n8n's own copies of these are all that the package finds beside itself. */
const HOST_MODULES = ['n8n-workflow', 'zod', 'luxon', 'lodash', 'p-limit'];

const STALE_LOCK_MS = 180_000;

interface Manifest {
	name: string;
	[field: string]: unknown;
}

function filesBelow(path: string): string[] {
	if (!fs.statSync(path).isDirectory()) return [path];
	return fs
		.readdirSync(path)
		.sort()
		.flatMap((name) => filesBelow(join(path, name)));
}

const presentSources = (): string[] =>
	[...SOURCES, ...DOCUMENTS].filter((name) => fs.existsSync(join(repositoryRoot, name)));

const readManifest = (file: string): Manifest => JSON.parse(fs.readFileSync(file, 'utf8')) as Manifest;

function fingerprint(): string {
	const hash = createHash('sha256').update(repositoryRoot);
	for (const source of presentSources()) {
		for (const file of filesBelow(join(repositoryRoot, source)))
			hash.update(file).update(fs.readFileSync(file));
	}
	return hash.digest('hex').slice(0, 16);
}

async function run(command: string, args: string[], cwd: string): Promise<void> {
	const path = `${join(repositoryRoot, 'node_modules/.bin')}:${process.env.PATH}`;
	const child = spawn(command, args, { cwd, env: { ...process.env, PATH: path } });
	let output = '';
	child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
	child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
	const code = await new Promise<number | null>((done, fail) =>
		child.once('error', fail).once('close', done),
	);
	if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`);
}

/** n8n installs a package without its dev, peer and optional dependencies (community-packages.service.js). */
function stripManifest(file: string): Manifest {
	const manifest = readManifest(file);
	for (const field of ['devDependencies', 'peerDependencies', 'optionalDependencies']) delete manifest[field];
	fs.writeFileSync(file, JSON.stringify(manifest, null, 2));
	return manifest;
}

async function packInto(target: string): Promise<void> {
	const stage = fs.mkdtempSync(join(tmpdir(), 'sora-pack-'));
	try {
		for (const name of presentSources())
			fs.cpSync(join(repositoryRoot, name), join(stage, name), { recursive: true });
		fs.symlinkSync(join(repositoryRoot, 'node_modules'), join(stage, 'node_modules'));
		await run('npm', ['run', 'build'], stage);
		await run('npm', ['pack', '--ignore-scripts'], stage);
		const tarball = fs.readdirSync(stage).find((name) => name.endsWith('.tgz'));
		if (!tarball) throw new Error('npm pack wrote no tarball');
		await run('tar', ['xzf', tarball], stage);
		const { name } = stripManifest(join(stage, 'package/package.json'));

		const assembled = join(stage, 'assembled');
		fs.mkdirSync(join(assembled, 'nodes/node_modules'), { recursive: true });
		fs.mkdirSync(join(assembled, 'node_modules'));
		for (const module of HOST_MODULES)
			fs.symlinkSync(join(repositoryRoot, 'node_modules', module), join(assembled, 'node_modules', module));
		fs.renameSync(join(stage, 'package'), join(assembled, 'nodes/node_modules', name));
		fs.cpSync(join(stage, tarball), join(assembled, 'package.tgz'));
		fs.renameSync(assembled, target);
	} finally {
		fs.rmSync(stage, { recursive: true, force: true });
	}
}

function removeOldCopies(cache: string): void {
	const dayAgo = Date.now() - 24 * 3_600_000;
	for (const name of fs.readdirSync(cache)) {
		const path = join(cache, name);
		const lastUsed = fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
		if (lastUsed < dayAgo) fs.rmSync(path, { recursive: true, force: true });
	}
}

function tryLock(lock: string): boolean {
	try {
		fs.mkdirSync(lock);
		return true;
	} catch {
		const age = Date.now() - (fs.statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
		if (age > STALE_LOCK_MS) fs.rmSync(lock, { recursive: true, force: true });
		return false;
	}
}

export interface PackedPackage {
	/** The unpacked package, laid out as in n8n's user folder. */
	directory: string;
	/** The tarball as `npm publish` would send it. */
	tarball: string;
}

/**
 * Builds, packs and unpacks the package as it stands in the working copy; a copy made from the same
 * sources is reused, across test files and runs. `dist/` of the working copy is neither read nor written.
 */
export async function packedPackage(): Promise<PackedPackage> {
	const cache = join(tmpdir(), 'n8n-nodes-evolink-sora-packed');
	fs.mkdirSync(cache, { recursive: true });
	const target = join(cache, fingerprint());
	const lock = `${target}.lock`;
	while (!fs.existsSync(target)) {
		if (!tryLock(lock)) {
			await sleep(200);
			continue;
		}
		try {
			if (!fs.existsSync(target)) {
				removeOldCopies(cache);
				await packInto(target);
			}
		} finally {
			fs.rmSync(lock, { recursive: true, force: true });
		}
	}
	fs.utimesSync(target, new Date(), new Date());
	const { name } = readManifest(join(repositoryRoot, 'package.json'));
	return { directory: join(target, 'nodes/node_modules', name), tarball: join(target, 'package.tgz') };
}
