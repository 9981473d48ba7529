import fc from 'fast-check';

import { networkFailure } from '../../../nodes/evolink/failure';
import { nodeError, textOf, wordedFor, type NodeFailure, type Problem } from '../../../nodes/host/errors';
import {
	downloadFailed,
	nothingToShow,
	orderRefused,
	stopped,
	taskEnded,
	timedOut,
	unreadable,
	withOthers,
} from '../../../nodes/host/messages';
import { PROBLEM_SAMPLES, problemsWith, TYPICAL, WRONG_FIELD } from './problem-samples';
import { always, failureOf, hostileJson, NODE, PROPERTY_TIMEOUT_MS, taskIds, taskOf } from '../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const KEY = 'n8n-bb7c27d462f247dee89dd002643c0775eb290708e4384931';
const NEXT_STEP = /Get Task|Get Credits|[Rr]un the workflow again/;

/** What belongs into a description. */
const ADVICE =
	/\b(Get Task|Get Many Tasks|Get Credits|[Cc]heck the|[Ll]ook |[Rr]un (it|the workflow)|[Tt]ry again|[Ww]ait |[Rr]aise|[Cc]hange the|[Tt]op up|[Tt]urn (on|off)|[Uu]se n8n|support|charged)\b/;

const samples = Object.entries({ ...PROBLEM_SAMPLES, wrongField: { empty: WRONG_FIELD } }).flatMap(
	([name, cases]) =>
		Object.entries(cases).map(([which, problem]): [string, Problem] => [`${name}: ${which}`, problem]),
);

/** Those that name tasks and keys of a whole run, however many. */
const LISTS = /^(withOthers|stopped)/;

const sentencesOf = (text: string) => text.split(/(?<=[.!?])\s+(?=\p{Lu})/u);

describe.each(samples)('%s', (name, { message, description = '' }) => {
	test('the message is one sentence without a full stop', () => {
		// what is allowed belongs to what is wrong
		const [first, ...more] = sentencesOf(message);
		expect(more.filter((part) => !part.startsWith('Allowed: '))).toEqual([]);
		expect([first, ...more].at(-1)).not.toMatch(/\.$/);
	});

	test('the message has about 200 characters, ids and keys included', () => {
		if (!LISTS.test(name)) expect(message.length).toBeLessThan(205);
		const bare = message.replace(/[,;]?[^,;]*(task-unified-|n8n-)\w+[\w-]*/g, '');
		expect(bare.length).toBeLessThan(200);
	});

	test('the message holds no advice', () => {
		expect(message).not.toMatch(ADVICE);
	});

	test('the description consists of sentences, each said once', () => {
		const sentences = sentencesOf(description).filter(Boolean);
		for (const each of sentences) expect(each).toMatch(/[.!?]$/);
		expect(new Set(sentences).size).toBe(sentences.length);
		for (const each of sentences) expect(message).not.toContain(each.slice(0, -1));
		expect(textOf({ message, description })).not.toMatch(/\.\.|…\. |undefined| {2}/);
	});
});

/** What no reader may be told, and whether a message may be told to it. */
const NEVER: Record<string, RegExp> = {
	person: /tool that/,
	agent: /Retry|[Rr]un the workflow again|turn (on|off) the option|operation Get|does not order it again/,
	getTask: /operation Get Task|Run the workflow again|tool that/,
	called: /Retry on this execution|retry of this execution|Retry picks them up|use Retry;/,
};

/** Shown as hints to whoever runs the workflow, or told by other operations than Get Task. */
const NOT_FOR_AGENTS =
	/^(retriedBlindly|fileNotDownloaded|wrongReference|withOthers|unreadableLedger|brokenRun|balanceUnchecked|wrongPixels|priceUnknown)/;
const OF_GET_TASK = /^(taskEnded|nothingToShow|timedOut|unreadable|downloadFailed|stopped|brokenRun):/;

describe.each(samples)('%s, told to others than the person behind an order', (name, problem) => {
	const readers = [
		...(name.startsWith('nextStep') ? [] : [undefined]),
		...(NOT_FOR_AGENTS.test(name) ? [] : (['agent'] as const)),
		...(OF_GET_TASK.test(name) ? (['getTask'] as const) : []),
		...(OF_GET_TASK.test(name) || /^(outcomeUnknown|keyInUse|withOthers)/.test(name)
			? (['called'] as const)
			: []),
	];

	test.each(readers.map((reader) => [reader ?? 'person', reader] as const))(
		'advises the %s nothing that is of no use there',
		(who, reader) => {
			expect(textOf(wordedFor(reader, problem))).not.toMatch(NEVER[who]!);
		},
	);

	test('never calls a dead link alive', () => {
		const text = textOf(problem);
		if (/link answered (403|404|410)/.test(text)) expect(text).not.toMatch(/link works/);
	});

	test('tells an agent not to order again where an order may have been taken', () => {
		const text = textOf(wordedFor('agent', problem));
		if (problem.idempotencyKey !== undefined) expect(text).toMatch(/do not order again/i);
	});
});

test.each([
	['nothing', { usage: { credits_used: 0 }, billing: { refunded_credits: 23.04 } }, 0],
	['nothing', { billing: { charged_credits: 0, refunded_credits: 23.04 } }, 0],
	['23.04 credits', { usage: { credits_used: 23.04 } }, 23.04],
])('a failed task says that it cost %s where EvoLink says so', (words, said, chargedCredits) => {
	const problem = taskEnded(
		taskOf({ id: 'task-1', status: 'failed', error: { code: 'x' }, ...said } as never),
	);
	expect(problem.description).toContain(`EvoLink charged ${words} for it.`);
	expect(problem.description).not.toContain('usually');
	expect(problem.chargedCredits).toBe(chargedCredits);
});

test("a called workflow's error says whose Retry is safe", () => {
	const failed = taskEnded(taskOf({ id: 'task-1', status: 'failed', error: { code: 'x' } } as never));
	expect(wordedFor('called', failed).description).toMatch(
		/A Retry of the sub-workflow's execution does not order it again; a Retry of the caller orders everything anew\./,
	);
});

describe('what is shown', () => {
	test.each([
		['a long word', 'x'.repeat(700)],
		['many words', 'word '.repeat(200)],
		['control characters', 'a\u0000b\u001b[31m\r\nc '.repeat(50)],
		['signs of two halves', '🎬'.repeat(300)],
	])('stays in bounds where EvoLink says %s', (_, long) => {
		const values = { requestId: long, code: long, status: long, model: long, says: () => long };
		const hostile = Object.entries(problemsWith({ ...TYPICAL, ...values }));
		for (const [name, cases] of hostile.filter(([each]) => !LISTS.test(each)))
			for (const { message } of Object.values(cases)) {
				expect([name, [...message].length < 330]).toEqual([name, true]);
				expect(message).not.toMatch(/\p{Cc}|\p{Cs}/u);
			}
	});

	test('holds no key that EvoLink repeats', () => {
		const echo = problemsWith({ ...TYPICAL, says: () => 'Invalid token Bearer sk-evo-0123456789' });
		const names =
			/^(orderRefused|outcomeUnknown|keyInUse|taskEnded|timedOut|fileRefused|\w+[uU]nreadable|unreadable)$/;
		const all = Object.entries(echo).filter(([name]) => names.test(name));
		expect(all).toHaveLength(9);
		for (const problem of all.flatMap(([, cases]) => Object.values(cases)))
			expect(textOf(problem)).not.toContain('sk-evo');
	});

	test.each([
		['word '.repeat(60).trim(), /: word word .*word… \(500\)$/],
		['Insufficient quota. Please top up your account', /: Insufficient quota \(500\)$/],
	])('words that are too long for a message stand in the description, whole: %s', (words, short) => {
		const { message, description } = orderRefused(failureOf({ message: words }), 'm');
		expect(message).toMatch(short);
		expect(description).toContain(`In full: ${words}.`);
	});

	test('in one text, message and description are two sentences', () => {
		expect(textOf({ message: 'It broke', description: 'Wait.' })).toBe('It broke. Wait.');
		expect(textOf({ message: 'It broke.', description: 'Wait.' })).toBe('It broke. Wait.');
		expect(textOf({ message: 'It broke' })).toBe('It broke');
	});
});

/** Every sentence about a task, for one task with the given error and progress. */
function aboutTask(id: string, error: unknown = null, progress: unknown = 40): Record<string, Problem> {
	const task = (status: string) => taskOf({ id, status, error, progress } as never);
	const failure = failureOf({ requestId: 'req_1' });
	return {
		failed: taskEnded(task('failed')),
		cancelled: taskEnded(task('canceled')),
		nothingToShow: nothingToShow(task('completed')),
		timedOut: timedOut(id, 30, task('daydreaming'), undefined),
		timedOutUnread: timedOut(id, 30, undefined, failure),
		unreadable: unreadable(id, failure),
		downloadFailed: downloadFailed(task('completed'), 'https://files.evolink.ai/v.mp4', {
			why: 'hostBusy',
			reason: 'it answered 500',
		}),
	};
}

describe('a message about a task', () => {
	test('names the task, and the description says what to do next, whatever EvoLink said', () => {
		always(taskIds, hostileJson, hostileJson, (id, error, progress) => {
			for (const [kind, problem] of Object.entries(aboutTask(id, error, progress))) {
				expect([kind, problem.message]).toEqual([kind, expect.stringContaining(id)]);
				expect([kind, problem.description]).toEqual([kind, expect.stringMatching(NEXT_STEP)]);
				expect(problem.taskId).toBe(id);
			}
		});
	});

	test('of a failure stays readable when EvoLink sends a novel or control characters', () => {
		const error = { code: 'x'.repeat(5000), message: `a\u0000b\u001b[31m ${'word '.repeat(50_000)}` };
		const { message, description } = taskEnded(taskOf({ id: 'task-1', status: 'failed', error }));
		expect(message.length).toBeLessThan(200);
		expect(description!.length).toBeLessThan(2000);
		expect(`${message}${description}`).not.toMatch(/\p{Cc}/u);
		expect(description).toContain('does not order it again');
	});

	test('of a timeout names the unknown status, the progress and the time; the last fault comes after', () => {
		const last = taskOf({ id: 'task-1', status: 'daydreaming', progress: 40 });
		const problem = timedOut('task-1', 0.5, last, networkFailure('ECONNREFUSED', 'the host refused'));
		expect(problem.message).toBe(
			"Task task-1 was still 'daydreaming' (40 %) after 30 seconds ('Timeout Minutes')",
		);
		expect(problem.description).toContain('the host refused (ECONNREFUSED)');
		expect(problem.description).toContain('charged when it completes');
	});

	test.each([
		[1440, '1440 minutes'],
		[37.333333, '37.33 minutes'],
		[1.5, '1.5 minutes'],
		[1, '1 minute'],
		[0.5, '30 seconds'],
		[1 / 60, '1 second'],
		[0.01, '0.6 seconds'],
	])('of a timeout gives %s minutes as people say it', (minutes, words) => {
		expect(timedOut('t', minutes, undefined, undefined).message).toContain(` after ${words} (`);
	});
});

/** Cases of `PROBLEM_SAMPLES`: what the one text has, message and description, and what it has not. */
const SAYS: Array<[what: string, problem: Problem, has: RegExp, hasNot?: RegExp]> = [
	[
		'an order that was refused says so and why, then that nothing was charged',
		PROBLEM_SAMPLES.orderRefused['the balance is too low'],
		/^EvoLink did not take the order: Insufficient quota \(402 insufficient_quota, request \w+\)\. .*Nothing was charged/,
	],
	[
		'a closed model is named first, and what the order costs last',
		PROBLEM_SAMPLES.orderRefused['the model is closed'],
		/^EvoLink does not serve sora-2-preview to this key \(403 model_access_denied, request \w+\)\. EvoLink closes models .* EvoLink said: Token does .*, and refused orders are usually not charged\.$/,
	],
	[
		'a closed model, where the charge is not known, says so last, and advises no second order',
		PROBLEM_SAMPLES.outcomeUnknown['no channel for the model'],
		/^EvoLink does not serve sora-2-preview to this key \(503 no_available_channel, request \w+, Idempotency-Key n8n-\w+\)\. EvoLink closes models .* EvoLink said: No available .*\. It is not known .*Get Task\.$/,
		/Resend|Retry|again/,
	],
	[
		'a closed model, found by a retry, advises no second order of the same either',
		PROBLEM_SAMPLES.unknownBefore['of a closed model, found by a retry'],
		/^EvoLink did not serve sora-2-preview to an earlier try .*not sent again.*Idempotency-Key n8n-\w+.*EvoLink closes models .*It is not known whether .* charged: .*Get Task\.$/,
		/Resend|Retry/,
	],
	[
		'an order of unknown outcome names its key; how to look it up comes after, no advice to order again',
		PROBLEM_SAMPLES.outcomeUnknown['a fault of EvoLink'],
		/^[^.]*Idempotency-Key n8n-\w+.*Get Many Tasks.*dashboard.*'Resend When Outcome Is Unknown'/,
		/Try again/,
	],
	[
		'an order of unknown outcome, found by a retry, names its time and key; how to look it up comes after',
		PROBLEM_SAMPLES.unknownBefore['found by a retry'],
		/2026-11-24T08:15:00\.000Z.*Idempotency-Key n8n-\w+.*Get Many Tasks.*dashboard.*'Resend When Outcome Is Unknown'/,
	],
	[
		'a broken connection is named, and what to check',
		PROBLEM_SAMPLES.outcomeUnknown['the connection broke'],
		/\(ECONNRESET.*Check the connection/,
	],
	[
		'a failed task has its code and words, and a retry does not order it again',
		PROBLEM_SAMPLES.taskEnded.failed,
		/^Task \S+ failed: The prompt was refused by moderation \(content_policy_violation\)\. .*does not order it again/,
	],
	[
		'a wait that ended says why the task could not be read',
		PROBLEM_SAMPLES.timedOut['while EvoLink could not be read'],
		/^Task \S+ could not be read after 1\.5 minutes \('Timeout Minutes'\): The connection was closed before an answer came \(ECONNRESET\)/,
	],
];

test.each(SAYS)('%s', (_, problem, has, hasNot = /$^/) => {
	expect(textOf(problem)).toMatch(has);
	expect(textOf(problem)).not.toMatch(hasNot);
});

describe('a message about a run', () => {
	test('that ended early names every other task, and every key under which there may be one', () => {
		always(fc.array(taskIds, { maxLength: 20 }), (ids) => {
			const others = ids.map((id, item) => ({ item, what: `task ${id}`, id }));
			const doubt = { item: ids.length, what: 'not known', key: KEY };
			const first = { message: 'First', description: 'Wait.', taskId: 'task-1' };
			const { message, description, taskId } = withOthers(first, [...others, doubt]);
			for (const [item, id] of ids.entries()) {
				expect(message).toContain(id);
				expect(description).toContain(`item ${item}: task ${id}`);
			}
			expect(message).toContain(KEY);
			expect(message.startsWith('First; ')).toBe(true);
			expect(description!.startsWith('Wait. ')).toBe(true);
			expect(taskId).toBe('task-1');
		});
	});

	test('that ends early says which items were not ordered, in words that fit one and many', () => {
		expect(withOthers({ message: 'First' }, [], [4])).toEqual({
			message: 'First',
			description: 'Nothing was ordered for item 4.',
		});
		expect(withOthers({ message: 'First' }, [], [4, 5]).description).toBe(
			'Nothing was ordered for items 4, 5.',
		);
		expect(withOthers({ message: 'First' }, [])).toEqual({ message: 'First' });
	});

	test('that was stopped names every task and key, and holds the word by which n8n knows a stop', () => {
		always(fc.array(taskIds, { maxLength: 10 }), fc.array(taskIds, { maxLength: 3 }), (ids, keys) => {
			const { message } = nodeError(NODE, stopped(ids, keys), 0);
			expect(message).toContain('canceled');
			for (const id of [...ids, ...keys]) expect(message).toContain(id);
		});
	});

	test('that failed never holds that word, or n8n would take it for a stop and start no error workflow', () => {
		const error = { code: 'canceled', message: 'The upstream canceled the request' };
		const reports = Object.values(aboutTask('task-1', error));
		const others = [{ item: 1, what: 'task task-2 canceled', id: 'task-2' }];
		for (const problem of [...reports, withOthers(reports[0], others)]) {
			const texts = ({ message, description }: NodeFailure) => `${message} ${description}`;
			expect(texts(nodeError(NODE, problem, 0))).not.toContain('canceled');
			const failure = failureOf({ message: 'canceled' });
			expect(texts(nodeError(NODE, { ...problem, failure }, 0))).not.toContain('canceled');
		}
	});

	test('carries the item, the task, the description and the HTTP status for n8n', () => {
		const failure = failureOf({ status: 402, kind: 'balance', code: 'insufficient_quota' });
		const problem = { message: 'No', description: 'Wait.', failure, taskId: 'task-1' };
		expect(nodeError(NODE, problem, 3, true)).toMatchObject({
			message: 'No [item 3]',
			description: 'Wait.',
			httpCode: '402',
			context: { taskId: 'task-1', itemIndex: 3 },
		});
	});

	test('of one item names no item', () => {
		expect(nodeError(NODE, { message: 'No' }, 0).message).toBe('No');
	});

	test('that an older version stored comes out as it was written, with nothing said twice', () => {
		const failure = failureOf();
		const error = nodeError(NODE, { message: 'Refused. Top up. Nothing was charged.', failure }, 0);
		expect(error).toMatchObject({ message: 'Refused. Top up. Nothing was charged.', description: undefined });
	});
});
