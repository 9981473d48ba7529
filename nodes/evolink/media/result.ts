import { readCredential } from '../client';
import { isVideo, type Task } from '../task';
import { downloadMedia, type DownloadContext, type DownloadResult } from './download';

/** Downloads share one connection to n8n's store; more than two at once only compete. */
export const DOWNLOADS_AT_ONCE = 2;

/** Streams a result of a completed task into n8n's binary store. `url`: from `resultLink(task)`, or one of several. */
export async function downloadResult(
	ctx: DownloadContext,
	task: Task,
	url: string,
	maxBytes: number,
	signal?: AbortSignal,
): Promise<DownloadResult> {
	// without a credential no host is trusted; a throw here would lose the ids of the run
	const credential = await readCredential(ctx).catch(() => undefined);
	const at = task.resultUrls?.indexOf(url) ?? 0;
	return await downloadMedia(ctx, {
		url,
		trustedHosts: credential?.trustedHosts ?? [],
		maxBytes,
		expect: url === task.videoUrl || (at > 0 && isVideo(url, task.raw)) ? 'video' : 'image',
		fileName: at > 0 ? `${task.id}-${at + 1}` : task.id,
		signal,
	});
}
