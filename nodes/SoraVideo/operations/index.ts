import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { reservedInWords } from '../order/budget';
import { mayOrderAnew } from '../order/ledger';
import { type Report } from '../../host/errors';
import { decideWait } from '../wait/mode';
import { placeOrders, type Draft, type Order } from '../order/place';
import { orderedEarlier, retriedBlindly } from '../../host/messages';
import { readCallbackUrl, readFileField, readSettings } from '../settings';
import { callbackFor, settleOrders } from '../wait';
import { draftCharacter } from './character';
import { draftGenerate } from './generate';
import { executeGetCredits } from './getCredits';
import { executeGetManyTasks } from './getManyTasks';
import { executeGetTask } from './getTask';
import { hint } from '../../host/context';
import { refuseParameter } from '../../host/parameters';

type Operation = (ctx: IExecuteFunctions) => Promise<INodeExecutionData[]>;

function warn(ctx: IExecuteFunctions, { message }: Report): void {
	hint(ctx, message, 'warning');
	// a hint of a suspended run goes when the run goes on
	ctx.logger.warn(message);
}

/** An operation that pays: orders for all items first, then one wait for all. */
function paid(
	draft: (ctx: IExecuteFunctions, item: number) => Promise<Draft>,
	callbacks: boolean,
): Operation {
	return async (ctx) => {
		const downloadByDefault = true;
		const settings = readSettings(ctx, { wait: 'auto', download: downloadByDefault });
		const decision = decideWait(ctx, settings.wait);
		const given = decision.mode === 'none' ? readCallbackUrl(ctx) : callbackFor(ctx, decision);
		const callbackUrl = callbacks ? given : undefined;
		if (mayOrderAnew(ctx)) warn(ctx, retriedBlindly());
		const checked = async (item: number) => {
			readFileField(ctx, item, downloadByDefault);
			return await draft(ctx, item);
		};
		const orders = await placeOrders(ctx, checked, settings, callbackUrl);
		nameTasks(ctx, orders);
		const reserved = reservedInWords(orders);
		if (reserved !== undefined) hint(ctx, reserved);
		const earlier = orders.flatMap((order) => ('id' in order && order.replayed ? [order.id] : []));
		if (earlier.length > 0) warn(ctx, orderedEarlier(earlier));
		return await settleOrders(ctx, orders, settings, decision, { callbacks });
	};
}

/** Named here, because the types of the oldest n8n that is supported do not know it. */
interface HasCustomData {
	customData?: { set(key: string, value: string): void };
}

/** n8n keeps ten such values for an execution, and other nodes may want some. */
const TASKS_NAMED = 5;

/** Writes task ids into the execution's custom data, so that it can be found by them. Hosts without it go without. */
function nameTasks(ctx: IExecuteFunctions, orders: readonly Order[]): void {
	const ids = orders.flatMap((order) => ('id' in order ? [order.id] : []));
	try {
		const { customData } = ctx as HasCustomData;
		for (const [at, id] of ids.slice(0, TASKS_NAMED).entries()) customData?.set(`evolink_task_${at + 1}`, id);
	} catch {
		// an execution without data of its own
	}
}

/** By the value of the field `operation`. EvoLink documents no callback for characters, so none is asked for. */
const operations: Record<string, Operation> = {
	generate: paid(draftGenerate, true),
	character: paid(draftCharacter, false),
	getTask: executeGetTask,
	getManyTasks: executeGetManyTasks,
	getCredits: executeGetCredits,
};

/** @throws NodeOperationError when the node has no such operation */
export function operationOf(ctx: IExecuteFunctions): Operation {
	const operation = String(ctx.getNodeParameter('operation', 0, 'generate'));
	if (Object.hasOwn(operations, operation)) return operations[operation];
	throw refuseParameter(ctx, 0, 'Operation', operation, Object.keys(operations).join(', '));
}
