import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import uniq from 'lodash/uniq';

import { readerFor } from '../../evolink/api';
import { retry } from '../../evolink/async';
import { hostClock } from '../../evolink/clock';
import { cancelSignal, trace } from '../../host/context';
import { ProblemError, problemOf } from '../../host/errors';
import { brokenRun } from '../../host/messages';
import { parkedToken, wasCalled } from '../../host/park';
import { isQueued, isRefused, isTask, runningIds, watchesOf } from '../entries';
import { emitBroken } from '../items';
import { roundOf } from '../order/intent';
import { orderedIn } from '../order/ledger';
import { CLOCKS_APART_MS, requeue } from '../order/order';
import { readResend } from '../settings';
import { hasEnded, readAll, type Watch } from '../watch';
import { drive } from './drive';
import { ioOf, orderRunOf } from './index';
import { callbackUrl, CONTEXT_KEY } from './parkedRun';
import { passedMs } from './schedule';
import { readRun, UnreadableRun, type RunState } from './state';
import { doubtLost } from './step';

/** A bad moment of EvoLink must not cost a whole round, or the last read of a wait. */
const REREAD_PAUSES_MS = [1000, 3000];

/** Whether n8n came back to a suspended run. Without its record, too: what is on the stack then is no input. */
export function isParked(ctx: IExecuteFunctions): boolean {
	return parkedToken(ctx) !== undefined;
}

function stateOf(ctx: IExecuteFunctions): RunState | undefined {
	const state = readRun(ctx.getContext('node')[CONTEXT_KEY]);
	return state?.token === parkedToken(ctx) ? state : undefined;
}

/** Reads what is still running, orders what has its turn, then finishes, fails, or is suspended again. @throws ProblemError */
export async function resume(ctx: IExecuteFunctions): Promise<INodeExecutionData[]> {
	let known: { ids: string[]; items?: number[] } = { ids: [] };
	try {
		const state = stateOf(ctx);
		if (state === undefined) throw new Error('n8n has lost what it kept of the run');
		known = {
			ids: watchesOf(state.items).map(({ id }) => id),
			items: state.items.map(({ item }) => item),
		};
		return await goOn(ctx, state);
	} catch (error) {
		if (error instanceof UnreadableRun) known = error;
		const ids = uniq([...known.ids, ...orderedIn(ctx, roundOf(ctx))]);
		// a problem of an item names the tasks of all others
		const isItems = error instanceof ProblemError && error.item !== undefined;
		const problem = isItems ? error : new ProblemError(brokenRun(problemOf(error), ids));
		return emitBroken(ctx, problem, known.items?.length === 0 ? undefined : known.items);
	}
}

async function goOn(ctx: IExecuteFunctions, state: RunState): Promise<INodeExecutionData[]> {
	const isRetry = state.executionId !== ctx.getExecutionId();
	const { parkedAt, isAwake } = state;
	state.lastedMs += isRetry ? 0 : passedMs(state, hostClock.now());
	// what to do about an order of unknown outcome is asked for after it
	if (isRetry) state.settings.resendUnknown = readResend(ctx);
	const { url, reason } = callbackUrl(ctx);
	const orders = orderRunOf(ctx, state.settings, {
		begunAt: hostClock.ticks() - state.lastedMs,
		callbackUrl: state.callsBack ? url : undefined,
	});
	const isCalled = wasCalled(ctx);
	trace(
		ctx,
		`woken by ${isRetry ? 'a Retry' : isCalled ? 'a call' : "n8n's timer"}`,
		runningIds(state.items),
	);
	const read = patientReader(ctx, isCalled);
	const io = ioOf(orders, 'suspend', read);
	// a run that ends now is stored with what it ordered since
	ctx.getContext('node')[CONTEXT_KEY] = state;
	state.isAwake = true;
	state.readAt = io.now();
	if (isRetry) {
		beginAgain(state, ctx.getExecutionId(), io.now());
		for (const entry of state.items) {
			if (isQueued(entry) || isRefused(entry)) state.items[entry.item] = requeue(orders, entry);
		}
		if (!isAwake && !orders.resendUnknown) await doubtLost(state, io, parkedAt - CLOCKS_APART_MS);
		// links that are known may have expired: what EvoLink says now is newer
		await read(watchesOf(state.items));
	}
	return await drive(ctx, state, io, 'suspend', state.callsBack ? reason : undefined);
}

/** A retry waits anew, and EvoLink would call the execution that is retried. */
function beginAgain(state: RunState, executionId: string, now: number): void {
	Object.assign(state, { executionId, tookAt: now, room: undefined, lookup: undefined });
	for (const entry of state.items.filter(isTask)) {
		entry.from = now;
		entry.isCalledBack = false;
		delete entry.isOver;
	}
}

/** Reads again what EvoLink cannot show right now; after a call also where no task has ended yet, because replicas differ. */
function patientReader(
	ctx: IExecuteFunctions,
	isCalled: boolean,
): (watches: readonly Watch[]) => Promise<void> {
	const reader = readerFor(ctx);
	const signal = cancelSignal(ctx);
	return async (watches) => {
		let toRead = watches;
		const attempt = async () => {
			await readAll(toRead, reader, hostClock, signal);
			const isStale = isCalled && !watches.some(hasEnded);
			toRead = isStale ? watches : toRead.filter(({ failure }) => failure?.transient);
			return { result: undefined, ...(toRead.length > 0 && { againInMs: 0 }) };
		};
		await retry(REREAD_PAUSES_MS, attempt, signal);
	};
}
