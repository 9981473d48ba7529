/** A seeded sequence of numbers from 0 to 1 (mulberry32), so that every run has the same durations. */
export function* numbers(seed: number): Generator<number, never> {
	for (let state = seed; ;) {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		yield ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}
}
