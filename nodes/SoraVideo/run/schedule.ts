import clamp from 'lodash/clamp';

import { MIN_SPACING_MS } from '../settings';

/** When to read tasks next. All times are milliseconds; nothing here knows a clock of its own. */

export interface Pace {
	/** From the field 'Poll Seconds'. */
	pollMs: number;
	/** No read starts after it; one starts at it. */
	deadline: number;
}

const FIRST_READ_AT_MOST_MS = 15_000;

/** Half a poll interval of jitter would show as delay; a tenth is enough to keep many runs from reading in step. */
const JITTER = 0.1;

/** The estimate is a hint for the first read only: whether it means the total or what is left is not documented. */
export function firstReadAt(now: number, estimatedSeconds: number | undefined, pace: Pace): number {
	const quarter = estimatedSeconds === undefined ? pace.pollMs : (estimatedSeconds * 1000) / 4;
	const delay = Math.max(Math.min(quarter, FIRST_READ_AT_MOST_MS), MIN_SPACING_MS);
	return Math.min(now + delay, pace.deadline);
}

/** @param retryAfterMs what EvoLink asked for with a 429 or 503 */
export function nextReadAt(now: number, pace: Pace, random: number, retryAfterMs = 0): number {
	const jittered = pace.pollMs * (1 + JITTER * (2 * random - 1));
	return Math.min(now + Math.max(jittered, retryAfterMs, MIN_SPACING_MS), pace.deadline);
}

/** n8n looks for parked executions that are due once a minute, 70 s ahead: the shortest time that it keeps exactly. */
const SHORTEST_TIMER_MS = 66_000;

const SHORT_TIMERS_UNTIL_MS = 300_000;

const FIRST_TIMER_MS = 150_000;

/** An estimate of more is not believed as far as timers go. */
const LONGEST_ESTIMATE_S = 3600;

/** What is assumed of a task that comes without an estimate. */
const USUAL_ESTIMATE_S = 100;

/**
 * n8n arms its timers up to 70 s before they are due, and does not disarm them when a callback wakes the execution: they would
 * then wake whatever node it waits at next. So a callback this close to the timer leaves the run to it.
 */
const TIMER_ARMED_MS = 75_000;

/** How a parked wait stands. */
export interface ParkedWait {
	/** How long it has lasted. */
	waitedMs: number;
	/** From the start of the wait to its end. */
	timeoutMs: number;
	/** EvoLink's largest estimate for the tasks. */
	estimatedSeconds?: number;
	/** Whether EvoLink was asked to call back, and could be read. */
	callbackExpected: boolean;
}

/**
 * How long n8n's timer is set for. Each wake-up costs n8n as much as a short run, so where a callback is expected a healthy
 * wait meets no timer, not even the time before it in which callbacks are left to it, and a lost callback at most doubles the
 * wait. Where none is expected the result is found at most a quarter late.
 */
export function timerDelay(wait: ParkedWait): number {
	const { waitedMs, timeoutMs, estimatedSeconds = USUAL_ESTIMATE_S, callbackExpected } = wait;
	const left = Math.max(timeoutMs - waitedMs, 0);
	const longestRenderMs = Math.min(estimatedSeconds, LONGEST_ESTIMATE_S) * 1500;
	const round = callbackExpected
		? Math.max(FIRST_TIMER_MS, waitedMs, longestRenderMs + TIMER_ARMED_MS - waitedMs)
		: waitedMs < SHORT_TIMERS_UNTIL_MS
			? SHORTEST_TIMER_MS
			: waitedMs / 4;
	return Math.min(round, left);
}

/** A timer that is this late does not run at all: queue mode while the main process is down. n8n looks once a minute. */
const TIMER_LOST_MS = 70_000;

/**
 * How much of a wait has passed between parking and waking up. By the planned time, because the clock may have been set
 * meanwhile, or n8n have been down: a wake-up that is much too late counts half, so that it neither ends the wait nor makes it
 * endless.
 */
export function passedMs({ parkedAt, wakesAt }: { parkedAt: number; wakesAt: number }, now: number): number {
	const planned = wakesAt - parkedAt;
	return now > wakesAt + TIMER_LOST_MS ? planned / 2 : clamp(now - parkedAt, 0, planned);
}

/** Whether a callback at `now` leaves a parked run to the timer that is due at `wakesAt` (both ms since 1970). */
export function isLeftToTimer(wakesAt: number, now: number): boolean {
	const dueIn = wakesAt - now;
	return dueIn < TIMER_ARMED_MS && dueIn > -TIMER_LOST_MS;
}
