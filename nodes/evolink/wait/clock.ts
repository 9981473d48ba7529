import { sleep } from 'n8n-workflow';

/** Time as the waiting code sees it. Tests pass their own. */
export interface Clock {
	/** Milliseconds since 1970. */
	now(): number;
	/** Ends after `ms`, or at once when `signal` aborts (it never rejects). */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
	/** 0 ≤ x < 1, for jitter. */
	random(): number;
}

/** n8n-workflow's `sleep` takes a signal only from 2.34 on, so it is raced here, in slices that leave no long timer behind. */
const SLICE_MS = 1000;

async function sleepUntilAborted(ms: number, signal?: AbortSignal): Promise<void> {
	let stop: () => void = () => {};
	const aborted = new Promise<void>((resolve) => {
		stop = resolve;
		signal?.addEventListener('abort', stop);
	});
	try {
		for (let left = ms; left > 0 && !signal?.aborted; left -= SLICE_MS) {
			await Promise.race([sleep(Math.min(left, SLICE_MS)), aborted]);
		}
	} finally {
		signal?.removeEventListener('abort', stop);
	}
}

export const hostClock: Clock = {
	now: () => Date.now(),
	sleep: sleepUntilAborted,
	random: () => Math.random(),
};
