import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { characterFields } from './character';
import { commonFields } from './commonFields';
import { alsoForEstimates } from './estimateCost';
import { generateFields } from './generate';
import { getManyModelsFields } from './getManyModels';
import { getManyTasksFields } from './getManyTasks';
import { getTaskFields } from './getTask';
import { uploadFileFields } from './uploadFile';

function operations(resource: string, options: INodePropertyOptions[]): INodeProperties {
	const [{ value: first }] = options;
	return {
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: [resource] } },
		options,
		default: first,
	};
}

/**
 * n8n tells an AI what a tool does, and lists actions, by the `action` of operations of a resource. Their values are unique
 * over all resources, and all fields depend on them alone, so a node that a script writes without a resource runs as well.
 */
export const soraVideoFields: INodeProperties[] = [
	{
		displayName: 'Resource',
		name: 'resource',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Video', value: 'video' },
			{ name: 'Task', value: 'task' },
			{ name: 'Account', value: 'account' },
		],
		default: 'video',
	},
	operations('video', [
		{
			name: 'Generate Video',
			value: 'generate',
			action: 'Generate a video',
			description: 'Make a video from a prompt, with or without an image',
		},
		{
			name: 'Create Character',
			value: 'character',
			action: 'Create a character from a video',
			description: 'Turn a short video into a character with a name and an image',
		},
		{
			name: 'Estimate Cost',
			value: 'estimateCost',
			action: 'Estimate the cost of a video',
			description: 'Check an order and get its price, without sending it',
		},
	]),
	operations('task', [
		{
			name: 'Get Task',
			value: 'getTask',
			action: 'Get a task with its status and video link',
			description: 'Read a task, wait for it, or download its result',
		},
		{
			name: 'Get Many Tasks',
			value: 'getManyTasks',
			action: 'Get many tasks',
			description: "List the account's tasks, newest first",
		},
	]),
	operations('account', [
		{
			name: 'Get Credits',
			value: 'getCredits',
			action: 'Get the credits left',
			description: 'Get the credits left on the API key and the account',
		},
		{
			name: 'Get Many Models',
			value: 'getManyModels',
			action: 'Get many models',
			description: 'List the models with their fields and prices, and whether this key may use them',
		},
		{
			name: 'Upload File',
			value: 'uploadFile',
			action: 'Upload a file',
			description: 'Give EvoLink a file, and get a URL that models can be given',
		},
	]),
	...alsoForEstimates(generateFields),
	...characterFields,
	...getTaskFields,
	...getManyTasksFields,
	...getManyModelsFields,
	...uploadFileFields,
	...commonFields,
];
