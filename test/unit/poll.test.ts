import { getEventListeners } from 'node:events';

import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import { waitForTasks, type TaskReading, type WaitingTask } from '../../nodes/evolink/wait/poll';
import { MIN_SPACING_MS, type Pace } from '../../nodes/evolink/wait/schedule';
import { alwaysAsync, FakeClock, failureOf, PROPERTY_TIMEOUT_MS, taskOf } from './support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const PACE: Pace = { pollMs: 8000, deadline: 1_800_000 };
const task = (id: string): WaitingTask => ({ id, submittedAt: 0 });
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
		const result = (await waitForTasks([task('a')], read, PACE, clock)).get('a');
		expect(result).toMatchObject({
			kind: 'ended',
			task: { phase: 'failed', error: { code: 'content_policy_violation', message: 'no' } },
		});
		expect(reads).toHaveLength(2);
	});

	test('takes exactly one sleep for each read, and none after the last result', async () => {
		const clock = new FakeClock();
		const { read, reads } = script(clock, busy, busy, busy, done);
		await waitForTasks([task('a')], read, PACE, clock);
		expect(reads.map(({ at }) => at)).toEqual([8000, 16_000, 24_000, 32_000]);
		expect(clock.sleeps).toEqual([8000, 8000, 8000, 8000]);
	});

	test('a task that existed before is read before the first sleep', async () => {
		const clock = new FakeClock();
		const { read, reads } = script(clock, done);
		const results = await waitForTasks([{ ...task('a'), readAtOnce: true }], read, PACE, clock);
		expect(reads).toEqual([{ id: 'a', at: 0 }]);
		expect(results.get('a')).not.toHaveProperty('unfinishedAt');
	});

	test('only a run that saw the task unfinished says when that was last', async () => {
		const clock = new FakeClock();
		const { read } = script(clock, busy, done);
		const results = await waitForTasks([{ ...task('a'), readAtOnce: true }], read, PACE, clock);
		expect(results.get('a')).toMatchObject({ kind: 'ended', unfinishedAt: 0 });
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
		const results = await waitForTasks([task('a')], read, PACE, clock);
		expect(results.get('a')).toMatchObject({ kind: 'ended', task: { phase: 'completed' } });
		expect(reads).toHaveLength(4);
	});

	test('a refusal of EvoLink ends the wait for this task and for no other', async () => {
		const clock = new FakeClock();
		const refused = fault({ status: 404, kind: 'notFound', transient: false });
		const { read, reads } = script(
			clock,
			(id) => (id === 'gone' ? refused : busy(id)),
			(id) => (id === 'gone' ? refused : done(id)),
		);
		const results = await waitForTasks([task('gone'), task('b')], read, PACE, clock);
		expect(results.get('gone')).toMatchObject({ kind: 'refused', failure: { status: 404 } });
		expect(results.get('b')).toMatchObject({ kind: 'ended' });
		expect(reads.filter(({ id }) => id === 'gone')).toHaveLength(1);
	});

	test('a Retry-After is honoured', async () => {
		const clock = new FakeClock();
		const { read, reads } = script(clock, () => fault({ status: 429, retryAfterMs: 42_000 }), done);
		await waitForTasks([task('a')], read, PACE, clock);
		expect(reads.map(({ at }) => at)).toEqual([8000, 50_000]);
	});

	test('an unknown status is bounded by the deadline and comes out as it was sent', async () => {
		const clock = new FakeClock();
		const { read, reads } = script(clock, (id) => says(id, 'daydreaming'));
		const results = await waitForTasks([task('a')], read, { pollMs: 8000, deadline: 60_000 }, clock);
		expect(results.get('a')).toMatchObject({ kind: 'timedOut', last: { status: 'daydreaming' } });
		expect(reads.at(-1)?.at).toBe(60_000);
	});

	test('a task that completes just before the deadline is found by the last read', async () => {
		const clock = new FakeClock();
		const read = async (id: string) => (clock.now() >= 59_999 ? done(id) : busy(id));
		const results = await waitForTasks([task('a')], read, { pollMs: 50_000, deadline: 60_000 }, clock);
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
		const results = await waitForTasks([task('a')], read, { pollMs: 8000, deadline: 60_000 }, clock);
		expect(results.get('a')).toMatchObject({ kind: 'ended' });
		expect(reads).toHaveLength(2);
	});

	test('the last fault is told when the time is up', async () => {
		const clock = new FakeClock();
		const { read } = script(clock, busy, () => fault({ code: 'ECONNREFUSED' }));
		const results = await waitForTasks([task('a')], read, { pollMs: 8000, deadline: 30_000 }, clock);
		expect(results.get('a')).toMatchObject({
			kind: 'timedOut',
			last: { status: 'processing' },
			failure: { code: 'ECONNREFUSED' },
		});
	});

	test('a fault that passed is not told when the time is up', async () => {
		const clock = new FakeClock();
		const { read } = script(clock, () => fault(), busy);
		const results = await waitForTasks([task('a')], read, { pollMs: 8000, deadline: 30_000 }, clock);
		expect(results.get('a')).not.toHaveProperty('failure');
	});

	test('all tasks are waited for together, and each is answered under its own id', async () => {
		const ids = Array.from({ length: 20 }, (_, at) => `t${at}`);
		const clock = new FakeClock();
		const { read } = script(clock, busy, busy, done);
		const results = await waitForTasks(ids.map(task), read, PACE, clock);
		expect([...results.keys()]).toEqual(ids);
		for (const [id, result] of results) expect(result).toMatchObject({ kind: 'ended', task: { id } });
		expect(clock.now()).toBe(24_000);
	});

	test('nothing to wait for takes no time', async () => {
		const clock = new FakeClock();
		expect((await waitForTasks([], async (id) => busy(id), PACE, clock)).size).toBe(0);
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
		deadline: fc.integer({ min: 600, max: 200_000 }),
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
				const results = await waitForTasks([task('a')], read, pace, clock);
				expect(results.get('a')?.kind).toBe('timedOut');
				for (let at = 1; at < reads.length - 1; at += 1) {
					expect(reads[at].at - reads[at - 1].at).toBeGreaterThanOrEqual(MIN_SPACING_MS - 1e-6);
				}
				expect(reads.length).toBeLessThanOrEqual(
					Math.ceil(pace.deadline / Math.max(pace.pollMs * 0.9, 250)) + 2,
				);
				const last = reads[reads.length - 1].at;
				expect(last).toBeGreaterThanOrEqual(pace.deadline);
				expect(last).toBeLessThanOrEqual(pace.deadline + latency);
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
			const results = await waitForTasks(ids.map(task), read, { pollMs: 1000, deadline: 30_000 }, clock);
			expect([...results.keys()]).toEqual(ids);
			states.forEach((state, at) => {
				const result = results.get(String(at));
				if (state === 'stuck') expect(result).toMatchObject({ kind: 'timedOut', last: { status: 'stuck' } });
				else expect(result).toMatchObject({ kind: 'ended', task: { id: String(at), status: state } });
			});
		});
	});
});

describe('a stop of the execution', () => {
	test('ends the wait at once; finished tasks keep their result, the others are named as stopped', async () => {
		const stop = new AbortController();
		const clock = new FakeClock(
			0,
			() => 0.5,
			(count) => {
				if (count === 2) stop.abort();
			},
		);
		const { read, reads } = script(clock, (id) => (id === 'quick' ? done(id) : busy(id)));
		const results = await waitForTasks([task('quick'), task('slow')], read, PACE, clock, stop.signal);
		expect(results.get('quick')).toMatchObject({ kind: 'ended' });
		expect(results.get('slow')).toMatchObject({ kind: 'stopped', last: { status: 'processing' } });
		expect(reads.filter(({ id }) => id === 'slow')).toHaveLength(2);
	});

	test('that never comes leaves no listener behind, however often a task was read', async () => {
		const { signal } = new AbortController();
		const clock = new FakeClock();
		const { read, reads } = script(clock, ...Array.from({ length: 50 }, () => busy), done);
		await waitForTasks([task('a')], read, PACE, clock, signal);
		expect(reads).toHaveLength(51);
		expect(getEventListeners(signal, 'abort')).toEqual([]);
	});

	test('before the first read, nothing is read', async () => {
		const clock = new FakeClock();
		const { read, reads } = script(clock, busy);
		const results = await waitForTasks([task('a')], read, PACE, clock, AbortSignal.abort());
		expect(results.get('a')).toEqual({ kind: 'stopped' });
		expect(reads).toEqual([]);
	});

	test('does not wait for a read that hangs', async () => {
		const stop = new AbortController();
		const clock = new FakeClock();
		const read = async (): Promise<TaskReading> => {
			setImmediate(() => stop.abort());
			return await new Promise<TaskReading>(() => {});
		};
		const results = await waitForTasks([task('a')], read, PACE, clock, stop.signal);
		expect(results.get('a')).toEqual({ kind: 'stopped' });
	});

	test('starts no further read of a long list', async () => {
		const stop = new AbortController();
		const clock = new FakeClock();
		let started = 0;
		const read = async (id: string) => {
			started += 1;
			stop.abort();
			return busy(id);
		};
		const ids = Array.from({ length: 100 }, (_, at) => `t${at}`);
		await waitForTasks(ids.map(task), read, PACE, clock, stop.signal);
		await new Promise(setImmediate);
		expect(started).toBeLessThanOrEqual(5);
	});
});
