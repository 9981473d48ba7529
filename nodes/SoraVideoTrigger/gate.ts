import pLimit from 'p-limit';

import { hostClock, type Clock } from '../evolink/clock';
import type { TaskReading } from '../evolink/reader';
import { Recent } from '../evolink/recent';

/** Reads under way, of all triggers of the process together. */
export const READS_AT_ONCE = 5;
export const QUEUE_LENGTH = 100;

/** A read takes up to 8 s (4 s for its headers, 4 s for its body), and EvoLink gives up on an answer after 10 s. */
const PATIENCE_MS = 2000;

/** How long a read that found no task of ours keeps its place: whoever makes up ids must not use up the key's rate limit. */
const PENALTY_MS = 2000;

/** Whoever learns a trigger's URL can make it read with the user's key. What is turned away, EvoLink sends again. */
export class ReadGate {
	private readonly underWay = new Map<string, Promise<TaskReading | undefined>>();

	private readonly limit = pLimit(READS_AT_ONCE);

	/** Reads in the queue that somebody still waits for. */
	private waiting = 0;

	constructor(private readonly clock: Clock = hostClock) {}

	/**
	 * Whoever asks for a `key` that is under way gets its answer. `isNotOurs`: the task is none of the account's.
	 * @returns `undefined` if there are too many
	 */
	async read(
		key: string,
		read: () => Promise<TaskReading>,
		isNotOurs: (reading: TaskReading) => boolean,
	): Promise<TaskReading | undefined> {
		const other = this.underWay.get(key);
		if (other !== undefined) return await other;
		if (this.waiting >= QUEUE_LENGTH) return undefined;
		const own = this.inTurn(read, isNotOurs).finally(() => this.underWay.delete(key));
		this.underWay.set(key, own);
		return await own;
	}

	private async inTurn(
		read: () => Promise<TaskReading>,
		isNotOurs: (reading: TaskReading) => boolean,
	): Promise<TaskReading | undefined> {
		return await new Promise((resolve, reject) => {
			let isQueued = true;
			this.waiting += 1;
			const leave = () => {
				isQueued = false;
				this.waiting -= 1;
			};
			const begun = new AbortController();
			void this.clock.sleep(PATIENCE_MS, begun.signal).then(() => {
				if (!isQueued) return;
				leave();
				resolve(undefined);
			});
			void this.limit(async () => {
				if (!isQueued) return;
				leave();
				begun.abort();
				try {
					const reading = await read();
					resolve(reading);
					if (isNotOurs(reading)) await this.clock.sleep(PENALTY_MS);
				} catch (error) {
					reject(error as Error);
				}
			});
		});
	}
}

const LOG_INTERVAL_MS = 60_000;

/** A key holds words of EvoLink's answer, so there may be any number of them. */
export const LINES_KEPT = 1000;

/** At most one line a minute for each key; the next one says how many were left out. */
export class LogGate {
	private readonly lines = new Recent<{ at: number; leftOut: number }>(LINES_KEPT);

	constructor(private readonly clock: Pick<Clock, 'ticks'> = hostClock) {}

	/** What to add to the line, or `undefined` if it is to be left out. */
	admit(key: string): string | undefined {
		const now = this.clock.ticks();
		const last = this.lines.get(key);
		if (last !== undefined && now < last.at + LOG_INTERVAL_MS) {
			last.leftOut += 1;
			return undefined;
		}
		this.lines.set(key, { at: now, leftOut: 0 });
		const leftOut = last?.leftOut ?? 0;
		return leftOut === 0 ? '' : ` (${leftOut} more since the last line)`;
	}
}
