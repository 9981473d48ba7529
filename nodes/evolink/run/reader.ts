import type { EvoLinkContext } from '../client';
import { taskReader } from '../api';
import { hostClock } from '../wait/clock';
import type { ReadTasks } from '../wait/poll';

/** Reads the tasks of one wait. `timeoutMs`: of each request. */
export function readerFor(ctx: EvoLinkContext, timeoutMs?: number): ReadTasks {
	let reader: ReturnType<typeof taskReader> | undefined;
	return async (ids, record, signal) => {
		reader ??= taskReader(ctx, hostClock.ticks(), timeoutMs);
		await (await reader).read(ids, record, signal);
	};
}
