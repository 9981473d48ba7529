import clamp from 'lodash/clamp';

import { MIN_SPACING_MS } from '../settings';

/* All times are ms; nothing here knows a clock of its own. */

const FIRST_READ_AT_MOST_MS = 15_000;

/** Half a poll interval of jitter would show as delay; a tenth is enough to keep many runs from reading in step. */
const JITTER = 0.1;

/** The estimate is a hint for the first read only: whether it means the total or what is left is not documented. */
export function firstReadAt(now: number, estimatedSeconds: number | undefined, pollMs: number): number {
	const quarter = estimatedSeconds === undefined ? pollMs : (estimatedSeconds * 1000) / 4;
	return now + Math.max(Math.min(quarter, FIRST_READ_AT_MOST_MS), MIN_SPACING_MS);
}

/** A proxy that asks for an hour must not hold a wait to its deadline. */
const LONGEST_PAUSE_MS = 120_000;

/** @param retryAfterMs what EvoLink asked for with a 429 or 503 */
export function nextReadAt(now: number, pollMs: number, random: number, retryAfterMs = 0): number {
	const jittered = pollMs * (1 + JITTER * (2 * random - 1));
	return now + Math.max(jittered, Math.min(retryAfterMs, LONGEST_PAUSE_MS), MIN_SPACING_MS);
}

/** n8n looks for parked executions that are due once a minute, 70 s ahead: the shortest time that it keeps exactly. */
export const SHORTEST_TIMER_MS = 66_000;
const SHORT_TIMERS_UNTIL_MS = 300_000;
const FIRST_TIMER_MS = 150_000;

/** An estimate of more is not believed as far as timers go. */
const LONGEST_ESTIMATE_S = 3600;

/** What is assumed of a task that comes without an estimate. */
const USUAL_ESTIMATE_S = 100;

/**
 * n8n arms timers up to 70 s before they are due, and a callback does not disarm them: they would wake whatever node the
 * execution waits at next. So a callback this close to the timer leaves the run to it.
 */
const TIMER_ARMED_MS = 75_000;

/** How a run stands when it is suspended, all times in ms. */
export interface ParkedWait {
	/** How long the tasks that are under way have been waited for, at most and at least. */
	oldestMs: number;
	youngestMs: number;
	/** Until the first of them is waited for no longer. */
	leftMs: number;
	/** The largest. */
	estimatedSeconds?: number;
	/** Whether EvoLink was asked to call back for all of them, and could be read. */
	callbackExpected: boolean;
	/** Until the queue goes on by the clock; infinity where it does not. */
	turnMs: number;
}

/**
 * How long n8n's timer is set for. Each wake-up costs n8n as much as a short run: where a callback is expected a healthy wait
 * meets no timer, and a lost callback at most doubles the wait; where none is, the result is at most a quarter late. A turn
 * that only the clock brings wakes nobody while callbacks are expected: each brings one.
 */
export function timerDelay(wait: ParkedWait): number {
	const { oldestMs, youngestMs, leftMs, callbackExpected, turnMs } = wait;
	const { estimatedSeconds = USUAL_ESTIMATE_S } = wait;
	const turn = Math.max(turnMs, SHORTEST_TIMER_MS);
	if (leftMs === Infinity) return turn;
	const longestRenderMs = Math.min(estimatedSeconds, LONGEST_ESTIMATE_S) * 1500;
	if (callbackExpected)
		return Math.min(
			Math.max(FIRST_TIMER_MS, oldestMs, longestRenderMs + TIMER_ARMED_MS - youngestMs),
			leftMs,
		);
	const round = youngestMs < SHORT_TIMERS_UNTIL_MS ? SHORTEST_TIMER_MS : youngestMs / 4;
	return Math.min(round, leftMs, turn);
}

/** A timer that is this late does not run at all: queue mode while the main process is down. n8n looks once a minute. */
const TIMER_LOST_MS = 70_000;

/**
 * How much of a wait has passed, by the planned time, because the clock may have been set meanwhile: a wake-up that is much
 * too late counts half, so that it neither ends the wait nor makes it endless.
 */
export function passedMs({ parkedAt, wakesAt }: { parkedAt: number; wakesAt: number }, now: number): number {
	const planned = wakesAt - parkedAt;
	return now > wakesAt + TIMER_LOST_MS ? planned / 2 : clamp(now - parkedAt, 0, planned);
}

/** Both ms since 1970. */
export function isLeftToTimer(wakesAt: number, now: number): boolean {
	const dueIn = wakesAt - now;
	return dueIn < TIMER_ARMED_MS && dueIn > -TIMER_LOST_MS;
}
