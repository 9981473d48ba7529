/**
 * `npm run texts`: one page with every text that users see, in the order in which they meet it, to be read for language.
 * Descriptions are taken from the nodes themselves, sentences of the code from its sources, so none can be missing.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import type {
	ICredentialType,
	ILoadOptionsFunctions,
	INodeProperties,
	INodePropertyCollection,
	INodePropertyMode,
	INodePropertyOptions,
	INodeType,
	INodeTypeDescription,
	ResourceMapperField,
} from 'n8n-workflow';
import groupBy from 'lodash/groupBy';
import ts from 'typescript';

import { evolinkFacts } from '../nodes/evolink/generated/spec.gen';
import { MODEL_ENTRIES } from '../nodes/evolink/modelEntries';
import { readTask } from '../nodes/evolink/task';
import { renderStatusPage, type StatusItem, type StatusPage } from '../nodes/SoraVideo/statusPage/page';
import { viewOf } from '../nodes/SoraVideo/statusPage/taskView';
import { getModelFields } from '../nodes/SoraVideo/methods/modelFields';
import { escaped } from '../nodes/host/html';
import { problemsWith, TYPICAL } from '../test/unit/host/problem-samples';
import { ROOT, readManifest, runMain } from './support';

const FILE = path.join(ROOT, '.tmp/texts.html');

/** A line of the page: what kind of text it is, and the text. HTML in it is shown as n8n shows it. */
type Line = readonly [kind: string, text: string];

interface Section {
	title: string;
	level: 1 | 2 | 3;
	lines: Line[];
}

const section = (level: Section['level'], title: string, lines: Line[] = []): Section => ({
	title,
	level,
	lines,
});

/** The lines of those texts that are there. */
function linesOf(texts: Record<string, unknown>): Line[] {
	return Object.entries(texts).flatMap(([kind, text]) =>
		typeof text === 'string' && text !== '' ? [[kind, text] as const] : [],
	);
}

type Entry = INodeProperties | INodePropertyOptions | INodePropertyCollection;

function fieldSections(field: INodeProperties): Section[] {
	const {
		displayName,
		type,
		default: usual,
		description,
		hint,
		placeholder,
		required,
		displayOptions,
	} = field;
	const shown = displayOptions && JSON.stringify({ ...displayOptions.show, hide: displayOptions.hide });
	const { resourceMapper } = field.typeOptions ?? {};
	const lines = linesOf({
		description,
		hint,
		placeholder,
		required: required ? 'yes' : '',
		default:
			['', '{}', 'null'].includes(String(usual)) || typeof usual === 'object' ? '' : `${usual as string}`,
		'shown when': shown,
		values: resourceMapper?.valuesLabel,
		'words for values': Object.values(resourceMapper?.fieldWords ?? {}).join(', '),
	}).map(([kind, text]): Line => [kind, kind === 'shown when' ? escaped(text) : text]);
	const title = type === 'notice' ? `Notice: ${displayName}` : displayName;
	const inside = field.type === 'collection' ? (field.options as INodeProperties[]) : [];
	return [
		section(3, title, [...lines, ...choiceLines(type, field.options), ...modeLines(field.modes)]),
		...inside.flatMap(fieldSections),
	];
}

function choiceLines(type: string, options: readonly Entry[] = []): Line[] {
	if (type !== 'options' && type !== 'multiOptions') return [];
	return (options as INodePropertyOptions[]).flatMap(({ name, description, action }): Line[] => [
		['option', name],
		...linesOf({ 'option description': description, action }),
	]);
}

function modeLines(modes: readonly INodePropertyMode[] = []): Line[] {
	return modes.flatMap(({ displayName, hint, placeholder }) =>
		linesOf({ mode: displayName, hint, placeholder }),
	);
}

/** The form, operation by operation; what operations have in common stands at the first of them. */
function formSections(properties: readonly INodeProperties[]): Section[] {
	const isOperation = ({ name }: INodeProperties) => name === 'operation';
	const choice = properties.find(isOperation);
	const left = new Set(properties.filter((property) => property !== choice));
	const operations = (choice?.options ?? []) as INodePropertyOptions[];
	const sections = choice ? fieldSections(choice) : [];
	const taken = (test: (property: INodeProperties) => boolean) => {
		const fields = [...left].filter(test);
		for (const field of fields) left.delete(field);
		return fields.flatMap(fieldSections);
	};
	for (const { name, value } of operations.toSorted(
		(a, b) => Number(b.value === choice?.default) - Number(a.value === choice?.default),
	)) {
		sections.push(section(2, `The form of ${name}`));
		sections.push(...taken(({ displayOptions }) => (displayOptions?.show?.operation ?? []).includes(value)));
	}
	return [...sections, ...(left.size > 0 ? [section(2, 'The form')] : []), ...taken(() => true)];
}

function descriptionLines(description: INodeTypeDescription): Line[] {
	const { displayName, subtitle, defaults, group, description: about } = description;
	const { waitingNodeTooltip, activationMessage, eventTriggerDescription } = description;
	return linesOf({
		name: displayName,
		description: about,
		'name on the canvas': defaults.name as string,
		subtitle,
		group: group.join(', '),
		'tooltip while it waits': waitingNodeTooltip,
		'message on activation': activationMessage,
		'while it listens': eventTriggerDescription,
	});
}

/** Every text inside an object, with the path to it. */
function nestedLines(value: unknown, where: string[] = []): Line[] {
	if (typeof value === 'string') return value === '' ? [] : [[where.join(' '), value]];
	if (typeof value !== 'object' || value === null) return [];
	return Object.entries(value).flatMap(([key, inner]) => nestedLines(inner, [...where, key]));
}

function readJson(file: string): unknown {
	return JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'));
}

function codexLines(file: string): Line[] {
	const { categories = [], alias = [] } = readJson(file) as { categories?: string[]; alias?: string[] };
	return linesOf({ categories: categories.join(', '), 'also found by': alias.join(', ') });
}

function hintLines({ hints = [] }: INodeTypeDescription): Line[] {
	return hints.map(({ message, displayCondition }) => [
		'hint before a run',
		`${message}${displayCondition === undefined ? '' : ` <small>${escaped(displayCondition)}</small>`}`,
	]);
}

/** Labels of the fields of all other models, each once, and how many models have it. */
async function modelLines(): Promise<Line[]> {
	const form = async (value: string) =>
		await getModelFields.call({
			getCurrentNodeParameter: () => ({ value }),
		} as unknown as ILoadOptionsFunctions);
	const labels = new Map<string, string[]>();
	for (const { id } of MODEL_ENTRIES) {
		for (const field of (await form(id)).fields) {
			const label = labelOf(field);
			labels.set(label, [...(labels.get(label) ?? []), id]);
		}
	}
	return [
		['models', MODEL_ENTRIES.map(({ label }) => label).join(' · ')],
		['no model chosen', (await form('')).emptyFieldsNotice ?? ''],
		['unknown model', (await form('model-of-tomorrow')).emptyFieldsNotice ?? ''],
		...[...labels]
			.toSorted(([a], [b]) => a.localeCompare(b))
			.map(([label, [first, ...others]]): Line => [
				'field',
				`${label} <small>${first}${others.length > 0 ? ` and ${others.length} more` : ''}</small>`,
			]),
	];
}

function labelOf({ displayName, required, options = [] }: ResourceMapperField): string {
	const choices = options.map(({ name }) => name).join(', ');
	return `${displayName}${required ? ' *' : ''}${choices === '' ? '' : `: ${choices}`}`;
}

function credentialSections({ displayName, properties, test }: ICredentialType): Section[] {
	const rules = (test?.rules ?? []).map(({ properties: { message }, ...rule }) => ({ message, rule }));
	return [
		section(1, `The credential: ${displayName}`),
		...properties.flatMap(fieldSections),
		section(
			2,
			'What its test says',
			[...new Set(rules.map(({ message }) => message))].map((message): Line => ['test', message]),
		),
	];
}

/** What the node says of orders, tasks and runs: the title of an error, with its length, and what stands below. */
function messageSections(): Section[] {
	return Object.entries(problemsWith(TYPICAL)).map(([name, cases]) =>
		section(
			2,
			name,
			Object.entries(cases).flatMap(([title, { message, description }]): Line[] => [
				[title, `<b>${escaped(message)}</b> <small>${message.length}</small>`],
				...linesOf({ '': escaped(description ?? '') }),
			]),
		),
	);
}

/** The words of the status page in each of its states, without its script. */
function statusLines(): Line[] {
	const now = Date.UTC(2026, 10, 24, 12);
	const bodies = [
		{
			status: 'processing',
			progress: 19,
			task_info: { estimated_time: 150 },
			usage: { credits_reserved: 23.04 },
		},
		{ status: 'completed', duration: 95, results: ['https://files.evolink.ai/video.mp4'] },
		{ status: 'failed', error: { code: 'service_error', message: "EvoLink's provider failed" } },
	];
	const items = bodies.map((body, item): StatusItem => {
		const id = `task-unified-${item}`;
		const view = viewOf(readTask({ id, ...body })!);
		return { item, id, prompt: 'A paper boat', orderedAt: now - 40_000, view, isSafe: true };
	});
	const all = [
		...items,
		{ item: 3, id: 'task-unified-3', isSafe: false },
		{ item: 4, problem: 'EvoLink did not take the order' },
	];
	const common = { callbackExpected: true, wakesAt: now + 720_000, now, timezone: 'UTC', nonce: '' };
	const states: Record<string, Partial<StatusPage> & Pick<StatusPage, 'state'>> = {
		waiting: { state: 'waiting' },
		'without a callback, EvoLink down': {
			state: 'waiting',
			callbackExpected: false,
			trouble: 'EvoLink has not answered yet.',
		},
		woken: { state: 'woken', items: items.slice(1) },
		ended: { state: 'ended', items: items.slice(1) },
	};
	return Object.entries(states).map(([name, state]): Line => {
		const html = renderStatusPage({ items: all, ...common, ...state });
		const shown = html
			.replace(/<(script|style)\b.*?<\/\1>/gs, '')
			.replace(/<\/(p|h\d|dt|dd|li|title|section|div)>/g, '\n');
		return [
			name,
			shown
				.replace(/<[^>]*>/g, '')
				.replace(/\s*\n\s*/g, '\n')
				.trim(),
		];
	});
}

interface Draft {
	name: string;
	nodes: Array<{ name: string; type: string; parameters: Record<string, unknown> }>;
}

/** Names of workflows and steps, and the notes. */
function exampleSections(): Section[] {
	return readdirSync(path.join(ROOT, 'examples'))
		.filter((file) => file.endsWith('.json'))
		.flatMap((file) => {
			const { name, nodes } = readJson(`examples/${file}`) as Draft;
			const isNote = ({ type }: Draft['nodes'][number]) => type.endsWith('.stickyNote');
			return [
				section(2, name, [
					['file', file],
					[
						'steps',
						nodes
							.filter((node) => !isNote(node))
							.map((node) => node.name)
							.join(' · '),
					],
					...nodes
						.filter(isNote)
						.map(({ parameters }): Line => ['note', escaped(String(parameters.content))]),
				]),
			];
		});
}

/** A sentence in the code: where it stands, what it is handed to, and its words, with … for what differs from case to case. */
export interface Sentence {
	file: string;
	use: string;
	text: string;
}

/** What a sentence is said by, and how the page calls that. */
const USES: Readonly<Record<string, string>> = {
	hint: 'hint beside the output',
	hintOnce: 'hint beside the output',
	warn: 'log',
	error: 'log',
	info: 'log',
	respond: 'answer to a callback',
	answer: 'answer to a callback',
	refuse: 'what a field allows',
	allowed: 'what a field allows',
};

/** All texts of three words and more in the sources of the nodes, generated ones and the status page's style left out. */
export function sentencesOfCode(): Sentence[] {
	return readdirSync(path.join(ROOT, 'nodes'), { recursive: true })
		.map((file) => `nodes/${String(file)}`)
		.filter((file) => file.endsWith('.ts') && !/generated|statusPage\/assets/.test(file))
		.sort()
		.flatMap(sentencesIn);
}

function sentencesIn(file: string): Sentence[] {
	const source = ts.createSourceFile(
		file,
		readFileSync(path.join(ROOT, file), 'utf8'),
		ts.ScriptTarget.Latest,
		true,
	);
	const found: Sentence[] = [];
	const visit = (node: ts.Node): void => {
		const text = wordsOf(node);
		if (text !== undefined && /[a-zA-Z,.:]( [\w'"(…<]+){2}/.test(text))
			found.push({ file, use: useOf(node), text });
		// what stands in a template is a text of its own
		ts.forEachChild(node, visit);
	};
	visit(source);
	return found;
}

function wordsOf(node: ts.Node): string | undefined {
	if (ts.isStringLiteralLike(node)) return node.text;
	if (!ts.isTemplateExpression(node)) return undefined;
	return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('');
}

function useOf(node: ts.Node): string {
	for (let at: ts.Node | undefined = node.parent; at !== undefined; at = at.parent) {
		const name = nameOf(at);
		if (name !== undefined && Object.hasOwn(USES, name)) return USES[name];
		if (ts.isFunctionLike(at) && !ts.isArrowFunction(at)) return 'text';
	}
	return 'text';
}

function nameOf(node: ts.Node): string | undefined {
	if (ts.isCallExpression(node)) return node.expression.getText().split('.').pop();
	return (ts.isVariableDeclaration(node) || ts.isPropertyAssignment(node)) && ts.isIdentifier(node.name)
		? node.name.text
		: undefined;
}

/** Of the sentences of the code those that the page does not have yet, file by file. */
function codeSections(before: string): Section[] {
	const isNew = ({ text }: Sentence) => text.split('…').some((part) => !before.includes(words(part)));
	const files = groupBy(sentencesOfCode().filter(isNew), 'file');
	return Object.entries(files).map(([file, sentences]) =>
		section(
			2,
			file,
			sentences.map(({ use, text }): Line => [use, escaped(text)]),
		),
	);
}

/** A text or a page as its bare words. */
export function words(html: string): string {
	return html
		.replace(/<[^>]*>/g, '')
		.replace(/&lt;/g, '<')
		.replace(/&quot;/g, '"')
		.replace(/&gt;/g, '>')
		.replace(/&amp;/g, '&')
		.replace(/\s+/g, ' ')
		.trim();
}

/** A class that the manifest names, from its source. */
async function load<T>(built: string): Promise<T> {
	const source = built.replace(/^dist/, ROOT).replace(/\.js$/, '.ts');
	const classes = (await import(source)) as Record<string, new () => T>;
	return new classes[path.basename(source).split('.')[0]]();
}

async function sections(): Promise<Section[]> {
	const { n8n, description } = readManifest(ROOT);
	const [node, trigger] = await Promise.all(n8n.nodes.map(async (file) => await load<INodeType>(file)));
	const [credential] = await Promise.all(
		n8n.credentials.map(async (file) => await load<ICredentialType>(file)),
	);
	return [
		section(1, 'The node panel', [
			['package', description],
			...descriptionLines(node.description),
			...codexLines('nodes/SoraVideo/SoraVideo.node.json'),
		]),
		section(2, 'The trigger there', [
			...descriptionLines(trigger.description),
			...codexLines('nodes/SoraVideoTrigger/SoraVideoTrigger.node.json'),
		]),
		...credentialSections(credential),
		section(1, 'Sora Video: the form'),
		...formSections(node.description.properties),
		section(2, 'Other EvoLink Model: its lists', await modelLines()),
		section(2, 'Before a run', hintLines(node.description)),
		section(1, 'Sora Video Trigger: its panel', nestedLines(trigger.description.triggerPanel)),
		...formSections(trigger.description.properties),
		section(1, 'The status page of a suspended execution', statusLines()),
		section(1, 'The examples'),
		...exampleSections(),
		section(1, 'Messages'),
		...messageSections(),
		section(1, 'What EvoLink says of failures'),
		section(2, 'of a task', nestedLines(evolinkFacts.taskFailures)),
		section(2, 'of an upload', nestedLines(evolinkFacts.upload.failureCodes)),
	];
}

function htmlOf({ level, title, lines }: Section): string {
	const rows = lines.map(([kind, text]) => `<tr><th>${kind}</th><td>${text}</td></tr>`).join('\n');
	return `<h${level}>${title}</h${level}>\n${rows === '' ? '' : `<table>\n${rows}\n</table>\n`}`;
}

const STYLE = `body { font: 15px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
h1 { border-top: 2px solid #888; padding-top: 1rem; font-size: 1.5rem } h2 { font-size: 1.2rem } h3 { font-size: 1rem; margin-bottom: .2rem }
table { border-collapse: collapse } th { width: 9rem; text-align: left; vertical-align: top; font-weight: normal; color: #777; padding-right: 1rem }
td { white-space: pre-line } small { color: #888 }`;

/** The page, as HTML. */
export async function textsPage(): Promise<string> {
	const seen = (await sections()).map(htmlOf).join('');
	const code = codeSections(words(seen));
	const rest = [section(1, 'Hints, answers, log lines, and parts of messages'), ...code].map(htmlOf).join('');
	return `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>All texts</title>\n<style>${STYLE}</style>\n${seen}${rest}</html>\n`;
}

if (require.main === module) {
	runMain(async () => {
		mkdirSync(path.dirname(FILE), { recursive: true });
		writeFileSync(FILE, await textsPage());
		console.log(`All texts, to be read from top to bottom: ${FILE}`);
	});
}
