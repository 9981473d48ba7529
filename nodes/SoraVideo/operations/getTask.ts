import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { API_SERVERS, evolinkFacts, PATHS } from '../../evolink/generated/spec.gen';
import { problemOf } from '../../host/errors';
import { decideWait } from '../run/mode';
import { isRefused, isTask, refusedEntry, type Entry } from '../entries';
import { hostClock } from '../../evolink/clock';
import { readFileField, readSettings } from '../settings';
import { orderRunOf, run } from '../run';
import { taskIdFromInput, taskIdOf } from '../../evolink/task';
import { hint } from '../../host/context';
import type { ItemParameters } from '../../host/parameters';
import { stopOnProblem, type Operation } from '../items';
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

/** Each mode takes IDs and URLs. @throws ProblemError when the field holds no id */
function readTaskId(parameters: ItemParameters): string {
	const value = parameters.located('taskId');
	const id = taskIdOf(value) ?? taskIdFromInput(scalar(value) ?? '');
	if (id !== undefined) return id;
	throw parameters.refuse('taskId', value ?? '', `an ID such as ${EXAMPLE_ID}, or a URL that ends in one`);
}

/** Never pays. */
export const executeGetTask: Operation = async (ctx, parametersOf) => {
	const settings = readSettings(ctx, parametersOf(0), { wait: 'none' });
	const begunAt = hostClock.ticks();
	const entries = ctx.getInputData().map<Entry>((_, item) => {
		try {
			const field = readFileField(ctx, parametersOf(item), false);
			return { phase: 'task', item, field, watch: { id: readTaskId(parametersOf(item)) }, from: 0 };
		} catch (error) {
			return refusedEntry({ item, field: null }, problemOf(error));
		}
	});
	stopOnProblem(ctx, entries.filter(isRefused));
	hintAtOddIds(ctx, entries, parametersOf(0));
	const decision = decideWait(ctx, settings.wait);
	const orders = orderRunOf(ctx, settings, { begunAt });
	return await run(orders, settings, entries, { decision, callbacks: false });
};

/** What EvoLink's manual calls a task id begins alike, but its own client takes others, too: a hint, no refusal. */
function hintAtOddIds(ctx: IExecuteFunctions, entries: Entry[], parameters: ItemParameters): void {
	const { idPrefix } = evolinkFacts.task;
	const odd = entries.filter(isTask).find(({ watch }) => !watch.id.startsWith(idPrefix));
	if (odd === undefined) return;
	hint(
		ctx,
		`'${parameters.displayName('taskId')}' of item ${odd.item} is '${odd.watch.id}'; EvoLink's task IDs begin with '${idPrefix}'.`,
		'warning',
	);
}
