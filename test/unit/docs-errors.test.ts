import { httpFailure, malformedAnswer, networkFailure, type Failure } from '../../nodes/evolink/failure';
import { adviceOn } from '../../nodes/host/advice';
import { facts } from '../contract/openapi';
import { DOCUMENTED_FIELDS, evolinkFacts } from '../../nodes/evolink/generated/spec.gen';
import { textOf } from '../../nodes/host/errors';
import { problemsWith } from './host/problem-samples';
import { sources, tableRows } from './docs-support';
import { text } from './package-support';
import { parameterMessage } from '../../nodes/host/parameters';

const PAGE = 'docs/errors.md';
const page = text(PAGE).replace(/\s+/g, ' ');

/** Stands for whatever differs from case to case. */
const X = '<x>';

/** Every sentence that the node can say about orders, tasks and runs. */
const SAID = Object.values(
	problemsWith({
		ids: [X, X, X],
		key: X,
		requestId: X,
		model: X,
		says: () => X,
		code: X,
		status: X,
		url: X,
		field: X,
	}),
).flatMap((cases) => Object.values(cases).map(textOf));

const http = (status: number, code?: string) =>
	httpFailure({ status, headers: {}, namesTask: true, body: { error: { code, message: X } } }, 0);

const FAILURES: Record<Failure['kind'], Failure> = {
	badRequest: http(400),
	unauthorized: http(401),
	balance: http(402),
	keyLimit: http(403, evolinkFacts.httpErrorCodes.keyLimit[0]),
	keyState: http(403, 'key_disabled'),
	content: http(400, evolinkFacts.httpErrorCodes.content[0]),
	modelUnavailable: http(403, 'model_access_denied'),
	forbidden: http(403),
	notFound: http(404),
	tooLarge: http(413),
	rateLimited: http(429),
	submission: http(409),
	server: http(503),
	unexpected: malformedAnswer({ status: 200 }, X),
	network: networkFailure(undefined, X),
};

describe(`${PAGE} quotes`, () => {
	const { maxLength } = DOCUMENTED_FIELDS['sora-2-preview'].prompt;
	const wrongField = parameterMessage('Prompt', '', `1 to ${maxLength} characters`);
	const ours = [...SAID, wrongField, evolinkFacts.capacity.words, sources];
	const quotations = [...page.matchAll(/`([^`]+)`/g)]
		.map(([, quoted]) => quoted!)
		.filter((quoted) => quoted.split(' ').length > 2 && !quoted.startsWith('{'));

	test('some messages', () => expect(quotations.length).toBeGreaterThan(40));

	test.each(quotations)('only what the node says: %s', (quoted) => {
		const parts = quoted.split('…').map((part) => part.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&'));
		const said = new RegExp(parts.join('[^`]*?'));
		expect(ours.some((each) => said.test(each))).toBe(true);
	});
});

describe(`${PAGE} has a row`, () => {
	const rows = tableRows(PAGE, ['cause']).map((cells) => cells.join(' | ').toLowerCase());
	/** Sentences, and what stands between colons and semicolons. */
	const partsOf = (advice: string) =>
		advice.split(/[.:;,](?:\s|$)/).filter((part) => part.split(' ').length > 2);

	test.each(Object.entries(FAILURES))('for an answer that means %s', (kind, failure) => {
		expect(failure.kind).toBe(kind);
		const parts = partsOf(adviceOn(failure).toLowerCase());
		expect(rows.filter((row) => parts.some((part) => row.includes(part)))).not.toEqual([]);
	});
});

test(`${PAGE} lists the codes of failed tasks that are worth another attempt`, () => {
	const [, list] = /it is true for the codes (.*?), and false/.exec(page)!;
	const codes = Object.entries(facts.taskFailures).filter(([, { retryable }]) => retryable);
	expect([...list!.matchAll(/`(\w+)`/g)].map(([, code]) => code)).toEqual(codes.map(([code]) => code));
});
