/**
 * `npm run texts`: one page with every text that users see, to be read for language. What n8n shows is taken from the nodes themselves,
 * the other sentences from the code, so none can be missing.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { MODEL_ENTRIES } from '../nodes/evolink/modelEntries';
import { problemsWith, TYPICAL } from '../test/unit/host/problem-samples';
import { ROOT, readManifest, runMain } from './support';

const FILE = path.join(ROOT, '.tmp/texts.md');

/** Keys of n8n's descriptions whose values are shown; a `name` is shown where it stands beside a `value`. */
const SHOWN =
	/^(displayName|description|subtitle|hint|placeholder|action|message|header|active|inactive|activationMessage|eventTriggerDescription|waitingNodeTooltip|valuesLabel|singular|plural|categories|alias|content)$/;

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

/** Every text that is shown of a description, a codex file or a workflow, in the order in which it stands there; options are indented. */
function shownIn(value: unknown, indent = ''): string[] {
	if (typeof value !== 'object' || value === null) return [];
	return Object.entries(value).flatMap(([key, inner]) => {
		const isChoice = key === 'name' && 'value' in value;
		const texts = SHOWN.test(key) || isChoice ? ([inner].flat() as unknown[]) : [];
		if (texts.length > 0 && texts.every((text) => typeof text === 'string'))
			return inner === '' ? [] : [`${indent}- ${isChoice ? 'option' : key}: ${texts.join(' · ')}`];
		return shownIn(inner, /^(options|modes|values)$/.test(key) ? `${indent}  ` : indent);
	});
}

/** Texts of three words and more in the sources of the nodes, without what is generated and the status page's style. */
function sentencesOfCode(): Array<[file: string, sentences: string[]]> {
	const ours = (file: string) => file.endsWith('.ts') && !/generated|statusPage.assets/.test(file);
	return (readdirSync(path.join(ROOT, 'nodes'), { recursive: true }) as string[])
		.filter(ours)
		.sort()
		.map((file) => {
			const code = read(`nodes/${file}`).replace(/^\s*(\/?\*|\/\/|import ).*$/gm, '');
			const texts = code.match(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? [];
			const sentences = texts.filter((text) => /[a-zA-Z,.:]( [\w'"(<$]+){2}/.test(text));
			return [file, sentences.map((text) => `- ${text.slice(1, -1)}`)];
		});
}

/** A class that the manifest names, from its source. */
async function load(built: string): Promise<object> {
	const source = built.replace(/^dist/, ROOT).replace(/\.js$/, '.ts');
	const classes = (await import(source)) as Record<string, new () => object>;
	return new classes[path.basename(source).split('.')[0]]();
}

/** The page, as Markdown. */
export async function textsPage(): Promise<string> {
	const { n8n, description } = readManifest(ROOT);
	const page = ['# What n8n shows', description];
	for (const built of [...n8n.credentials, ...n8n.nodes]) {
		page.push(`## ${path.basename(built, '.js')}`, ...new Set(shownIn(await load(built))));
		if (!built.includes('/nodes/')) continue;
		page.push(...shownIn(JSON.parse(read(built.replace(/^dist\//, '').replace(/\.js$/, '.json')))));
	}
	page.push('## Other models', ...MODEL_ENTRIES.map(({ label }) => `- ${label}`), '# Examples');
	for (const file of readdirSync(path.join(ROOT, 'examples')).filter((name) => name.endsWith('.json')))
		page.push(`## ${file}`, ...shownIn(JSON.parse(read(`examples/${file}`))));
	page.push('# Messages');
	for (const [name, cases] of Object.entries(problemsWith(TYPICAL))) {
		page.push(`## ${name}`);
		for (const [title, { message, description: more = '' }] of Object.entries(cases))
			page.push(`- ${title}: **${message}** (${message.length})`, ...(more === '' ? [] : [more]));
	}
	page.push('# Sentences of the code');
	for (const [file, sentences] of sentencesOfCode())
		if (sentences.length > 0) page.push(`## ${file}`, ...sentences);
	return `${page.join('\n')}\n\n${read('docs/errors.md')}`;
}

if (require.main === module) {
	runMain(async () => {
		mkdirSync(path.dirname(FILE), { recursive: true });
		writeFileSync(FILE, await textsPage());
		console.log(`All texts, to be read from top to bottom: ${FILE}`);
	});
}
