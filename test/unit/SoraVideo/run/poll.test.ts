import { getEventListeners } from 'node:events';

import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import { waitForTasks } from '../../../../nodes/SoraVideo/run/poll';
import { MIN_SPACING_MS } from '../../../../nodes/SoraVideo/settings';
import { resultOf, type WaitResult, type Watch } from '../../../../nodes/SoraVideo/watch';
import { alwaysAsync, FakeClock, failureOf, PROPERTY_TIMEOUT_MS, taskOf } from '../../support';
import type { ReadTasks, TaskReading } from '../../../../nodes/evolink/reader';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const PACE = { pollMs: 8000, timeoutMs: 1_800_000 };
/** Ordered just now. */
const task = (id: string): Watch => ({ id, orderedAt: 0, unfinishedAt: 0 });

/** Waits, and says what each task came to. Tasks that are not all ordered just now are read at once. */
async function waitFor(
	watches: Watch[],
	read: (id: string) => Promise<TaskReading>,
	pace: { pollMs: number; timeoutMs: number },
	clock: FakeClock,
	signal?: AbortSignal,
): Promise<Map<string, WaitResult>> {
	const isFresh = watches.every(({ orderedAt }) => orderedAt !== undefined);
	const readEach: ReadTasks = async (ids, record) =>
		void (await Promise.all(ids.map(async (id) => record(id, await read(id)))));
	await waitForTasks(watches, readEach, { ...pace, ...(isFresh && { firstAfter: {} }) }, clock, signal);
	return new Map(watches.map((watch) => [watch.id, resultOf(watch)]));
}
const says = (id: string, status: string, more: IDataObject = {}): TaskReading => ({
	ok: true,
	task: taskOf({ id, status, ...more }),
});
const busy = (id: string) => says(id, 'processing');
const done = (id: string) => says(id, 'completed', { results: ['https://files.evolink.ai/v.mp4'] });
const fault = (overrides = {}): TaskReading => ({ ok: false, failure: failureOf(overrides) });

/** Reads that give the listed answers in turn, the last one for ever, and note when they came. */
function script(clock: FakeClock, ...answers: Array<(id: string) => TaskReading>) {
	const reads: Array<{ id: string; at: number }> = [];
	const counts = new Map<string, number>();
	const read = async (id: string): Promise<TaskReading> => {
		const count = counts.get(id) ?? 0;
		counts.set(id, count + 1);
		reads.push({ id, at: clock.now() });
		return answers[Math.min(count, answers.length - 1)](id);
	};
	return { read, reads };
}

describe('waiting by reading', () => {
	test('a failed task ends the wait at once, with its reason', async () => {
		const clock = new FakeClock();
		const failed = (id: string) =>
			says(id, 'failed', { error: { code: 'content_policy_violation', message: 'no' } });
		const { read, reads } = script(clock, busy, failed, done);
		const result = (await waitFor([task('a')], read, PACE, clock)).get('a');
		expect(result).toMatchObject({
			kind: 'ended',
			task: { phase: 'failed', error: { code: 'content_policy_violation', message: 'no' } },
		});
		expect(reads).toHaveLength(2);
	});

	test('takes exactly one sleep for each read, and none after the last result', async () => {
		const clock = new FakeClock();
		const { read, reads } = script(clock, busy, busy, busy, done);
		await waitFor([task('a')], read, PACE, clock);
		expect(reads.map(({ at }) => at)).toEqual([8000, 16_000, 24_000, 32_000]);
		expect(clock.sleeps).toEqual([8000, 8000, 8000, 8000]);
	});

	test('a task that existed before is read before the first sleep', async () => {
		const clock = new FakeClock();
		const { read, reads } = script(clock, done);
		const results = await waitFor([{ id: 'a' }], read, PACE, clock);
		expect(reads).toEqual([{ id: 'a', at: 0 }]);
		expect(results.get('a')).toMatchObject({ kind: 'ended' });
	});

	test('only a run that saw the task unfinished says when that was last', async () => {
		const clock = new FakeClock();
		const { read } = script(clock, busy, done);
		const results = await waitFor([{ id: 'a' }], read, PACE, clock);
		expect(results.get('a')).toMatchObject({ kind: 'ended' });
	});

	test.each([
		['a 500', { status: 500 }],
		['a 503', { status: 503 }],
		['a 429', { kind: 'rateLimited', status: 429 }],
		['a dropped connection', { kind: 'network', status: undefined, code: 'ECONNRESET' }],
		['an answer that is no task', { kind: 'unexpected', status: 200 }],
	])('%s is waited out', async (_, failure) => {
		const clock = new FakeClock();
		const { read, reads } = script(
			clock,
			busy,
			() => fault(failure),
			() => fault(failure),
			done,
		);
		const results = await waitFor([task('a')], read, PACE, clock);
		expect(results.get('a')).toMatchObject({ kind: 'ended', task: { phase: 'completed' } });
		expect(reads).toHaveLength(4);
	});

	test('a refusal of EvoLink ends the wait for this task and for no other', async () => {
		const clock = new FakeClock();
		const refused = fault({ status: 403, kind: 'forbidden', transient: false });
		const { read, reads } = script(
			clock,
			(id) => (id === 'gone' ? refused : busy(id)),
			(id) => (id === 'gone' ? refused : done(id)),
		);
		const results = await waitFor([task('gone'), task('b')], read, PACE, clock);
		expect(results.get('gone')).toMatchObject({ kind: 'refused', failure: { status: 403 } });
		expect(results.get('b')).toMatchObject({ kind: 'ended' });
		expect(reads.filter(({ id }) => id === 'gone')).toHaveLength(1);
	});

	test('a Retry-After is honoured', async () => {
		const clock = new FakeClock();
		const { read, reads } = script(clock, () => fault({ status: 429, retryAfterMs: 42_000 }), done);
		await waitFor([task('a')], read, PACE, clock);
		expect(reads.map(({ at }) => at)).toEqual([8000, 50_000]);
	});

	test('an unknown status is bounded by the deadline and comes out as it was sent', async () => {
		const clock = new FakeClock();
		const { read, reads } = script(clock, (id) => says(id, 'daydreaming'));
		const results = await waitFor([task('a')], read, { pollMs: 8000, timeoutMs: 60_000 }, clock);
		expect(results.get('a')).toMatchObject({ kind: 'unfinished', last: { status: 'daydreaming' } });
		expect(reads.at(-1)?.at).toBe(60_000);
	});

	test('a task that completes just before the deadline is found by the last read', async () => {
		const clock = new FakeClock();
		const read = async (id: string) => (clock.now() >= 59_999 ? done(id) : busy(id));
		const results = await waitFor([task('a')], read, { pollMs: 50_000, timeoutMs: 60_000 }, clock);
		expect(results.get('a')).toMatchObject({ kind: 'ended', task: { phase: 'completed' } });
	});

	test('a read that is still under way when the deadline passes is followed by one at it', async () => {
		const clock = new FakeClock();
		const { read, reads } = script(
			clock,
			(id) => {
				clock.pass(70_000);
				return busy(id);
			},
			done,
		);
		const results = await waitFor([task('a')], read, { pollMs: 8000, timeoutMs: 60_000 }, clock);
		expect(results.get('a')).toMatchObject({ kind: 'ended' });
		expect(reads).toHaveLength(2);
	});

	test('the last fault is told when the time is up', async () => {
		const clock = new FakeClock();
		const { read } = script(clock, busy, () => fault({ code: 'ECONNREFUSED' }));
		const results = await waitFor([task('a')], read, { pollMs: 8000, timeoutMs: 30_000 }, clock);
		expect(results.get('a')).toMatchObject({
			kind: 'unfinished',
			last: { status: 'processing' },
			failure: { code: 'ECONNREFUSED' },
		});
	});

	test('a fault that passed is not told when the time is up', async () => {
		const clock = new FakeClock();
		const { read } = script(clock, () => fault(), busy);
		const results = await waitFor([task('a')], read, { pollMs: 8000, timeoutMs: 30_000 }, clock);
		expect(results.get('a')).not.toMatchObject({ failure: expect.anything() });
	});

	test('all tasks are waited for together, and each is answered under its own id', async () => {
		const ids = Array.from({ length: 20 }, (_, at) => `t${at}`);
		const clock = new FakeClock();
		const { read } = script(clock, busy, busy, done);
		const results = await waitFor(ids.map(task), read, PACE, clock);
		expect([...results.keys()]).toEqual(ids);
		for (const [id, result] of results) expect(result).toMatchObject({ kind: 'ended', task: { id } });
		expect(clock.now()).toBe(24_000);
	});

	test('all tasks of a run are read together, from when the earliest may have ended', async () => {
		const clock = new FakeClock();
		const asked: Array<[number, readonly string[]]> = [];
		const read: ReadTasks = async (ids, record) => {
			asked.push([clock.now(), ids]);
			for (const id of ids) record(id, asked.length < 2 || id === 'b' ? busy(id) : done(id));
		};
		const timing = { pollMs: 8000, timeoutMs: 20_000, firstAfter: { estimatedSeconds: 4 } };
		await waitForTasks([task('a'), task('a'), task('b')], read, timing, clock);
		expect(asked).toEqual([
			[1000, ['a', 'b']],
			[9000, ['a', 'b']],
			[17_000, ['b']],
			[20_000, ['b']],
		]);
	});

	test.each([-7_200_000, 7_200_000])(
		'a clock that is set by %i ms neither ends the wait nor stalls it',
		async (jump) => {
			const clock = new FakeClock();
			const { read, reads } = script(
				clock,
				busy,
				(id) => {
					clock.jump(jump);
					return busy(id);
				},
				busy,
				done,
			);
			const results = await waitFor([task('a')], read, PACE, clock);
			expect(results.get('a')).toMatchObject({ kind: 'ended' });
			expect(reads).toHaveLength(4);
			expect(clock.sleeps).toEqual([8000, 8000, 8000, 8000]);
		},
	);

	test('nothing to wait for takes no time', async () => {
		const clock = new FakeClock();
		expect((await waitFor([], async (id) => busy(id), PACE, clock)).size).toBe(0);
		expect(clock.sleeps).toEqual([]);
	});
});

describe('whatever EvoLink answers', () => {
	const answers = fc.array(
		fc.oneof(
			fc.constant(busy),
			fc.constantFrom(0, 1, 5000, 1e9).map((retryAfterMs) => () => fault({ retryAfterMs })),
			fc.constant(() => fault({ kind: 'network', status: undefined })),
			fc.constant((id: string) => says(id, 'odd')),
		),
		{ minLength: 1, maxLength: 6 },
	);
	const paces = fc.record({
		pollMs: fc.integer({ min: 250, max: 60_000 }),
		timeoutMs: fc.integer({ min: 600, max: 200_000 }),
	});

	test('reads of one task keep their distance, their number is bounded, and the last one is at the deadline', async () => {
		await alwaysAsync(
			answers,
			paces,
			fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
			fc.integer({ min: 0, max: 3000 }),
			async (list, pace, random, latency) => {
				const clock = new FakeClock(0, () => random);
				const { read, reads } = script(
					clock,
					...list.map((give) => (id: string) => {
						clock.pass(latency);
						return give(id);
					}),
				);
				const results = await waitFor([task('a')], read, pace, clock);
				expect(results.get('a')?.kind).toBe('unfinished');
				for (let at = 1; at < reads.length - 1; at += 1) {
					expect(reads[at].at - reads[at - 1].at).toBeGreaterThanOrEqual(MIN_SPACING_MS - 1e-6);
				}
				expect(reads.length).toBeLessThanOrEqual(
					Math.ceil(pace.timeoutMs / Math.max(pace.pollMs * 0.9, 250)) + 2,
				);
				const last = reads[reads.length - 1].at;
				expect(last).toBeGreaterThanOrEqual(pace.timeoutMs);
				expect(last).toBeLessThanOrEqual(pace.timeoutMs + latency);
			},
		);
	});

	test('every task gets exactly one result, and never a result that EvoLink did not give', async () => {
		const ends = fc.constantFrom('completed', 'failed', 'cancelled', 'canceled', 'stuck');
		await alwaysAsync(fc.array(ends, { maxLength: 12 }), fc.nat(5), async (states, after) => {
			const clock = new FakeClock();
			const { read } = script(clock, ...Array.from({ length: after }, () => busy), (id) =>
				says(id, states[Number(id)]),
			);
			const ids = states.map((_, at) => String(at));
			const results = await waitFor(ids.map(task), read, { pollMs: 1000, timeoutMs: 30_000 }, clock);
			expect([...results.keys()]).toEqual(ids);
			states.forEach((state, at) => {
				const result = results.get(String(at));
				if (state === 'stuck')
					expect(result).toMatchObject({ kind: 'unfinished', last: { status: 'stuck' } });
				else expect(result).toMatchObject({ kind: 'ended', task: { id: String(at), status: state } });
			});
		});
	});
});

describe('a stop of the execution', () => {
	test('ends the wait at once; finished tasks keep their result, the others what is known of them', async () => {
		const stop = new AbortController();
		const clock = new FakeClock(
			0,
			() => 0.5,
			(count) => {
				if (count === 2) stop.abort();
			},
		);
		const { read, reads } = script(clock, (id) => (id === 'quick' ? done(id) : busy(id)));
		const results = await waitFor([task('quick'), task('slow')], read, PACE, clock, stop.signal);
		expect(results.get('quick')).toMatchObject({ kind: 'ended' });
		expect(results.get('slow')).toMatchObject({ kind: 'unfinished', last: { status: 'processing' } });
		expect(reads.filter(({ id }) => id === 'slow')).toHaveLength(2);
	});

	test('that never comes leaves no listener behind, however often a task was read', async () => {
		const { signal } = new AbortController();
		const clock = new FakeClock();
		const { read, reads } = script(clock, ...Array.from({ length: 50 }, () => busy), done);
		await waitFor([task('a')], read, PACE, clock, signal);
		expect(reads).toHaveLength(51);
		expect(getEventListeners(signal, 'abort')).toEqual([]);
	});

	test('before the first read, nothing is read', async () => {
		const clock = new FakeClock();
		const { read, reads } = script(clock, busy);
		const results = await waitFor([task('a')], read, PACE, clock, AbortSignal.abort());
		expect(results.get('a')).toEqual({ kind: 'unfinished' });
		expect(reads).toEqual([]);
	});

	test('does not wait for a read that hangs', async () => {
		const stop = new AbortController();
		const clock = new FakeClock();
		const read = async (): Promise<TaskReading> => {
			setImmediate(() => stop.abort());
			return await new Promise<TaskReading>(() => {});
		};
		const results = await waitFor([task('a')], read, PACE, clock, stop.signal);
		expect(results.get('a')).toEqual({ kind: 'unfinished' });
	});
});
