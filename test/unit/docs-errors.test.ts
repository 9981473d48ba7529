import {
	credentialFailure,
	httpFailure,
	malformedAnswer,
	networkFailure,
	type Failure,
} from '../../nodes/evolink/failure';
import { adviceOn } from '../../nodes/host/advice';
import { facts } from '../contract/openapi';
import { DOCUMENTED_FIELDS, evolinkFacts } from '../../nodes/evolink/generated/spec.gen';
import type * as messages from '../../nodes/host/messages';
import { told } from '../../nodes/host/errors';
import { problemsWith } from './host/problem-samples';
import { sources } from './docs-support';
import { text } from './package-support';
import { parameterMessage } from '../../nodes/host/parameters';

const PAGE = 'docs/errors.md';
/** Descriptions are quotations, which are no part of the words. */
const page = text(PAGE).replace(/^> /gm, '').replace(/\s+/g, ' ');

/** Stands for whatever differs from case to case. */
const X = '<x>';

/** The fixed words of a message, sentence by sentence. */
function fixedWords(message: string): string[] {
	return message
		.replace(/\s+/g, ' ')
		.split(/…|<x>|\d[\dT:.Z-]*|(?<=[.:;])\s/)
		.map((part) => part.replace(/^[\s.,;:()'?%]+|[\s.,;:('?%]+$/g, ''))
		.filter((part) => part.split(' ').length >= 3);
}

/** Every sentence that the node can say about orders, tasks and runs. */
const SAID = problemsWith({
	ids: [X, X, X],
	key: X,
	requestId: X,
	model: X,
	says: () => X,
	code: X,
	status: X,
	url: X,
	field: X,
});

const textsOf = (name: keyof typeof messages) => Object.values(SAID[name]).map(told);

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

describe(`${PAGE} explains`, () => {
	test.each(Object.keys(SAID) as Array<keyof typeof messages>)('everything that %s says', (name) => {
		for (const said of textsOf(name)) {
			expect(fixedWords(said)).not.toEqual([]);
			expect(fixedWords(said).filter((words) => !page.includes(words))).toEqual([]);
		}
	});

	test('what to do when EvoLink has no capacity', () => {
		const body = { error: { code: 400, message: evolinkFacts.capacity.words } };
		const failure = httpFailure({ status: 400, headers: {}, namesTask: false, body }, 0);
		expect(page).toContain(`| ${adviceOn(failure)} |`);
	});

	test.each(Object.entries(FAILURES))('what to do when EvoLink’s answer means %s', (kind, failure) => {
		expect(failure.kind).toBe(kind);
		expect(page).toContain(`| ${adviceOn(failure)} |`);
	});

	test('what to do when the credential cannot be read', () => {
		expect(page).toContain(`| ${adviceOn(credentialFailure(X))} |`);
	});

	test.each(Object.entries(facts.httpFailures))(
		'the advice for an upload refused with %s is in the table',
		(code, { advice }) => expect(page).toContain(`| an upload, ${code} | ${advice} |`),
	);

	test.each(Object.entries(facts.taskFailures))(
		'the failure code %s, in the words of the spec',
		(code, note) => {
			const { meaning, advice, retryable } = note;
			expect(page).toContain(`| \`${code}\` | ${meaning} | ${advice} | ${retryable ? 'yes' : 'no'} |`);
		},
	);
});

describe(`${PAGE} quotes`, () => {
	const said = (Object.keys(SAID) as Array<keyof typeof messages>).flatMap(textsOf);
	const words = [sources, ...said].join('\n').replace(/\s+/g, ' ');
	const blocks = [...text(PAGE).matchAll(/^```text\n([\s\S]*?)^```/gm)].map(([, block]) => block!);

	const quotations = [...text(PAGE).matchAll(/^(?:> .*\n)+/gm)].map(([lines]) => lines.replace(/^> /gm, ''));

	test.each([...blocks, ...quotations].map((block) => [block.split('\n')[0]!, block]))(
		'only what the node says: %s',
		(_, block) => {
			const parts = block.split('\n').flatMap(fixedWords);
			expect(parts).not.toEqual([]);
			expect(parts.filter((part) => !words.includes(part))).toEqual([]);
		},
	);

	test('the message about a wrong field as it is', () => {
		const { maxLength } = DOCUMENTED_FIELDS['sora-2-preview'].prompt;
		expect(page).toContain(parameterMessage('Prompt', '', `1 to ${maxLength} characters`));
	});

	test('only reasons for a failed download that the node gives', () => {
		const table = text(PAGE).split('| reason |')[1]!.split('\n\n')[0]!;
		const reasons = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, reason]) => reason!);
		expect(reasons).not.toEqual([]);
		const unknown = reasons.flatMap(fixedWords).filter((part) => !words.includes(part));
		expect(unknown).toEqual([]);
	});
});
