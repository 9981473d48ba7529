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
import { builderHint } from '../host/description';
import { priceHints } from './operations/priceHints';
import { receiveCallback } from './run/callback';
import { resumeWebhooks, STATUS_WEBHOOK, waitingTooltip } from './run/parkedRun';
import { statusPage } from './statusPage';
import { isParked, resume } from './run/resume';
import { soraVideoFields } from './operations/fields';
import { getModelFields } from './methods/modelFields';
import { getModels } from './methods/getModels';
import { searchTasks } from './methods/searchTasks';
import { executeOperation } from './operations';
import { emitBroken } from './items';

const { linkLifetimeHours } = evolinkFacts.results;

export class SoraVideo implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Sora Video',
		name: 'soraVideo',
		icon: { light: 'file:../../icons/soraVideo.svg', dark: 'file:../../icons/soraVideo.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle:
			'={{ { generate: "Generate Video", character: "Create Character", estimateCost: "Estimate Cost", getTask: "Get Task", getManyModels: "Get Many Models", getManyTasks: "Get Many Tasks", getCredits: "Get Credits", uploadFile: "Upload File" }[$parameter["operation"]] }}',
		description: 'Make AI videos with Veo, Kling, Seedance, Wan, Hailuo, Sora and more through EvoLink',
		defaults: { name: 'Sora Video' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: CREDENTIAL, required: true }],
		webhooks: resumeWebhooks,
		waitingNodeTooltip: waitingTooltip,
		hints: [
			...priceHints,
			{
				message: `Videos cost credits, and their links work for ${linkLifetimeHours} hours only.`,
				type: 'info',
				location: 'outputPane',
				whenToDisplay: 'beforeExecution',
				displayCondition:
					'={{ $parameter["operation"] === "generate" && ($parameter["download"] === false || $parameter["wait"] === "none") }}',
			},
		],
		properties: soraVideoFields,
		builderHint: builderHint(
			"Makes AI videos and waits for them by itself: no Wait node, no loop and no HTTP Request around it. Each new order costs credits. The file is in the binary field 'data'; links work for a day only, so store the file in a node behind this one. A video takes minutes: when trying the node out with little time, order with wait 'none' and read the task later with the operation getTask.",
			{
				'n8n-nodes-evolink-sora.soraVideoTrigger':
					"Starts a workflow when a video ordered with wait 'none' is finished",
				'n8n-nodes-base.editImage': 'Gives an image the exact size that image to video needs',
			},
		),
	};

	methods = {
		listSearch: { searchTasks },
		loadOptions: { getModels },
		resourceMapping: { getModelFields },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		try {
			return [isParked(this) ? await resume(this) : await executeOperation(this)];
		} catch (error) {
			return [emitBroken(this, error)];
		}
	}

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return this.getWebhookName() === STATUS_WEBHOOK ? await statusPage(this) : await receiveCallback(this);
	}
}
