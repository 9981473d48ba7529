import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { ROOT, text } from './package-support';

const files = ['nodes', 'credentials', 'stand-in', 'tools/n8n-engine', 'tools/n8n-server']
	.flatMap((folder) =>
		readdirSync(path.join(ROOT, folder), { recursive: true }).map((name) =>
			path.posix.join(folder, String(name)),
		),
	)
	.filter((file) => file.endsWith('.ts'));

/** Of one file, type-only imports included, which ESLint's rule lets pass. */
function importsOf(file: string): string[] {
	return [...text(file).matchAll(/\bfrom '(\.[^']*)'/g)].flatMap(([, to]) => {
		const base = path.posix.join(path.posix.dirname(file), to!);
		return [`${base}.ts`, `${base}/index.ts`].filter((name) => existsSync(path.join(ROOT, name)));
	});
}

const imports = new Map(files.map((file) => [file, importsOf(file)]));

/** Whatever the file leads to, however far. */
function reachedFrom(file: string): Set<string> {
	const reached = new Set<string>();
	const open = [...(imports.get(file) ?? [])];
	for (let next = open.pop(); next !== undefined; next = open.pop()) {
		if (reached.has(next)) continue;
		reached.add(next);
		open.push(...(imports.get(next) ?? []));
	}
	return reached;
}

test('no file leads back to itself, not even for a type', () => {
	expect(files.length).toBeGreaterThan(100);
	expect(files.filter((file) => reachedFrom(file).has(file))).toEqual([]);
});
