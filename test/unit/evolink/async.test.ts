import { once } from 'node:events';
import { abortAfter, mapLimit, retry, sleepUntilAborted, unlessAborted } from '../../../nodes/evolink/async';
import { FakeClock } from '../support';

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

describe('what an execution waits for', () => {
	const never = new Promise<string>(() => {});

	test('counts where it comes before a stop, and leaves nothing on the signal', async () => {
		const { signal } = new AbortController();
		const removed = jest.spyOn(signal, 'removeEventListener');
		expect(await unlessAborted(Promise.resolve('done'))).toBe('done');
		expect(await unlessAborted(Promise.resolve('done'), signal)).toBe('done');
		expect(removed.mock.calls).toEqual([['abort', expect.any(Function)]]);
		const late = new Promise((resolve) => setImmediate(() => resolve('late')));
		expect(await unlessAborted(late, signal)).toBe('late');
		await expect(unlessAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
	});

	test('is left at the stop, and is not begun to be waited for after it', async () => {
		const stop = new AbortController();
		const left = unlessAborted(never, stop.signal);
		stop.abort();
		expect(await left).toBeUndefined();
		expect(await unlessAborted(never, stop.signal)).toBeUndefined();
		expect(await sleepUntilAborted(3_600_000, stop.signal)).toBeUndefined();
	});

	test('has an end of its own beside the stop', async () => {
		await once(abortAfter(1), 'abort');
		const stop = new AbortController();
		const both = abortAfter(3_600_000, stop.signal);
		expect(both.aborted).toBe(false);
		stop.abort();
		expect(both.aborted).toBe(true);
		await once(abortAfter(1, new AbortController().signal), 'abort');
	});

	test('is slept through to its end, where nothing stops it', async () => {
		jest.useFakeTimers();
		try {
			let ended = false;
			void sleepUntilAborted(2500).then(() => (ended = true));
			await jest.advanceTimersByTimeAsync(2499);
			expect(ended).toBe(false);
			await jest.advanceTimersByTimeAsync(1);
			expect([ended, jest.getTimerCount()]).toEqual([true, 0]);
			await sleepUntilAborted(0);
		} finally {
			jest.useRealTimers();
		}
	});
});
