import { getEventListeners } from 'node:events';

import * as workflow from 'n8n-workflow';

import { hostClock } from '../../../nodes/evolink/clock';

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
