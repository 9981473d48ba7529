import { readCredential } from '../client';
import type { Task } from '../task';
import { downloadMedia, type DownloadContext, type DownloadResult } from './download';

/**
 * Streams the result of a completed task into n8n's binary store.
 *
 * @param url from `resultLink(task)`
 */
export async function downloadResult(
	ctx: DownloadContext,
	task: Task,
	url: string,
	maxBytes: number,
	signal?: AbortSignal,
): Promise<DownloadResult> {
	// without a credential no host is trusted; a throw here would lose the ids of the run
	const credential = await readCredential(ctx).catch(() => undefined);
	return await downloadMedia(ctx, {
		url,
		trustedHosts: credential?.trustedHosts ?? [],
		maxBytes,
		expect: url === task.videoUrl ? 'video' : 'image',
		fileName: task.id,
		signal,
	});
}
