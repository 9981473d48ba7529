import type { INodeProperties } from 'n8n-workflow';

import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { PRICES_AS_OF } from '../../evolink/prices';
import { numberOption, propertyHint, simplifyField } from '../../host/description';
import { MAX_DOWNLOAD_MB } from '../../host/parameters';
import { MAX_CREDITS, POLL_SECONDS, TASKS_AT_ONCE, TIMEOUT_MINUTES, TOOL_WAIT_SECONDS } from '../settings';
import { PIXELS_RULE } from './inputImage';

const { maxLength } = evolinkFacts.callback;
const { linkLifetimeHours } = evolinkFacts.results;

function wait(operation: string, result: string, fallback: 'auto' | 'none'): INodeProperties {
	return {
		displayName: 'Wait',
		name: 'wait',
		type: 'options',
		noDataExpression: true,
		options: [
			{
				name: `Wait for the ${result}`,
				value: 'auto',
				description: 'Continue when it is finished. In production this uses no worker.',
			},
			{ name: "Don't Wait", value: 'none', description: 'Continue at once with the task as it is now' },
		],
		default: fallback,
		displayOptions: { show: { operation: [operation] } },
		description: 'Whether the workflow waits for the result',
		builderHint: propertyHint(
			"'auto' is right for nearly every workflow. 'none' continues with the unfinished task, for callers that cannot wait some minutes: give it a callbackUrl, or fetch the result later with the operation getTask.",
		),
	};
}

const notWaitedFor = { show: { operation: ['generate'], wait: ['none'] } };

const orderedOnly: INodeProperties[] = [
	{
		displayName: 'Callback URL',
		name: 'callbackUrl',
		type: 'string',
		default: '',
		displayOptions: notWaitedFor,
		placeholder: 'e.g. https://n8n.example.com/webhook/…',
		description: `Where EvoLink posts the finished task: the URL of a Sora Video Trigger, for instance. Public https, at most ${maxLength} characters.`,
		builderHint: propertyHint(
			'The Production URL of a Sora Video Trigger, in the same or another workflow. Leave it empty if the result is fetched with getTask instead.',
		),
	},
	{
		displayName: 'Reference',
		name: 'reference',
		type: 'string',
		default: '',
		displayOptions: notWaitedFor,
		placeholder: 'e.g. {{ $json.rowId }}',
		description:
			"Your own name for the order, such as a row or a customer. The Sora Video Trigger outputs it as 'reference'. It travels in the callback URL, signed with the API key, and EvoLink can read it.",
	},
];

const paidFor = ['generate', 'character'];
const tasks = [...paidFor, 'getTask'];
const forOrders = { show: { '/operation': paidFor } };
/** A tool run never downloads. Hosts that do not know the condition show the fields all the same. */
const inTools = { '@tool': [true] };

const download: INodeProperties = {
	displayName: 'Download',
	name: 'download',
	type: 'boolean',
	default: true,
	description: `Whether to download the finished file into a binary field. EvoLink's own link works for ${linkLifetimeHours} hours only.`,
};

function binaryField(displayOptions: INodeProperties['displayOptions']): INodeProperties {
	return {
		displayName: 'Output Data Field Name',
		name: 'binaryField',
		type: 'string',
		default: 'data',
		placeholder: 'e.g. data',
		displayOptions,
		hint: 'The name of the binary field to put the file in',
	};
}

export const commonFields: INodeProperties[] = [
	wait('generate', 'Video', 'auto'),
	wait('character', 'Character', 'auto'),
	wait('getTask', 'Result', 'none'),
	...orderedOnly,
	{ ...download, displayOptions: { show: { operation: paidFor }, hide: { ...inTools, wait: ['none'] } } },
	{ ...download, default: false, displayOptions: { show: { operation: ['getTask'] }, hide: inTools } },
	binaryField({ show: { operation: paidFor, download: [true] }, hide: { ...inTools, wait: ['none'] } }),
	binaryField({ show: { operation: ['getTask'], download: [true] }, hide: inTools }),
	{ ...simplifyField, displayOptions: { show: { operation: [...tasks, 'getManyTasks'] } } },
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		displayOptions: { show: { operation: tasks } },
		options: [
			{
				displayName: 'Additional Fields (JSON)',
				name: 'additionalFields',
				type: 'json',
				default: '{}',
				displayOptions: forOrders,
				description:
					"Further fields for the request, checked together with the rest. 'model' and 'callback_url' are set by the node.",
			},
			{
				displayName: 'Check Balance First',
				name: 'checkBalance',
				type: 'boolean',
				noDataExpression: true,
				default: false,
				displayOptions: forOrders,
				description:
					'Whether to check the credits left before ordering, and to order nothing if they do not pay for the whole run. If EvoLink does not tell them, or a price is not known, the run continues with a hint.',
			},
			{
				displayName: 'Check Image Size',
				name: 'checkImageSize',
				type: 'boolean',
				noDataExpression: true,
				default: true,
				displayOptions: { show: { '/operation': ['generate'] } },
				description: `Whether to refuse an input image from a binary field that lacks the exact pixels that its model needs (${PIXELS_RULE}). EvoLink fails such tasks after the wait.`,
			},
			{
				displayName: 'How to Wait',
				name: 'waitMode',
				type: 'options',
				noDataExpression: true,
				options: [
					{
						name: 'Automatic',
						value: 'auto',
						description:
							'Suspend in production; poll in editor test runs, in tools, and where a caller waits for the answer',
					},
					{ name: 'Poll', value: 'poll', description: 'Keep running, and check the task every few seconds' },
					{
						name: 'Suspend',
						value: 'suspend',
						description:
							"Free the slot: the execution rests in n8n's database until EvoLink calls back, or a timer finds the result",
					},
				],
				default: 'auto',
				displayOptions: { show: { '/wait': ['auto'] } },
				description: 'What the execution does while the video is made',
			},
			numberOption(MAX_CREDITS, {
				displayName: 'Max Credits',
				name: 'maxCredits',
				displayOptions: forOrders,
				description: `The most that all new orders of a run may cost together, by EvoLink's price list of ${PRICES_AS_OF} or, for other models, its price rules of the day. If they would cost more, or a price is not known, nothing is ordered. Each round of a loop and each call of a tool is a run of its own.`,
			}),
			numberOption(MAX_DOWNLOAD_MB, {
				displayName: 'Max Download MB',
				name: 'maxDownloadMb',
				description: 'Largest file that is stored, in millions of bytes',
			}),
			numberOption(POLL_SECONDS, {
				displayName: 'Poll Seconds',
				name: 'pollSeconds',
				description: 'Time between two status checks while polling',
			}),
			{
				displayName: 'Resend When Outcome Is Unknown',
				name: 'resendUnknown',
				type: 'boolean',
				noDataExpression: true,
				default: false,
				displayOptions: forOrders,
				description:
					'Whether a retry sends an order again whose outcome is unknown. It goes out under the same Idempotency-Key, so EvoLink can answer with the first task; if EvoLink ignores the key, it is paid twice.',
			},
			numberOption(TASKS_AT_ONCE, {
				displayName: 'Tasks at Once',
				name: 'tasksAtOnce',
				displayOptions: forOrders,
				description:
					'Never more tasks of this run are under way; the other items wait for their turn. Without the option: as many as EvoLink takes.',
			}),
			numberOption(TIMEOUT_MINUTES, {
				displayName: 'Timeout Minutes',
				name: 'timeoutMinutes',
				description: `How long to wait. Without this option: ${TIMEOUT_MINUTES.fallback} minutes, or twice EvoLink's estimate if that is longer. After that the task is still running at EvoLink, and the message names it.`,
			}),
			numberOption(TOOL_WAIT_SECONDS, {
				displayName: 'Tool Wait Seconds',
				name: 'toolWaitSeconds',
				displayOptions: { hide: { '@tool': [false] } },
				description:
					'How long a call by an AI agent waits before it returns the unfinished task with its ID. With 0 it does not wait. Many MCP clients give up after 60 seconds.',
			}),
			{
				displayName: 'When a Task Fails',
				name: 'onTaskFailure',
				type: 'options',
				noDataExpression: true,
				options: [
					{
						name: "Follow 'On Error'",
						value: 'error',
						description: "As the node's setting 'On Error' says: stop the workflow, or continue",
					},
					{ name: 'Output the Task', value: 'output', description: 'Pass the failed task on as data' },
				],
				default: 'error',
				description: 'What to do when EvoLink reports a task as failed or cancelled',
			},
		],
	},
];
