/**
 * Facts of a release, for the workflow `publish.yml`:
 *
 *   npm run release -- v1.2.3 [notes.md]
 *
 * fails unless the tag is the version in package.json, and the changelog has a section for it and nothing that is
 * unreleased; writes the changelog's section to `notes.md`, and the npm tag and whether it is a prerelease to $GITHUB_OUTPUT.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, readManifest, runMain } from './support';

/** What `npm install` without a version gets is `latest`; npm refuses a prerelease without a tag. */
export const npmTagOf = (version: string) => (version.includes('-') ? 'next' : 'latest');

/** The changelog's section of a version, without its heading. @throws Error if there is none, or something is unreleased */
export function notesOf(changelog: string, version: string): string {
	const textOf = (name: string) => {
		const section = changelog.split(/^## /m).find((text) => text.startsWith(`[${name}]`));
		const lines = section?.split('\n').slice(1) ?? [];
		return lines
			.filter((line) => !/^\[[^\]]+\]: /.test(line))
			.join('\n')
			.trim();
	};
	if (textOf('Unreleased'))
		throw new Error(`CHANGELOG.md has text under [Unreleased]: move it to '## [${version}]'`);
	const notes = textOf(version);
	if (!notes) throw new Error(`CHANGELOG.md does not tell of ${version}: name its section '## [${version}]'`);
	return `${notes}\n`;
}

if (require.main === module) {
	runMain(async () => {
		const [tag, file] = process.argv.slice(2);
		const { version } = readManifest(ROOT);
		if (tag !== `v${version}`) throw new Error(`The tag is '${tag}', package.json has version ${version}`);
		const notes = notesOf(readFileSync(path.join(ROOT, 'CHANGELOG.md'), 'utf8'), version);
		if (file) writeFileSync(file, notes);
		const npmTag = npmTagOf(version);
		const facts = `npm-tag=${npmTag}\nprerelease=${npmTag === 'next'}\n`;
		if (process.env.GITHUB_OUTPUT) appendFileSync(process.env.GITHUB_OUTPUT, facts);
		console.log(facts + notes);
	});
}
