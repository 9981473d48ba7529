import type { Clock } from '../../../../nodes/evolink/clock';

/** A clock for many who sleep at the same time: it moves to the next of them once all others wait. */
export class VirtualClock implements Clock {
	private time = 0;
	private readonly sleepers: Array<{ at: number; wake: () => void }> = [];

	now(): number {
		return this.time;
	}

	ticks(): number {
		return this.time;
	}

	random(): number {
		return 0.5;
	}

	async sleep(ms: number, signal?: AbortSignal): Promise<void> {
		if (signal?.aborted) return;
		const at = this.time + Math.max(ms, 0);
		await new Promise<void>((wake) => {
			this.sleepers.push({ at, wake });
			signal?.addEventListener('abort', () => wake());
		});
	}

	/** Does the work, with no real time passing. */
	async run(work: () => Promise<void>): Promise<void> {
		let isDone = false;
		const done = work().finally(() => (isDone = true));
		while (!isDone) {
			// all that can go on without the clock does
			await new Promise(setImmediate);
			const [next] = this.sleepers.sort((one, other) => one.at - other.at);
			if (next === undefined) continue;
			this.time = next.at;
			this.sleepers.shift();
			next.wake();
		}
		await done;
	}
}
