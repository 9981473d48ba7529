import uniq from 'lodash/uniq';

import { unlessAborted, type Clock } from '../../evolink/clock';
import { firstReadAt, nextReadAt } from './schedule';
import { isSettled, observe, type Watch } from './watch';
import type { ReadTasks, TaskReading } from '../../evolink/reader';

/** Reads each task once, and records what came of it. Those that were not read when the signal aborts stay as they are. */
export async function readAll(
	watches: readonly Watch[],
	read: ReadTasks,
	clock: Clock,
	signal?: AbortSignal,
): Promise<void> {
	if (watches.length === 0) return;
	const readAt = clock.now();
	const record = (id: string, reading: TaskReading) => {
		for (const watch of watches) if (watch.id === id) observe(watch, reading, readAt);
	};
	await unlessAborted(read(uniq(watches.map(({ id }) => id)), record, signal), signal);
}

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
