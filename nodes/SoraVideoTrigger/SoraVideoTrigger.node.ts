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
import { warnOfUnreachableUrl, whyNotActivate } from './activate';
import { fetchFiles, receive } from './receive';
import { triggerFields } from './fields';

const WHERE_TO_PASTE =
	"the option 'Callback URL' of a Sora Video node whose 'Wait' is Do Not Wait (or into <code>callback_url</code> of any request to EvoLink)";

const WHO_IS_CALLED =
	'EvoLink calls public https addresses only: a URL with http://, localhost or a private address is never called.';

const TRY_IT = `<b>To try it out:</b> click the 'Execute step' button, paste the Test URL into ${WHERE_TO_PASTE}, and order a video. The Test URL listens for two minutes and takes one callback.`;

export class SoraVideoTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Sora Video Trigger',
		name: 'soraVideoTrigger',
		icon: { light: 'file:../../icons/soraVideo.svg', dark: 'file:../../icons/soraVideo.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ ($parameter["events"] || []).join(", ") }}',
		// the node panel shows it for the Sora Video node too, which it merges with its trigger
		description: 'Make videos with Sora through EvoLink, or start a workflow when one is finished',
		eventTriggerDescription: 'Waiting for EvoLink to call the Test URL',
		activationMessage:
			'EvoLink can now call the Production URL of this workflow, if it is a public https address.',
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
			header: 'Pull in finished videos',
			executionsHelp: {
				inactive: `${TRY_IT}<br /><br /><b>To use it in production:</b> paste the Production URL there and publish (activate) the workflow. ${WHO_IS_CALLED}`,
				active: `<b>The workflow is active:</b> callbacks to the Production URL start it by themselves and show up in the <a data-key="executions">executions list</a>.<br /><br />${TRY_IT} ${WHO_IS_CALLED}`,
			},
			activationHint: {
				inactive:
					'Once it works, publish (activate) the workflow: then EvoLink can call the Production URL at any time.',
				active: 'Each finished video starts this workflow by itself.',
			},
		},
		properties: triggerFields,
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
