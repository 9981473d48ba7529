import type { EvoLinkContext } from '../../evolink/client';
import { taskReader } from '../../evolink/api';
import { hostClock } from '../../evolink/clock';
import type { ReadTasks } from './poll';

/** Reads the tasks of one wait. `timeoutMs`: of each request. */
export function readerFor(ctx: EvoLinkContext, timeoutMs?: number): ReadTasks {
	let reader: ReturnType<typeof taskReader> | undefined;
	return async (ids, record, signal) => {
		reader ??= taskReader(ctx, hostClock.ticks(), timeoutMs);
		await (await reader).read(ids, record, signal);
	};
}
