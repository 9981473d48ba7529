/**
 * Facts of a release, for the workflow `publish.yml`:
 *
 *   npm run release -- v1.2.3 [notes.md]
 *
 * fails unless the tag is the version in package.json and the changelog has a section for it; writes the changelog's
 * section to `notes.md`, and the npm tag and whether it is a prerelease to $GITHUB_OUTPUT.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, readManifest, runMain } from './support';

/** What `npm install` without a version gets is `latest`; npm refuses a prerelease without a tag. */
export const npmTagOf = (version: string) => (version.includes('-') ? 'next' : 'latest');

/** The changelog's section of a version, without its heading. @throws Error when it has none, or an empty one */
export function notesOf(changelog: string, version: string): string {
	const sections = changelog.split(/^## /m);
	const section = sections.find((text) => text.startsWith(`[${version}]`) || text.startsWith(`${version} `));
	const notes = section
		?.slice(section.indexOf('\n'))
		.replace(/^\[[^\]]+\]: \S+$/gm, '')
		.trim();
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
