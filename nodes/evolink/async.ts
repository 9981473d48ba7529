import { sleep } from 'n8n-workflow';
import pLimit from 'p-limit';

/** n8n-workflow's `sleep` takes a signal only from 2.34 on, so it is raced here, in slices that leave no long timer behind. */
const SLICE_MS = 1000;

/** Ends after `ms`, or at once when `signal` aborts (it never rejects). */
export async function sleepUntilAborted(ms: number, signal?: AbortSignal): Promise<void> {
	for (let left = ms; left > 0 && !signal?.aborted; left -= SLICE_MS) {
		await unlessAborted(sleep(Math.min(left, SLICE_MS)), signal);
	}
}

/** What `work` comes to, or `undefined` as soon as the signal aborts. */
export async function unlessAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T | undefined> {
	if (signal === undefined) return await work;
	let stop: () => void = () => {};
	const aborted = new Promise<undefined>((resolve) => {
		stop = () => resolve(undefined);
		signal.addEventListener('abort', stop);
	});
	if (signal.aborted) stop();
	try {
		return await Promise.race([work, aborted]);
	} finally {
		signal.removeEventListener('abort', stop);
	}
}

/** Aborts after `ms`, or as soon as `signal` does. */
export function abortAfter(ms: number, signal?: AbortSignal): AbortSignal {
	const limit = AbortSignal.timeout(ms);
	return signal === undefined ? limit : AbortSignal.any([limit, signal]);
}

interface Attempt<T> {
	result: T;
	/** ms until another attempt makes sense; absent where none does. */
	againInMs?: number;
}

/** Makes an attempt, and another after each pause (ms, at least) while that makes sense; none begins once the signal has aborted. */
export async function retry<T>(
	pauses: readonly number[],
	attempt: () => Promise<Attempt<T>>,
	signal?: AbortSignal,
	clock: { sleep: typeof sleepUntilAborted } = { sleep: sleepUntilAborted },
): Promise<T> {
	for (const pause of pauses) {
		const { result, againInMs } = await attempt();
		if (againInMs === undefined || signal?.aborted) return result;
		await clock.sleep(Math.max(pause, againInMs), signal);
		if (signal?.aborted) return result;
	}
	return (await attempt()).result;
}

/** Takes a step for each item, some at a time, begun in order. @returns the results, in order */
export async function mapLimit<Item, Result>(
	items: readonly Item[],
	atOnce: number,
	step: (item: Item) => Promise<Result>,
): Promise<Result[]> {
	const limit = pLimit(atOnce);
	return await Promise.all(items.map(async (item) => await limit(step, item)));
}
