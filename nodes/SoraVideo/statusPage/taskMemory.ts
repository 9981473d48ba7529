import sortBy from 'lodash/sortBy';

import { unlessAborted } from '../../evolink/async';
import type { Clock } from '../../evolink/clock';
import type { Failure } from '../../evolink/failure';
import type { ReadTasks } from '../../evolink/reader';
import { Recent } from '../../evolink/recent';
import { viewOf, type TaskView } from './taskView';

/** What is known of one task from reading it. */
export interface SeenTask {
	/** By the latest read that succeeded. */
	view?: TaskView;
	/** Why the latest read failed; absent after one that succeeded. */
	failure?: Failure;
	/** Origins that its links may use although they are private or plain http. */
	trustedHosts: readonly string[];
}

export interface Reading {
	read: ReadTasks;
	trustedHosts: readonly string[];
}

interface Entry extends SeenTask {
	/** By the clock's ticks: no read before then. */
	nextAt: number;
	/** The read that is under way. */
	pending?: Promise<void>;
}

/** However many look, a task is read once in this time. */
export const REST_MS = 5000;

/** More than this many are forgotten, those first that were not looked at for longest. */
const KEPT = 5000;

/** What all the lookers of this process know of tasks together. A task that has ended is not read again. */
export class TaskMemory {
	private readonly entries: Recent<Entry>;

	constructor(
		private readonly clock: Pick<Clock, 'ticks'>,
		kept = KEPT,
	) {
		this.entries = new Recent(kept);
	}

	/**
	 * Reads those tasks whose last read is too old, together with whoever is reading them already.
	 *
	 * @param wait who waits for them: what one key may see is not shown to those of another
	 * @param open called only if a task has to be read
	 * @param signal once it aborts, what is known by then is returned, and no further read begins for this looker
	 * @returns by id; without an entry for tasks whose first read has not ended
	 */
	async look(
		wait: string,
		ids: readonly string[],
		open: () => Promise<Reading>,
		signal: AbortSignal,
	): Promise<Map<string, SeenTask>> {
		const entries = new Map(ids.map((id) => [id, this.entryOf(`${wait} ${id}`)]));
		const now = this.clock.ticks();
		const due = [...entries].filter(
			([, { view, pending, nextAt }]) =>
				pending === undefined && now >= nextAt && (view === undefined || view.phase === 'running'),
		);
		if (due.length > 0) {
			// where time is short for all of them, those come first that were read longest ago
			const pending = this.read(new Map(sortBy(due, ([, { nextAt }]) => nextAt)), open, signal);
			for (const [, entry] of due) entry.pending = pending;
		}
		const all = Promise.all([...entries.values()].map(async ({ pending }) => await pending));
		await unlessAborted(all, signal);
		return new Map(
			[...entries].filter(([, { view, failure }]) => view !== undefined || failure !== undefined),
		);
	}

	private entryOf(key: string): Entry {
		const entry = this.entries.get(key) ?? { nextAt: 0, trustedHosts: [] };
		this.entries.set(key, entry);
		return entry;
	}

	private async read(
		due: ReadonlyMap<string, Entry>,
		open: () => Promise<Reading>,
		signal: AbortSignal,
	): Promise<void> {
		try {
			const { read, trustedHosts } = await open();
			const record: Parameters<ReadTasks>[1] = (id, reading) => {
				const entry = due.get(id);
				if (entry === undefined) return;
				entry.nextAt = this.clock.ticks() + REST_MS;
				entry.trustedHosts = trustedHosts;
				entry.failure = reading.ok ? undefined : reading.failure;
				if (reading.ok) entry.view = viewOf(reading.task);
			};
			await read([...due.keys()], record, signal);
		} finally {
			for (const entry of due.values()) entry.pending = undefined;
		}
	}
}
