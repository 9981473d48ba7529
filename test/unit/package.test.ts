import { readdirSync } from 'node:fs';
import path from 'node:path';

import {
	ROOT,
	expectOurFields,
	fieldsOf,
	json,
	manifest,
	nodes,
	sourceOf,
	text,
	type ExampleWorkflow,
} from './package-support';

describe('package.json', () => {
	test('the package brings nothing along: no dependencies, and n8n-workflow stays the host’s', () => {
		expect(manifest.dependencies).toBeUndefined();
		expect(manifest.peerDependencies).toEqual({ 'n8n-workflow': '*' });
		expect(manifest.peerDependenciesMeta).toEqual({ 'n8n-workflow': { optional: true } });
	});

	test('every node and credential that exists is registered', () => {
		const below = (folder: string, suffix: string) =>
			readdirSync(path.join(ROOT, folder), { recursive: true })
				.map((file) => path.posix.join(folder, String(file)))
				.filter((file) => file.endsWith(suffix))
				.sort();
		expect(below('nodes', '.node.ts')).toEqual(manifest.n8n.nodes.map(sourceOf).sort());
		expect(below('credentials', '.credentials.ts')).toEqual(manifest.n8n.credentials.map(sourceOf).sort());
	});

	test('the changelog tells what is in this version', () => {
		expect(text('CHANGELOG.md')).toContain(`\n## [${manifest.version}]`);
	});
});

describe('icons', () => {
	test.each(readdirSync(path.join(ROOT, 'icons')))('%s is square and carries its own drawing', (file) => {
		const svg = text(`icons/${file}`);
		const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
		expect(width).toBeDefined();
		expect(width).toBe(height);
		expect(svg).not.toMatch(/<script|<image|href=/);
	});
});

describe('webhooks', () => {
	test.each([...nodes])('of %s leave n8n no text of its own to answer with', (_type, { description }) => {
		expect(description.webhooks).not.toEqual([]);
		for (const webhook of description.webhooks!) expect(webhook).toMatchObject({ responseData: '' });
	});
});

describe('codex', () => {
	test.each([...nodes.keys()])('%s can be found in the node panel under a category', (type) => {
		const file = manifest.n8n.nodes.find((built) =>
			type.endsWith(path.basename(built, '.node.js').slice(1)),
		)!;
		const codex = json(sourceOf(file).replace(/\.ts$/, '.json'));
		expect(codex).toMatchObject({ node: type, categories: ['AI', 'Marketing & Content'] });
		expect(codex).toHaveProperty('resources.primaryDocumentation');
		expect(codex).toHaveProperty('resources.credentialDocumentation');
	});
});

describe('the search of the node panel', () => {
	const { alias } = json('nodes/SoraVideo/SoraVideo.node.json') as unknown as { alias: string[] };

	test('a company that the package has nothing to do with does not', () => {
		expect(alias.join()).not.toMatch(/openai/i);
	});
});

describe('docs/fields.md', () => {
	test.each([...nodes])('names every field of %s', (_type, { description }) => {
		const page = text('docs/fields.md');
		const unnamed = fieldsOf(description.properties)
			.filter(({ type }) => type !== 'notice' && type !== 'collection')
			.filter(({ displayName }) => !page.includes(displayName))
			.map(({ name }) => name);
		expect(unnamed).toEqual([]);
	});
});

describe('examples', () => {
	const files = readdirSync(path.join(ROOT, 'examples')).filter((file) => file.endsWith('.json'));

	test.each(files)('%s sets only fields and options that the nodes have', (file) => {
		expectOurFields(json(`examples/${file}`) as unknown as ExampleWorkflow);
	});

	test.each(files)('%s imports without a credential of ours and without loose ends', (file) => {
		const workflow = json(`examples/${file}`) as unknown as ExampleWorkflow;
		const isNote = ({ type }: { type: string }) => type === 'n8n-nodes-base.stickyNote';
		const names = workflow.nodes.filter((node) => !isNote(node)).map(({ name }) => name);
		const linked = Object.entries(workflow.connections).flatMap(([from, kinds]) => [
			from,
			...Object.values(kinds)
				.flat(2)
				.map(({ node }) => node),
		]);
		expect(workflow.nodes.filter(isNote)).not.toEqual([]);
		expect(names.filter((name) => !linked.includes(name))).toEqual([]);
		expect(linked.filter((name) => !names.includes(name))).toEqual([]);
		expect(workflow.nodes.filter((node) => 'credentials' in node)).toEqual([]);
	});
});
