/**
 * `npm run newest`: sets every version that follows n8n to the newest one on npm, so that the commands after it (`npm test`,
 * `npm run test:e2e`, `npm run scan` …) meet tomorrow's n8n. For the weekly workflow; locally `git checkout` takes it back.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, run, runMain } from './support';

/** Where a version of which package stands. What n8n-core needs itself comes in the version that it names. */
const PINS: Record<string, string[]> = {
	'package.json': ['n8n-core', 'n8n-workflow', '@n8n/eslint-plugin-community-nodes'],
	'test/e2e/package.json': ['n8n'],
	'tools/scan/package.json': ['@n8n/scan-community-package'],
	'tools/node-cli/package.json': ['@n8n/node-cli'],
};
const WITH_CORE = ['@n8n/backend-common', '@n8n/di', 'n8n-workflow'];

/** A package.json with other versions, and nothing else changed in it: a range of a peer stays. @throws Error when it does not name a package */
export function withVersions(text: string, versions: Record<string, string>): string {
	return Object.entries(versions).reduce((changed, [name, version]) => {
		const pin = new RegExp(`("${name}": ")\\d[^"]*(")`);
		if (!pin.test(changed)) throw new Error(`No version of ${name}`);
		return changed.replace(pin, `$1${version}$2`);
	}, text);
}

const view = (name: string, field: string): unknown => {
	const text = run('npm', ['view', name, field, '--json']).trim();
	return text === '' ? undefined : JSON.parse(text);
};

if (require.main === module) {
	runMain(async () => {
		for (const [file, names] of Object.entries(PINS)) {
			const versions = Object.fromEntries(names.map((name) => [name, String(view(name, 'version'))]));
			const core = versions['n8n-core'];
			if (core !== undefined) {
				const wants = view(`n8n-core@${core}`, 'dependencies') as Record<string, string>;
				for (const name of WITH_CORE) versions[name] = wants[name]!;
			}
			if (versions.n8n !== undefined && view(`n8n@${versions.n8n}`, 'bin') === undefined) {
				console.log(`${file}: n8n ${versions.n8n} is no program any more; npm run test:e2e:container has it`);
				continue;
			}
			const target = path.join(ROOT, file);
			writeFileSync(target, withVersions(readFileSync(target, 'utf8'), versions));
			console.log(`${file}: ${Object.entries(versions).flat().join(' ')}`);
		}
	});
}
