import type { IExecuteFunctions, NodeExecutionHint } from 'n8n-workflow';

/** `isToolExecution()` is false for nodes that n8n turned into tools; their type ends in "Tool". */
export function isToolRun(ctx: IExecuteFunctions): boolean {
	if (typeof ctx.isToolExecution === 'function' && ctx.isToolExecution()) return true;
	return ctx.getNode().type.endsWith('Tool');
}

/** A tool goes on, whatever its 'On Error' says: of what a tool throws, older agents read nothing, and order once more. */
export function goesOnAfterErrors(ctx: IExecuteFunctions): boolean {
	return ctx.continueOnFail() || isToolRun(ctx);
}

/** Whether another workflow called this one: its error is read there, and a Retry there is another run of this one. */
export function isCalled(ctx: IExecuteFunctions): boolean {
	return ctx.getMode() === 'integrated';
}

export function cancelSignal(ctx: IExecuteFunctions): AbortSignal | undefined {
	return ctx.getExecutionCancelSignal();
}

/** Which run of the node this is: 0, or the round of a loop. The same on every try of the same run. */
export function runIndexOf(ctx: IExecuteFunctions): number {
	return Number(ctx.getExecuteData().runIndex ?? ctx.getWorkflowDataProxy(0).$runIndex ?? 0);
}

/** Where n8n takes calls for an execution that waits; old hosts give none. */
export function resumeUrlOf(ctx: IExecuteFunctions): string | undefined {
	const { resumeUrl } = (ctx.getWorkflowDataProxy(0).$execution ?? {}) as { resumeUrl?: unknown };
	return typeof resumeUrl === 'string' ? resumeUrl : undefined;
}

/** Gives the editor the resume URL with its token: the one that it makes up for a waiting node's tooltip has none. */
export function tellResumeUrl(ctx: IExecuteFunctions): void {
	const resumeUrl = resumeUrlOf(ctx);
	if (resumeUrl !== undefined && typeof ctx.setMetadata === 'function') ctx.setMetadata({ resumeUrl });
}

/**
 * Names the execution and all its retries: n8n stores it before anything runs, so the key of an order stays the same even
 * where the process was lost before the ledger was stored. n8n before 2.14 has none.
 */
export function executionToken(ctx: IExecuteFunctions): string | undefined {
	return /[?&]signature=([^&#]+)/.exec(resumeUrlOf(ctx) ?? '')?.[1];
}

/** A line in n8n's log at debug level. */
export function trace(ctx: IExecuteFunctions, what: string, taskIds: readonly string[]): void {
	const { name } = ctx.getNode();
	ctx.logger.debug(`${name}: ${what}`, { executionId: ctx.getExecutionId(), taskIds: [...taskIds] });
}

/** Warns beside the output and in the log: a hint of a suspended run goes when the run goes on. */
export function warn(ctx: IExecuteFunctions, message: string): void {
	hint(ctx, message, 'warning');
	ctx.logger.warn(message);
}

/** Shows a sentence beside the output, which n8n takes for HTML; hosts that know no hints go without. */
export function hint(
	ctx: IExecuteFunctions,
	message: string,
	type: NodeExecutionHint['type'] = 'info',
): void {
	if (typeof ctx.addExecutionHints === 'function')
		ctx.addExecutionHints({ message, type, location: 'outputPane' });
}
