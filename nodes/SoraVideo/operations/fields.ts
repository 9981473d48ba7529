import type { INodeProperties } from 'n8n-workflow';

import { characterFields } from './character';
import { commonFields } from './commonFields';
import { generateFields } from './generate';
import { getManyTasksFields } from './getManyTasks';
import { getTaskFields } from './getTask';

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
		],
		default: 'generate',
	},
	...generateFields,
	...characterFields,
	...getTaskFields,
	...getManyTasksFields,
	...commonFields,
];
