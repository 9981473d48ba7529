import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import type {
	IDataObject,
	IExecuteFunctions,
	INodeProperties,
	INodeType,
	INodeTypeDescription,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';

/** Tiny nodes that show what the harness does; no product code. */
const main = NodeConnectionTypes.Main;

function describe(name: string, properties: string[], more: Partial<INodeTypeDescription> = {}) {
	const description: INodeTypeDescription = {
		displayName: name,
		name,
		group: ['transform'],
		version: 1,
		description: 'Probe',
		defaults: { name },
		inputs: [main],
		outputs: [main],
		properties: properties.map((property): INodeProperties => {
			return { displayName: property, name: property, type: 'string', default: '' };
		}),
		...more,
	};
	return description;
}

/** Waits until it is cancelled, then throws or returns, as `afterAbort` says. */
const sleeper: INodeType = {
	description: describe('sleeper', ['afterAbort']),
	async execute(this: IExecuteFunctions) {
		this.addExecutionHints({ message: 'Task t1 is still running' });
		const signal = this.getExecutionCancelSignal();
		await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
		const message = 'Task t1 is still running';
		if (this.getNodeParameter('afterAbort', 0) === 'throw')
			throw new NodeOperationError(this.getNode(), message);
		return [[{ json: { note: message }, pairedItem: { item: 0 } }]];
	},
};

/** See suspend.md: the stored JSON is empty, so that n8n's timer calls `execute` again; a worker's answer has the date. */
class ReentryDate extends Date {
	toJSON(): string {
		const iso = Object(this.toISOString()) as { toJSON?: () => string };
		iso.toJSON = () => '';
		return iso as unknown as string;
	}
}

/** Parks until the node context has been visited `rounds` times, or until a POST with `{ done: true }`. */
const parker: INodeType = {
	description: describe('parker', ['rounds'], {
		webhooks: [
			{ name: 'default', httpMethod: 'POST', path: '', restartWebhook: true, responseMode: 'onReceived' },
		],
	}),
	async execute(this: IExecuteFunctions) {
		const context = this.getContext('node') as { visits?: number };
		context.visits = (context.visits ?? 0) + 1;
		const items = this.getInputData();
		if (context.visits > Number(this.getNodeParameter('rounds', 0)))
			return [items.map((_, item) => ({ json: { visits: context.visits }, pairedItem: { item } }))];
		this.getExecuteData().runIndex ??= this.getWorkflowDataProxy(0).$runIndex as number;
		await this.putExecutionToWait(new ReentryDate(Date.now() + 66_000));
		return [items.map((item) => ({ ...item }))];
	},
	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const body = this.getBodyData() as IDataObject;
		if (body.explode) throw new Error('the webhook threw');
		if (body.done !== true) return { webhookResponse: { resumed: false } };
		return { workflowData: [[{ json: { via: 'callback' }, pairedItem: { item: 0 } }]] };
	},
};

/** Parks with an ordinary date: what n8n's own Wait node does. */
const plainWait: INodeType = {
	description: describe('plainWait', []),
	async execute(this: IExecuteFunctions) {
		await this.putExecutionToWait(new Date(Date.now() + 66_000));
		return [this.getInputData()];
	},
};

export const probes: Record<string, INodeType> = {
	'probe.sleeper': sleeper,
	'probe.parker': parker,
	'probe.plainWait': plainWait,
};
