import { sleep } from 'n8n-workflow';

/** Time as the waiting code sees it. Tests pass their own. */
export interface Clock {
	/** Milliseconds since 1970: for what is stored or shown. May jump when the machine's clock is set. */
	now(): number;
	/** Milliseconds since some moment of this process: for what is waited for. Never jumps. */
	ticks(): number;
	/** Ends after `ms`, or at once when `signal` aborts (it never rejects). */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
	/** 0 ≤ x < 1, for jitter. */
	random(): number;
}

/** n8n-workflow's `sleep` takes a signal only from 2.34 on, so it is raced here, in slices that leave no long timer behind. */
const SLICE_MS = 1000;

async function sleepUntilAborted(ms: number, signal?: AbortSignal): Promise<void> {
	for (let left = ms; left > 0 && !signal?.aborted; left -= SLICE_MS) {
		await unlessAborted(sleep(Math.min(left, SLICE_MS)), signal);
	}
}

/** What `work` comes to, or nothing as soon as the signal aborts: work that cannot be taken back is not waited for then. */
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

export const hostClock: Clock = {
	now: () => Date.now(),
	ticks: () => performance.now(),
	sleep: sleepUntilAborted,
	random: () => Math.random(),
};
