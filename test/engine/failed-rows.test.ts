import { connect, type Execution, type NodeFixture } from '../../tools/n8n-engine';
import { useLegacyExpressions, useVmExpressions } from '../../tools/n8n-engine/vm-expressions';
import { ordersOf } from '../match';
import { inLab, type Lab } from './lab';
import { BY_HAND, SORA, parking, retryOnFail, sora, start, type ErrorData } from './support';

/** n8n's default: expressions see copies of plain data only. The other engine of the tests sees live objects, too. */
beforeAll(useVmExpressions);
afterAll(useLegacyExpressions);

const ROWS = [
	'fine',
	'refused',
	'doubtful',
	'moderated',
	'cancelled',
	'without a link',
	'with a dead link',
	'too large',
	'too slow',
	'',
	'fine as well',
].map((prompt, row) => ({ json: { prompt, row } }));

/** Every way in which an item can fail. */
function breakRows({ evolink }: Lab): void {
	evolink.script('moderated', { outcome: 'failed', code: 'content_policy_violation' });
	evolink.script('cancelled', { outcome: 'cancelled' });
	evolink.script('without a link', { outcome: 'no-results' });
	evolink.script('with a dead link', { media: { status: 404 } });
	evolink.script('too large', { media: { sizeBytes: 2_000_000 } });
	evolink.script('too slow', BY_HAND);
	evolink.fault('create', { kind: 'http', status: 402 }, { match: ordersOf('refused') });
	evolink.fault('create', { kind: 'drop-after' }, { match: ordersOf('doubtful') });
}

const PARAMETERS = { prompt: '={{ $json.prompt }}', download: true };

/** What a node behind it sees by expressions, as n8n's default engine evaluates them. */
const seenFrom = (branch: number) => `={{ { seen: {
	all: $('Sora Video').all().length,
	first: $('Sora Video').first(${branch})?.json.error?.message ?? null,
	input: $input.all().map(({ json }) => json.error?.message ?? null),
	message: $('Sora Video').item.json.error?.message ?? null,
	row: $('Start').item.json.row,
} } }}`;

const reading = (name: string, branch: number): NodeFixture => ({
	name,
	type: 'n8n-nodes-base.set',
	parameters: { assign: seenFrom(branch) },
});

const NAMES = [
	['Next', 'Next But One'],
	['Problem', 'Problem But One'],
];

/** The node, and two nodes behind each of its outputs. */
function workflowWith(node: NodeFixture) {
	const behind = [0, 1].flatMap((branch) => NAMES[branch]!.map((name) => reading(name, branch)));
	const connections = connect(
		['Start', SORA],
		[SORA, 'Next'],
		['Next', 'Next But One'],
		[[SORA, 1], 'Problem'],
		['Problem', 'Problem But One'],
	);
	return { nodes: [start, node, ...behind], connections };
}

const WAYS = {
	polled: async (lab: Lab, more: Partial<NodeFixture>) => {
		const options = { timeoutMinutes: 0.05, maxDownloadMb: 1 };
		return await lab.run(workflowWith(sora({ ...PARAMETERS, options }, more)), ROWS);
	},
	suspended: async (lab: Lab, more: Partial<NodeFixture>) => {
		const parameters = { ...PARAMETERS, options: { timeoutMinutes: 1, maxDownloadMb: 1 } };
		const { executionId, status } = await lab.run(workflowWith(parking({ ...more, parameters })), ROWS);
		expect(status).toBe('waiting');
		return await lab.timeIsUp(executionId);
	},
};

type Way = keyof typeof WAYS;

/** What stands in `error` of each failed item, by its prompt, beside a description. */
function told(lab: Lab): Record<string, ErrorData> {
	const says = (words: string) => expect.stringContaining(words) as string;
	const about = (prompt: string, words: string, more: Partial<ErrorData> = {}) => ({
		message: says(words),
		taskId: lab.idOf(prompt),
		...more,
	});
	const withLink = (prompt: string, words: string, code: string) =>
		about(prompt, words, { code, link: says(`/${lab.idOf(prompt)}.mp4`) });
	const sent = lab.creates.filter(({ body }) => (body as { prompt: string }).prompt === 'doubtful');
	return {
		refused: { message: says('EvoLink did not take the order'), status: 402, code: 'insufficient_quota' },
		doubtful: {
			message: says('It is not known whether'),
			code: 'ECONNRESET',
			idempotencyKey: sent[0]?.headers['idempotency-key'],
		},
		moderated: about('moderated', 'failed', { code: 'content_policy_violation', chargedCredits: 0 }),
		cancelled: about('cancelled', 'was cancelled', { chargedCredits: 0 }),
		'without a link': about('without a link', 'sent no link'),
		'with a dead link': withLink('with a dead link', 'answered 404', 'expired'),
		'too large': withLink('too large', 'larger than 1 MB', 'tooLarge'),
		'too slow': about('too slow', 'was still'),
		'': { message: says("'Prompt' is empty"), description: undefined },
	};
}

const ORDERED = ROWS.map(({ json }) => json.prompt).filter((prompt) => !['', 'refused'].includes(prompt));

const errorOf = (data: ErrorData | undefined) => ({
	error: { description: expect.any(String) as string, ...data },
});

const cells = (['polled', 'suspended'] as const).flatMap((way) =>
	[{}, retryOnFail].map((more) => [way, 'retryOnFail' in more ? 'with Retry On Fail' : '', more] as const),
);

async function failed(lab: Lab, way: Way, more: Partial<NodeFixture>): Promise<Execution> {
	breakRows(lab);
	const run = await WAYS[way](lab, more);
	expect([...lab.paid].sort()).toEqual([...ORDERED].sort());
	expect(lab.creates.length).toBeLessThanOrEqual(ROWS.length);
	return run;
}

describe('a row that fails stays a row, however it fails', () => {
	test.each(cells)('%s %s, On Error = continue: an error and nothing else, in its place', (way, _, more) =>
		inLab(async (lab) => {
			const run = await failed(lab, way, { ...more, onError: 'continueRegularOutput' });
			const expected = told(lab);
			const out = run.output(SORA);
			expect(out.map(({ pairedItem }) => pairedItem)).toEqual(ROWS.map((_row, item) => ({ item })));
			for (const [item, { json }] of ROWS.entries()) {
				const { json: said, ...rest } = out[item]!;
				if (!(json.prompt in expected)) expect(said).toMatchObject({ id: lab.idOf(json.prompt) });
				else {
					expect(said).toEqual(errorOf(expected[json.prompt]));
					expect(Object.keys(rest)).toEqual(['pairedItem']);
				}
			}
			expectReadable(lab, run, 0, ROWS);
		}),
	);

	test.each(cells)('%s %s, error output: n8n puts the row beside the error', (way, _, more) =>
		inLab(async (lab) => {
			const run = await failed(lab, way, { ...more, onError: 'continueErrorOutput' });
			const expected = told(lab);
			const isBad = ({ json }: { json: { prompt: string } }) => json.prompt in expected;
			expect(run.json(SORA, 1)).toEqual(
				ROWS.filter(isBad).map(({ json }) => ({ ...json, ...errorOf(expected[json.prompt]) })),
			);
			expect(run.json(SORA).map(({ id }) => id)).toEqual(
				['fine', 'fine as well'].map((fine) => lab.idOf(fine)),
			);
			const good = ROWS.filter((row) => !isBad(row));
			expectReadable(lab, run, 0, good);
			expectReadable(lab, run, 1, ROWS.filter(isBad));
		}),
	);
});

/** No expression is emptied by an item that failed. @param rows those that come to these nodes */
function expectReadable(lab: Lab, run: Execution, branch: number, rows: typeof ROWS): void {
	const expected = told(lab);
	const messages = rows.map(({ json }) => expected[json.prompt]?.message ?? null);
	for (const name of NAMES[branch]!) {
		expect(run.json(name).map(({ seen }) => seen)).toEqual(
			rows.map(({ json }, at) => ({
				all: rows.length,
				first: messages[0],
				input: messages,
				message: messages[at],
				row: json.row,
			})),
		);
	}
}
