import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { mapLimit } from '../evolink/async';
import { downloadResult } from '../evolink/media/result';
import { hasResult, resultLink, simplified, taskNamed, taskToJson } from '../evolink/task';
import { resultOf } from './watch';
import { told, type Problem } from '../host/errors';
import {
	downloadFailed,
	nothingToShow,
	taskEnded,
	nextStep,
	timedOut,
	unmarkedEnd,
	unreadable,
} from '../host/messages';
import type { RunSettings } from './settings';
import { cancelSignal, hint, isToolRun } from '../host/context';
import { emitProblem, stopOnProblem, type Outcome, type TaskOutcome } from './items';

/** Downloads share one connection to n8n's store; more than two at once only compete. */
export const DOWNLOADS_AT_ONCE = 2;

/** What a finished wait means for its item: a task to emit, or a problem. Never a task that is not done. */
export function outcomeOf(
	{ item, field, watch }: Pick<TaskOutcome, 'item' | 'field' | 'watch'>,
	wait: { settings: Pick<RunSettings, 'onTaskFailure' | 'toolWaitMs'>; timeoutMs: number },
): Outcome {
	const result = resultOf(watch);
	switch (result.kind) {
		case 'ended': {
			const { task } = result;
			const asData = wait.settings.onTaskFailure === 'output';
			if (task.phase !== 'completed' && !asData) return { item, problem: taskEnded(task) };
			if (task.phase === 'completed' && !hasResult(task) && !asData) {
				return { item, problem: nothingToShow(task) };
			}
			return { item, field, task, watch };
		}
		case 'unfinished':
			if (wait.settings.toolWaitMs !== undefined)
				return { item, field: null, task: result.last ?? taskNamed(watch.id), watch };
			return { item, problem: timedOut(watch.id, wait.timeoutMs / 60_000, result.last, result.failure) };
		case 'refused':
			return { item, problem: unreadable(watch.id, result.failure) };
	}
}

type OutputSettings = Pick<RunSettings, 'maxDownloadBytes' | 'simplify'>;

/** The item for one task, with its file when asked for. @returns a problem instead when the file could not be had */
async function emitTask(
	ctx: IExecuteFunctions,
	outcome: TaskOutcome,
	settings: OutputSettings,
	signal?: AbortSignal,
): Promise<{ emitted: INodeExecutionData } | { problem: Problem }> {
	const { item, field, task, watch } = outcome;
	const whole = taskToJson(task, watch.unfinishedAt);
	const json = {
		...(settings.simplify ? simplified(whole) : whole),
		...(watch.request && { request: { ...watch.request } }),
		...(watch.replayed && { orderedByEarlierTry: true }),
		...(task.phase === 'running' && isToolRun(ctx) && { nextStep: told(nextStep(task.id)) }),
	};
	const url = resultLink(task);
	if (field === null || task.phase !== 'completed' || url === undefined) {
		return { emitted: { json, pairedItem: { item } } };
	}
	const result = await downloadResult(ctx, task, url, settings.maxDownloadBytes, signal);
	if (!result.ok) return { problem: downloadFailed(task, url, result.reason) };
	if (result.isDoubtful) hint(ctx, told(unmarkedEnd(`of task ${task.id}`)), 'warning');
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
	settings: OutputSettings,
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
