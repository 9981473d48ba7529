const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Mulberry32: the same seed gives the same ids and the same random choices in every run. */
export class Random {
	constructor(private state: number) {}

	/** 0 ≤ n < 1 */
	next(): number {
		this.state = (this.state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}

	text(length: number): string {
		return Array.from({ length }, () => LETTERS[Math.floor(this.next() * LETTERS.length)]).join('');
	}
}
