import type { IExecuteFunctions } from 'n8n-workflow';

/**
 * The parking trick, and nothing else.
 *
 * What n8n does: `putExecutionToWait(date)` stores the execution with the node on top of its stack. When the timer is due,
 * the engine looks at `waitTill` in the *stored run data* (`handleWaitingState`); if it is set, the node is disabled, that is
 * skipped, and its stack data goes on as its output. When to wake up is read from the database *column*.
 *
 * What is used here: a Date that is written as a date into the column and across the queue (plain JSON), but as an empty text
 * into the stored run data. n8n stores run data with `flatted`, which makes every object a root of its own, so that `toJSON`
 * is called on what `toJSON` returned. The engine then finds no `waitTill`, and the timer calls `execute` again.
 *
 * What would break it: run data stored by another serialiser, or an engine that takes `waitTill` from the column. Then the
 * stack data would go on as the output: therefore it is replaced by an error item that names the tasks, never the input.
 * Watched by test/engine/suspend.test.ts and test/e2e (timer, callback, restart), to be run against every new n8n.
 */
class ReentryDate extends Date {
	override toJSON(): string {
		const iso = Object(this.toISOString()) as { toJSON?: () => string };
		iso.toJSON = () => '';
		return iso as unknown as string;
	}
}

const TOKEN = 'soraVideoWait';

type Metadata = Record<string, unknown>;

/** Which wait this stack entry belongs to. In a loop, each round has an entry of its own beside the node's one context. */
export function parkedToken(ctx: IExecuteFunctions): string | undefined {
	const token = (ctx.getExecuteData().metadata as Metadata | undefined)?.[TOKEN];
	return typeof token === 'string' ? token : undefined;
}

/**
 * Parks the execution until `at` (ms since 1970) or a callback.
 *
 * @param runIndex of this run: re-entry overwrites it instead of adding one
 * @param forwarded the error item that n8n would pass on if the trick failed
 */
export async function park(
	ctx: IExecuteFunctions,
	at: number,
	token: string,
	runIndex: number,
	forwarded: { error: string },
): Promise<void> {
	const entry = ctx.getExecuteData();
	entry.metadata = { ...entry.metadata, [TOKEN]: token } as typeof entry.metadata;
	entry.runIndex = runIndex;
	// n8n skips the node of this entry when a callback comes; another run of the same node on the stack shares the object
	entry.node = { ...entry.node };
	entry.data = { main: [[{ json: forwarded, pairedItem: { item: 0 } }]] };
	await ctx.putExecutionToWait(new ReentryDate(at));
}
