import fc from 'fast-check';

import { hasEnded, isSettled, observe, resultOf, type Watch } from '../../../nodes/SoraVideo/watch';
import { always, failureOf, taskOf } from '../support';
import type { TaskReading } from '../../../nodes/evolink/reader';

const ORDERED = 1_000_000;
const ordered = (): Watch => ({ id: 'a', orderedAt: ORDERED, unfinishedAt: ORDERED });
const existing = (): Watch => ({ id: 'a' });
const says = (status: string): TaskReading => ({ ok: true, task: taskOf({ id: 'a', status }) });
const fails = (overrides: Parameters<typeof failureOf>[0]): TaskReading => ({
	ok: false,
	failure: failureOf({ status: 404, transient: false, ...overrides }),
});

/** What a wait knows after one read at `readAt`. */
function after(watch: Watch, reading: TaskReading, readAt = ORDERED + 1): Watch {
	observe(watch, reading, readAt);
	return watch;
}

describe('a refusal while a task is waited for', () => {
	const notFound = fails({ kind: 'notFound' });
	const page = fails({ kind: 'forbidden', status: 403, fromProxy: true });
	const forbidden = fails({ kind: 'forbidden', status: 403 });

	test.each([
		['an unknown id, just after the order', ordered(), notFound, ORDERED, false],
		['an unknown id, in the last instant of two minutes', ordered(), notFound, ORDERED + 119_999, false],
		['an unknown id, two minutes after the order', ordered(), notFound, ORDERED + 120_000, true],
		["a proxy's page, however long after the order", ordered(), page, ORDERED + 86_400_000, false],
		["EvoLink's own refusal", ordered(), forbidden, ORDERED, true],
		['an unknown id of a task that was there before', existing(), notFound, ORDERED, true],
		["a proxy's page about a task that was there before", existing(), page, ORDERED, true],
	])('%s: ends the wait = %#', (_, watch, reading, readAt, ends) => {
		expect(isSettled(after(watch, reading, readAt))).toBe(ends);
		expect(resultOf(watch).kind).toBe(ends ? 'refused' : 'unfinished');
	});
});

test('a read that succeeds takes back the failure before it', () => {
	const watch = after(
		after(ordered(), fails({ kind: 'server', status: 500, transient: true })),
		says('processing'),
		5,
	);
	expect(watch).toEqual({
		id: 'a',
		orderedAt: ORDERED,
		unfinishedAt: 5,
		seen: { id: 'a', status: 'processing' },
	});
});

test('a read that fails keeps what was known, and when the task was last known unfinished', () => {
	const watch = after(after(ordered(), says('processing'), 5), fails({ kind: 'server', transient: true }), 9);
	expect(resultOf(watch)).toMatchObject({
		kind: 'unfinished',
		last: { status: 'processing' },
		failure: { kind: 'server' },
	});
	expect(watch.unfinishedAt).toBe(5);
});

test("what is known of a task is plain data: it comes back the same from n8n's database", () => {
	const readings = fc.constantFrom(
		says('processing'),
		says('completed'),
		says('odd'),
		fails({ kind: 'notFound' }),
		fails({ transient: true }),
	);
	always(fc.array(readings), fc.boolean(), (list, isOwn) => {
		const watch = isOwn ? ordered() : existing();
		for (const reading of list) observe(watch, reading, ORDERED);
		const stored = JSON.parse(JSON.stringify(watch)) as Watch;
		expect(stored).toEqual(watch);
		expect(resultOf(stored)).toEqual(resultOf(watch));
		if (hasEnded(watch)) expect(resultOf(watch).kind).toBe('ended');
		expect(isSettled(watch)).toBe(resultOf(watch).kind !== 'unfinished');
	});
});
