import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import { getTask } from '../../evolink/api';
import { mapLimit } from '../../evolink/clock';
import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { reportOf } from '../../host/errors';
import { decideWait } from '../wait/mode';
import type { Order } from '../order/place';
import { unreadable } from '../../host/messages';
import { emit, outcomeOf, stopOnReport, type Outcome } from '../deliver';
import { readFileField, readSettings, type RunSettings } from '../settings';
import { settleOrders } from '../wait';
import { taskIdFromInput } from '../../evolink/task';
import { readText } from './draft';
import { hint } from '../../host/context';
import { READS_AT_ONCE } from '../../evolink/reader';
import { refuseParameter } from '../../host/parameters';

export const getTaskFields: INodeProperties[] = [
	{
		displayName: 'Task ID',
		name: 'taskId',
		type: 'string',
		default: '',
		placeholder: `e.g. ${evolinkFacts.task.idPrefix}1757169743-7cvnl5zw`,
		displayOptions: { show: { operation: ['getTask'] } },
		description: 'ID of the task, or a URL that ends in it',
	},
];

/** @throws NodeOperationError when the field holds no id */
function readTaskId(ctx: IExecuteFunctions, item: number): string {
	const given = readText(ctx, 'taskId', item);
	const id = taskIdFromInput(given);
	if (id !== undefined) return id;
	const allowed = `an ID such as ${evolinkFacts.task.idPrefix}1757169743-7cvnl5zw, or a URL that ends in one`;
	throw refuseParameter(ctx, item, 'Task ID', given, allowed);
}

/** Reads tasks that exist already; with a wait mode, waits for them. Never pays. */
export async function executeGetTask(ctx: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const defaults = { wait: 'none', download: false } as const;
	const settings = readSettings(ctx, defaults);
	const orders = ctx.getInputData().map<Order>((_, item) => {
		try {
			readFileField(ctx, item, defaults.download);
			return { item, id: readTaskId(ctx, item) };
		} catch (error) {
			return { item, report: reportOf(error) };
		}
	});
	stopOnReport(ctx, orders);
	hintAtOddIds(ctx, orders);
	const decision = decideWait(ctx, settings.wait);
	if (decision.mode !== 'none') {
		return await settleOrders(ctx, orders, settings, decision, { callbacks: false });
	}
	const read = async (order: Order) => await readNow(ctx, order, settings);
	const outcomes = await mapLimit(orders, READS_AT_ONCE, read);
	return await emit(ctx, outcomes, settings);
}

/** What EvoLink's manual calls a task id begins alike, but its own client takes others, too: a hint, no refusal. */
function hintAtOddIds(ctx: IExecuteFunctions, orders: Order[]): void {
	const { idPrefix } = evolinkFacts.task;
	const [odd] = orders.flatMap((order) => ('id' in order && !order.id.startsWith(idPrefix) ? [order] : []));
	if (odd === undefined) return;
	hint(
		ctx,
		`'Task ID' of item ${odd.item} is '${odd.id}'; EvoLink's task IDs begin with '${idPrefix}'.`,
		'warning',
	);
}

/** Without a wait, a failed task is data: the user asked how it stands. A download that has nothing to fetch is none. */
async function readNow(ctx: IExecuteFunctions, order: Order, settings: RunSettings): Promise<Outcome> {
	if ('report' in order) return order;
	const reading = await getTask(ctx, order.id);
	const { item, id } = order;
	if (!reading.ok) return { item, report: unreadable(id, reading.failure) };
	const { task } = reading;
	const field = settings.files[item] ?? null;
	if (field === null || task.phase !== 'completed') return { item, field, task };
	return outcomeOf({ item, field, watch: { id, seen: task.raw } }, { settings, timeoutMs: 0 });
}
