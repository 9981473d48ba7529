import { randomUUID } from 'node:crypto';

import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { readerFor } from '../../evolink/api';
import { abortAfter } from '../../evolink/async';
import { hostClock } from '../../evolink/clock';
import { cancelSignal, goesOnAfterErrors, hint, runIndexOf } from '../../host/context';
import type { Entry } from '../entries';
import { accountOf, ordersOfThisProcess } from '../order/inFlight';
import { RunIntent } from '../order/intent';
import { Ledger, orderedIn } from '../order/ledger';
import { answered, listSince, refuse, send, upload, type OrderRun } from '../order/order';
import type { RunSettings } from '../settings';
import { deleteUploads, releaseUploads } from '../uploads';
import { readAll, type Watch } from '../watch';
import type { WaitDecision } from './mode';
import { callbackUrl } from './parkedRun';
import { drive } from './drive';
import { beginRun } from './state';
import type { RunIo } from './step';

/** Who called a tool gives up soon: an answer to the last read that takes longer is not waited for. */
const LAST_READ_MS = 5000;

/** Links live no longer: nothing that is queued is waited for longer either. */
const LONGEST_TURN_MS = 24 * 3_600_000;

export interface Plan {
	decision: WaitDecision;
	/** Whether EvoLink calls back for such tasks. */
	callbacks: boolean;
}

/** @param begunAt when the run began, in ticks of the clock */
export function orderRunOf(
	ctx: IExecuteFunctions,
	{ resendUnknown }: Pick<RunSettings, 'resendUnknown'>,
	{ begunAt, callbackUrl: url }: { begunAt: number; callbackUrl?: string },
): OrderRun {
	return {
		ctx,
		ledger: Ledger.of(ctx),
		intent: new RunIntent(ctx),
		resendUnknown,
		callbackUrl: url,
		now: () => hostClock.ticks() - begunAt,
		clock: hostClock,
		signal: cancelSignal(ctx),
	};
}

export function ioOf(
	orders: OrderRun,
	mode: WaitDecision['mode'],
	read: RunIo['read'],
	toolWaitMs?: number,
): RunIo {
	const { ctx, clock, now, signal, ledger, intent } = orders;
	let account: Promise<string> | undefined;
	const isByProcess = async (id: string) =>
		ordersOfThisProcess.orderOf(await (account ??= accountOf(ctx)), id) !== undefined;
	return {
		clock,
		now,
		signal,
		waits: mode !== 'none',
		endsAt: toolWaitMs,
		turnMs: mode === 'suspend' ? LONGEST_TURN_MS : undefined,
		stopsOnError: !goesOnAfterErrors(ctx),
		read,
		release: async (watches) => await releaseUploads(ctx, watches),
		drop: async (fileIds) => await deleteUploads(ctx, fileIds),
		upload: async (entry) => await upload(orders, entry),
		send: async (entry) => await send(orders, entry),
		refuse: async (entry, problem) => await refuse(orders, entry, problem),
		list: async (since) => await listSince(orders, since),
		knows: async (id) => orderedIn(ctx).includes(id) || (await isByProcess(id)),
		isSending: () => ordersOfThisProcess.isSending,
		answered: (entry, isFree) => answered(orders, entry, isFree),
		keyOf: ({ slot }) => intent.key(slot, ledger.refusedKeys(slot).length),
	};
}

export async function run(
	orders: OrderRun,
	settings: RunSettings,
	items: Entry[],
	plan: Plan,
): Promise<INodeExecutionData[]> {
	const { ctx, signal } = orders;
	const { mode, reason } = plan.decision;
	if (reason !== undefined) {
		// elsewhere the receipt says all that there is to know
		if (settings.wait === 'suspend') hint(ctx, reason);
		else ctx.logger.debug(reason);
	}
	const state = beginRun(settings, {
		token: randomUUID(),
		executionId: ctx.getExecutionId(),
		runIndex: runIndexOf(ctx),
		items,
		callsBack: plan.callbacks,
	});
	const { toolWaitMs } = settings;
	const left = toolWaitMs === undefined ? undefined : toolWaitMs + LAST_READ_MS - orders.now();
	const readSignal = left === undefined ? signal : abortAfter(Math.max(Math.ceil(left), 1), signal);
	const reader = readerFor(ctx);
	const read = async (watches: readonly Watch[]) => await readAll(watches, reader, hostClock, readSignal);
	const io = ioOf(orders, mode, read, toolWaitMs);
	const silent = plan.callbacks ? callbackUrl(ctx).reason : 'EvoLink sends no callback for these tasks';
	return await drive(ctx, state, io, mode, silent);
}
