import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { resultLink, type Task } from '../evolink/task';
import { goesOnAfterErrors, isCalled, isToolRun } from '../host/context';
import {
	errorData,
	nodeError,
	ProblemError,
	problemOf,
	wordedFor,
	type Problem,
	type Reader,
} from '../host/errors';
import { withOthers, type OtherItem } from '../host/messages';
import type { ItemParameters } from '../host/parameters';
import type { Watch } from './watch';

export type Outcome = TaskOutcome | { item: number; problem: Problem };

export interface TaskOutcome {
	item: number;
	/** Where its file goes; null where none is wanted. */
	field: string | null;
	task: Task;
	watch: Watch;
	/** To the result that it is about; to the first one if absent. */
	link?: string;
}

/** A task that nothing came of yet. */
type RunningTask = Pick<TaskOutcome, 'item' | 'watch'>;

/**
 * Plain data: n8n's expressions cannot read a live error. Its one key tells n8n that the item failed; the row beside it, which
 * n8n puts into the error branch, would make it a success.
 */
export function emitProblem(ctx: IExecuteFunctions, problem: Problem, item: number): INodeExecutionData {
	return { json: { error: errorData(wordedFor(readerOf(ctx), problem)) }, pairedItem: { item } };
}

function readerOf(ctx: IExecuteFunctions): Reader | undefined {
	if (isToolRun(ctx)) return 'agent';
	if (ctx.getNodeParameter('operation', 0, '') === 'getTask') return 'getTask';
	return isCalled(ctx) ? 'called' : undefined;
}

/**
 * The output of a run that ended before its items could: n8n would let the input go on as if it were the result.
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
		throw nodeError(ctx.getNode(), wordedFor(readerOf(ctx), problem), item ?? 0, many && item !== undefined);
	}
	const problem = problemOf(error);
	return items.map((item) => emitProblem(ctx, problem, item));
}

/** What the node does for the items of a run; their parameters by item. */
export type Operation = (
	ctx: IExecuteFunctions,
	parametersOf: (item: number) => ItemParameters,
) => Promise<INodeExecutionData[]>;

/** What an operation makes of each item by itself. One that fails goes on or ends the run, as 'On Error' says. */
export async function forEachItem(
	ctx: IExecuteFunctions,
	make: (item: number) => Promise<IDataObject[]>,
): Promise<INodeExecutionData[]> {
	const items = [...ctx.getInputData().keys()];
	const output: INodeExecutionData[] = [];
	for (const item of items) {
		try {
			const made = await make(item);
			output.push(...made.map((json) => ({ json, pairedItem: { item } })));
		} catch (error) {
			output.push(...emitBroken(ctx, error, [item], items.length > 1));
		}
	}
	return output;
}

/** @throws the first problem when the node stops on errors, naming the others. `untouched`: items whose turn had not come */
export function stopOnProblem(
	ctx: IExecuteFunctions,
	outcomes: ReadonlyArray<Outcome | RunningTask>,
	untouched: readonly number[] = [],
): void {
	if (goesOnAfterErrors(ctx)) return;
	const first = outcomes.find((outcome) => 'problem' in outcome);
	if (first === undefined) return;
	const others = outcomes.filter((outcome) => outcome !== first).map(otherItem);
	throw new ProblemError(withOthers(first.problem, others, untouched), first.item);
}

function otherItem(outcome: Outcome | RunningTask): OtherItem {
	const { item } = outcome;
	if ('problem' in outcome) {
		const { message, taskId, idempotencyKey: key } = outcome.problem;
		return { item, what: message, id: taskId, key };
	}
	const { id } = outcome.watch;
	if (!('task' in outcome)) return { item, what: `task ${id}`, id };
	const { status } = outcome.task;
	const link = outcome.link ?? resultLink(outcome.task);
	return { item, what: `task ${id} ${status}${link === undefined ? '' : ` (${link})`}`, id };
}
