import { NodeConnectionTypes } from 'n8n-workflow';
import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
	ITriggerFunctions,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';
import { agent } from './agent-double';

/**
 * Small doubles of core nodes, under their real type names: n8n-nodes-base is not installed here (and is far too
 * big for a devDependency). Each does only what its name promises to the engine: same inputs, same outputs.
 */
const main = NodeConnectionTypes.Main;

function describe(name: string, description: Partial<INodeTypeDescription>): INodeTypeDescription {
	return {
		displayName: name,
		name,
		group: ['transform'],
		version: [1, 1.1, 2, 2.1, 3, 4],
		description: `Double of n8n-nodes-base.${name}`,
		defaults: { name },
		inputs: [main],
		outputs: [main],
		properties: [],
		...description,
	};
}

/** Hands on what it gets. */
function passing(name: string, description: Partial<INodeTypeDescription>): INodeType {
	return {
		description: describe(name, description),
		async execute(this: IExecuteFunctions) {
			return [this.getInputData()];
		},
	};
}

const asTrigger = { group: ['trigger' as const], inputs: [] };

/** In a manual run it emits one empty item, as the real ones do; other items are pinned, or handed over by the test. */
const trigger = (name: string): INodeType => ({
	description: describe(name, asTrigger),
	async trigger(this: ITriggerFunctions) {
		const manualTriggerFunction = async () => this.emit([[{ json: {} }]]);
		return { manualTriggerFunction };
	},
});

const webhook: INodeType = {
	description: describe('webhook', {
		...asTrigger,
		webhooks: [
			{
				name: 'default',
				httpMethod: 'POST',
				path: '={{ $parameter["path"] }}',
				responseMode: '={{ $parameter["responseMode"] }}',
			},
		],
		properties: [
			{ displayName: 'Path', name: 'path', type: 'string', default: '' },
			{ displayName: 'Respond', name: 'responseMode', type: 'string', default: 'onReceived' },
		],
	}),
	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const json = {
			headers: { ...this.getHeaderData() },
			query: this.getQueryData(),
			body: this.getBodyData(),
		};
		return { workflowData: [[{ json: json as INodeExecutionData['json'] }]] };
	},
};

/** Form and chat triggers differ from the webhook only in their names: what a node can see of its caller. */
const like = (name: string): INodeType => ({ ...webhook, description: { ...webhook.description, name } });

/** Waits for nothing: as if it had been resumed at once. */
const wait = passing('wait', {
	properties: [
		{ displayName: 'Resume', name: 'resume', type: 'string', default: 'timeInterval' },
		{ displayName: 'Respond', name: 'responseMode', type: 'string', default: 'onReceived' },
	],
});

/** Adds the fields of its parameter `assign` (an object, expressions allowed) to each item. */
const set: INodeType = {
	description: describe('set', {
		properties: [{ displayName: 'Assign', name: 'assign', type: 'json', default: {} }],
	}),
	async execute(this: IExecuteFunctions) {
		return [
			this.getInputData().map((item, index) => ({
				json: { ...item.json, ...(this.getNodeParameter('assign', index) as INodeExecutionData['json']) },
				pairedItem: { item: index },
			})),
		];
	},
};

interface LoopContext {
	waiting?: INodeExecutionData[];
	processed?: INodeExecutionData[];
}

/** Loop Over Items: output 0 `done`, output 1 `loop`; batches of `batchSize`, as SplitInBatches v3. */
const splitInBatches: INodeType = {
	description: describe('splitInBatches', {
		outputs: [main, main],
		outputNames: ['done', 'loop'],
		properties: [{ displayName: 'Batch Size', name: 'batchSize', type: 'number', default: 1 }],
	}),
	async execute(this: IExecuteFunctions) {
		const context: LoopContext = this.getContext('node');
		const items = this.getInputData();
		if (context.waiting === undefined) {
			context.waiting = [...items];
			context.processed = [];
		} else {
			context.processed = [...(context.processed ?? []), ...items];
		}
		const batch = context.waiting.splice(0, this.getNodeParameter('batchSize', 0) as number);
		return batch.length > 0 ? [[], batch] : [context.processed ?? [], []];
	},
};

export const coreDoubles: Record<string, INodeType> = {
	'n8n-nodes-base.manualTrigger': trigger('manualTrigger'),
	'n8n-nodes-base.scheduleTrigger': trigger('scheduleTrigger'),
	'n8n-nodes-base.webhook': webhook,
	'n8n-nodes-base.formTrigger': like('formTrigger'),
	'@n8n/n8n-nodes-langchain.chatTrigger': like('chatTrigger'),
	'@n8n/n8n-nodes-langchain.agent': agent,
	'n8n-nodes-base.executeWorkflowTrigger': passing('executeWorkflowTrigger', asTrigger),
	'n8n-nodes-base.noOp': passing('noOp', {}),
	'n8n-nodes-base.wait': wait,
	'n8n-nodes-base.respondToWebhook': passing('respondToWebhook', {}),
	'n8n-nodes-base.set': set,
	'n8n-nodes-base.splitInBatches': splitInBatches,
};
