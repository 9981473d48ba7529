interface Timer {
	/** API ms at which it fires. */
	due: number;
	run: () => void;
	handle: NodeJS.Timeout | undefined;
}

/** setTimeout overflows above this and would fire at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** API time: runs `scale` times as fast as real time and can be moved forward. */
export class Clock {
	private readonly startedAt = performance.now();
	private readonly timers = new Set<Timer>();
	private ahead = 0;
	private stopped = false;

	constructor(readonly scale: number) {
		if (!(scale > 0)) throw new RangeError(`timeScale must be above 0, got ${scale}`);
	}

	/** API ms since the start. */
	now(): number {
		return (performance.now() - this.startedAt) * this.scale + this.ahead;
	}

	/** Real ms that this many API seconds last. */
	realMs(seconds: number): number {
		return (seconds * 1000) / this.scale;
	}

	/** Runs once after this many API seconds. @returns cancels it */
	after(seconds: number, run: () => void): () => void {
		const timer: Timer = { due: this.now() + seconds * 1000, run, handle: undefined };
		this.timers.add(timer);
		this.arm(timer);
		return () => this.drop(timer);
	}

	/** Never settles once the clock is stopped. */
	sleep(seconds: number): Promise<void> {
		return new Promise((resolve) => this.after(seconds, resolve));
	}

	advance(seconds: number): void {
		this.ahead += seconds * 1000;
		for (const timer of [...this.timers].sort((a, b) => a.due - b.due)) this.arm(timer);
	}

	stop(): void {
		this.stopped = true;
		for (const timer of this.timers) this.drop(timer);
	}

	private arm(timer: Timer): void {
		clearTimeout(timer.handle);
		if (this.stopped) return;
		const wait = Math.max(0, (timer.due - this.now()) / this.scale);
		timer.handle = setTimeout(
			() => {
				if (this.now() < timer.due - 1) return this.arm(timer);
				this.timers.delete(timer);
				timer.run();
			},
			Math.min(Math.ceil(wait), LONGEST_TIMEOUT),
		);
	}

	private drop(timer: Timer): void {
		clearTimeout(timer.handle);
		this.timers.delete(timer);
	}
}
