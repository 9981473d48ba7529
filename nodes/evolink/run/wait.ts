import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { getTask } from '../api';
import { readTask, type Task } from '../task';
import { hostClock } from '../wait/clock';
import { waitForTasks, type WaitingTask } from '../wait/poll';
import { hint } from './errors';
import { callbackUrl, cancelSignal, type WaitDecision } from './host';
import type { Order } from './orders';
import { stopped } from './report';
import { emit, emitReport, outcomeOf, type Outcome } from './settle';
import type { RunSettings } from './settings';
import { suspend } from './suspend';

/** The URL that EvoLink is to call for a run that suspends; nothing where EvoLink could not reach it. */
export function callbackFor(ctx: IExecuteFunctions, { mode }: WaitDecision): string | undefined {
	return mode === 'suspend' ? callbackUrl(ctx).url : undefined;
}

/**
 * Takes placed orders to the node's output, the way that was decided.
 *
 * @param tasks `existing`: they were there before this run (Get Task); `callbacks`: EvoLink was asked to call back
 */
export async function settleOrders(
	ctx: IExecuteFunctions,
	orders: Order[],
	settings: RunSettings,
	decision: WaitDecision,
	{ existing = false, callbacks }: { existing?: boolean; callbacks: boolean },
): Promise<INodeExecutionData[]> {
	const { mode, reason } = decision;
	if (cancelSignal(ctx)?.aborted) return emitStopped(ctx, orders, idsOf(orders));
	if (reason !== undefined) hint(ctx, reason);
	const isOpen = orders.some((order) => 'id' in order);
	if (mode === 'none' || !isOpen) return await emitAtOnce(ctx, orders, settings);
	if (mode === 'poll') return await pollAndEmit(ctx, orders, settings, existing);
	const silent = callbacks ? callbackUrl(ctx).reason : 'EvoLink sends no callback for these tasks';
	const how =
		silent === undefined
			? "EvoLink's callback or a timer wakes it"
			: `a timer looks about once a minute, because ${silent}`;
	hint(ctx, `The execution is parked until the tasks are done; ${how}.`);
	return await suspend(ctx, orders, settings, existing);
}

/** What is known of the tasks right now: unfinished and failed ones are data here. */
async function emitAtOnce(
	ctx: IExecuteFunctions,
	orders: Order[],
	settings: RunSettings,
): Promise<INodeExecutionData[]> {
	const outcomes: Outcome[] = [];
	for (const order of orders) {
		if ('report' in order) outcomes.push(order);
		else outcomes.push({ item: order.item, task: order.task ?? (await recalled(ctx, order.id)) });
	}
	return await emit(ctx, outcomes, { ...settings, files: [] });
}

/** A task that an earlier try ordered: what EvoLink says of it now, or at least its id. */
async function recalled(ctx: IExecuteFunctions, id: string): Promise<Task> {
	const reading = await getTask(ctx, id);
	return reading.ok ? reading.task : (readTask({ id }) as Task);
}

/** Waits inside the execution for all tasks of the run together. */
async function pollAndEmit(
	ctx: IExecuteFunctions,
	orders: Order[],
	settings: RunSettings,
	existing: boolean,
): Promise<INodeExecutionData[]> {
	const tasks = new Map<string, WaitingTask>();
	for (const order of orders) {
		if ('id' in order) tasks.set(order.id, { ...order, readAtOnce: existing || order.task === undefined });
	}
	const pace = { pollMs: settings.pollMs, deadline: hostClock.now() + settings.timeoutMs };
	const signal = cancelSignal(ctx);
	const results = await waitForTasks(
		[...tasks.values()],
		async (id) => await getTask(ctx, id),
		pace,
		hostClock,
		signal,
	);
	const outcomes = orders.map<Outcome>((order) => {
		const result = 'id' in order ? results.get(order.id) : undefined;
		if ('report' in order || result === undefined) return order as Outcome;
		return outcomeOf(order.item, order.id, result, settings);
	});
	if (!signal?.aborted) return await emit(ctx, outcomes, settings);
	const running = [...results].flatMap(([id, result]) => (result.kind === 'stopped' ? [id] : []));
	return emitStopped(ctx, orders, running);
}

function idsOf(orders: Order[]): string[] {
	return orders.flatMap((order) => ('id' in order ? [order.id] : []));
}

/**
 * The output of a stopped run. It is returned, not thrown: n8n shows what a node returns after a stop in the editor, but drops
 * what it throws; no further node is started either way. The server log has it for production runs.
 */
function emitStopped(ctx: IExecuteFunctions, orders: Order[], running: string[]): INodeExecutionData[] {
	const unknownKeys = orders.flatMap((order) =>
		'report' in order && order.unknownKey ? [order.unknownKey] : [],
	);
	const report = stopped(running, unknownKeys);
	ctx.logger.warn(report.message);
	hint(ctx, report.message, 'warning');
	return orders.map(({ item }) => emitReport(ctx, report, item));
}
