import { createHash, randomUUID } from 'node:crypto';

import type { IDataObject, IExecuteFunctions, IRunExecutionData, ITaskData } from 'n8n-workflow';
import sortBy from 'lodash/sortBy';

import { executionToken, isToolRun, runIndexOf } from '../../host/context';

/** Which page of the ledger a run has. Calls of a tool, which n8n counts as runs of their own, share one. */
export function roundOf(ctx: IExecuteFunctions): string {
	return isToolRun(ctx) ? 'tool' : `run${roundNumberOf(ctx)}`;
}

/** Lost runs of an execution that n8n has recovered from its event log stay, without data, and a retry counts on behind them. */
function roundNumberOf(ctx: IExecuteFunctions): number {
	const index = runIndexOf(ctx);
	const { runExecutionData } = ctx as { runExecutionData?: IRunExecutionData };
	const before = runExecutionData?.resultData?.runData?.[ctx.getNode().name]?.slice(0, index) ?? [];
	return index - before.filter(isRecovered).length;
}

function isRecovered({ data }: ITaskData): boolean {
	return data?.main?.[0]?.[0]?.json.isArtificialRecoveredEventItem === true;
}

/** JSON with its keys in order, so that equal bodies hash alike, and an object unlike a list of its pairs. */
function canonical(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(canonical);
	if (typeof value !== 'object' || value === null) return value;
	return { pairs: sortBy(Object.entries(value), '0').map(([key, inner]) => [key, canonical(inner)]) };
}

function hash(value: unknown): string {
	return createHash('sha256')
		.update(JSON.stringify(canonical(value)))
		.digest('hex');
}

/** Where an item's order stands in the ledger: by item, so that a retry finds it whatever its fields say by then. */
export function slotOf(itemIndex: number): string {
	return `item${itemIndex}`;
}

/** n8n counts every call and every try of a tool as a run of its own, so only the order itself tells a repeat from another call. */
export function toolSlotOf(itemIndex: number, body: IDataObject): string {
	return `item${itemIndex}-${hash(body).slice(0, 16)}`;
}

/** Names what a run of the node wants, apart from all that others want, other n8n instances on the same account included. */
export class RunIntent {
	private readonly place: readonly unknown[];

	/** Asks n8n for what is the same for all items: each question builds all that an expression can see. */
	constructor(ctx: IExecuteFunctions) {
		this.place = [
			ctx.getInstanceId(),
			ctx.getWorkflow().id,
			// without either, nothing tells one call of an agent from the next
			executionToken(ctx) ?? (ctx.getExecutionId() as string | undefined) ?? randomUUID(),
			ctx.getNode().id,
			roundNumberOf(ctx),
		];
	}

	fileName(itemIndex: number): string {
		return `n8n-${hash([...this.place, itemIndex]).slice(0, 32)}`;
	}

	/**
	 * The `Idempotency-Key`: 16 to 96 of `[A-Za-z0-9._-]`. It names the intent and nothing else: where n8n runs a lost execution
	 * anew, a prompt by an AI model, `$now` or an upload's URL is another one, and ancestors disagree on how often the order was
	 * refused.
	 * @param attempt how many keys of this intent EvoLink was found to keep a refusal under
	 */
	key(slot: string, attempt = 0): string {
		return `n8n-${hash([...this.place, slot, attempt]).slice(0, 48)}`;
	}
}
