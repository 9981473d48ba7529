import type { INodeProperties } from 'n8n-workflow';

import { characterFields } from './character';
import { commonFields } from './commonFields';
import { alsoForEstimates } from './estimateCost';
import { generateFields } from './generate';
import { getManyModelsFields } from './getManyModels';
import { getManyTasksFields } from './getManyTasks';
import { getTaskFields } from './getTask';
import { uploadFileFields } from './uploadFile';

/** All fields of the node, those of each operation with it. */
export const soraVideoFields: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		options: [
			{
				name: 'Create Character',
				value: 'character',
				action: 'Create character from video',
				description: 'Turn a short video into a character with a name and an image',
			},
			{
				name: 'Estimate Cost',
				value: 'estimateCost',
				action: 'Estimate cost of a video',
				description: 'Check an order and get its price, without sending it',
			},
			{
				name: 'Generate Video',
				value: 'generate',
				action: 'Generate video',
				description: 'Make a video from a prompt, with or without an image',
			},
			{
				name: 'Get Credits',
				value: 'getCredits',
				action: 'Get credits left',
				description: 'Get the credits left on the API key and the account',
			},
			{
				name: 'Get Many Models',
				value: 'getManyModels',
				action: 'Get many models',
				description: 'List the models with their fields and prices, and whether this key may use them',
			},
			{
				name: 'Get Many Tasks',
				value: 'getManyTasks',
				action: 'Get many tasks',
				description: "List the account's tasks, newest first",
			},
			{
				name: 'Get Task',
				value: 'getTask',
				action: 'Get task',
				description: 'Read a task, wait for it, or download its result',
			},
			{
				name: 'Upload File',
				value: 'uploadFile',
				action: 'Upload file',
				description: 'Give EvoLink a file, and get a URL that models can be given',
			},
		],
		default: 'generate',
	},
	...alsoForEstimates(generateFields),
	...characterFields,
	...getTaskFields,
	...getManyTasksFields,
	...getManyModelsFields,
	...uploadFileFields,
	...commonFields,
];
