import { malformedAnswer, type Failure } from './failure';
import { evolinkFacts } from './generated/spec.gen';
import { createdAt, type Phase, type Task } from './task';

/** One page of the account's list, newest first. */
export type PageReading = { ok: true; tasks: Task[]; isLast: boolean } | { ok: false; failure: Failure };

type ListStatus = (typeof evolinkFacts.task.listStatuses)[number];

export interface TaskQuery {
	status?: ListStatus;
	model?: string;
	/** ms since 1970. */
	since?: number;
	limit: number;
}

export type TaskListing =
	| { ok: true; tasks: Task[]; /** There are more than this many pages hold. */ isCut: boolean }
	| { ok: false; failure: Failure };

/** Ten thousand tasks: more than an account makes while its links work. */
export const MOST_PAGES = 200;

const PHASES: Record<ListStatus, Phase> = {
	cancelled: 'cancelled',
	completed: 'completed',
	failed: 'failed',
	processing: 'running',
};

/**
 * Collects tasks from the list's pages. It is in no manual: an ignored filter is applied again, a task that moved to the next
 * page is taken once, and a page that brings nothing new is a failure.
 */
export async function collectTasks(
	readPage: (page: number) => Promise<PageReading>,
	{ status, since, limit }: TaskQuery,
	signal?: AbortSignal,
): Promise<TaskListing> {
	const seen = new Set<string>();
	const found: Task[] = [];
	const isOlder = (task: Task) => since !== undefined && (createdAt(task) ?? since) < since;
	for (let page = 1; page <= MOST_PAGES && !signal?.aborted; page++) {
		const answer = await readPage(page);
		if (!answer.ok) return answer;
		const fresh = answer.tasks.filter(({ id }) => !seen.has(id));
		for (const task of fresh) {
			seen.add(task.id);
			if (!isOlder(task) && (status === undefined || task.phase === PHASES[status])) found.push(task);
		}
		// one older task may only be out of order, and where the oldest come first newer ones follow
		const [first, last] = [answer.tasks.at(0), answer.tasks.at(-1)].map((task) => task && createdAt(task));
		const isPast = answer.tasks.length > 0 && answer.tasks.every(isOlder) && first! >= last!;
		if (answer.isLast || found.length >= limit || isPast) {
			return { ok: true, tasks: found.slice(0, limit), isCut: false };
		}
		if (fresh.length === 0) {
			const what = `page ${page} of its tasks, which holds no task that the pages before did not`;
			return { ok: false, failure: malformedAnswer({ status: 200 }, what) };
		}
	}
	return { ok: true, tasks: found, isCut: true };
}
