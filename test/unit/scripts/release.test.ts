import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';

import { faultsOf } from '../../../scripts/check-workflows';
import { withVersions } from '../../../scripts/newest';
import { placeholdersOf, withNames } from '../../../scripts/owner';
import { notesOf, npmTagOf } from '../../../scripts/release';
import { ROOT, readManifest } from '../../../scripts/support';

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const manifest = readManifest(ROOT);

describe('a release', () => {
	test.each([
		['1.2.3', 'latest'],
		['1.2.3-rc.1', 'next'],
		['0.2.0-0', 'next'],
	])('%s goes to the npm tag %s', (version, tag) => expect(npmTagOf(version)).toBe(tag));

	test('tells what the changelog tells of it, and nothing of its neighbours', () => {
		const changelog = [
			'# Changelog\n',
			'## [Unreleased]\n',
			'## [1.1.0-rc.1] - 2026-12-01\n\n### Added\n\n- a candidate\n',
			'## [1.0.0] - 2026-11-30\n\n- the first\n\n[1.0.0]: https://example.com/compare\n',
		].join('\n');
		expect(notesOf(changelog, '1.1.0-rc.1')).toBe('### Added\n\n- a candidate\n');
		expect(notesOf(changelog, '1.0.0')).toBe('- the first\n');
		expect(() => notesOf(changelog, '1.1.0')).toThrow("name its section '## [1.1.0]'");
		expect(() => notesOf('## [2.0.0]\n\n## [1.0.0]\n', '2.0.0')).toThrow('does not tell of 2.0.0');
		expect(notesOf(read('CHANGELOG.md'), manifest.version)).toContain('EvoLink API');
	});

	test('is refused while the changelog tells of something unreleased', () => {
		const changelog = '## [Unreleased]\n\n- not yet\n\n## [1.0.0] - 2026-11-30\n\n- the first\n';
		expect(() => notesOf(changelog, '1.0.0')).toThrow("move it to '## [1.0.0]'");
	});
});

describe("the owner's names", () => {
	const owned = {
		...manifest,
		author: { name: 'Ada Lovelace', email: 'ada@example.com' },
		repository: { url: `git+https://github.com/ada-l/${manifest.name}.git` },
	};

	test('are repeated wherever a text shows the repository or the copyright', () => {
		const text = `Copyright (c) 2026 somebody else\nhttps://github.com/old/${manifest.name}#readme, https://github.com/n8n-io/n8n`;
		expect(withNames(text, owned)).toBe(
			`Copyright (c) 2026 Ada Lovelace\nhttps://github.com/ada-l/${manifest.name}#readme, https://github.com/n8n-io/n8n`,
		);
	});

	test('count as placeholders as long as they are made from the package’s name', () => {
		const { name } = manifest;
		expect(placeholdersOf(owned)).toEqual([]);
		expect(
			placeholdersOf({
				...manifest,
				author: { name: `${name} maintainers`, email: 'maintainers@users.noreply.github.com' },
				repository: { url: `git+https://github.com/${name}/${name}.git` },
			}),
		).toHaveLength(3);
	});
});

describe('the newest n8n', () => {
	test('comes into a package.json in the places of the old one, and nothing else changes', () => {
		const manifestOf = (core: string, workflow: string) =>
			JSON.stringify({
				peerDependencies: { 'n8n-workflow': '*' },
				devDependencies: { 'n8n-core': core, 'n8n-workflow': workflow, zod: '3.25.76' },
			}).replaceAll(':', ': ');
		const text = manifestOf('2.41.1', '2.41.0');
		expect(withVersions(text, { 'n8n-core': '3.0.0', 'n8n-workflow': '3.0.1' })).toBe(
			manifestOf('3.0.0', '3.0.1'),
		);
		expect(() => withVersions(text, { n8n: '3.0.0' })).toThrow('No version of n8n');
	});
});

describe('workflows', () => {
	const FOLDER = '.github/workflows';
	interface Job {
		needs?: string | string[];
		uses?: string;
		permissions?: Record<string, string>;
		steps?: Array<{ run?: string; uses?: string }>;
	}
	const jobsOf = (file: string) => (load(read(`${FOLDER}/${file}`)) as { jobs: Record<string, Job> }).jobs;

	test.each(readdirSync(path.join(ROOT, FOLDER)))('%s pins its actions, its rights and its time', (file) =>
		expect(faultsOf(read(`${FOLDER}/${file}`))).toEqual([]),
	);

	test('an unpinned action, a job without an end and rights that are left open are found', () => {
		const text = 'jobs: { a: { steps: [{ uses: actions/checkout@v6 }] }, b: { uses: ./.github/x.yml } }';
		expect(faultsOf(text)).toEqual([
			'no permissions: it may do whatever the repository allows',
			'a: no timeout-minutes',
			'a: actions/checkout@v6 is not pinned to a commit',
		]);
	});

	test('nothing is published before CI has passed for that commit, and nothing else runs where the token is', () => {
		const { publish, ci } = jobsOf('publish.yml');
		expect(ci!.uses).toBe('./.github/workflows/ci.yml');
		expect(publish!.needs).toEqual(expect.arrayContaining(['package', 'ci']));
		const used = publish!.steps!.map(({ uses, run }) => uses?.split('@')[0] ?? run?.split(' ')[0]);
		expect(used).toEqual(['actions/setup-node', 'actions/download-artifact', 'npm']);
		const entitled = Object.entries(jobsOf('publish.yml'))
			.filter(([, { permissions }]) => permissions?.['id-token'] === 'write')
			.map(([name]) => name);
		expect(entitled).toEqual(['publish']);
	});
});
