import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { UploadableFile } from '../evolink/media/upload';
import { resultLink, type Task } from '../evolink/task';
import { isToolRun } from '../host/context';
import { nodeError, ProblemError, problemOf, told, type NodeFailure, type Problem } from '../host/errors';
import { withOthers, type OtherItem } from '../host/messages';
import type { Watch } from './watch';

/*
 * The way of one item through a run that pays: Draft, then Order, then Outcome; and what 'On Error' does to them.
 */

/** One item's order, checked in full, with nothing sent yet. */
export interface Draft {
	body: IDataObject;
	/** Where EvoLink is to call when its task has ended. */
	callbackUrl?: string;
	/** What the callback URL carries for the user. */
	reference?: string;
	/** Given to EvoLink first. */
	files?: readonly InputFile[];
}

/** A file that EvoLink must be given before the order. Plain data. */
export interface InputFile {
	source: UploadableFile;
	/** What stands in the body for its URL. */
	standIn: string;
}

/** What became of one item's order. */
export type Order = PlacedOrder | RefusedOrder;

export interface PlacedOrder {
	item: number;
	watch: Watch;
	/** As the create answered; absent for one that was ordered before. */
	task?: Task;
}

export interface RefusedOrder {
	item: number;
	problem: Problem;
	/** Of an order that may have been taken. */
	unknownKey?: string;
}

/** What one item came to. */
export type Outcome = TaskOutcome | { item: number; problem: Problem };

export interface TaskOutcome {
	item: number;
	/** The binary field that its file goes to; null where none is wanted. */
	field: string | null;
	task: Task;
	watch: Watch;
}

/**
 * n8n's error for an item.
 *
 * @param many whether the run has several items: the input of a parked run does not tell
 */
function errorOf(ctx: IExecuteFunctions, problem: Problem, item: number, many: boolean): NodeFailure {
	return nodeError(ctx.getNode(), isToolRun(ctx) ? forAgent(problem) : problem, item, many);
}

/**
 * An agent reads nothing but the message, and would order the video once more. n8n wraps the errors of tools, and where it finds a
 * network code in an API error, it puts an advice to try again in place of our message: so there is none.
 */
function forAgent({ taskId, stopped, ...rest }: Problem): Problem {
	return { message: told(rest), ...(taskId !== undefined && { taskId }), ...(stopped && { stopped }) };
}

/**
 * An item that goes on after an error: `error` sends it to the error branch. n8n makes the item's data of its message alone;
 * the description stays in `error`.
 */
export function emitProblem(
	ctx: IExecuteFunctions,
	problem: Problem,
	item: number,
	many: boolean,
): INodeExecutionData {
	const error = errorOf(ctx, problem, item, many);
	return { json: { error: error.message }, error, pairedItem: { item } };
}

/**
 * The output of a run that ended before its items could: a wrong setting, or a fault of our own. n8n would let the input
 * go on as if it were the result.
 *
 * @param items those that it concerns
 * @throws n8n's error when the node stops on errors
 */
export function emitBroken(
	ctx: IExecuteFunctions,
	error: unknown,
	items: readonly number[] = [...ctx.getInputData().keys()],
	many = items.length > 1,
): INodeExecutionData[] {
	if (!ctx.continueOnFail()) {
		if (!(error instanceof ProblemError)) throw error;
		const { problem, item } = error;
		throw errorOf(ctx, problem, item ?? 0, many && item !== undefined);
	}
	const problem = problemOf(error);
	return items.map((item) => emitProblem(ctx, problem, item, many));
}

/**
 * @param untouched items whose turn had not come
 * @throws the first problem when the node stops on errors, naming the other items
 */
export function stopOnProblem(
	ctx: IExecuteFunctions,
	outcomes: ReadonlyArray<Outcome | Order>,
	untouched: readonly number[] = [],
): void {
	if (ctx.continueOnFail()) return;
	const first = outcomes.find((outcome) => 'problem' in outcome);
	if (first === undefined) return;
	const others = outcomes.filter((outcome) => outcome !== first).map(otherItem);
	throw new ProblemError(withOthers(first.problem, others, untouched), first.item);
}

function otherItem(outcome: Outcome | Order): OtherItem {
	const { item } = outcome;
	if ('problem' in outcome) {
		const { message, taskId } = outcome.problem;
		const key = 'unknownKey' in outcome ? outcome.unknownKey : undefined;
		return {
			item,
			what: message,
			...(taskId !== undefined && { id: taskId }),
			...(key !== undefined && { key }),
		};
	}
	const { id } = outcome.watch;
	if (!('field' in outcome)) return { item, what: `task ${id}`, id };
	const { status } = outcome.task;
	const link = resultLink(outcome.task);
	return { item, what: `task ${id} ${status}${link === undefined ? '' : ` (${link})`}`, id };
}
