import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

import { CREDENTIAL } from '../evolink/client';
import { evolinkFacts } from '../evolink/generated/spec.gen';
import { CHARACTER_NOTE } from '../evolink/models';
import { receiveCallback } from './wait/callback';
import { emitBroken } from './deliver';
import { resumeWebhooks } from './wait/parkedRun';
import { isParked, resume } from './wait/suspend';
import { methods } from './methods';
import { operationOf } from './operations';
import { characterFields } from './operations/character';
import { commonFields } from './operations/commonFields';
import { generateFields } from './operations/generate';
import { getManyTasksFields } from './operations/getManyTasks';
import { getTaskFields } from './operations/getTask';

const { linkLifetimeHours } = evolinkFacts.results;

export class SoraVideo implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Sora Video',
		name: 'soraVideo',
		icon: { light: 'file:../../icons/soraVideo.svg', dark: 'file:../../icons/soraVideo.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle:
			'={{ { generate: "Generate Video", character: "Create Character", getTask: "Get Task", getManyTasks: "Get Many Tasks", getCredits: "Get Credits" }[$parameter["operation"]] }}',
		description: 'Make videos with Sora through EvoLink',
		defaults: { name: 'Sora Video' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: CREDENTIAL, required: true }],
		webhooks: resumeWebhooks,
		waitingNodeTooltip:
			'The video is being made. The execution is suspended and takes up no place until it goes on.',
		hints: [
			{
				message: `Videos cost credits, and their links work for ${linkLifetimeHours} hours only.`,
				type: 'info',
				location: 'ndv',
				whenToDisplay: 'beforeExecution',
				displayCondition: '={{ $parameter["operation"] === "generate" && $parameter["download"] === false }}',
			},
		],
		properties: [
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
		],
	};

	methods = methods;

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		try {
			return [isParked(this) ? await resume(this) : await operationOf(this)(this)];
		} catch (error) {
			return [emitBroken(this, error)];
		}
	}

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return await receiveCallback(this);
	}
}
