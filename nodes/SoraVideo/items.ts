import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { UploadableFile } from '../evolink/media/upload';
import { resultLink, type Task } from '../evolink/task';
import { goesOnAfterErrors } from '../host/context';
import { errorData, nodeError, ProblemError, problemOf, type Problem } from '../host/errors';
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
 * An item that goes on after an error, as plain data: n8n's expressions cannot read a live error. Its one key tells n8n that it
 * failed; in the error branch n8n puts the row beside it, which must not stand here, or n8n takes it for a success.
 */
export function emitProblem(_ctx: IExecuteFunctions, problem: Problem, item: number): INodeExecutionData {
	return { json: { error: errorData(problem) }, pairedItem: { item } };
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
	if (!goesOnAfterErrors(ctx)) {
		if (!(error instanceof ProblemError)) throw error;
		const { problem, item } = error;
		throw nodeError(ctx.getNode(), problem, item ?? 0, many && item !== undefined);
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
	if (goesOnAfterErrors(ctx)) return;
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
