/** When to read a task next. All times are milliseconds; nothing here knows a clock of its own. */

export interface Pace {
	/** From the field 'Poll Seconds'. */
	pollMs: number;
	/** No read starts after it; one starts at it. */
	deadline: number;
}

/** EvoLink asks its upstream on every read of an unfinished task, so even an eager schedule leaves room between reads. */
export const MIN_SPACING_MS = 250;

const FIRST_READ_AT_MOST_MS = 15_000;

/** Half a poll interval of jitter would show as delay; a tenth is enough to keep 300 tasks from being read in step. */
const JITTER = 0.1;

/** The estimate is a hint for the first read only: whether it means the total or what is left is not documented. */
export function firstReadAt(submittedAt: number, estimatedSeconds: number | undefined, pace: Pace): number {
	const quarter = estimatedSeconds === undefined ? pace.pollMs : (estimatedSeconds * 1000) / 4;
	const delay = Math.max(Math.min(quarter, FIRST_READ_AT_MOST_MS), MIN_SPACING_MS);
	return Math.min(submittedAt + delay, pace.deadline);
}

/** @param retryAfterMs what EvoLink asked for with a 429 or 503 */
export function nextReadAt(now: number, pace: Pace, random: number, retryAfterMs = 0): number {
	const jittered = pace.pollMs * (1 + JITTER * (2 * random - 1));
	return Math.min(now + Math.max(jittered, retryAfterMs, MIN_SPACING_MS), pace.deadline);
}
