export const sleep = async (ms: number): Promise<void> =>
	await new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Asks until the answer is truthy, and returns it. For what only a real server can tell, where no event can be awaited.
 *
 * @throws Error naming `what` (and the last state, when `what` is a function) after `timeoutMs` real ms
 */
export async function eventually<T>(
	what: string | (() => string),
	ask: () => Promise<T> | T,
	{ timeoutMs = 30_000, everyMs = 100 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<NonNullable<Exclude<T, false>>> {
	const until = Date.now() + timeoutMs;
	for (;;) {
		const answer = await ask();
		if (answer) return answer as NonNullable<Exclude<T, false>>;
		if (Date.now() > until) {
			throw new Error(`not within ${timeoutMs} ms: ${typeof what === 'string' ? what : what()}`);
		}
		await sleep(everyMs);
	}
}
