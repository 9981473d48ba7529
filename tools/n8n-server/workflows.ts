import { randomUUID } from 'node:crypto';

import { NodeConnectionTypes, type IConnections, type IDataObject, type INode } from 'n8n-workflow';

import { PACKAGE_NAME } from './package-under-test';

export interface CredentialRef {
	id: string;
	name: string;
}

/** A node of any type; `extra` for onError, retryOnFail, typeVersion, webhookId, credentials … */
export function node(
	name: string,
	type: string,
	parameters: IDataObject = {},
	extra: Partial<INode> = {},
): INode {
	return {
		id: randomUUID(),
		name,
		type,
		typeVersion: 1,
		position: [0, 0],
		parameters: parameters as INode['parameters'],
		...extra,
	};
}

export const manualTrigger = (name = 'Start') => node(name, 'n8n-nodes-base.manualTrigger');
export const noOp = (name: string) => node(name, 'n8n-nodes-base.noOp');

/** Answers at once by default; `responseMode: 'lastNode'` makes the caller wait for the end of the workflow. */
export const webhookTrigger = (name: string, path: string, parameters: IDataObject = {}) =>
	node(
		name,
		'n8n-nodes-base.webhook',
		{ httpMethod: 'POST', path, responseMode: 'onReceived', options: {}, ...parameters },
		{ typeVersion: 2, webhookId: randomUUID() },
	);

/** Every few seconds, without a random start. */
export const scheduleTrigger = (name: string, seconds: number) =>
	node(
		name,
		'n8n-nodes-base.scheduleTrigger',
		{ rule: { interval: [{ field: 'seconds', secondsInterval: seconds }] } },
		{ typeVersion: 1.2 },
	);

/** One item per entry of a list in the incoming item, e.g. `body.jobs` of a webhook call. */
export const splitOut = (name: string, field: string) =>
	node(name, 'n8n-nodes-base.splitOut', { fieldToSplitOut: field, options: {} });

export const loop = (name: string, parameters: IDataObject = {}) =>
	node(name, 'n8n-nodes-base.splitInBatches', { options: {}, ...parameters }, { typeVersion: 3 });

/** Keeps the incoming fields and adds the given ones; values may be expressions. */
export const setFields = (name: string, fields: Record<string, string>) =>
	node(
		name,
		'n8n-nodes-base.set',
		{
			assignments: {
				assignments: Object.entries(fields).map(([field, value]) => ({
					id: randomUUID(),
					name: field,
					value,
					type: 'string',
				})),
			},
			includeOtherFields: true,
			options: {},
		},
		{ typeVersion: 3.4 },
	);

/** Makes a JPEG in the binary field `data` of the base64 in `file`. */
export const toJpeg = (name: string) =>
	node(
		name,
		'n8n-nodes-base.convertToFile',
		{ operation: 'toBinary', sourceProperty: 'file', options: { mimeType: 'image/jpeg' } },
		{ typeVersion: 1.1 },
	);

export const callWorkflow = (name: string, workflowId: string) =>
	node(
		name,
		'n8n-nodes-base.executeWorkflow',
		{ workflowId: { __rl: true, mode: 'id', value: workflowId }, options: {} },
		{ typeVersion: 1.2 },
	);

export const calledTrigger = (name: string) =>
	node(name, 'n8n-nodes-base.executeWorkflowTrigger', { inputSource: 'passthrough' }, { typeVersion: 1.1 });

/** `waitMode` is the option *How to Wait*. */
export const soraVideo = (
	name: string,
	credential: CredentialRef,
	{ options = {}, waitMode, ...parameters }: IDataObject = {},
	extra: Partial<INode> = {},
) =>
	node(
		name,
		`${PACKAGE_NAME}.soraVideo`,
		{
			operation: 'generate',
			...parameters,
			options: { ...(options as IDataObject), ...(waitMode !== undefined && { waitMode }) },
		},
		{ credentials: { evoLinkApi: credential }, ...extra },
	);

export const soraVideoTrigger = (
	name: string,
	credential: CredentialRef | undefined,
	parameters: IDataObject = {},
) =>
	node(name, `${PACKAGE_NAME}.soraVideoTrigger`, parameters, {
		webhookId: randomUUID(),
		...(credential ? { credentials: { evoLinkApi: credential } } : {}),
	});

/** Where the first free output (or the given one) of a node leads: `['A', 'B']`, `['A', 'B', 1]`. */
export type Wire = [from: string, to: string, output?: number];

/** Main connections, each to input 0 of the target. */
export function wires(...list: Wire[]): IConnections {
	const connections: IConnections = {};
	for (const [from, to, output = 0] of list) {
		const main = ((connections[from] ??= {}).main ??= []);
		while (main.length <= output) main.push([]);
		main[output]?.push({ node: to, type: NodeConnectionTypes.Main, index: 0 });
	}
	return connections;
}

/** The nodes one after the other. */
export const chain = (...nodes: INode[]) =>
	wires(...nodes.slice(1).map((next, index): Wire => [nodes[index].name, next.name]));
