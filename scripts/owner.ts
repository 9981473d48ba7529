/**
 * The owner's names have one place: `author` and `repository` in package.json. Everything else that shows them (links,
 * codex files, issue forms, license) repeats them.
 *
 *   npm run owner                writes them wherever they are repeated
 *   npm run owner -- --check     fails if one differs, and says which are still placeholders
 *   npm run owner -- --publish   fails for placeholders, too: npm ties the provenance to the repository
 */
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, readManifest, runMain, type Manifest } from './support';

/** Where names may be repeated. */
const PLACES = [
	...['.github', 'credentials', 'docs', 'examples', 'nodes'],
	...['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json'],
];
const TEXT = /\.(ts|json|md|ya?ml)$|LICENSE$/;

function filesBelow(place: string): string[] {
	if (!statSync(path.join(ROOT, place)).isDirectory()) return [place];
	return readdirSync(path.join(ROOT, place)).flatMap((name) => filesBelow(path.join(place, name)));
}

/** `owner` and `repository` of `git+https://github.com/<owner>/<repository>.git`. */
export function repositoryOf({ repository }: Manifest): { owner: string; name: string } {
	const parts = /^git\+https:\/\/github\.com\/([\w.-]+)\/([\w.-]+)\.git$/.exec(repository.url);
	if (!parts) throw new Error(`repository.url is '${repository.url}', not git+https://github.com/…/….git`);
	return { owner: parts[1]!, name: parts[2]! };
}

/** A text with the names of `manifest` in it. The repository has the package's name. */
export function withNames(text: string, manifest: Manifest): string {
	const { owner } = repositoryOf(manifest);
	return text
		.replaceAll(
			new RegExp(`(github|raw\\.githubusercontent)\\.com/[\\w.-]+/${manifest.name}(?![\\w-])`, 'g'),
			`$1.com/${owner}/${manifest.name}`,
		)
		.replace(/^(Copyright \(c\) \d+) .+$/m, `$1 ${manifest.author.name}`);
}

/** What is still a placeholder made of the package's name, as `field: value`. */
export function placeholdersOf(manifest: Manifest): string[] {
	const { owner } = repositoryOf(manifest);
	const { name, email } = manifest.author;
	return [
		...(name.startsWith(manifest.name) ? [`author.name: ${name}`] : []),
		...(email.startsWith('maintainers@') ? [`author.email: ${email}`] : []),
		...(owner === manifest.name ? [`repository.url: github.com/${owner}`] : []),
	];
}

if (require.main === module) {
	runMain(async () => {
		const manifest = readManifest(ROOT);
		const { name } = repositoryOf(manifest);
		if (name !== manifest.name) throw new Error(`The repository is '${name}'; call it '${manifest.name}'`);
		const isWriting = process.argv.length === 2;
		const different: string[] = [];
		for (const file of PLACES.flatMap(filesBelow).filter((file) => TEXT.test(file))) {
			const present = readFileSync(path.join(ROOT, file), 'utf8');
			const wanted = withNames(present, manifest);
			if (wanted === present) continue;
			different.push(file);
			if (isWriting) writeFileSync(path.join(ROOT, file), wanted);
		}
		if (isWriting) {
			console.log(different.length > 0 ? `written: ${different.join(', ')}` : 'all names are current');
		} else if (different.length > 0) {
			throw new Error(`Other names than in package.json: ${different.join(', ')}. Run npm run owner`);
		}
		const placeholders = placeholdersOf(manifest);
		const told = placeholders.map((each) => `  ${each}`).join('\n');
		if (placeholders.length === 0) return;
		if (process.argv.includes('--publish')) throw new Error(`Placeholders in package.json:\n${told}`);
		console.log(`placeholders in package.json, to be set before the first release:\n${told}`);
	});
}
