import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { OTHER_MODELS } from '../../nodes/evolink/generated/otherModels.gen';
import { TIMEOUT_MINUTES } from '../../nodes/SoraVideo/settings';
import { ORDERS_KEPT } from '../../nodes/SoraVideo/order/inFlight';
import { MEMORY_SIZE } from '../../nodes/SoraVideoTrigger/memory';
import { pages, sources, tableRows, withoutCode } from './docs-support';
import { DOCUMENTED_FIELDS } from '../../nodes/evolink/generated/spec.gen';
import { fieldTitle, type ModelFields } from '../../nodes/evolink/modelEntries';
import { facts } from '../contract/openapi';
import { ROOT, credentials, expectOurFields, fieldsOf, manifest, nodes, text } from './package-support';
import type { ExampleWorkflow } from './package-support';

/** What GitHub makes of a heading. */
function anchorOf(heading: string): string {
	const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
	return words
		.trim()
		.toLowerCase()
		.replace(/[^\p{L}\p{N}\s_-]/gu, '')
		.replace(/\s/g, '-');
}

const anchorsOf = (page: string) =>
	[...withoutCode(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));

describe('links', () => {
	test.each(pages)('in %s lead to files and headings that are there', (page) => {
		const targets = [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
		const dead = targets
			.filter((target) => !/^[a-z]+:/.test(target))
			.filter((target) => {
				const [file, anchor] = target.split('#') as [string, string?];
				const to = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
				if (!existsSync(path.join(ROOT, to))) return true;
				return anchor !== undefined && !anchorsOf(to).includes(anchor);
			});
		expect(dead).toEqual([]);
	});

	test('lead from the index to every page of docs/', () => {
		const index = text('docs/README.md');
		const unlisted = readdirSync(path.join(ROOT, 'docs'))
			.filter((file) => file.endsWith('.md') && file !== 'README.md')
			.filter((file) => !index.includes(`](${file})`));
		expect(unlisted).toEqual([]);
	});

	test.each(readdirSync(path.join(ROOT, 'docs/images')))('show %s, which is quick to load', (picture) => {
		expect(pages.filter((page) => text(page).includes(`images/${picture})`))).not.toEqual([]);
		expect(statSync(path.join(ROOT, 'docs/images', picture)).size).toBeLessThan(200_000);
	});
});

describe('paths', () => {
	const ours =
		/^(?:nodes|test|docs|examples|scripts|stand-in|spec|tools|credentials|\.github|\.ci)\/[\w./-]+$/;

	test.each(pages)('in %s are there', (page) => {
		const named = [...text(page).matchAll(/`([^`\s]+)`/g)].map(([, name]) => name!);
		const paths = named.filter((name) => ours.test(name));
		expect(paths.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
	});
});

test('nodes/README.md names functions and types that are in the files it links to', () => {
	const page = text('nodes/README.md');
	const named = [...page.matchAll(/`(\w+)`(?:(?:, `(\w+)`)? and `(\w+)`)? in\s+\[`[^`]+`\]\(([^)]+)\)/g)];
	expect(named.length).toBeGreaterThan(10);
	const missing = named.flatMap(([, first, second, third, file]) =>
		[first, second, third].filter(
			(name) => name && !new RegExp(`\\b${name}\\b`).test(text(`nodes/${file!}`)),
		),
	);
	expect(missing).toEqual([]);
});

describe('commands', () => {
	test.each(pages)('in %s exist', (page) => {
		const named = [...text(page).matchAll(/npm\s+run\s+(?:--silent\s+)?([a-z][\w-]*(?::[\w-]+)*)/g)];
		const unknown = named.map(([, name]) => name!).filter((name) => !(name in manifest.scripts));
		expect(unknown).toEqual([]);
	});
});

test('CONTRIBUTING.md names every command', () => {
	const told = text('CONTRIBUTING.md');
	const parts = /^(pre\w+|test)$|^bench:/;
	const untold = Object.keys(manifest.scripts).filter((name) => !parts.test(name));
	expect(untold.filter((name) => !told.includes(`\`npm run ${name}\``))).toEqual([]);
});

const choicesOf = ({ type, options = [] }: INodeProperties) =>
	type === 'options' || type === 'multiOptions' ? options.map(({ name }) => name) : [];

const fields = [
	...[...nodes.values()].flatMap(({ description }) => fieldsOf(description.properties)),
	...credentials.flatMap(({ properties }) => properties),
];

const shownNames = new Set([
	...[...nodes.values()].map(({ description }) => description.displayName),
	...credentials.map(({ displayName }) => displayName),
	...fields.flatMap((field) => [field.displayName, ...choicesOf(field)]),
]);

describe('field tables', () => {
	test.each(pages)('in %s name only what the node or the credential shows', (page) => {
		const names = tableRows(page, ['field', 'option', 'operation']).map(([name]) => name!.replace(/\*/g, ''));
		const ofOutput = /^`|^binary /;
		expect(names.filter((name) => !ofOutput.test(name) && !shownNames.has(name))).toEqual([]);
	});
});

describe('README', () => {
	test('has the sections that n8n verification asks for', () => {
		expect(anchorsOf('README.md')).toEqual(
			expect.arrayContaining([
				'installation',
				'operations',
				'credentials',
				'compatibility',
				'usage',
				'resources',
				'version-history',
			]),
		);
	});

	test('shows every example', () => {
		const readme = text('README.md');
		const examples = readdirSync(path.join(ROOT, 'examples')).filter((file) => file.endsWith('.json'));
		expect(examples.filter((file) => !readme.includes(`](examples/${file})`))).toEqual([]);
	});

	test('is short', () => expect(text('README.md').split('\n').length).toBeLessThanOrEqual(151));
});

describe('docs/fields.md', () => {
	test('says of each option the default that it has', () => {
		const options = fieldsOf(nodes.get(`${manifest.name}.soraVideo`)!.description.properties);
		const told = tableRows('docs/fields.md', ['option']);
		expect(told).not.toEqual([]);
		for (const [name, shown] of told) {
			const option = options.find(({ displayName }) => displayName === name)!;
			const choice = (option.options as INodePropertyOptions[] | undefined)?.find(
				({ value }) => value === option.default,
			);
			const expected = choice?.name ?? { false: 'off', true: 'on', '': '–' }[String(option.default)];
			expect([name, shown!.replace(/[`*]/g, '')]).toEqual([name, expected ?? String(option.default)]);
		}
	});

	const choices = Object.values<ModelFields>(DOCUMENTED_FIELDS).flatMap((ofModel) =>
		Object.entries(ofModel).filter(([name, field]) => name !== 'model' && field.enum),
	);
	test.each(choices)('names every choice of %s', (name, field) => {
		const [, ...row] = tableRows('docs/fields.md', ['field']).find(([title]) => title === fieldTitle(name))!;
		const words = row.join(' ').split(/[^\w:]+/);
		expect(words).toEqual(expect.arrayContaining(field.enum!.map(String)));
	});
});

describe('quoted answers and hints', () => {
	test('of callbacks.md are those of the code', () => {
		const answers = tableRows('docs/callbacks.md', ['answer'])
			.flatMap(([answer]) => [...answer!.matchAll(/`([^`]+)`/g)])
			.map(([, words]) => words!);
		expect(answers).not.toEqual([]);
		expect(answers.filter((words) => !sources.includes(`'${words}'`))).toEqual([]);
	});

	test('of waiting.md are those of the code', () => {
		const [, hint] = /for example `([^`]+)`/.exec(text('docs/waiting.md'))!;
		expect(sources).toContain(`'${hint!.replace(/\s+/g, ' ')}'`);
	});
});

describe('workflows to paste', () => {
	const pasted = pages.flatMap((page) =>
		[...text(page).matchAll(/^```json\n([\s\S]*?)^```/gm)]
			.filter(([, code]) => code!.includes('"nodes"'))
			.map(([, code], at) => [`${page}, ${at + 1}`, code!] as const),
	);

	test.each(pasted)('%s sets only fields and options that the nodes have', (_where, code) => {
		expectOurFields(JSON.parse(code) as ExampleWorkflow);
	});
});

describe('numbers', () => {
	const { callback, pricing, quality, results, upload } = facts;
	const DURATIONS = DOCUMENTED_FIELDS['sora-2-preview'].duration.enum;
	const preview = pricing.models['sora-2-preview'] as Record<string, number>;
	const credits = (seconds: number) => (preview.creditsPerSecond * seconds).toFixed(2);
	const usd = (seconds: number) => ((preview.creditsPerSecond * seconds) / pricing.creditsPerUsd).toFixed(2);
	const retries = callback.retryDelaysSeconds;

	test.each<[string, string]>([
		['docs/fields.md', `a list of ${Object.keys(OTHER_MODELS).length} models`],
		['docs/cost.md', `as of ${pricing.asOf}`],
		['docs/cost.md', `${pricing.creditsPerUsd} credits were 1 USD`],
		['docs/cost.md', `${preview.creditsPerSecond} credits per second, ${preview.minimumCredits} at least`],
		['docs/cost.md', `| \`sora-2-preview\` | ${DURATIONS.map(credits).join(' | ')} |`],
		['docs/cost.md', `${pricing.models['sora-character'].creditsPerCall} credits per call`],
		['docs/cost.md', `${quality.priceFactors['1080p']} times the price of 720p`],
		['docs/cost.md', `Links work for ${results.linkLifetimeHours} hours`],
		[
			'docs/cost.md',
			`keeps an uploaded file for ${upload.lifetimeHours} hours, and about ${upload.maxFiles.default} of an account`,
		],
		['docs/callbacks.md', `${callback.maxLength} characters at most`],
		['docs/callbacks.md', `2xx within ${callback.timeoutSeconds} s`],
		['docs/callbacks.md', `after ${retries[0]}, ${retries[1]} and ${retries[2]} s`],
		['docs/callbacks.md', `the last ${MEMORY_SIZE} tasks`],
		['docs/cost.md', `its last ${ORDERS_KEPT.toLocaleString('en')} orders`],
		['docs/waiting.md', `works for ${results.linkLifetimeHours} hours`],
		['README.md', `work for ${results.linkLifetimeHours} hours`],
		['docs/fields.md', `\`1080p\` at ${quality.priceFactors['1080p']} times the price`],
		['README.md', `${pricing.creditsPerUsd} credits were 1 USD`],
		['README.md', `price list of ${pricing.asOf}`],
		[
			'README.md',
			`| ${DURATIONS.map((seconds) => `${credits(seconds)} credits (${usd(seconds)} USD)`).join(' | ')} |`,
		],
		['docs/migration.md', `"timeoutMinutes": ${TIMEOUT_MINUTES.fallback}`],
	])('%s: %s', (page, words) => {
		expect(text(page).replace(/\s+/g, ' ')).toContain(words);
	});

	test('no page gives the links another life', () => {
		for (const page of pages) {
			const told = [
				...text(page).matchAll(/links?\s+(?:to\s+the\s+video;\s+)?works?\s+for\s+(\d+)\s+hours/gi),
			];
			expect(told.map(([, hours]) => Number(hours))).toEqual(told.map(() => results.linkLifetimeHours));
		}
	});
});
