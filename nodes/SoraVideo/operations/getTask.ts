import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import { getTask } from '../../evolink/api';
import { mapLimit } from '../../evolink/clock';
import { API_SERVERS, evolinkFacts, PATHS } from '../../evolink/generated/spec.gen';
import { reportOf } from '../../host/errors';
import { decideWait } from '../wait/mode';
import type { Order } from '../order/place';
import { unreadable } from '../../host/messages';
import { emit, outcomeOf, stopOnReport, type Outcome } from '../deliver';
import { readFileField, readSettings, type RunSettings } from '../settings';
import { settleOrders } from '../wait';
import { scalar, taskIdFromInput, taskIdOf } from '../../evolink/task';
import { hint } from '../../host/context';
import { READS_AT_ONCE } from '../../evolink/reader';
import { refuseParameter } from '../../host/parameters';

const EXAMPLE_ID = `${evolinkFacts.task.idPrefix}1757169743-7cvnl5zw`;

export const getTaskFields: INodeProperties[] = [
	{
		displayName: 'Task ID',
		name: 'taskId',
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		displayOptions: { show: { operation: ['getTask'] } },
		description: 'The task to read',
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				placeholder: 'Select a task...',
				hint: "The account's videos, newest first",
				typeOptions: { searchListMethod: 'searchTasks', searchable: true },
			},
			{ displayName: 'By ID', name: 'id', type: 'string', placeholder: `e.g. ${EXAMPLE_ID}` },
			{
				displayName: 'By URL',
				name: 'url',
				type: 'string',
				placeholder: `e.g. ${API_SERVERS.api}${PATHS.getTask.path.replace('{task_id}', EXAMPLE_ID)}`,
			},
		],
	},
];

/**
 * The id, however it is given: each mode takes IDs and URLs. 0.1.0 stored plain text, which n8n hands on as it is.
 *
 * @throws NodeOperationError when the field holds no id
 */
function readTaskId(ctx: IExecuteFunctions, item: number): string {
	const value: unknown = ctx.getNodeParameter('taskId', item, '', { extractValue: true });
	const id = taskIdOf(value) ?? taskIdFromInput(scalar(value) ?? '');
	if (id !== undefined) return id;
	const allowed = `an ID such as ${EXAMPLE_ID}, or a URL that ends in one`;
	throw refuseParameter(ctx, item, 'Task ID', value ?? '', allowed);
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
