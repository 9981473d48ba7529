import { tryToParseDateTime, type IExecuteFunctions, type INodeProperties } from 'n8n-workflow';
import upperFirst from 'lodash/upperFirst';

import { listTasks, readerFor } from '../../evolink/api';
import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { oneForEachResult, simplified, taskToJson, type Task } from '../../evolink/task';
import { collectTasks, MOST_PAGES, type TaskQuery } from '../../evolink/taskList';
import { cancelSignal, hint } from '../../host/context';
import { ProblemError, type Problem } from '../../host/errors';
import { listUnreadable, unreadable } from '../../host/messages';
import type { ItemParameters } from '../../host/parameters';
import { forEachItem, type Operation } from '../items';
import { accountOf, ordersOfThisProcess } from '../order/inFlight';
import { readSimplify } from '../settings';

const { listStatuses, perPage } = evolinkFacts.task;

const show = { operation: ['getManyTasks'] };

export const getManyTasksFields: INodeProperties[] = [
	{
		displayName:
			'Lists all videos of the account, newest first. EvoLink does not document this list, so it may change without notice.',
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
				description: 'Only tasks with this status. Processing includes queued tasks.',
			},
		],
	},
	{
		displayName: 'Include Results',
		name: 'includeResults',
		type: 'boolean',
		default: false,
		displayOptions: { show },
		description: `Whether to also read each task that has ended, which adds its link or the reason why it failed. Takes one more request for up to ${evolinkFacts.task.perRead} tasks.`,
	},
];

/** Newest first, with the start of the prompt where this n8n process ordered it. Free. */
export const executeGetManyTasks: Operation = async (ctx, parametersOf) => {
	const account = await accountOf(ctx);
	return await forEachItem(ctx, async (item) => {
		const simplify = readSimplify(parametersOf(item));
		const found = await findTasks(ctx, parametersOf(item));
		return found.flatMap((task) => {
			const prompt = ordersOfThisProcess.orderOf(account, task.id)?.prompt;
			const all = oneForEachResult(taskToJson(task), task);
			return all.map((json) => ({ ...(simplify ? simplified(json) : json), ...(prompt && { prompt }) }));
		});
	});
};

async function findTasks(ctx: IExecuteFunctions, parameters: ItemParameters): Promise<Task[]> {
	const query = readQuery(ctx, parameters);
	const withResults = parameters.boolean('includeResults', parameters.value('includeResults', false));
	const signal = cancelSignal(ctx);
	const listing = await collectTasks(async (page) => await listTasks(ctx, query, page), query, signal);
	if (!listing.ok) throw new ProblemError(listUnreadable(listing.failure), parameters.item);
	if (listing.isCut) {
		const most = MOST_PAGES * perPage;
		hint(ctx, `Only the newest ${most} tasks were looked at. Narrow the list with 'Filters'.`, 'warning');
	}
	return withResults ? await readResults(ctx, parameters.item, listing.tasks, signal) : listing.tasks;
}

/** Those that have ended with what the list lacks. A task that EvoLink has deleted stays as it is listed. */
async function readResults(
	ctx: IExecuteFunctions,
	item: number,
	tasks: Task[],
	signal: AbortSignal | undefined,
): Promise<Task[]> {
	const read = new Map(tasks.map((task) => [task.id, task]));
	const ended = tasks.filter(({ phase }) => phase !== 'running').map(({ id }) => id);
	let problem: Problem | undefined;
	await readerFor(ctx)(
		ended,
		(id, reading) => {
			if (reading.ok) read.set(id, reading.task);
			else if (reading.failure.kind !== 'notFound') problem ??= unreadable(id, reading.failure);
		},
		signal,
	);
	if (problem !== undefined) throw new ProblemError(problem, item);
	return [...read.values()];
}

/** @throws ProblemError for the first field that cannot be used */
function readQuery(ctx: IExecuteFunctions, parameters: ItemParameters): TaskQuery {
	const filter = (name: string) => parameters.option(name, 'filters') ?? '';
	const isAll = parameters.boolean('returnAll', parameters.value('returnAll', false));
	const status = filter('status');
	const model = filter('model');
	if (typeof model === 'object') throw parameters.refuse('Model', model, 'the ID of a model');
	const id = String(model as string | number).trim();
	const since = readSince(ctx, parameters, filter('since'));
	return {
		limit: isAll ? Infinity : readLimit(parameters),
		...(status !== '' && { status: parameters.choice('status', status, listStatuses) }),
		...(id !== '' && { model: id }),
		...(since !== undefined && { since }),
	};
}

function readLimit(parameters: ItemParameters): number {
	const given = parameters.value('limit', 50);
	const limit = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
	if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1) return limit;
	throw parameters.refuse('limit', given, 'a whole number from 1');
}

/** ms since 1970. A time without a zone is one of the workflow's zone. */
function readSince(ctx: IExecuteFunctions, parameters: ItemParameters, given: unknown): number | undefined {
	if (given === '') return undefined;
	try {
		return tryToParseDateTime(given, ctx.getTimezone()).toMillis();
	} catch {
		const allowed = 'a date and time such as 2026-11-24T08:00:00, or {{ $now.minus({ days: 1 }) }}';
		throw parameters.refuse('since', given, allowed);
	}
}
