import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { mapLimit } from '../evolink/clock';
import { downloadResult } from '../evolink/media/result';
import { hasResult, resultLink, taskNamed, taskToJson, type Task } from '../evolink/task';
import { resultOf, type Watch } from './wait/watch';
import { nodeError, ProblemError, problemOf, type Problem } from '../host/errors';
import type { Order } from './order/place';
import { downloadFailed, nothingToShow, taskEnded, timedOut, unreadable, withOthers } from '../host/messages';
import type { RunSettings } from './settings';
import { cancelSignal, isToolRun } from '../host/context';

/** What one item came to. */
export type Outcome = TaskOutcome | { item: number; problem: Problem };

interface TaskOutcome {
	item: number;
	/** The binary field that its file goes to; null where none is wanted. */
	field: string | null;
	task: Task;
	/** ms since 1970, when this run last knew the task unfinished. */
	unfinishedAt?: number;
	/** An earlier try ordered it, perhaps with another prompt. */
	replayed?: true;
}

/** Downloads share one connection to n8n's store; more than two at once only compete. */
export const DOWNLOADS_AT_ONCE = 2;

/** What a finished wait means for its item: a task to emit, or a problem. Never a task that is not done. */
export function outcomeOf(
	{ item, field, watch }: { item: number; field: string | null; watch: Watch },
	wait: { settings: Pick<RunSettings, 'onTaskFailure' | 'toolWaitMs'>; timeoutMs: number },
): Outcome {
	const result = resultOf(watch);
	switch (result.kind) {
		case 'ended': {
			const { task, unfinishedAt } = result;
			const asData = wait.settings.onTaskFailure === 'output';
			if (task.phase !== 'completed' && !asData) return { item, problem: taskEnded(task) };
			if (task.phase === 'completed' && !hasResult(task) && !asData) {
				return { item, problem: nothingToShow(task) };
			}
			const { replayed } = watch;
			return {
				item,
				field,
				task,
				...(unfinishedAt !== undefined && { unfinishedAt }),
				...(replayed && { replayed }),
			};
		}
		case 'unfinished':
			if (wait.settings.toolWaitMs !== undefined)
				return { item, field: null, task: result.last ?? taskNamed(watch.id) };
			return { item, problem: timedOut(watch.id, wait.timeoutMs / 60_000, result.last, result.failure) };
		case 'refused':
			return { item, problem: unreadable(watch.id, result.failure) };
	}
}

/** For an agent, which reads nothing but the output, and would order the video once more. */
function nextStep({ id }: Task): string {
	return `The task is still running at EvoLink. Call Get Task with the ID ${id} in a minute. Do not order again: that pays for another video.`;
}

/** The item for one task, with its file when asked for. @returns a problem instead when the file could not be had */
async function emitTask(
	ctx: IExecuteFunctions,
	outcome: TaskOutcome,
	settings: Pick<RunSettings, 'maxDownloadBytes'>,
	signal?: AbortSignal,
): Promise<{ emitted: INodeExecutionData } | { problem: Problem }> {
	const { item, field, task } = outcome;
	const json = {
		...taskToJson(task, outcome.unfinishedAt),
		...(outcome.replayed && { orderedByEarlierTry: true }),
		...(task.phase === 'running' && isToolRun(ctx) && { nextStep: nextStep(task) }),
	};
	const url = resultLink(task);
	if (field === null || task.phase !== 'completed' || url === undefined) {
		return { emitted: { json, pairedItem: { item } } };
	}
	const result = await downloadResult(ctx, task, url, settings.maxDownloadBytes, signal);
	if (!result.ok) return { problem: downloadFailed(task, url, result.reason) };
	return { emitted: { json, binary: { [field]: result.binary }, pairedItem: { item } } };
}

/**
 * Turns outcomes into the node's output, in input order.
 *
 * @throws the first problem, naming what became of all other items, when the node stops on errors
 */
export async function emit(
	ctx: IExecuteFunctions,
	outcomes: readonly Outcome[],
	settings: Pick<RunSettings, 'maxDownloadBytes'>,
): Promise<INodeExecutionData[]> {
	stopOnProblem(ctx, outcomes);
	const signal = cancelSignal(ctx);
	const emitted = await mapLimit(outcomes, DOWNLOADS_AT_ONCE, async (outcome) =>
		'problem' in outcome ? outcome : await emitTask(ctx, outcome, settings, signal),
	);
	stopOnProblem(
		ctx,
		outcomes.map((outcome, at) => {
			const result = emitted[at];
			return 'problem' in result ? { item: outcome.item, problem: result.problem } : outcome;
		}),
	);
	return emitted.map((result, at) =>
		'problem' in result ? emitProblem(ctx, result.problem, outcomes[at].item) : result.emitted,
	);
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
