import type { INodeProperties } from 'n8n-workflow';
import upperFirst from 'lodash/upperFirst';

import { evolinkFacts } from '../evolink/generated/spec.gen';
import { modelOptions } from '../evolink/models';
import { simplifyField } from '../host/description';
import { MAX_DOWNLOAD_MB } from '../host/parameters';

const { callback, results } = evolinkFacts;
const { fallback: DEFAULT_DOWNLOAD_MB } = MAX_DOWNLOAD_MB;

export const triggerFields: INodeProperties[] = [
	{
		// no expression in a description can see the URL, so what EvoLink can reach is always said
		displayName:
			"To try it, copy the Test URL first, then click Execute step. Paste the URL into 'Callback URL' of a Sora Video node whose 'Wait' is Don't Wait. EvoLink calls public https URLs only.",
		name: 'howTo',
		type: 'notice',
		default: '',
	},
	{
		displayName: 'Events',
		name: 'events',
		type: 'multiOptions',
		noDataExpression: true,
		required: true,
		options: callback.events.map((event) => ({
			// the node panel makes 'On video completed' of it
			name: `Video ${upperFirst(event)}`,
			value: event,
			description: callback.eventDescriptions[event],
		})),
		default: ['completed', 'failed'],
		description: 'Which outcomes of a task start the workflow',
	},
	{
		displayName: 'Verify',
		name: 'verify',
		type: 'boolean',
		noDataExpression: true,
		default: true,
		description:
			'Whether to read the task at EvoLink with the API key before starting the workflow. Callbacks are not signed, so this is the only way to tell a real one from a forged one.',
	},
	{
		displayName:
			"Without 'Verify', anybody who learns the URL can start this workflow with made-up data. Do not fetch links from it, and check it yourself before you act on it. 'Download' needs 'Verify'.",
		name: 'unverified',
		type: 'notice',
		default: '',
		displayOptions: { show: { verify: [false] } },
	},
	{
		displayName: 'Download',
		name: 'download',
		type: 'boolean',
		noDataExpression: true,
		default: false,
		displayOptions: { show: { verify: [true] } },
		description: `Whether to download the finished video into a binary field at the start of the execution. EvoLink's own link works for ${results.linkLifetimeHours} hours only. If the download fails, the workflow continues, and the field 'downloadError' says why.`,
	},
	{
		displayName: 'Output Data Field Name',
		name: 'binaryField',
		type: 'string',
		noDataExpression: true,
		default: 'data',
		placeholder: 'e.g. data',
		displayOptions: { show: { verify: [true], download: [true] } },
		hint: 'The name of the binary field to put the file in',
	},
	simplifyField,
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'Ignore Repeats',
				name: 'ignoreRepeats',
				type: 'boolean',
				default: true,
				description:
					'Whether a task that has started the workflow before is answered without starting it again. EvoLink repeats callbacks whose answer it missed. Test runs always start.',
			},
			{
				displayName: 'Max Download MB',
				name: 'maxDownloadMb',
				type: 'number',
				typeOptions: { minValue: MAX_DOWNLOAD_MB.min, maxValue: MAX_DOWNLOAD_MB.max },
				default: DEFAULT_DOWNLOAD_MB,
				displayOptions: { show: { '/download': [true] } },
				description: 'Largest file that is stored, in millions of bytes',
			},
			{
				displayName: 'Models',
				name: 'models',
				type: 'multiOptions',
				options: modelOptions(),
				default: [],
				description:
					'Start the workflow only for tasks of these models. Leave it empty for all models. For other models, use an expression with a list of their IDs.',
			},
		],
	},
];
