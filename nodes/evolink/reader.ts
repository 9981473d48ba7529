import chunk from 'lodash/chunk';

import { mapLimit } from './async';
import type { Failure } from './failure';
import { evolinkFacts } from './generated/spec.gen';
import type { Task } from './task';

export type TaskReading = { ok: true; task: Task } | { ok: false; failure: Failure };

/**
 * Reads tasks with the key. `record` is called once for each id, as soon as its answer is there; none begins after an abort.
 * At most `singly` reads are of one task each, the first ones: n8n pays each request with some 0.1 s of CPU.
 */
export type ReadTasks = (
	ids: readonly string[],
	record: (id: string, reading: TaskReading) => void,
	signal?: AbortSignal,
	singly?: number,
) => Promise<void>;

export const READS_AT_ONCE = 5;

/** What one read of many tasks brought: the asked ones that it has, by id. */
export type BatchReading = { ok: true; tasks: Map<string, Task> } | { ok: false; failure: Failure };

/** Whether tasks can be read many at once; shared by those who should not find that out again. */
export interface BatchState {
	isUsable: boolean;
}

/** Up to here single reads, which are documented, cost little more. */
const READ_SINGLY_AT_MOST = 3;

/** Reads the tasks of one wait, many at once where EvoLink offers it. It is in no manual: the rest is read singly. */
export class TaskReader {
	constructor(
		private readonly readOne: (id: string) => Promise<TaskReading>,
		private readonly readMany: (ids: readonly string[]) => Promise<BatchReading>,
		private readonly batch: BatchState,
	) {}

	read: ReadTasks = async (ids, record, signal, singly = Infinity) => {
		const open = new Set(ids);
		const take = (id: string, reading: TaskReading) => {
			open.delete(id);
			record(id, reading);
		};
		if (open.size > READ_SINGLY_AT_MOST && this.batch.isUsable) {
			const parts = chunk([...open], evolinkFacts.task.perRead);
			const readPart = async (part: string[]) => {
				if (!signal?.aborted) await this.readPart(part, take);
			};
			await mapLimit(parts, READS_AT_ONCE, readPart);
		}
		const readSingly = async (id: string) => {
			if (!signal?.aborted) take(id, await this.readOne(id));
		};
		await mapLimit([...open].slice(0, singly), READS_AT_ONCE, readSingly);
	};

	/** Takes what a batch read settles; the rest is to be read singly. */
	private async readPart(ids: readonly string[], take: Parameters<ReadTasks>[1]): Promise<void> {
		const answer = await this.readMany(ids);
		if (answer.ok) {
			for (const [id, task] of answer.tasks) take(id, { ok: true, task });
			// a few may be unknown for once; so many say that the list is not what it is taken for
			if (answer.tasks.size === 0 && ids.length > READ_SINGLY_AT_MOST) this.batch.isUsable = false;
			return;
		}
		const { failure } = answer;
		const takeAll = (some: readonly string[]) => some.forEach((id) => take(id, answer));
		if (failure.kind === 'unauthorized' || failure.status === 429) return takeAll(ids);
		if (failure.transient) {
			// one single read tells an outage, which fifty more would make worse, from a batch read that alone is broken
			const [first, ...rest] = ids;
			const reading = await this.readOne(first);
			take(first, reading);
			if (!reading.ok && reading.failure.transient) return takeAll(rest);
		}
		// also for a 403 and other refusals: they may be about the path, or about one of the tasks
		this.batch.isUsable = false;
	}
}
