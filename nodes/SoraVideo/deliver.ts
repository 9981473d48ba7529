import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { mapLimit } from '../evolink/async';
import { downloadResult, DOWNLOADS_AT_ONCE } from '../evolink/media/result';
import { hasResult, oneForEachResult, resultLink, simplified, taskNamed, taskToJson } from '../evolink/task';
import { resultOf } from './watch';
import { noteInExecution } from '../host/customData';
import { textOf, type Problem } from '../host/errors';
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
import { creditsOf, receiptOf } from './receipt';

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
			if (task.phase === 'completed' && !hasResult(task) && resultLink(task) === undefined && !asData) {
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

type Piece = { outcome: { item: number; problem: Problem } } | TaskPiece;

interface TaskPiece {
	outcome: TaskOutcome;
	json: IDataObject;
}

function piecesOf(ctx: IExecuteFunctions, outcome: Outcome, { simplify }: OutputSettings): Piece[] {
	if ('problem' in outcome) return [{ outcome }];
	const { task, watch } = outcome;
	const results = oneForEachResult(taskToJson(task, watch.unfinishedAt), task);
	return results.map((whole) => ({
		outcome: { ...outcome, link: results.length > 1 ? String(whole.resultUrl) : resultLink(task) },
		json: {
			...(simplify ? simplified(whole) : whole),
			...(watch.request && { request: { ...watch.request } }),
			...(watch.replayed && { orderedByEarlierTry: true }),
			...(task.phase === 'running' && isToolRun(ctx) && { nextStep: textOf(nextStep(task.id)) }),
		},
	}));
}

/** @returns a problem instead when the file could not be had */
async function emitPiece(
	ctx: IExecuteFunctions,
	{ outcome, json }: TaskPiece,
	settings: OutputSettings,
	signal?: AbortSignal,
): Promise<{ emitted: INodeExecutionData } | { problem: Problem }> {
	const { item, field, task, link: url } = outcome;
	if (field === null || task.phase !== 'completed') return { emitted: { json, pairedItem: { item } } };
	if (url === undefined) {
		// a character's name is its result; whoever wanted its image is told
		const isNamed = task.character?.name !== undefined;
		const missing = isNamed ? { downloadError: nothingToShow(task).message } : {};
		return { emitted: { json: { ...json, ...missing }, pairedItem: { item } } };
	}
	const result = await downloadResult(ctx, task, url, settings.maxDownloadBytes, signal);
	if (result.ok) {
		if (result.isDoubtful) hint(ctx, textOf(unmarkedEnd(`of task ${task.id}`)), 'warning');
		return { emitted: { json, binary: { [field]: result.binary }, pairedItem: { item } } };
	}
	const problem = downloadFailed(task, url, result);
	// the name is what was paid; the image only shows it
	if (task.character?.name === undefined) return { problem };
	hint(ctx, textOf(problem), 'warning');
	return { emitted: { json: { ...json, downloadError: textOf(problem) }, pairedItem: { item } } };
}

/** In input order. @throws the first problem, naming what became of all other items, when the node stops on errors */
export async function emit(
	ctx: IExecuteFunctions,
	outcomes: readonly Outcome[],
	settings: OutputSettings,
): Promise<INodeExecutionData[]> {
	stopOnProblem(ctx, outcomes);
	const signal = cancelSignal(ctx);
	const pieces = outcomes.flatMap((outcome) => piecesOf(ctx, outcome, settings));
	const emitted = await mapLimit(pieces, DOWNLOADS_AT_ONCE, async (piece) =>
		'json' in piece ? await emitPiece(ctx, piece, settings, signal) : piece.outcome,
	);
	stopOnProblem(
		ctx,
		pieces.map(({ outcome }, at) => {
			const result = emitted[at];
			return 'problem' in result ? { item: outcome.item, problem: result.problem } : outcome;
		}),
	);
	const receipt = receiptOf(outcomes, emitted.filter((result) => 'problem' in result).length);
	if (receipt !== undefined) hint(ctx, receipt);
	noteInExecution(ctx, [], creditsOf(outcomes));
	return emitted.map((result, at) =>
		'problem' in result ? emitProblem(ctx, result.problem, pieces[at].outcome.item) : result.emitted,
	);
}
