import memoize from 'lodash/memoize';
import uniq from 'lodash/uniq';
import { z } from 'zod';

import { unlessAborted } from '../evolink/async';
import type { Clock } from '../evolink/clock';
import { failureSchema, type Failure } from '../evolink/failure';
import { plainObject } from '../evolink/json';
import { hasResult, readTask, type Task } from '../evolink/task';
import type { ReadTasks, TaskReading } from '../evolink/reader';

/** What is known of one task. Plain data: a parked run keeps it in n8n's database. */
export const watchSchema = z.object({
	id: z.string(),
	/** ms since 1970, when this execution ordered it; absent for tasks that were there before. */
	orderedAt: z.number().optional(),
	/** EvoLink's ids of the files that were uploaded for it; absent once they are deleted. */
	fileIds: z.array(z.string()).optional(),
	/** EvoLink's latest answer. */
	seen: plainObject.optional(),
	/** Why the latest read failed; absent after one that succeeded. */
	failure: failureSchema.optional(),
	/** ms since 1970, when this run last knew the task unfinished, if it ever did. */
	unfinishedAt: z.number().optional(),
	/** ms since 1970, when this run first saw it completed without a result, and when it last did. */
	withoutResult: z.object({ since: z.number(), seenAt: z.number() }).optional(),
	/** An earlier try ordered it, perhaps with another prompt. */
	replayed: z.literal(true).optional(),
	/** What was asked for: the body as it was sent, but for the callback URL. Absent where this try does not know it. */
	request: plainObject.optional(),
});

export type Watch = z.infer<typeof watchSchema>;

type WaitResult =
	| { kind: 'ended'; task: Task }
	/** Neither this nor refused; `last` is the latest successful reading, `failure` the reason of the latest unsuccessful one. */
	| { kind: 'unfinished'; last?: Task; failure?: Failure }
	/** Reading was refused for good (4xx). */
	| { kind: 'refused'; failure: Failure };

/** A replica may not know a task yet that another one has just accepted. */
const UNKNOWN_AT_FIRST_MS = 120_000;

/** A task's links may come a little later than its end. */
const WITHOUT_RESULT_MS = 120_000;

/** Whether a failed read may succeed later. The order was accepted: an answer that is not EvoLink's own says nothing. */
function isPassing({ orderedAt }: Watch, failure: Failure, readAt: number): boolean {
	if (failure.transient || orderedAt === undefined) return failure.transient;
	return (
		failure.fromProxy === true || (failure.kind === 'notFound' && readAt < orderedAt + UNKNOWN_AT_FIRST_MS)
	);
}

/** `readAt`: ms since 1970, when the read began. */
export function observe(watch: Watch, reading: TaskReading, readAt: number): void {
	if (!reading.ok) {
		const { failure } = reading;
		watch.failure = { ...failure, transient: isPassing(watch, failure, readAt) };
		return;
	}
	delete watch.failure;
	watch.seen = reading.task.raw;
	const { task } = reading;
	if (task.phase === 'running') watch.unfinishedAt = readAt;
	else if (task.phase !== 'completed' || hasResult(task)) delete watch.withoutResult;
	else watch.withoutResult = { since: watch.withoutResult?.since ?? readAt, seenAt: readAt };
}

/** Those that were not read when the signal aborts stay as they are. */
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

/** Answers are replaced and never changed; every step of a run asks for all of them again. */
const readOnce = Object.assign(memoize(readTask), { cache: new WeakMap() });

export function taskOf({ seen }: Watch): Task | undefined {
	return seen && readOnce(seen);
}

/** One that has no result yet is waited for a little longer. */
export function hasEnded(watch: Watch): boolean {
	const task = taskOf(watch);
	const { since, seenAt } = watch.withoutResult ?? { since: 0, seenAt: Infinity };
	return task !== undefined && task.phase !== 'running' && seenAt - since >= WITHOUT_RESULT_MS;
}

/** Another read can tell nothing new: the task has ended, or EvoLink refuses to show it. */
export function isSettled(watch: Watch): boolean {
	return hasEnded(watch) || watch.failure?.transient === false;
}

export function resultOf(watch: Watch): WaitResult {
	const { failure } = watch;
	const task = taskOf(watch);
	if (task !== undefined && task.phase !== 'running') return { kind: 'ended', task };
	if (failure?.transient === false) return { kind: 'refused', failure };
	// what the create answered is no status that was read
	const isUnread = failure !== undefined && watch.unfinishedAt === watch.orderedAt;
	return { kind: 'unfinished', last: isUnread ? undefined : task, failure };
}
