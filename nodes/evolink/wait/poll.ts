import pLimit from 'p-limit';

import type { Failure } from '../failure';
import type { Task } from '../task';
import type { Clock } from './clock';
import { firstReadAt, nextReadAt, type Pace } from './schedule';

/** The outcome of one read with the key. */
export type TaskReading = { ok: true; task: Task } | { ok: false; failure: Failure };

export type ReadTask = (id: string) => Promise<TaskReading>;

export interface WaitingTask {
	id: string;
	/** ms since 1970. */
	submittedAt: number;
	estimatedSeconds?: number;
	/** Read at once instead of after the first delay: nobody knows how old the task is. */
	readAtOnce?: boolean;
}

export type WaitResult =
	/** Terminal. `unfinishedAt` (ms since 1970) is when this run last knew it unfinished, if it ever did. */
	| { kind: 'ended'; task: Task; unfinishedAt?: number }
	/** The deadline passed; `last` is the latest successful reading, `failure` the reason of the latest unsuccessful one. */
	| { kind: 'timedOut'; last?: Task; failure?: Failure }
	/** Reading was refused for good (4xx). */
	| { kind: 'refused'; failure: Failure }
	/** The execution was stopped. */
	| { kind: 'stopped'; last?: Task };

/** Tasks of one run that are read at the same time. */
export const READS_AT_ONCE = 5;

interface Waiting {
	task: WaitingTask;
	readAt: number;
	last?: Task;
	failure?: Failure;
	unfinishedAt?: number;
	result?: WaitResult;
}

/**
 * Waits for all tasks together. Transient faults are waited out within the deadline, every task is read once more at the
 * deadline, and no sleep follows the last result.
 *
 * @returns one result for each task, by id
 */
export async function waitForTasks(
	tasks: readonly WaitingTask[],
	read: ReadTask,
	pace: Pace,
	clock: Clock,
	signal?: AbortSignal,
): Promise<Map<string, WaitResult>> {
	const waiting = tasks.map<Waiting>((task) => ({
		task,
		readAt: task.readAtOnce ? clock.now() : firstReadAt(task.submittedAt, task.estimatedSeconds, pace),
		...(!task.readAtOnce && { unfinishedAt: task.submittedAt }),
	}));
	const limit = pLimit(READS_AT_ONCE);
	for (;;) {
		const open = waiting.filter((entry) => entry.result === undefined);
		if (open.length === 0) break;
		const due = Math.min(...open.map((entry) => entry.readAt));
		await clock.sleep(Math.max(due - clock.now(), 0), signal);
		const now = clock.now();
		const ready = open.filter((entry) => entry.readAt <= now);
		const look = async (entry: Waiting) => {
			if (!signal?.aborted) await lookAt(entry, read, pace, clock);
		};
		await untilAborted(Promise.all(ready.map(async (entry) => await limit(look, entry))), signal);
		if (signal?.aborted) stop(waiting);
	}
	return new Map(waiting.map((entry) => [entry.task.id, entry.result ?? { kind: 'stopped' }]));
}

/** A read cannot be taken back, but nobody who pressed Stop should wait for it. */
async function untilAborted(work: Promise<unknown>, signal?: AbortSignal): Promise<void> {
	if (signal === undefined) return void (await work);
	let stop: () => void = () => {};
	const aborted = new Promise<void>((resolve) => {
		stop = resolve;
		signal.addEventListener('abort', stop);
	});
	try {
		await Promise.race([work, aborted]);
	} finally {
		signal.removeEventListener('abort', stop);
	}
}

async function lookAt(entry: Waiting, read: ReadTask, pace: Pace, clock: Clock): Promise<void> {
	const startedAt = clock.now();
	const reading = await read(entry.task.id);
	const now = clock.now();
	if (reading.ok) {
		entry.last = reading.task;
		entry.failure = undefined;
		if (reading.task.phase !== 'running') {
			entry.result = {
				kind: 'ended',
				task: reading.task,
				...(entry.unfinishedAt !== undefined && { unfinishedAt: entry.unfinishedAt }),
			};
			return;
		}
		entry.unfinishedAt = startedAt;
	} else {
		entry.failure = reading.failure;
		if (!reading.failure.transient) {
			entry.result = { kind: 'refused', failure: reading.failure };
			return;
		}
	}
	if (startedAt >= pace.deadline) {
		const { last, failure } = entry;
		entry.result = { kind: 'timedOut', ...(last && { last }), ...(failure && { failure }) };
		return;
	}
	const asked = reading.ok ? undefined : reading.failure.retryAfterMs;
	entry.readAt = nextReadAt(now, pace, clock.random(), asked);
}

function stop(waiting: Waiting[]): void {
	for (const entry of waiting) entry.result ??= { kind: 'stopped', ...(entry.last && { last: entry.last }) };
}
