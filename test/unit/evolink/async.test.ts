import { mapLimit, retry } from '../../../nodes/evolink/async';
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
