import sortBy from 'lodash/sortBy';

import { unlessAborted } from '../../evolink/async';
import type { Clock } from '../../evolink/clock';
import type { Failure } from '../../evolink/failure';
import type { ReadTasks } from '../../evolink/reader';
import { Recent } from '../../evolink/recent';
import type { Task } from '../../evolink/task';
import type { TaskView } from './taskView';

interface Entry {
	/** By the latest read that succeeded. */
	view?: TaskView;
	/** Of the latest read; absent after one that succeeded. */
	failure?: Failure;
	/** Ticks: no read before then. */
	nextAt: number;
	/** Ticks. */
	readAt: number;
	pending?: Promise<void>;
}

/** However many look, a task is read once in this time. */
export const REST_MS = 5000;

/** Where tasks can only be read one by one, so many are read in that time, in turn. */
const READ_SINGLY = 20;

/** More than this many are forgotten, the least recently viewed first. */
const KEPT = 5000;

/** Shared by all viewers of this process. A task that has ended is not read again. */
export class TaskMemory {
	private readonly entries: Recent<Entry>;

	constructor(
		private readonly clock: Pick<Clock, 'ticks'>,
		kept = KEPT,
	) {
		this.entries = new Recent(kept);
	}

	/**
	 * Reads those whose last read is too old, together with whoever is reading them already.
	 * @param wait who waits for them: what one key may see is not shown to those of another
	 * @param signal once it aborts, what is known by then is returned, and no further read begins for this viewer
	 * @returns by id; without an entry for tasks whose first read has not ended
	 */
	async statusOf(
		wait: string,
		ids: readonly string[],
		how: { read: ReadTasks; viewOf: (task: Task) => TaskView },
		signal: AbortSignal,
	): Promise<Map<string, Entry>> {
		const entries = new Map(ids.map((id) => [id, this.entryOf(`${wait} ${id}`)]));
		const now = this.clock.ticks();
		const due = [...entries].filter(
			([, { view, pending, nextAt }]) =>
				pending === undefined && now >= nextAt && (view === undefined || view.phase === 'running'),
		);
		if (due.length > 0) {
			// where not all have their turn, those come first that were read longest ago
			const pending = this.read(new Map(sortBy(due, ([, { readAt }]) => readAt)), how, signal);
			for (const [, entry] of due) entry.pending = pending;
		}
		const all = Promise.all([...entries.values()].map(async ({ pending }) => await pending));
		await unlessAborted(all, signal);
		return new Map(
			[...entries].filter(([, { view, failure }]) => view !== undefined || failure !== undefined),
		);
	}

	private entryOf(key: string): Entry {
		const entry = this.entries.get(key) ?? { nextAt: 0, readAt: -Infinity };
		this.entries.set(key, entry);
		return entry;
	}

	private async read(
		due: ReadonlyMap<string, Entry>,
		{ read, viewOf }: Parameters<TaskMemory['statusOf']>[2],
		signal: AbortSignal,
	): Promise<void> {
		try {
			const record: Parameters<ReadTasks>[1] = (id, reading) => {
				const entry = due.get(id);
				if (entry === undefined) return;
				entry.readAt = this.clock.ticks();
				entry.failure = reading.ok ? undefined : reading.failure;
				if (reading.ok) entry.view = viewOf(reading.task);
			};
			await read([...due.keys()], record, signal, READ_SINGLY);
			// those whose turn has not come rest, too: it is the page that is not to ask more often
			for (const entry of due.values()) entry.nextAt = this.clock.ticks() + REST_MS;
		} finally {
			for (const entry of due.values()) entry.pending = undefined;
		}
	}
}
