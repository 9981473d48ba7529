import type { IDataObject, IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { tryToParseDateTime } from 'n8n-workflow';
import upperFirst from 'lodash/upperFirst';

import { listTasks, readerFor } from '../../evolink/api';
import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { isObject, taskToJson, type Task } from '../../evolink/task';
import { collectTasks, MOST_PAGES, type TaskQuery } from '../../evolink/taskList';
import { cancelSignal, hint } from '../../host/context';
import { nodeError } from '../../host/errors';
import { listUnreadable, unreadable } from '../../host/messages';
import { refuseParameter } from '../../host/parameters';
import { emitBroken } from '../deliver';
import { readBoolean } from '../settings';

const { listStatuses, perPage } = evolinkFacts.task;

const show = { operation: ['getManyTasks'] };

export const getManyTasksFields: INodeProperties[] = [
	{
		displayName:
			"EvoLink's list has all videos of the account, newest first. It is not in EvoLink's manual, so it may change without notice.",
		name: 'listNotice',
		type: 'notice',
		default: '',
		displayOptions: { show },
	},
	{
		displayName: 'Return All',
		name: 'returnAll',
		type: 'boolean',
		default: false,
		displayOptions: { show },
		description: 'Whether to return all results or only up to a given limit',
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 50,
		displayOptions: { show: { ...show, returnAll: [false] } },
		description: 'Max number of results to return',
	},
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add Filter',
		default: {},
		displayOptions: { show },
		options: [
			{
				displayName: 'Model',
				name: 'model',
				type: 'string',
				default: '',
				placeholder: `e.g. ${evolinkFacts.defaultModel}`,
				description: 'Only tasks of the model with this ID',
			},
			{
				displayName: 'Since',
				name: 'since',
				type: 'dateTime',
				default: '',
				description: 'Only tasks that were created at this time or later',
			},
			{
				displayName: 'Status',
				name: 'status',
				type: 'options',
				options: listStatuses.map((value) => ({ name: upperFirst(value), value })),
				default: 'completed',
				description: 'Only tasks that stand like this. Processing includes tasks that are queued.',
			},
		],
	},
	{
		displayName: 'Include Results',
		name: 'includeResults',
		type: 'boolean',
		default: false,
		displayOptions: { show },
		description: `Whether to read the tasks that have ended, too, which gives their links and reasons: one more request for up to ${evolinkFacts.task.perRead} of them`,
	},
];

/** One item for each task of the account that fits, newest first. Free. */
export async function executeGetManyTasks(ctx: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const output: INodeExecutionData[] = [];
	for (const item of ctx.getInputData().keys()) {
		try {
			const tasks = await findTasks(ctx, item);
			output.push(...tasks.map((task) => ({ json: taskToJson(task), pairedItem: { item } })));
		} catch (error) {
			output.push(...emitBroken(ctx, error, [item]));
		}
	}
	return output;
}

async function findTasks(ctx: IExecuteFunctions, item: number): Promise<Task[]> {
	const query = readQuery(ctx, item);
	const withResults = readBoolean(
		ctx,
		'Include Results',
		ctx.getNodeParameter('includeResults', item, false),
		item,
	);
	const signal = cancelSignal(ctx);
	const listing = await collectTasks(async (page) => await listTasks(ctx, query, page), query, signal);
	if (!listing.ok) throw nodeError(ctx.getNode(), listUnreadable(listing.failure), item);
	if (listing.isCut) {
		const most = MOST_PAGES * perPage;
		hint(ctx, `Only the newest ${most} tasks were looked at. Narrow the list with 'Filters'.`, 'warning');
	}
	return withResults ? await readResults(ctx, item, listing.tasks, signal) : listing.tasks;
}

/** The same tasks, those that have ended with what the list lacks. A task that EvoLink has deleted stays as it is listed. */
async function readResults(
	ctx: IExecuteFunctions,
	item: number,
	tasks: Task[],
	signal: AbortSignal | undefined,
): Promise<Task[]> {
	const read = new Map(tasks.map((task) => [task.id, task]));
	const ended = tasks.filter(({ phase }) => phase !== 'running').map(({ id }) => id);
	let report: ReturnType<typeof unreadable> | undefined;
	await readerFor(ctx)(
		ended,
		(id, reading) => {
			if (reading.ok) read.set(id, reading.task);
			else if (reading.failure.kind !== 'notFound') report ??= unreadable(id, reading.failure);
		},
		signal,
	);
	if (report !== undefined) throw nodeError(ctx.getNode(), report, item);
	return [...read.values()];
}

/** @throws NodeOperationError for the first field that cannot be used */
function readQuery(ctx: IExecuteFunctions, item: number): TaskQuery {
	const given = ctx.getNodeParameter('filters', item, {});
	const filters: IDataObject = isObject(given) ? given : {};
	const isAll = readBoolean(ctx, 'Return All', ctx.getNodeParameter('returnAll', item, false), item);
	const model = String(filters.model ?? '').trim();
	const status = listStatuses.find((known) => known === filters.status);
	if (status === undefined && ![undefined, null, ''].includes(filters.status as string))
		throw refuseParameter(ctx, item, 'Status', filters.status, listStatuses.join(', '));
	const since = readSince(ctx, item, filters.since);
	return {
		limit: isAll ? Infinity : readLimit(ctx, item),
		...(status && { status }),
		...(model && { model }),
		...(since !== undefined && { since }),
	};
}

function readLimit(ctx: IExecuteFunctions, item: number): number {
	const given: unknown = ctx.getNodeParameter('limit', item, 50);
	const limit = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
	if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1) return limit;
	throw refuseParameter(ctx, item, 'Limit', given, 'a whole number from 1');
}

/** ms since 1970. A time without a zone is one of the workflow's zone. */
function readSince(ctx: IExecuteFunctions, item: number, given: unknown): number | undefined {
	if (given === undefined || given === null || given === '') return undefined;
	try {
		return tryToParseDateTime(given, ctx.getTimezone()).toMillis();
	} catch {
		const allowed = 'a date and time such as 2026-11-24T08:00:00, or {{ $now.minus({ days: 1 }) }}';
		throw refuseParameter(ctx, item, 'Since', given, allowed);
	}
}
