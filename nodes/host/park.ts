import type {
	IExecuteFunctions,
	IRunExecutionData,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';

/**
 * The parking trick, and nothing else: an execution that is suspended and runs this node again when it wakes up.
 *
 * What n8n does: `putExecutionToWait(date)` sets `waitTill` in the run data and stores the execution with the node on top of
 * its stack. Whatever wakes it, the engine means to skip the node and to pass its stack data on as its output: a timer by
 * `handleWaitingState`, if the *stored run data* holds a `waitTill`; a webhook by `disabled` on the node of the stack, which is
 * set before `webhook()` is called. When to wake up is read from the database *column*.
 *
 * What is used here: `waitTill` is made non-enumerable, so the engine sees it and writes the column, but whatever stores or
 * copies the run data leaves it out; and `webhook()` takes `disabled` off again. Both ways `execute` runs again, with the token
 * on its stack entry. `runExecutionData` and `executeData` are public members of n8n-core's contexts (2.14 and 2.41), but not in
 * the types of n8n-workflow: without them, nothing is suspended, or the callback leaves the run to the timer.
 *
 * What would break it: run data stored with its hidden properties, or an engine that takes `waitTill` from the column. Then the
 * stack data would go on as the output: therefore it is replaced by an error item that names the tasks, never the input.
 * Watched by test/engine/suspend.test.ts and test/e2e (wake, timer, crash, queue), to be run against every new n8n.
 */
interface RunData {
	waitTill?: Date;
	/** In every resume URL of the execution, and asked for in each call on one; older hosts have none. */
	resumeToken?: string;
}

interface HostInternals {
	runExecutionData?: RunData;
	executeData?: ReturnType<IExecuteFunctions['getExecuteData']>;
	additionalData?: { getRunExecutionData?: (executionId: string) => Promise<IRunExecutionData | undefined> };
}

const TOKEN = 'soraVideoWait';

/** In the stack data of a run that a call wakes. */
const CALLED = 'soraVideoCalled';

type Metadata = Record<string, unknown>;

export function canPark(ctx: IExecuteFunctions): boolean {
	const { runExecutionData } = ctx as HostInternals;
	return (
		typeof ctx.putExecutionToWait === 'function' &&
		typeof ctx.getExecuteData === 'function' &&
		typeof runExecutionData === 'object'
	);
}

/** Which wait this stack entry belongs to. In a loop, each round has an entry of its own beside the node's one context. */
export function parkedToken(ctx: IExecuteFunctions): string | undefined {
	const token = (ctx.getExecuteData().metadata as Metadata | undefined)?.[TOKEN];
	return typeof token === 'string' ? token : undefined;
}

/**
 * Parks the execution until `at` (ms since 1970) or `wake`; re-entry overwrites run `runIndex`. `forwarded`: what n8n would
 * pass on if the trick failed.
 */
export async function park(
	ctx: IExecuteFunctions,
	at: number,
	token: string,
	runIndex: number,
	forwarded: { error: { message: string } },
): Promise<void> {
	await ctx.putExecutionToWait(new Date(at));
	const entry = ctx.getExecuteData();
	entry.metadata = { ...entry.metadata, [TOKEN]: token } as typeof entry.metadata;
	entry.runIndex = runIndex;
	// n8n disables the node of this entry when a webhook is called; another run of the same node on the stack shares the object
	entry.node = { ...entry.node };
	entry.data = { main: [[{ json: forwarded, pairedItem: { item: 0 } }]] };
	const { runExecutionData: run } = ctx as HostInternals;
	Object.defineProperty(run, 'waitTill', {
		value: run?.waitTill,
		enumerable: false,
		writable: true,
		configurable: true,
	});
}

/** What makes n8n run `execute` of the suspended node again; `undefined` if this host has not what it takes. */
export function wake(ctx: IWebhookFunctions): IWebhookResponseData | undefined {
	const { executeData: entry } = ctx as HostInternals;
	if (entry?.node === undefined) return undefined;
	delete entry.node.disabled;
	const marked = entry.data.main.map((items) =>
		(items ?? []).map((item) => ({ ...item, json: { ...item.json, [CALLED]: true } })),
	);
	return { noWebhookResponse: true, workflowData: marked };
}

/** Whether the run goes on because of a call, and not of its timer. */
export function wasCalled(ctx: IExecuteFunctions): boolean {
	return ctx.getInputData()[0]?.json[CALLED] === true;
}

/**
 * Whether a run is still parked where a webhook found it: its data was read before the webhook began, and n8n's own claim
 * takes any waiting execution. `isSame`: whether the stored context is the one known. True on hosts that do not tell.
 */
export async function isStillParked(
	ctx: IWebhookFunctions,
	executionId: string,
	token: string,
	isSame: (context: Record<string, unknown>) => boolean,
): Promise<boolean> {
	const { additionalData } = ctx as HostInternals;
	if (typeof additionalData?.getRunExecutionData !== 'function') return true;
	try {
		const { executionData } = (await additionalData.getRunExecutionData(executionId)) ?? {};
		const [entry] = executionData?.nodeExecutionStack ?? [];
		const { metadata } = (entry ?? {}) as { metadata?: Metadata };
		const context = executionData?.contextData?.[`node:${ctx.getNode().name}`] ?? {};
		return metadata?.[TOKEN] === token && isSame(context);
	} catch {
		return true;
	}
}

/** Whether n8n lets nobody reach this webhook but who knows the execution's token. */
export function isGuarded(ctx: IWebhookFunctions): boolean {
	return typeof (ctx as HostInternals).runExecutionData?.resumeToken === 'string';
}
