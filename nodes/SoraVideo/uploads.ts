import type { IExecuteFunctions } from 'n8n-workflow';

import { mapLimit } from '../evolink/async';
import type { Failure } from '../evolink/failure';
import { evolinkFacts } from '../evolink/generated/spec.gen';
import { deleteUpload } from '../evolink/media/upload';
import { hasEnded, type Watch } from './watch';

/* EvoLink keeps about 100 files of an account, each for 72 hours, and refuses the next one: each is deleted when its task has ended. */

const DELETIONS_AT_ONCE = 5;

export function isOutOfRoom({ code }: Failure): boolean {
	return code === evolinkFacts.upload.quotaCode;
}

/** Each at most once. Never throws: a file that stays costs nothing but its place. */
export async function releaseUploads(ctx: IExecuteFunctions, watches: readonly Watch[]): Promise<void> {
	const ended = watches.filter((watch) => watch.fileIds !== undefined && hasEnded(watch));
	const ids = ended.flatMap(({ fileIds = [] }) => fileIds);
	// before anything is awaited: the run may be suspended meanwhile
	for (const watch of ended) delete watch.fileIds;
	await deleteUploads(ctx, ids);
}

/** Never throws. */
export async function deleteUploads(ctx: IExecuteFunctions, ids: readonly string[]): Promise<void> {
	await mapLimit(ids, DELETIONS_AT_ONCE, async (id) => await deleteUpload(ctx, id));
}
