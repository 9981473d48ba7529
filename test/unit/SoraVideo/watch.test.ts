import fc from 'fast-check';

import { hasEnded, isSettled, observe, readAll, resultOf, type Watch } from '../../../nodes/SoraVideo/watch';
import { always, failureOf, taskOf } from '../support';
import type { Clock } from '../../../nodes/evolink/clock';
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

describe('a task that has completed without a result', () => {
	const LINK = 'https://a.example/v.mp4';
	const completed = (fields: object): TaskReading => ({
		ok: true,
		task: taskOf({ id: 'a', status: 'completed', ...fields }),
	});

	test.each([
		['its link', { results: [LINK] }],
		['the name of a character', { result_data: { character_name: 'chr_1' } }],
	])('is waited for until it has %s, for two minutes after it was first seen so', (_, result) => {
		const watch = after(ordered(), completed({ results: [] }), 1000);
		expect(isSettled(watch)).toBe(false);
		expect(isSettled(after(watch, fails({ kind: 'server', transient: true }), 500_000))).toBe(false);
		expect(isSettled(after(watch, completed({}), 120_999))).toBe(false);
		const late = structuredClone(watch);
		expect(isSettled(after(late, completed(result), 120_999))).toBe(true);
		expect(resultOf(late)).toMatchObject({ kind: 'ended' });
		expect(late).not.toHaveProperty('withoutResult');
		expect(isSettled(after(watch, completed({}), 121_000))).toBe(true);
	});

	test('is waited for no longer because a stale read says in between that it still runs', () => {
		const watch = after(after(ordered(), completed({}), 0), says('processing'), 130_000);
		expect(isSettled(watch)).toBe(false);
		expect(isSettled(after(watch, completed({}), 131_000))).toBe(true);
	});

	test('is told as completed where the wait ends first', () => {
		const watch = after(ordered(), completed({ results: null }), 1000);
		expect(resultOf(watch)).toMatchObject({ kind: 'ended', task: { phase: 'completed' } });
	});

	test('is waited for where only the picture of a character has come', () => {
		const picture = { result_data: { profile_picture_url: 'https://a.example/p.jpg' } };
		expect(hasEnded(after(ordered(), completed(picture), 1000))).toBe(false);
	});
});

test('a task that has failed is over at once, with or without a result', () => {
	const watch = after(ordered(), says('failed'));
	expect(hasEnded(watch)).toBe(true);
	expect(watch).not.toHaveProperty('withoutResult');
});

test('what the order was answered is no status that was read: it is left out where no read succeeded', () => {
	const created = { id: 'a', status: 'pending' };
	const unread = (): Watch => ({ ...ordered(), seen: created });
	const passing = fails({ kind: 'server', status: 500, transient: true });
	expect(resultOf(after(unread(), passing))).toMatchObject({ kind: 'unfinished', last: undefined });
	const read = after(after(unread(), says('processing'), ORDERED + 5), passing);
	expect(resultOf(read)).toMatchObject({ kind: 'unfinished', last: { status: 'processing' } });
	expect(resultOf(unread())).toMatchObject({ kind: 'unfinished', last: { status: 'pending' } });
});

describe('tasks that are read together', () => {
	const clock = { now: () => ORDERED + 7 } as Clock;

	test('are each asked for once, and each row learns of its own', async () => {
		const watches = ['a', 'b', 'a', 'c'].map((id): Watch => ({ id }));
		const asked: string[][] = [];
		await readAll(
			watches,
			async (ids, record) => {
				asked.push([...ids]);
				for (const id of ['a', 'b']) record(id, { ok: true, task: taskOf({ id, status: 'processing' }) });
			},
			clock,
		);
		expect(asked).toEqual([['a', 'b', 'c']]);
		expect(watches.map(({ seen, unfinishedAt }) => [seen?.id, unfinishedAt])).toEqual([
			['a', ORDERED + 7],
			['b', ORDERED + 7],
			['a', ORDERED + 7],
			[undefined, undefined],
		]);
	});

	test('are no request where there are none', async () => {
		const read = jest.fn();
		await readAll([], read, clock);
		expect(read).not.toHaveBeenCalled();
	});
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
		if (isSettled(watch)) expect(resultOf(watch).kind).not.toBe('unfinished');
	});
});
