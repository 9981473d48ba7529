import { NodeHelpers, type IDataObject, type INodeParameters, type INodeTypeDescription } from 'n8n-workflow';

import { ProblemError } from '../../../nodes/host/errors';
import { displayNamesOf, ItemParameters } from '../../../nodes/host/parameters';
import { draftCharacter } from '../../../nodes/SoraVideo/operations/character';
import { draftGenerate } from '../../../nodes/SoraVideo/operations/generate';
import { SoraVideo } from '../../../nodes/SoraVideo/SoraVideo.node';
import { fakeContext } from '../support';
import { ROWS, type Row } from './form-rows';

const node: INodeTypeDescription = new SoraVideo().description;

/** Expressions as n8n resolves them: in a field, and inside a collection. */
function resolved(value: unknown, item: IDataObject): unknown {
	if (typeof value !== 'string') return value;
	const [, name] = /^=\{\{ \$json\.(\w+) \}\}$/.exec(value) ?? [];
	return name === undefined ? value : item[name];
}

/** The form as n8n hands it to the node: with its defaults, and without what it does not show. */
function parametersOf({ form, item }: Row): ItemParameters {
	const stored = NodeHelpers.getNodeParameters(
		node.properties,
		form as INodeParameters,
		true,
		false,
		null,
		node,
	)!;
	const values: Record<string, unknown> = {
		...stored,
		'modelFields.value': (stored.modelFields as IDataObject | undefined)?.value,
	};
	return new ItemParameters(
		(name, fallback) => (values[name] === undefined ? fallback : resolved(values[name], item)),
		displayNamesOf(node.properties),
	);
}

/** What one row comes to, and what was said on the way. */
async function draft(row: Row) {
	const hints: string[] = [];
	const binary = Object.fromEntries(row.files.map((name) => [name, { mimeType: 'image/png', data: 'AAAA' }]));
	const { ctx } = fakeContext({
		getInputData: () => [{ json: row.item, binary }],
		addExecutionHints: (...given: Array<{ message: string }>) =>
			hints.push(...given.map(({ message }) => message)),
		helpers: {
			assertBinaryData: (_: number, name: string) => {
				if (binary[name] === undefined) throw new Error('no such file');
				return binary[name];
			},
			getBinaryDataBuffer: async () => Buffer.from('AAAA', 'base64'),
		},
	});
	const run = row.form.operation === 'character' ? draftCharacter : draftGenerate;
	return { hints, ...(await run(ctx, parametersOf(row))) };
}

test('every row has a name of its own', () => {
	const names = ROWS.map(({ what }) => what);
	expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

test.each(ROWS.filter(({ body }) => body))('$what', async (row) => {
	const { body, hints } = await draft(row);
	expect(body).toEqual(row.body);
	if (row.hints) expect(hints).toEqual(row.hints.map((hint) => expect.stringContaining(hint)));
});

test.each(ROWS.filter(({ refused }) => refused))('$what, in words', async (row) => {
	const error: unknown = await draft(row).catch((thrown: unknown) => thrown);
	expect(error).toBeInstanceOf(ProblemError);
	const { message, problem } = error as ProblemError;
	for (const words of row.refused!) expect(message).toContain(words);
	expect(message.length).toBeLessThan(600);
	if (row.files.length > 0)
		expect(problem.description).toContain(`It has files in '${row.files.join("', '")}'`);
});
