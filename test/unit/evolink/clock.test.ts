import { getEventListeners } from 'node:events';

import * as workflow from 'n8n-workflow';

import { hostClock, mapLimit, retry } from '../../../nodes/evolink/clock';
import { FakeClock } from '../support';

/** Hosts before n8n-workflow 2.34 have a `sleep` that takes no signal. */
jest.mock('n8n-workflow', () => ({
	...jest.requireActual<object>('n8n-workflow'),
	sleep: jest.fn(async (ms: number) => await new Promise<void>((resolve) => setTimeout(resolve, ms))),
}));

const sleeps = () => jest.mocked(workflow.sleep).mock.calls.map(([ms]) => ms);

/** Whether a promise has ended by now. */
async function hasEnded(promise: Promise<void>): Promise<boolean> {
	let ended = false;
	void promise.then(() => (ended = true));
	await jest.advanceTimersByTimeAsync(0);
	return ended;
}

describe("the host's clock on a host whose sleep ignores the signal", () => {
	beforeEach(() => {
		jest.useFakeTimers();
		jest.mocked(workflow.sleep).mockClear();
	});

	afterEach(() => {
		jest.useRealTimers();
	});

	test('sleeps as long as asked', async () => {
		const sleep = hostClock.sleep(8500);
		await jest.advanceTimersByTimeAsync(8499);
		expect(await hasEnded(sleep)).toBe(false);
		await jest.advanceTimersByTimeAsync(1);
		expect(await hasEnded(sleep)).toBe(true);
	});

	test('wakes at once when the execution is stopped, and leaves no listener behind', async () => {
		const stop = new AbortController();
		const sleep = hostClock.sleep(3_600_000, stop.signal);
		await jest.advanceTimersByTimeAsync(1500);
		expect(await hasEnded(sleep)).toBe(false);
		stop.abort();
		expect(await hasEnded(sleep)).toBe(true);
		expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
	});

	test('leaves no listener behind when nobody stops it: a long wait sleeps a thousand times on the same signal', async () => {
		const { signal } = new AbortController();
		const sleep = hostClock.sleep(2500, signal);
		await jest.advanceTimersByTimeAsync(1500);
		expect(getEventListeners(signal, 'abort')).toHaveLength(1);
		await jest.advanceTimersByTimeAsync(1000);
		await sleep;
		expect(getEventListeners(signal, 'abort')).toEqual([]);
	});

	test('leaves no timer of more than a second behind', async () => {
		const stop = new AbortController();
		const sleep = hostClock.sleep(3_600_000, stop.signal);
		stop.abort();
		await sleep;
		await jest.advanceTimersByTimeAsync(1000);
		expect(jest.getTimerCount()).toBe(0);
		expect(Math.max(...sleeps())).toBeLessThanOrEqual(1000);
	});

	test('does not sleep when the execution was stopped before, or when there is no time to sleep', async () => {
		await hostClock.sleep(60_000, AbortSignal.abort());
		await hostClock.sleep(0);
		await hostClock.sleep(-5);
		expect(sleeps()).toEqual([]);
	});
});

describe('another attempt', () => {
	/** Attempts that ask for another one after so many ms, or for none; and what came of it. */
	async function made(asks: Array<number | undefined>, pauses: number[], signal?: AbortSignal) {
		const clock = new FakeClock();
		let count = 0;
		const attempt = async () => ({ result: count, againInMs: asks[count++] });
		const result = await retry(pauses, attempt, signal, clock);
		return { result, count, sleeps: clock.sleeps };
	}

	test('is made after each pause, the last one included, and its result counts', async () => {
		expect(await made([0, 0, 0], [1000, 3000])).toEqual({ result: 2, count: 3, sleeps: [1000, 3000] });
	});

	test('waits longer where that is asked for', async () => {
		expect((await made([5000, 0], [1000, 3000])).sleeps).toEqual([5000, 3000]);
	});

	test('is not made where it makes no sense', async () => {
		expect(await made([undefined], [1000])).toEqual({ result: 0, count: 1, sleeps: [] });
		expect(await made([0, undefined, 0], [1000, 3000])).toEqual({ result: 1, count: 2, sleeps: [1000] });
	});

	test('is not made in an execution that was stopped, nor waited for', async () => {
		expect(await made([0, 0], [1000], AbortSignal.abort())).toEqual({ result: 0, count: 1, sleeps: [] });
		const stop = new AbortController();
		const clock = new FakeClock(0, undefined, () => stop.abort());
		let count = 0;
		const attempt = async () => ({ result: count++, againInMs: 0 });
		expect(await retry([1000], attempt, stop.signal, clock)).toBe(0);
		expect(count).toBe(1);
	});
});

test('of many steps at most so many are under way, begun in order, with their results in order', async () => {
	let underWay = 0;
	let most = 0;
	const begun: number[] = [];
	const results = await mapLimit([5, 3, 1, 4, 2], 2, async (item) => {
		begun.push(item);
		most = Math.max(most, ++underWay);
		for (let turn = 0; turn < item; turn += 1) await Promise.resolve();
		underWay -= 1;
		return item * 10;
	});
	expect(results).toEqual([50, 30, 10, 40, 20]);
	expect(begun).toEqual([5, 3, 1, 4, 2]);
	expect(most).toBe(2);
});
