import { sleepUntilAborted } from './async';

/** Tests pass their own. */
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

export const hostClock: Clock = {
	now: () => Date.now(),
	ticks: () => performance.now(),
	sleep: sleepUntilAborted,
	random: () => Math.random(),
};
