import { randomUUID } from 'node:crypto';

import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { retry } from '../../evolink/async';
import { hostClock } from '../../evolink/clock';
import { passedMs, timerDelay } from './schedule';
import { hasEnded, isSettled, readAll, type Watch } from '../watch';
import { ProblemError, problemOf } from '../../host/errors';
import { park, parkedToken } from '../../host/park';
import { parkedNote } from './parkedNote';
import {
	CONTEXT_KEY,
	keepParkedRun,
	readParkedRun,
	statusUrl,
	UnreadableRun,
	watchesOf,
	type ParkedItem,
	type ParkedRun,
} from './parkedRun';
import { brokenRun, stopped } from '../../host/messages';
import { emit, outcomeOf } from '../deliver';
import { defaultTimeoutMs, type RunSettings } from '../settings';
import { releaseUploads } from '../uploads';
import { runIndexOf, hint, cancelSignal, tellResumeUrl } from '../../host/context';
import { readerFor } from '../../evolink/api';
import { emitBroken, type Outcome } from '../items';

/** A bad moment of EvoLink must not cost a whole round, or the last read of a wait. */
const REREAD_PAUSES_MS = [1000, 3000];

/** Whether n8n came back to a parked run. Without its record, too: what is on the stack then is no input. */
export function isParked(ctx: IExecuteFunctions): boolean {
	return parkedToken(ctx) !== undefined;
}

function recordOf(ctx: IExecuteFunctions): ParkedRun | undefined {
	const record = readParkedRun(ctx.getContext('node')[CONTEXT_KEY]);
	return record?.token === parkedToken(ctx) ? record : undefined;
}

/**
 * Parks a run whose orders are placed. What it returns is shown in the editor meanwhile.
 *
 * @param wait `silent`: why EvoLink calls nobody back; `undefined` if it was asked to and can
 */
export async function suspend(
	ctx: IExecuteFunctions,
	items: ParkedItem[],
	{ onTaskFailure, maxDownloadBytes, simplify, timeoutMs }: RunSettings,
	{ silent, ...estimate }: { silent?: string; estimatedSeconds?: number },
): Promise<INodeExecutionData[]> {
	const record: ParkedRun = {
		version: 1,
		token: randomUUID(),
		executionId: ctx.getExecutionId(),
		runIndex: runIndexOf(ctx),
		settings: { onTaskFailure, maxDownloadBytes, simplify },
		timeoutMs: timeoutMs ?? defaultTimeoutMs(estimate.estimatedSeconds),
		waitedMs: 0,
		parkedAt: 0,
		wakesAt: 0,
		callbackExpected: silent === undefined,
		...estimate,
		items,
	};
	return await parkAgain(ctx, record, silent);
}

async function parkAgain(
	ctx: IExecuteFunctions,
	record: ParkedRun,
	silent?: string,
): Promise<INodeExecutionData[]> {
	const open = openItems(record);
	// the callback may have come already, while EvoLink could not be read
	const isTroubled = open.some(({ watch }) => watch.failure !== undefined);
	const callbackExpected = record.callbackExpected && !isTroubled;
	record.parkedAt = hostClock.now();
	record.wakesAt = record.parkedAt + timerDelay({ ...record, callbackExpected });
	keepParkedRun(ctx, record);
	await park(ctx, record.wakesAt, record.token, record.runIndex, {
		error: {
			message: `n8n continued before these tasks had ended: ${idsOf(open).join(', ')}. They are still running at EvoLink; fetch them with the operation Get Task.`,
		},
	});
	tellResumeUrl(ctx);
	hint(ctx, parkedNote({ ...record, ids: idsOf(open), silent, url: statusUrl(ctx) }).text);
	// no `error` key here: with Retry On Fail the engine would run the node again at once
	return open.map(({ item, watch: { id, seen } }) => ({
		json: {
			status: 'waiting',
			taskId: id,
			...(seen && { lastStatus: { id, status: seen.status, progress: seen.progress ?? null } }),
		},
		pairedItem: { item },
	}));
}

type WatchedItem = Extract<ParkedItem, { watch: Watch }>;

function watchedItems({ items }: ParkedRun): WatchedItem[] {
	return items.filter((entry) => 'watch' in entry);
}

function openItems(record: ParkedRun): WatchedItem[] {
	return watchedItems(record).filter(({ watch }) => !hasEnded(watch));
}

function idsOf(items: readonly WatchedItem[]): string[] {
	return items.map(({ watch }) => watch.id);
}

/**
 * The run was woken, by whatever: reads what is still running, then finishes, fails, or parks again.
 *
 * @throws ProblemError naming the tasks
 */
export async function resume(ctx: IExecuteFunctions): Promise<INodeExecutionData[]> {
	let known: { ids: string[]; items?: number[] } = { ids: [] };
	try {
		const record = recordOf(ctx);
		if (record === undefined) throw new Error('n8n has lost what it kept of the run');
		known = { ids: idsOf(watchedItems(record)), items: record.items.map(({ item }) => item) };
		return await goOn(ctx, record);
	} catch (error) {
		if (error instanceof UnreadableRun) known = error;
		const told =
			error instanceof ProblemError ? error : new ProblemError(brokenRun(problemOf(error), known.ids));
		return emitBroken(ctx, told, known.items);
	}
}

async function goOn(ctx: IExecuteFunctions, record: ParkedRun): Promise<INodeExecutionData[]> {
	const isRetry = record.executionId !== ctx.getExecutionId();
	if (isRetry) {
		record.executionId = ctx.getExecutionId();
		record.waitedMs = 0;
		// EvoLink would call the execution that is retried
		record.callbackExpected = false;
	} else {
		record.waitedMs += passedMs(record, hostClock.now());
	}
	const isLast = record.waitedMs >= record.timeoutMs;
	const startedAt = hostClock.ticks();
	const watches = watchesOf(record.items);
	// a retry may come when the links that are known have expired: what EvoLink says now is newer
	await reread(ctx, isRetry ? watches : watches.filter((watch) => !hasEnded(watch)));
	if (cancelSignal(ctx)?.aborted) throw new ProblemError(stopped(idsOf(openItems(record)), []));
	record.waitedMs += hostClock.ticks() - startedAt;
	const released = releaseUploads(ctx, watches);
	try {
		if (!watches.every(isSettled) && !isLast) return await parkAgain(ctx, record);
		hint(ctx, 'The execution was suspended while EvoLink made the video.');
		const outcomes = record.items.map((entry) => outcomeFor(entry, record));
		return await emit(ctx, outcomes, record.settings);
	} finally {
		await released;
	}
}

/** Reads tasks, and once more after each pause those that EvoLink cannot show right now. */
async function reread(ctx: IExecuteFunctions, watches: Watch[]): Promise<void> {
	const read = readerFor(ctx);
	const signal = cancelSignal(ctx);
	let toRead = watches;
	const attempt = async () => {
		await readAll(toRead, read, hostClock, signal);
		toRead = toRead.filter(({ failure }) => failure?.transient);
		return { result: undefined, ...(toRead.length > 0 && { againInMs: 0 }) };
	};
	await retry(REREAD_PAUSES_MS, attempt, signal);
}

/** What an item comes to if the wait ends now. */
function outcomeFor(entry: ParkedItem, record: ParkedRun): Outcome {
	return 'problem' in entry ? entry : outcomeOf(entry, record);
}
