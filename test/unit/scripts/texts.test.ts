import { readdirSync } from 'node:fs';
import path from 'node:path';

import { evolinkFacts } from '../../../nodes/evolink/generated/spec.gen';
import { MODEL_ENTRIES } from '../../../nodes/evolink/modelEntries';
import { sentencesOfCode, textsPage, words } from '../../../scripts/texts';
import { problemsWith, TYPICAL } from '../host/problem-samples';
import { credentials, json, manifest, nodes, ROOT, text } from '../package-support';

/** Keys of n8n's descriptions whose values are shown; a `name` is shown where it stands beside a `value`. */
const SHOWN = [
	'displayName',
	'description',
	'hint',
	'placeholder',
	'action',
	'message',
	'header',
	'active',
	'inactive',
	'activationMessage',
	'eventTriggerDescription',
	'waitingNodeTooltip',
	'subtitle',
	'valuesLabel',
];

/** Every text in a description that a user can see. */
function shownIn(value: unknown): string[] {
	if (Array.isArray(value)) return value.flatMap(shownIn);
	if (typeof value !== 'object' || value === null) return [];
	const entries = Object.entries(value);
	return entries.flatMap(([key, inner]) => {
		if (typeof inner !== 'string') return shownIn(inner);
		return SHOWN.includes(key) || (key === 'name' && 'value' in value) ? [inner] : [];
	});
}

let page: string;
beforeAll(async () => void (page = words(await textsPage())));

const missing = (texts: readonly string[]) => texts.filter((one) => !page.includes(words(one)));

describe('the page of all texts has', () => {
	test.each([...nodes])('everything that %s shows', (_, { description }) => {
		const shown = shownIn(description);
		expect(shown.length).toBeGreaterThan(20);
		expect(missing(shown)).toEqual([]);
	});

	test('everything that the credential shows', () => {
		const shown = credentials.flatMap((credential) => [...shownIn(credential), ...shownIn(credential.test)]);
		expect(shown).toContainEqual(expect.stringContaining('EvoLink does not know this API key'));
		expect(missing(shown)).toEqual([]);
	});

	test.each(manifest.n8n.nodes)('the words by which the panel finds %s', (file) => {
		const { alias } = json(file.replace('dist/', '').replace(/\.js$/, '.json')) as { alias: string[] };
		expect(alias).not.toEqual([]);
		expect(missing(alias)).toEqual([]);
	});

	test('every model of the list', () => {
		expect(missing(MODEL_ENTRIES.map(({ label }) => label))).toEqual([]);
	});

	test.each(readdirSync(path.join(ROOT, 'examples')))('the notes of %s', (file) => {
		const { nodes: all } = json(`examples/${file}`) as {
			nodes: Array<{ type: string; parameters: { content?: string } }>;
		};
		const notes = all.filter(({ type }) => type.endsWith('.stickyNote'));
		expect(notes).not.toEqual([]);
		const bare = (note: string) => note.replace(/<[^>]*>/g, '');
		expect(missing(notes.map(({ parameters }) => bare(parameters.content!)))).toEqual([]);
	});

	test.each(Object.entries(problemsWith(TYPICAL)))('every message of %s', (_, cases) => {
		const said = Object.values(cases).flatMap(({ message, description = '' }) => [message, description]);
		expect(missing(said)).toEqual([]);
	});

	test('what is said of each failure', () => {
		const said = [evolinkFacts.taskFailures, evolinkFacts.upload.failureCodes].flatMap((codes) =>
			Object.values(codes).flatMap(({ meaning, advice }) => [meaning, advice]),
		);
		expect(missing(said)).toEqual([]);
	});

	test('every sentence of the code: messages, hints, answers to callbacks, log lines', () => {
		const parts = sentencesOfCode().flatMap((sentence) => sentence.text.split('…'));
		expect(missing(parts)).toEqual([]);
	});
});

describe('sentences of the code are found', () => {
	const found = sentencesOfCode().map((sentence) => sentence.text);
	test.each([
		['nodes/host/messages.ts', 'Nothing was charged for this order'],
		['nodes/SoraVideoTrigger/verdict.ts', 'Too many callbacks at once'],
		['nodes/SoraVideoTrigger/activate.ts', 'EvoLink calls public https URLs only'],
		['nodes/SoraVideo/run/index.ts', 'Waited by polling'],
	])('in %s: %s', (file, start) => {
		expect(text(file)).toContain(start);
		expect(found).toContainEqual(expect.stringContaining(start));
	});
});
