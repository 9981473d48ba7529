import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import max from 'lodash/max';
import min from 'lodash/min';

import { taskNamed } from '../../evolink/task';
import { hostClock } from '../../evolink/clock';
import { waitForTasks } from './poll';
import { hasEnded, isSettled, readAll, taskOf } from '../watch';
import { type WaitDecision } from './mode';
import { watchesOf, type ParkedItem, callbackUrl } from './parkedRun';
import { told } from '../../host/errors';
import { stopped } from '../../host/messages';
import { emit, outcomeOf } from '../deliver';
import { patienceOf, type RunSettings } from '../settings';
import { suspend } from './suspend';
import { releaseUploads } from '../uploads';
import { hint, cancelSignal } from '../../host/context';
import { readerFor } from '../../evolink/api';
import { type Order, emitProblem, type Outcome } from '../items';

/** The URL that EvoLink is to call for a run that suspends; `undefined` if EvoLink could not reach it. */
export function callbackFor(ctx: IExecuteFunctions, { mode }: WaitDecision): string | undefined {
	return mode === 'suspend' ? callbackUrl(ctx).url : undefined;
}

/** How the orders of a run go on. */
export interface WaitPlan {
	settings: RunSettings;
	/** The binary field for an item's file; null where none is wanted. May throw. */
	fileFieldOf(item: number): string | null;
	decision: WaitDecision;
	/** Whether EvoLink was asked to call back. */
	callbacks: boolean;
}

/** Takes placed orders to the node's output, the way that was decided. */
export async function settleOrders(
	ctx: IExecuteFunctions,
	orders: Order[],
	{ settings, fileFieldOf, decision, callbacks }: WaitPlan,
): Promise<INodeExecutionData[]> {
	const { mode, reason } = decision;
	if (cancelSignal(ctx)?.aborted) return emitStopped(ctx, orders, idsOf(orders));
	if (reason !== undefined) hint(ctx, reason);
	const isOpen = orders.some((order) => 'watch' in order);
	if (mode === 'none' || !isOpen || settings.toolWaitMs === 0) return await emitAtOnce(ctx, orders, settings);
	const items = orders.map((order) => watched(order, fileFieldOf));
	if (mode === 'poll') return await pollAndEmit(ctx, orders, items, settings);
	const silent = callbacks ? callbackUrl(ctx).reason : 'EvoLink sends no callback for these tasks';
	try {
		return await suspend(ctx, items, settings, { silent, ...estimateOf(orders) });
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		const text = `Waited by polling, because n8n could not suspend the execution: ${why}`;
		ctx.logger.warn(text, { taskIds: idsOf(orders) });
		hint(ctx, text, 'warning');
		return await pollAndEmit(ctx, orders, items, settings);
	}
}

/** An order as a wait sees it. */
function watched(order: Order, fileFieldOf: WaitPlan['fileFieldOf']): ParkedItem {
	if ('problem' in order) return { item: order.item, problem: order.problem };
	const { item, watch } = order;
	return { item, field: fieldOrNull(item, fileFieldOf), watch };
}

/** A task that an earlier try ordered is not lost for a field that cannot be read this time. */
function fieldOrNull(item: number, fileFieldOf: WaitPlan['fileFieldOf']): string | null {
	try {
		return fileFieldOf(item);
	} catch {
		return null;
	}
}

/** EvoLink's largest estimate. */
function estimateOf(orders: Order[]): { estimatedSeconds?: number } {
	const estimatedSeconds = max(estimatesOf(orders));
	return estimatedSeconds === undefined ? {} : { estimatedSeconds };
}

function estimatesOf(orders: Order[]): number[] {
	return orders.flatMap((order) => ('watch' in order ? (order.task?.estimatedSeconds ?? []) : []));
}

/** What is known of the tasks right now: unfinished and failed ones are data here. */
async function emitAtOnce(
	ctx: IExecuteFunctions,
	orders: Order[],
	settings: RunSettings,
): Promise<INodeExecutionData[]> {
	const recalled = orders.flatMap((order) => ('watch' in order && !order.task ? [order.watch] : []));
	await readAll(recalled, readerFor(ctx), hostClock, cancelSignal(ctx));
	const outcomes = orders.map<Outcome>((order) => {
		if ('problem' in order) return order;
		const { item, watch } = order;
		return { item, field: null, task: order.task ?? taskOf(watch) ?? taskNamed(watch.id), watch };
	});
	return await emit(ctx, outcomes, settings);
}

/** Who called a tool gives up soon: an answer to the last read that takes longer is not waited for. */
const LAST_READ_MS = 5000;

function limited(signal: AbortSignal | undefined, ms: number): AbortSignal {
	const limit = AbortSignal.timeout(Math.ceil(ms));
	return signal === undefined ? limit : AbortSignal.any([limit, signal]);
}

/** Waits inside the execution for all tasks of the run together. */
async function pollAndEmit(
	ctx: IExecuteFunctions,
	orders: Order[],
	items: ParkedItem[],
	settings: RunSettings,
): Promise<INodeExecutionData[]> {
	const watches = watchesOf(items);
	const isFresh = orders.every((order) => 'problem' in order || order.task !== undefined);
	const earliest = min(estimatesOf(orders));
	const timeoutMs = patienceOf(settings, estimateOf(orders).estimatedSeconds);
	const signal = cancelSignal(ctx);
	const isTool = settings.toolWaitMs !== undefined;
	await waitForTasks(
		watches,
		readerFor(ctx),
		{
			pollMs: settings.pollMs,
			timeoutMs,
			...(isFresh && { firstAfter: earliest === undefined ? {} : { estimatedSeconds: earliest } }),
		},
		hostClock,
		isTool ? limited(signal, timeoutMs + LAST_READ_MS) : signal,
	);
	if (signal?.aborted && !watches.every(isSettled)) {
		const running = watches.filter((watch) => !hasEnded(watch)).map(({ id }) => id);
		return emitStopped(ctx, orders, running);
	}
	const released = releaseUploads(ctx, watches);
	const outcomes = items.map((entry) =>
		'problem' in entry ? entry : outcomeOf(entry, { settings, timeoutMs }),
	);
	return await emit(ctx, outcomes, settings).finally(async () => await released);
}

function idsOf(orders: Order[]): string[] {
	return orders.flatMap((order) => ('watch' in order ? [order.watch.id] : []));
}

/**
 * The output of a stopped run. It is returned, not thrown: n8n shows what a node returns after a stop in the editor, but drops
 * what it throws; no further node is started either way. The server log has it for production runs.
 */
function emitStopped(ctx: IExecuteFunctions, orders: Order[], running: string[]): INodeExecutionData[] {
	const unknownKeys = orders.flatMap((order) =>
		'problem' in order && order.unknownKey ? [order.unknownKey] : [],
	);
	const problem = stopped(running, unknownKeys);
	ctx.logger.warn(told(problem));
	hint(ctx, told(problem), 'warning');
	return orders.map((order) => {
		const taskId = 'watch' in order ? order.watch.id : undefined;
		const idempotencyKey = 'problem' in order ? order.unknownKey : undefined;
		return emitProblem(ctx, { ...problem, taskId, idempotencyKey }, order.item);
	});
}
