import { amount, finite } from '../../evolink/json';
import { tidy } from '../../evolink/redact';
import { createdAt, creditsReserved, resultLink, type Phase, type Task } from '../../evolink/task';
import { checkMediaUrl } from '../../evolink/urls';

/** What a status page shows of a task: plain data of a bounded size, whatever EvoLink sent. */
export interface TaskView {
	status: string;
	phase: Phase;
	/** 0 to 100. */
	progress?: number;
	/** ms since 1970, by EvoLink's clock. */
	createdAt?: number;
	estimatedSeconds?: number;
	/** How long the job took. */
	processingSeconds?: number;
	creditsReserved?: number;
	reason?: string;
	/** A link to the result that a browser may load, and whether that is a video. */
	result?: { url: string; isVideo: boolean };
	name?: string;
}

/** Browsers and proxies take no longer ones; EvoLink's have about 100 characters. */
const LONGEST_URL = 4000;

/** @param trustedHosts origins that its link may use although they are private or plain http */
export function viewOf(task: Task, trustedHosts: readonly string[] = []): TaskView {
	const { status, phase, error, estimatedSeconds, character, raw } = task;
	const progress = finite(raw.progress);
	const url = resultLink(task);
	const hasEnded = phase !== 'running';
	const isShown = url !== undefined && url.length <= LONGEST_URL && checkMediaUrl(url, trustedHosts, 0).ok;
	return {
		status: tidy(status),
		phase,
		progress: progress === undefined ? undefined : Math.min(Math.max(progress, 0), 100),
		createdAt: createdAt(task),
		estimatedSeconds,
		processingSeconds: hasEnded ? amount(raw.duration) : undefined,
		creditsReserved: creditsReserved(task),
		reason: hasEnded && error ? `${tidy(error.message).replace(/\.$/, '')} (${tidy(error.code)})` : undefined,
		result: isShown ? { url, isVideo: url === task.videoUrl } : undefined,
		name: character?.name === undefined ? undefined : tidy(character.name),
	};
}
