import type { SeenRequest } from './types';

/** How often a predicate about something outside the stand-in is checked, in ms. */
const RECHECK_MS = 100;
const SHOWN_REQUESTS = 10;

/** Pending `until()` calls: checked after every event. */
export class Waiters {
	private readonly pending = new Set<{ check: () => void; fail: (reason: string) => void }>();

	constructor(private readonly requests: () => readonly SeenRequest[]) {}

	check(): void {
		for (const waiter of this.pending) waiter.check();
	}

	stop(): void {
		for (const waiter of this.pending) waiter.fail('the stand-in was closed');
	}

	until<T>(predicate: () => T, timeoutMs = 50_000): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
		return new Promise((resolve, reject) => {
			const finish = (settle: () => void) => {
				clearInterval(recheck);
				clearTimeout(limit);
				this.pending.delete(waiter);
				settle();
			};
			const fail = (reason: string) =>
				finish(() => reject(new Error(`until: ${reason}. Last requests:\n${this.lastRequests()}`)));
			const check = () => {
				try {
					const value = predicate();
					if (value) finish(() => resolve(value as Exclude<T, false | null | undefined | 0 | ''>));
				} catch (error) {
					finish(() => reject(error as Error));
				}
			};
			const waiter = { check, fail };
			const recheck = setInterval(check, RECHECK_MS);
			const limit = setTimeout(() => fail(`not true after ${timeoutMs} ms`), timeoutMs);
			this.pending.add(waiter);
			check();
		});
	}

	private lastRequests(): string {
		return this.requests()
			.slice(-SHOWN_REQUESTS)
			.map(({ method, path, status }) => `  ${method} ${path} → ${status ?? 'being answered'}`)
			.join('\n');
	}
}
