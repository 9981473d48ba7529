import './environment.cjs';
import { WebhookContext } from 'n8n-core';
import { NodeHelpers, createRunExecutionData } from 'n8n-workflow';
import type {
	INode,
	IRunExecutionData,
	IWebhookData,
	IWebhookResponseData,
	Workflow,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { additionalDataFor, execute, type Engine, type Run } from './engine';
import {
	RecordedResponse,
	answerOf,
	expressRequest,
	type WebhookAnswer,
	type WebhookCall,
} from './fake-http';
import { completeWorkflow, instantiate, type WorkflowFixture } from './workflow-fixture';

/** The answer that the caller got, and the run that the call started or resumed; no run when it started none. */
export interface WebhookOutcome extends WebhookAnswer {
	run?: Run;
}

function descriptionValue(workflow: Workflow, node: INode, value: unknown, fallback: unknown): unknown {
	const parameter = value as Parameters<typeof workflow.expression.getSimpleParameterValue>[1];
	return workflow.expression.getSimpleParameterValue(
		node,
		parameter,
		'internal',
		{},
		undefined,
		fallback as never,
	);
}

/** The webhook of a node that a call would reach (WebhookService.getNodeWebhooks). */
function webhookOf(
	workflow: Workflow,
	node: INode,
	call: WebhookCall,
	restart: boolean,
): IWebhookData | undefined {
	const { description } = workflow.nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
	for (const webhookDescription of description.webhooks ?? []) {
		if ((webhookDescription.restartWebhook === true) !== restart) continue;
		const value = (key: 'path' | 'httpMethod' | 'isFullPath', fallback: unknown) =>
			descriptionValue(workflow, node, webhookDescription[key], fallback);
		const ownPath = String(value('path', '')).replace(/^\/|\/$/g, '');
		const isFullPath = Boolean(value('isFullPath', false));
		const path = NodeHelpers.getNodeWebhookPath(workflow.id, node, ownPath, isFullPath, restart);
		const httpMethod = String(value('httpMethod', 'GET')) as IWebhookData['httpMethod'];
		if (httpMethod !== (call.method ?? 'POST') || (restart && path !== (call.suffix ?? ''))) continue;
		return { httpMethod, node: node.name, path, webhookDescription, workflowId: workflow.id } as IWebhookData;
	}
	return undefined;
}

interface NodeCall {
	engine: Engine;
	workflow: Workflow;
	node: INode;
	webhookData: IWebhookData;
	call: WebhookCall;
	mode: WorkflowExecuteMode;
	executionId?: string;
	data: IRunExecutionData | null;
}

interface NodeAnswer {
	answer?: WebhookAnswer;
	result: IWebhookResponseData;
	error?: Error;
}

/** Calls the node's `webhook()` and answers for it, as webhook-helpers.js does up to the start of the workflow. */
async function callNode({ engine, workflow, node, webhookData, call, mode, executionId, data }: NodeCall) {
	const job = { executionId: executionId ?? '', mode, workflow: { id: workflow.id } };
	const additionalData = additionalDataFor(engine, job, []);
	if (!executionId) delete additionalData.executionId;
	const request = expressRequest(call, `/${webhookData.path}`);
	const response = RecordedResponse.for(request, call);
	additionalData.httpRequest = request;
	additionalData.httpResponse = response.asExpress();
	webhookData.workflowExecuteAdditionalData = additionalData;
	const closeFunctions: Array<() => Promise<void>> = [];
	const context = new WebhookContext(workflow, node, additionalData, mode, webhookData, closeFunctions, data);
	const nodeType = workflow.nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
	if (!nodeType.webhook) throw new Error('Node does not have any webhooks defined');
	const outcome: NodeAnswer = { result: {} };
	try {
		outcome.result = await nodeType.webhook.call(context);
	} catch (error) {
		outcome.error = error as Error;
		outcome.result = { noWebhookResponse: true, workflowData: [[{ json: {} }]] };
		outcome.answer = answerOf(500, { message: 'Workflow Webhook Error: Workflow could not be started!' });
	}
	const { result } = outcome;
	if (result.noWebhookResponse === true) outcome.answer ??= response.answer();
	if (result.workflowData === undefined) {
		const code = Number(descriptionValue(workflow, node, webhookData.webhookDescription.responseCode, 200));
		outcome.answer ??= answerOf(code, result.webhookResponse ?? { message: 'Webhook call received' });
	}
	return outcome;
}

/** The answer of a webhook that responds as soon as the workflow has started. */
function onReceivedAnswer(
	workflow: Workflow,
	node: INode,
	{ webhookDescription }: IWebhookData,
): WebhookAnswer {
	const code = Number(descriptionValue(workflow, node, webhookDescription.responseCode, 200));
	const data = descriptionValue(workflow, node, webhookDescription.responseData, 'firstEntryJson');
	return answerOf(code, data === 'noData' ? undefined : data);
}

function mergeError(data: IRunExecutionData, node: INode, error: Error): void {
	const { message, stack } = error;
	const stored = { ...error, message, stack } as never;
	data.resultData = { runData: {}, lastNodeExecuted: node.name, error: stored };
}

/**
 * A call on the resume address of a parked execution (WaitingWebhooks.executeWebhook). By default it carries the
 * execution's own resume token, as the address from `$execution.resumeUrl` does; give `query.signature` to forge it.
 */
export async function resumeByWebhook(
	engine: Engine,
	executionId: string,
	call: WebhookCall = {},
): Promise<WebhookOutcome> {
	const { host, store } = engine;
	const row = store.find(executionId);
	if (!row) return answerOf(404, { message: `The execution "${executionId}" does not exist.` });
	const data = store.readData(executionId);
	const signature = call.query?.signature ?? data.resumeToken;
	if (data.resumeToken && signature !== data.resumeToken) return answerOf(401, { error: 'Invalid token' });
	const conflict = (why: string) => answerOf(409, { message: `The execution "${executionId}" ${why}` });
	if (row.status === 'running') return conflict('is running already.');
	if (data.resultData.error) return conflict('has finished with error.');
	if (row.finished) return conflict('has finished already.');

	const entry = data.executionData?.nodeExecutionStack[0];
	const { lastNodeExecuted } = data.resultData;
	if (!entry || !lastNodeExecuted)
		return answerOf(404, { message: 'Could not find node to process webhook.' });
	entry.node.disabled = true;
	data.waitTill = undefined;
	data.resultData.runData[lastNodeExecuted]?.pop();
	const workflow = instantiate(host, row.workflow);
	const node = workflow.getNode(lastNodeExecuted);
	const webhookData = node && webhookOf(workflow, node, call, true);
	if (!webhookData)
		return answerOf(404, {
			message: 'The workflow does not contain a waiting webhook with a matching path/method.',
		});

	await workflow.expression.acquireIsolate();
	try {
		const withToken = { ...call, query: { ...call.query, signature: signature ?? '' } };
		const nodeCall = {
			engine,
			workflow,
			node,
			webhookData,
			call: withToken,
			mode: row.mode,
			executionId,
			data,
		};
		const { answer, result, error } = await callNode(nodeCall);
		if (result.workflowData === undefined) return answer ?? answerOf(200, undefined);
		entry.data.main = result.workflowData;
		entry.metadata = { ...entry.metadata, forwardAllOutputs: true };
		if (error) mergeError(data, node, error);
		// n8n answers 500, but only where the node has not answered itself
		if (!store.claim(executionId, data))
			return answer ?? answerOf(500, { message: `Execution ${executionId} is being resumed already` });
		const job = { executionId, mode: row.mode, workflow: row.workflow, data };
		const run = await execute(engine, job);
		return { ...(answer ?? onReceivedAnswer(workflow, node, webhookData)), run };
	} finally {
		await workflow.expression.releaseIsolate();
	}
}

/** A call on the production webhook of a trigger node of an active workflow. */
export async function receiveWebhook(
	engine: Engine,
	fixture: WorkflowFixture,
	nodeName: string,
	call: WebhookCall = {},
): Promise<WebhookOutcome> {
	const { host, store, credentials } = engine;
	const stored = { ...completeWorkflow(host, fixture, credentials), active: true };
	const workflow = instantiate(host, stored);
	const node = workflow.getNode(nodeName);
	const webhookData = node && webhookOf(workflow, node, call, false);
	if (!webhookData) return answerOf(404, { message: 'The requested webhook is not registered.' });
	await workflow.expression.acquireIsolate();
	try {
		const mode = 'webhook';
		const nodeCall = { engine, workflow, node, webhookData, call, mode, data: null } as const;
		const { answer, result, error } = await callNode(nodeCall);
		if (result.workflowData === undefined) return answer ?? answerOf(200, undefined);
		const stack = [{ node, data: { main: result.workflowData }, source: null }];
		const data = createRunExecutionData({ executionData: { nodeExecutionStack: stack } });
		if (error) mergeError(data, node, error);
		const { id } = store.create({ mode, workflow: stored }, data);
		const run = await execute(engine, { executionId: id, mode, workflow: stored, data });
		return { ...(answer ?? onReceivedAnswer(workflow, node, webhookData)), run };
	} finally {
		await workflow.expression.releaseIsolate();
	}
}
