import type { IExecuteFunctions } from 'n8n-workflow';

import { evolinkFacts } from '../evolink/generated/spec.gen';
import { deleteUpload } from '../evolink/media/upload';
import { mapLimit } from '../evolink/async';
import { hostClock } from '../evolink/clock';
import { hasEnded, isSettled, readAll, type Watch } from './watch';
import type { Failure } from '../evolink/failure';
import { cancelSignal } from '../host/context';
import { readerFor } from '../evolink/api';

/**
 * EvoLink keeps about 100 uploaded files of an account, each for 72 hours, and refuses the next one. A file is needed until its
 * task has ended: it is deleted then, and a run with more images than there is room for waits for its own first tasks.
 */
const DELETIONS_AT_ONCE = 5;

/** Whether an upload was refused because EvoLink keeps too many files. */
export function isOutOfRoom({ code }: Failure): boolean {
	return code === evolinkFacts.upload.quotaCode;
}

/**
 * Deletes the uploads of the tasks that have ended, each at most once. A file that stays costs nothing but its place for 72
 * hours: never throws.
 *
 * @returns how many tasks that were
 */
export async function releaseUploads(ctx: IExecuteFunctions, watches: readonly Watch[]): Promise<number> {
	const ended = watches.filter((watch) => watch.fileId !== undefined && hasEnded(watch));
	const ids = ended.flatMap(({ fileId }) => fileId ?? []);
	// before anything is awaited: the run may be parked meanwhile
	for (const watch of ended) delete watch.fileId;
	await deleteUploads(ctx, ids);
	return ids.length;
}

/** An order's files are named in one text, with commas between their ids. Never throws. */
export async function deleteUploads(ctx: IExecuteFunctions, ids: readonly string[]): Promise<void> {
	const each = ids.flatMap((id) => id.split(','));
	await mapLimit(each, DELETIONS_AT_ONCE, async (id) => await deleteUpload(ctx, id));
}

/**
 * Waits until at least one of this run's tasks with an upload has ended, and deletes its upload.
 *
 * @param watches changed in place
 * @returns false when there is no such task, none ended in time, or the run was stopped
 */
export async function makeRoom(
	ctx: IExecuteFunctions,
	watches: readonly Watch[],
	{ pollMs, timeoutMs }: { pollMs: number; timeoutMs: number },
): Promise<boolean> {
	const signal = cancelSignal(ctx);
	const read = readerFor(ctx);
	const deadline = hostClock.ticks() + timeoutMs;
	while (!signal?.aborted) {
		const open = watches.filter((watch) => watch.fileId !== undefined && !isSettled(watch));
		await readAll(open, read, hostClock, signal);
		if ((await releaseUploads(ctx, watches)) > 0) return true;
		if (open.every(isSettled) || hostClock.ticks() >= deadline) return false;
		await hostClock.sleep(pollMs, signal);
	}
	return false;
}
