import type {
	IExecuteFunctions,
	IHookFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';

import { CREDENTIAL } from '../evolink/client';
import { builderHint } from '../host/description';
import { warnOfUnreachableUrl, whyNotActivate } from './activate';
import { fetchFiles, receive } from './receive';
import { triggerFields } from './fields';

const WHERE_TO_PASTE = "'Callback URL' of a Sora Video node whose 'Wait' is Don't Wait";

const TRY_IT = `<b>Test:</b> copy the Test URL, click Execute step, paste the URL into ${WHERE_TO_PASTE}, and order a video.`;

export class SoraVideoTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Sora Video Trigger',
		name: 'soraVideoTrigger',
		icon: { light: 'file:../../icons/soraVideo.svg', dark: 'file:../../icons/soraVideo.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ ($parameter["events"] || []).join(", ") }}',
		// the node panel shows it for the Sora Video node too, which it merges with its trigger
		description:
			'Make AI videos with Veo, Kling, Seedance, Wan, Hailuo, Sora and more through EvoLink, or start a workflow when one is finished',
		eventTriggerDescription: 'Waiting for EvoLink to call the Test URL',
		activationMessage: 'EvoLink can now call the Production URL, if it is a public https address.',
		defaults: { name: 'Sora Video Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: CREDENTIAL, required: true, displayOptions: { show: { verify: [true] } } }],
		webhooks: [
			{
				name: 'default',
				httpMethod: 'POST',
				path: 'webhook',
				responseMode: 'onReceived',
				// without it n8n would answer with a stray text where webhook() has not answered itself
				responseData: '',
			},
		],
		triggerPanel: {
			header: 'Receive finished videos',
			executionsHelp: {
				inactive: `${TRY_IT}<br /><br /><b>Production:</b> paste the Production URL instead, and publish (activate) the workflow.`,
				active: `<b>Production:</b> callbacks to the Production URL start this workflow; see the <a data-key="executions">executions list</a>.<br /><br />${TRY_IT}`,
			},
			activationHint: {
				inactive: 'Once it works, publish (activate) the workflow: EvoLink can then call the Production URL.',
				active: 'Each finished video starts this workflow by itself.',
			},
		},
		properties: triggerFields,
		builderHint: builderHint(
			"Starts when EvoLink calls this trigger's Production URL, which has to be in callbackUrl of each order (a Sora Video node with wait 'none'). A workflow that simply waits for its video needs no trigger: Sora Video waits by itself.",
			{ 'n8n-nodes-evolink-sora.soraVideo': 'Orders the videos that start this trigger' },
		),
	};

	webhookMethods = {
		default: {
			// there is nothing at EvoLink to look up: the URL travels with each order, so every activation is checked anew
			async checkExists(this: IHookFunctions): Promise<boolean> {
				return false;
			},
			async create(this: IHookFunctions): Promise<boolean> {
				const problem = await whyNotActivate(this);
				if (problem !== undefined) throw new NodeOperationError(this.getNode(), problem);
				warnOfUnreachableUrl(this);
				return true;
			},
			async delete(this: IHookFunctions): Promise<boolean> {
				return true;
			},
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return await receive(this);
	}

	/** n8n runs it at the head of the execution that `webhook` has started. */
	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return [await fetchFiles(this)];
	}
}
