import { OTHER_MODELS } from '../../../nodes/evolink/generated/otherModels.gen';
import { textsPage } from '../../../scripts/texts';
import { problemsWith, TYPICAL } from '../host/problem-samples';
import { credentials, fieldsOf, json, nodes, text } from '../package-support';

let page: string;
beforeAll(async () => void (page = await textsPage()));

const missing = (texts: ReadonlyArray<string | undefined>) =>
	texts.filter((one) => one && !page.includes(one));

describe('the page of all texts has', () => {
	test.each([...nodes])('every field, choice and description of %s', (_, { description }) => {
		const fields = fieldsOf(description.properties);
		const choices = fields.flatMap((field) => (field.options ?? []) as Array<{ name: string }>);
		const shown = [...fields, ...choices] as Array<{ displayName?: string; description?: string }>;
		expect(missing(shown.flatMap((one) => [one.displayName, one.description]))).toEqual([]);
	});

	test.each([
		['of the credential', () => credentials.map(({ displayName }) => displayName)],
		['of its test', () => ['EvoLink does not know this API key']],
		['of the node panel', () => (json('nodes/SoraVideo/SoraVideo.node.json') as { alias: string[] }).alias],
		['of the models', () => Object.values(OTHER_MODELS).map(({ label }) => label)],
		['of the examples', () => ['Open **Sora Video** and choose']],
		['of errors', () => [text('docs/errors.md')]],
	])('what users read %s', (_, texts) => {
		expect(texts()).not.toContain(undefined);
		expect(missing(texts())).toEqual([]);
	});

	test.each(Object.entries(problemsWith(TYPICAL)))('every message of %s', (_, cases) => {
		expect(
			missing(Object.values(cases).flatMap(({ message, description }) => [message, description])),
		).toEqual([]);
	});

	test.each([
		['nodes/SoraVideoTrigger/verdict.ts', 'Too many callbacks at once'],
		['nodes/SoraVideoTrigger/activate.ts', 'EvoLink calls public https URLs only'],
		['nodes/SoraVideo/run/drive.ts', 'Waited by polling'],
	])('the sentences of %s: %s', (file, start) => {
		expect(text(file)).toContain(start);
		expect(page).toContain(start);
	});
});
