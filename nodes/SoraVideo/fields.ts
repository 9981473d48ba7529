import type { INodeProperties } from 'n8n-workflow';

import { CHARACTER_NOTE } from '../evolink/models';
import { characterFields } from './operations/character';
import { commonFields } from './operations/commonFields';
import { generateFields } from './operations/generate';
import { getManyTasksFields } from './operations/getManyTasks';
import { getTaskFields } from './operations/getTask';

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
				action: 'Create a character from a video',
				description: `Take a character from a short video and get its name and picture. ${CHARACTER_NOTE}.`,
			},
			{
				name: 'Generate Video',
				value: 'generate',
				action: 'Generate a video',
				description: 'Make a video from a prompt, or from a prompt and a picture',
			},
			{
				name: 'Get Credits',
				value: 'getCredits',
				action: 'Get the credits left',
				description: 'Read what the API key and the account have left',
			},
			{
				name: 'Get Many Tasks',
				value: 'getManyTasks',
				action: 'Get many tasks',
				description: "List the account's tasks, newest first, for instance to catch up on lost callbacks",
			},
			{
				name: 'Get Task',
				value: 'getTask',
				action: 'Get a task',
				description: 'Read a task by its ID, wait for it, or download its result',
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
