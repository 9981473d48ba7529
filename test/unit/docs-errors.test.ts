import {
	credentialFailure,
	httpFailure,
	malformedAnswer,
	networkFailure,
	type Failure,
} from '../../nodes/evolink/failure';
import { evolinkFacts, Sora2PreviewRequestSchema } from '../../nodes/evolink/generated/spec.gen';
import * as messages from '../../nodes/host/messages';
import type { Problem } from '../../nodes/host/errors';
import { readTask } from '../../nodes/evolink/task';
import { sources } from './docs-support';
import { text } from './package-support';
import { parameterMessage } from '../../nodes/host/parameters';

const PAGE = 'docs/errors.md';
const page = text(PAGE).replace(/\s+/g, ' ');

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

const failure: Failure = { kind: 'network', message: X, advice: X, transient: true, charge: 'unknown' };
const task = (body: object) => readTask({ id: X, ...body })!;
const failed = task({ status: 'failed', error: { code: X, message: X } });
const running = task({ status: X, progress: 50 });
const others = [{ item: 1, what: X, isTask: true }];

/** Every sentence that the node can say about orders, tasks and runs. */
const SAID: Record<keyof typeof messages, Problem[]> = {
	orderRefused: [messages.orderRefused(failure)],
	fileRefused: [messages.fileRefused(failure)],
	outcomeUnknown: [messages.outcomeUnknown(failure, X)],
	keyInUse: [messages.keyInUse(failure, X)],
	orderedEarlier: [messages.orderedEarlier([X])],
	unknownBefore: [messages.unknownBefore(X, 0)],
	retriedBlindly: [messages.retriedBlindly()],
	taskEnded: [messages.taskEnded(failed), messages.taskEnded(task({ status: 'cancelled' }))],
	nothingToShow: [messages.nothingToShow(task({ status: 'completed' }))],
	timedOut: [messages.timedOut(X, 30, running, failure), messages.timedOut(X, 30, undefined, undefined)],
	creditsUnreadable: [messages.creditsUnreadable(failure)],
	unreadable: [messages.unreadable(X, failure)],
	listUnreadable: [
		messages.listUnreadable(failure),
		messages.listUnreadable({ ...failure, status: 404, code: X }),
	],
	nextStep: [messages.nextStep(X)],
	downloadFailed: [messages.downloadFailed(task({ status: 'completed' }), X, X)],
	fileNotDownloaded: [messages.fileNotDownloaded(X, X)],
	wrongReference: [messages.wrongReference()],
	withOthers: [messages.withOthers({ message: X }, others, [2, 3])],
	unreadableLedger: [messages.unreadableLedger([X]), messages.unreadableLedger([])],
	brokenRun: [messages.brokenRun({ message: X }, [X, X])],
	notOrdered: [messages.notOrdered()],
	overBudget: [
		messages.overBudget({ orders: 1, credits: 5 }, 4),
		messages.overBudget({ orders: 2, credits: 5 }, 4),
	],
	priceUnknown: [messages.priceUnknown({ item: 1, model: X }, 4)],
	balanceTooLow: [
		messages.balanceTooLow({ orders: 2, credits: 5, unpriced: X }, 4, true),
		messages.balanceTooLow({ orders: 2, credits: 0, unpriced: X }, 0, false),
	],
	balanceUnchecked: [messages.balanceUnchecked(X)],
	stopped: [messages.stopped([X, X], [X]), messages.stopped([X], []), messages.stopped([], [])],
};

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
	test.each(Object.keys(messages) as Array<keyof typeof messages>)('everything that %s says', (name) => {
		for (const { message } of SAID[name]) {
			expect(fixedWords(message)).not.toEqual([]);
			expect(fixedWords(message).filter((words) => !page.includes(words))).toEqual([]);
		}
	});

	test.each(Object.entries(FAILURES))('what to do when EvoLink’s answer means %s', (kind, told) => {
		expect(told.kind).toBe(kind);
		expect(page).toContain(`| ${told.advice} |`);
	});

	test('what to do when the credential cannot be read', () => {
		expect(page).toContain(`| ${credentialFailure(X).advice} |`);
	});

	test.each(Object.entries(evolinkFacts.upload.failureCodes))(
		'the advice for an upload refused with %s is in the table',
		(code, { advice }) => expect(page).toContain(`| an upload, ${code} | ${advice} |`),
	);

	test.each(Object.entries(evolinkFacts.taskFailures))(
		'the failure code %s, in the words of the spec',
		(code, note) => {
			const { meaning, advice, retryable } = note;
			expect(page).toContain(`| \`${code}\` | ${meaning} | ${advice} | ${retryable ? 'yes' : 'no'} |`);
		},
	);
});

describe(`${PAGE} quotes`, () => {
	const said = Object.values(SAID).flatMap((all) => all.map(({ message }) => message));
	const words = [sources, ...said].join('\n').replace(/\s+/g, ' ');
	const blocks = [...text(PAGE).matchAll(/^```text\n([\s\S]*?)^```/gm)].map(([, block]) => block!);

	test.each(blocks.map((block) => [block.split('\n')[0]!, block]))(
		'only what the node says: %s',
		(_, block) => {
			expect(fixedWords(block)).not.toEqual([]);
			expect(fixedWords(block).filter((part) => !words.includes(part))).toEqual([]);
		},
	);

	test('the message about a wrong field as it is', () => {
		const { maxLength } = Sora2PreviewRequestSchema.properties.prompt;
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
