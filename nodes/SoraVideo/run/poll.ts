import type { Clock } from '../../evolink/clock';
import { firstReadAt, nextReadAt } from './schedule';
import { isSettled, readAll, type Watch } from '../watch';
import type { ReadTasks } from '../../evolink/reader';

export interface PollSettings {
	pollMs: number;
	timeoutMs: number;
	/** Given when all tasks were ordered just now: reading them at once would tell nothing. */
	firstAfter?: { estimatedSeconds?: number };
}

/**
 * Waits for all tasks together, inside the execution, until each is settled or the time is up: its last reads start at the
 * deadline. Passing faults are waited out. Ends at once when the signal aborts.
 *
 * @param watches changed in place
 */
export async function waitForTasks(
	watches: readonly Watch[],
	read: ReadTasks,
	{ pollMs, timeoutMs, firstAfter }: PollSettings,
	clock: Clock,
	signal?: AbortSignal,
): Promise<void> {
	const pace = { pollMs, deadline: clock.ticks() + timeoutMs };
	let readAt =
		firstAfter === undefined ? clock.ticks() : firstReadAt(clock.ticks(), firstAfter.estimatedSeconds, pace);
	for (;;) {
		const open = watches.filter((watch) => !isSettled(watch));
		if (open.length === 0) return;
		await clock.sleep(Math.max(readAt - clock.ticks(), 0), signal);
		if (signal?.aborted) return;
		const isLast = clock.ticks() >= pace.deadline;
		await readAll(open, read, clock, signal);
		if (isLast) return;
		const asked = open.map(({ failure }) => failure?.retryAfterMs ?? 0);
		readAt = nextReadAt(clock.ticks(), pace, clock.random(), Math.max(...asked));
	}
}
