import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { NODE, fakeContext, type FakeHost } from '../../support';

/** Where in the world an order is made. */
export interface Place {
	instance: string;
	workflow: string;
	/** n8n's random token of an execution, kept on Retry; older hosts have none. */
	token?: string;
	execution: string;
	node: string;
	run: number;
	item: number;
}

export const HOME: Place = {
	instance: 'instance-1',
	workflow: 'workflow-1',
	token: 'f00d',
	execution: '231',
	node: 'node-1',
	run: 0,
	item: 0,
};

/** n8n as far as ledger and intent ask it. `node`: what it keeps for the node. */
export function contextOf(
	place: Place,
	node: Record<string, unknown> = {},
	more: FakeHost = {},
): IExecuteFunctions {
	const signature = place.token === undefined ? '' : `?signature=${place.token}`;
	const resumeUrl = `https://n8n.example.test/webhook-waiting/${place.execution}${signature}`;
	return fakeContext({
		getContext: (type: string) => (type === 'node' ? node : {}),
		getExecutionId: () => place.execution,
		getInstanceId: () => place.instance,
		getNode: () => ({ ...NODE, id: place.node }),
		getWorkflow: () => ({ id: place.workflow, active: true }),
		getWorkflowDataProxy: () => ({ $execution: { resumeUrl }, $runIndex: place.run }),
		...more,
	}).ctx;
}

export const BODY: IDataObject = {
	model: 'sora-2-preview',
	prompt: 'a cat',
	duration: 4,
	image_urls: ['https://a.test/1'],
};
