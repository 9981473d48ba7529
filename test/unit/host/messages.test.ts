import fc from 'fast-check';

import { networkFailure } from '../../../nodes/evolink/failure';
import { nodeError, type Problem } from '../../../nodes/host/errors';
import {
	downloadFailed,
	nothingToShow,
	orderRefused,
	outcomeUnknown,
	stopped,
	taskEnded,
	timedOut,
	unknownBefore,
	unreadable,
	withOthers,
} from '../../../nodes/host/messages';
import { always, failureOf, hostileJson, NODE, PROPERTY_TIMEOUT_MS, taskIds, taskOf } from '../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const KEY = 'n8n-0123456789abcdef0123456789abcdef';
const NEXT_STEP = /Get Task|Get Credits|[Rr]un the workflow again/;

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
		downloadFailed: downloadFailed(task('completed'), 'https://files.evolink.ai/v.mp4', 'it answered 404'),
	};
}

describe('a message about a task', () => {
	test('names the task and says what to do next, whatever EvoLink said', () => {
		always(taskIds, hostileJson, hostileJson, (id, error, progress) => {
			for (const [kind, problem] of Object.entries(aboutTask(id, error, progress))) {
				expect([kind, problem.message]).toEqual([kind, expect.stringContaining(id)]);
				expect([kind, problem.message]).toEqual([kind, expect.stringMatching(NEXT_STEP)]);
				expect(problem.taskId).toBe(id);
			}
		});
	});

	test('of a failure holds its code and words, and that a retry does not order again', () => {
		const error = { code: 'content_policy_violation', message: 'Real people\nare not allowed.' };
		const { message } = taskEnded(taskOf({ id: 'task-1', status: 'failed', error }));
		expect(message).toMatch(
			/^Task task-1 failed: Real people are not allowed \(content_policy_violation\)\. /,
		);
		expect(message).toContain('does not order it again');
	});

	test('of a failure stays readable when EvoLink sends a novel or control characters', () => {
		const error = { code: 'x'.repeat(5000), message: `a\u0000b\u001b[31m ${'word '.repeat(50_000)}` };
		const { message } = taskEnded(taskOf({ id: 'task-1', status: 'failed', error }));
		expect(message.length).toBeLessThan(2000);
		expect(message).not.toMatch(/\p{Cc}/u);
		expect(message).toContain('does not order it again');
	});

	test('of a timeout names the unknown status, the progress, the time and the last fault', () => {
		const last = taskOf({ id: 'task-1', status: 'daydreaming', progress: 40 });
		const { message } = timedOut('task-1', 0.5, last, networkFailure('ECONNREFUSED', 'the host refused'));
		expect(message).toContain("Task task-1 was still 'daydreaming' (40 %) after 0.5 minutes");
		expect(message).toContain('the host refused (ECONNREFUSED)');
		expect(message).toContain('charged when it completes');
	});

	test('of a timeout gives the minutes as they were set', () => {
		always(fc.integer({ min: 1, max: 144_000 }), (hundredths) => {
			const minutes = hundredths / 100;
			expect(timedOut('t', (minutes * 60_000) / 60_000, undefined, undefined).message).toContain(
				` after ${minutes} minutes`,
			);
		});
	});

	test('of a lost file holds the link, because the video is paid', () => {
		const { message } = aboutTask('task-1').downloadFailed;
		expect(message).toContain('https://files.evolink.ai/v.mp4');
		expect(message).toContain('24 hours');
	});
});

describe('a message about an order', () => {
	test('of unknown outcome names its key and how to look it up', () => {
		for (const { message } of [outcomeUnknown(failureOf(), KEY), unknownBefore(KEY, 0)]) {
			expect(message).toContain(KEY);
			expect(message).toContain('Get Many Tasks');
			expect(message).toContain('dashboard');
			expect(message).toContain("'Resend When Outcome Is Unknown'");
		}
		expect(unknownBefore(KEY, 0).message).toContain('1970-01-01T00:00:00.000Z');
	});

	test('that was refused says so, why, and that nothing was charged', () => {
		const failure = failureOf({
			status: 402,
			code: 'insufficient_quota',
			message: 'Insufficient quota',
			charge: 'none',
		});
		const { message } = orderRefused(failure);
		expect(message).toContain('Insufficient quota (402 insufficient_quota)');
		expect(message).toContain('Nothing was charged');
	});
});

describe('a message about a run', () => {
	test('that ended early names every other task', () => {
		always(fc.array(taskIds, { maxLength: 20 }), (ids) => {
			const others = ids.map((id, item) => ({ item, what: `task ${id}`, isTask: true }));
			const { message, taskId } = withOthers({ message: 'First.', taskId: 'task-1' }, others);
			for (const [item, id] of ids.entries()) expect(message).toContain(`item ${item}: task ${id}`);
			expect(message.startsWith('First.')).toBe(true);
			expect(taskId).toBe('task-1');
		});
	});

	test('that ends early says which items were not ordered, in words that fit one and many', () => {
		expect(withOthers({ message: 'First.' }, [], [4]).message).toBe('First. Nothing was ordered for item 4.');
		expect(withOthers({ message: 'First.' }, [], [4, 5]).message).toBe(
			'First. Nothing was ordered for items 4, 5.',
		);
		expect(withOthers({ message: 'First.' }, []).message).toBe('First.');
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
		const others = [{ item: 1, what: 'task task-2 canceled', isTask: true }];
		for (const problem of [...reports, withOthers(reports[0], others)]) {
			expect(nodeError(NODE, problem, 0).message).not.toContain('canceled');
			const failure = failureOf({ message: 'canceled' });
			expect(nodeError(NODE, { ...problem, failure }, 0).message).not.toContain('canceled');
		}
	});

	test('carries the item, the task, the advice and the HTTP status for n8n', () => {
		const failure = failureOf({ status: 402, kind: 'balance', code: 'insufficient_quota' });
		const error = nodeError(NODE, { message: 'No.', failure, taskId: 'task-1' }, 3);
		expect(error).toMatchObject({
			message: 'No. [item 3]',
			description: failure.advice,
			httpCode: '402',
			context: { taskId: 'task-1', itemIndex: 3 },
		});
	});
});
