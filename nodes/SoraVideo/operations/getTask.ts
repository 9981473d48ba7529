import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import { getTask } from '../../evolink/api';
import { mapLimit } from '../../evolink/async';
import { API_SERVERS, evolinkFacts, PATHS } from '../../evolink/generated/spec.gen';
import { problemOf } from '../../host/errors';
import { decideWait } from '../run/mode';
import { unreadable } from '../../host/messages';
import { emit, outcomeOf } from '../deliver';
import { readFileField, readSettings, type RunSettings } from '../settings';
import { settleOrders } from '../run';
import { taskIdFromInput, taskIdOf } from '../../evolink/task';
import { hint } from '../../host/context';
import { READS_AT_ONCE } from '../../evolink/reader';
import type { ItemParameters } from '../../host/parameters';
import { type Order, stopOnProblem, type Outcome } from '../items';
import { scalar } from '../../evolink/json';

const EXAMPLE_ID = `${evolinkFacts.task.idPrefix}1757169743-7cvnl5zw`;

export const getTaskFields: INodeProperties[] = [
	{
		displayName: 'Task ID',
		name: 'taskId',
		type: 'resourceLocator',
		required: true,
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
 * The id, however it is given: each mode takes IDs and URLs.
 *
 * @throws ProblemError when the field holds no id
 */
function readTaskId(parameters: ItemParameters): string {
	const value = parameters.located('taskId');
	const id = taskIdOf(value) ?? taskIdFromInput(scalar(value) ?? '');
	if (id !== undefined) return id;
	throw parameters.refuse('taskId', value ?? '', `an ID such as ${EXAMPLE_ID}, or a URL that ends in one`);
}

/** Reads tasks that exist already; with a wait mode, waits for them. Never pays. */
export async function executeGetTask(
	ctx: IExecuteFunctions,
	parametersOf: (item: number) => ItemParameters,
): Promise<INodeExecutionData[]> {
	const settings = readSettings(ctx, parametersOf(0), { wait: 'none' });
	const fileFieldOf = (item: number) => readFileField(ctx, parametersOf(item), false);
	const orders = ctx.getInputData().map<Order>((_, item) => {
		try {
			fileFieldOf(item);
			return { item, watch: { id: readTaskId(parametersOf(item)) } };
		} catch (error) {
			return { item, problem: problemOf(error) };
		}
	});
	stopOnProblem(ctx, orders);
	hintAtOddIds(ctx, orders, parametersOf(0));
	const decision = decideWait(ctx, settings.wait);
	if (decision.mode !== 'none') {
		return await settleOrders(ctx, orders, { settings, fileFieldOf, decision, callbacks: false });
	}
	const read = async (order: Order) => await readNow(ctx, order, settings, fileFieldOf);
	const outcomes = await mapLimit(orders, READS_AT_ONCE, read);
	return await emit(ctx, outcomes, settings);
}

/** What EvoLink's manual calls a task id begins alike, but its own client takes others, too: a hint, no refusal. */
function hintAtOddIds(ctx: IExecuteFunctions, orders: Order[], parameters: ItemParameters): void {
	const { idPrefix } = evolinkFacts.task;
	const [odd] = orders.flatMap((order) =>
		'watch' in order && !order.watch.id.startsWith(idPrefix) ? [order] : [],
	);
	if (odd === undefined) return;
	hint(
		ctx,
		`'${parameters.displayName('taskId')}' of item ${odd.item} is '${odd.watch.id}'; EvoLink's task IDs begin with '${idPrefix}'.`,
		'warning',
	);
}

/** Without a wait, a failed task is data: the user asked how it stands. A download that has nothing to fetch is none. */
async function readNow(
	ctx: IExecuteFunctions,
	order: Order,
	settings: RunSettings,
	fileFieldOf: (item: number) => string | null,
): Promise<Outcome> {
	if ('problem' in order) return order;
	const { item, watch } = order;
	const reading = await getTask(ctx, watch.id);
	if (!reading.ok) return { item, problem: unreadable(watch.id, reading.failure) };
	const { task } = reading;
	const field = fileFieldOf(item);
	if (field === null || task.phase !== 'completed') return { item, field, task, watch };
	return outcomeOf({ item, field, watch: { ...watch, seen: task.raw } }, { settings, timeoutMs: 0 });
}
