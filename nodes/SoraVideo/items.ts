import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { UploadableFile } from '../evolink/media/upload';
import { resultLink, type Task } from '../evolink/task';
import { nodeError, ProblemError, problemOf, type Problem } from '../host/errors';
import { withOthers } from '../host/messages';

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

/** A file that EvoLink must be given, and where its URL goes in the body. */
export interface InputFile {
	source: UploadableFile;
	attach(body: IDataObject, url: string): IDataObject;
}

/** What became of one item's order. */
export type Order = PlacedOrder | RefusedOrder;

export interface PlacedOrder {
	item: number;
	id: string;
	/** ms since 1970; absent for tasks that were there before. */
	orderedAt?: number;
	/** As the create answered; absent for one that was ordered before. */
	task?: Task;
	/** Ordered by an earlier try, whose order this try does not know: it may have been another one. */
	replayed?: true;
	/** What was asked for: the body as it was sent, but for the callback URL. Absent where this try does not know it. */
	request?: IDataObject;
	/** EvoLink's id of the file that was uploaded for it; of several, with commas between them. */
	fileId?: string;
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
	/** ms since 1970, when this run last knew the task unfinished. */
	unfinishedAt?: number;
	/** An earlier try ordered it, perhaps with another prompt. */
	replayed?: true;
	/** As in `PlacedOrder`. */
	request?: IDataObject;
}

/** An item that goes on after an error: `error` sends it to the error branch, and its text is all that n8n keeps. */
export function emitProblem(ctx: IExecuteFunctions, problem: Problem, item: number): INodeExecutionData {
	const error = nodeError(ctx.getNode(), problem, item);
	return { json: { error: error.message }, error, pairedItem: { item } };
}

/**
 * The output of a run that ended before its items could: a wrong setting, or a fault of our own. n8n would let the input
 * go on as if it were the result.
 *
 * @throws n8n's error when the node stops on errors
 */
export function emitBroken(
	ctx: IExecuteFunctions,
	error: unknown,
	items: readonly number[] = [...ctx.getInputData().keys()],
): INodeExecutionData[] {
	if (!ctx.continueOnFail()) {
		throw error instanceof ProblemError ? nodeError(ctx.getNode(), error.problem, error.item) : error;
	}
	const problem = problemOf(error);
	return items.map((item) => emitProblem(ctx, problem, item));
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
	const others = outcomes
		.filter((outcome) => outcome !== first)
		.map((outcome) => ({ item: outcome.item, what: describe(outcome), isTask: !('problem' in outcome) }));
	throw new ProblemError(withOthers(first.problem, others, untouched), first.item);
}

function describe(outcome: Outcome | Order): string {
	if ('problem' in outcome) return outcome.problem.message.replace(/\.$/, '');
	if ('id' in outcome) return `task ${outcome.id}`;
	const { task } = outcome;
	const link = resultLink(task);
	return `task ${task.id} ${task.status}${link === undefined ? '' : ` (${link})`}`;
}
