import type { IExecuteFunctions, NodeTypeAndVersion } from 'n8n-workflow';

import { isToolRun } from '../../host/context';
import { canPark } from '../../host/park';
import type { WaitMode } from '../settings';

export interface WaitDecision {
	mode: Exclude<WaitMode, 'auto'>;
	reason?: string;
}

/** Nodes whose caller may be kept on the line until the workflow ends. */
const CALLER_TRIGGERS = ['n8n-nodes-base.webhook', 'n8n-nodes-base.formTrigger'];
const WAIT = 'n8n-nodes-base.wait';
const RESPOND = 'n8n-nodes-base.respondToWebhook';
const CHAT_TRIGGERS = ['@n8n/n8n-nodes-langchain.chatTrigger', '@n8n/n8n-nodes-langchain.manualChatTrigger'];

/** Those that start, resume or answer an execution, and ran; some hosts tell no parameters. */
function startNodes(ctx: IExecuteFunctions): NodeTypeAndVersion[] {
	const parents = ctx.getParentNodes(ctx.getNode().name, { includeNodeParameters: true });
	const { $ } = ctx.getWorkflowDataProxy(0) as { $: (name: string) => { isExecuted?: boolean } };
	return parents
		.filter(({ type }) => [...CALLER_TRIGGERS, ...CHAT_TRIGGERS, WAIT, CALLED, RESPOND].includes(type))
		.filter(({ name }) => wasExecuted(() => $(name).isExecuted));
}

/** n8n's proxy throws for nodes that did not run. */
function wasExecuted(ask: () => boolean | undefined): boolean {
	try {
		return ask() !== false;
	} catch {
		return false;
	}
}

/** Whether a node behind the one that took the call has answered its caller. */
function hasAnswered(ctx: IExecuteFunctions, nodes: readonly NodeTypeAndVersion[], caller: string): boolean {
	return nodes.some(
		({ name, type }) => type === RESPOND && ctx.getParentNodes(name).some((parent) => parent.name === caller),
	);
}

/** Why parking would answer somebody too early. */
function waitingCaller(ctx: IExecuteFunctions): string | undefined {
	const nodes = startNodes(ctx);
	for (const { name, type, parameters } of nodes) {
		if (type === CALLED || type === RESPOND) continue;
		if (CHAT_TRIGGERS.includes(type)) return `the chat behind '${name}' waits for the answer`;
		const { responseMode = 'onReceived', resume = 'timeInterval' } = parameters ?? {};
		if (parameters === undefined) return `the caller of '${name}' may wait for the answer`;
		if (type === WAIT && !['webhook', 'form'].includes(String(resume))) continue;
		if (responseMode === 'responseNode' && hasAnswered(ctx, nodes, name)) continue;
		if (responseMode !== 'onReceived') return `the caller of '${name}' waits for the answer`;
	}
	return undefined;
}

const MODES_THAT_POLL: Record<string, string> = {
	manual: 'this is a test run in the editor; in production the execution is suspended instead',
	chat: 'a chat waits for the answer',
	cli: 'this run was started from the command line',
	evaluation: 'this is an evaluation run',
};

const CALLED = 'n8n-nodes-base.executeWorkflowTrigger';

/** A caller that runs this workflow for each of its items gets the result of the run that ends first; so may its caller. */
function calledWorkflow(ctx: IExecuteFunctions): string | undefined {
	if (!startNodes(ctx).some(({ type }) => type === CALLED)) return undefined;
	return 'another workflow called this one, and where it calls for each of its items, n8n would hand it the first result only';
}

/** Why an execution cannot be parked here at all. */
function whyNotPark(ctx: IExecuteFunctions): string | undefined {
	if (isToolRun(ctx)) return 'an AI agent uses the node as a tool';
	if (!canPark(ctx)) return 'this n8n cannot suspend an execution here';
	const executionId = ctx.getExecutionId();
	if (!ctx.getWorkflow().id || !executionId) return 'an execution that is not saved cannot be suspended';
	// the ids of n8n's second engine are UUIDs; it never runs a node again
	if (!/^\d+$/.test(executionId)) return 'the engine of this workflow cannot run a node again after a wait';
	return undefined;
}

/** Resolves `auto`: suspend in production, poll wherever somebody is kept waiting or the engine cannot park. */
export function decideWait(ctx: IExecuteFunctions, wait: WaitMode): WaitDecision {
	if (wait === 'poll' || wait === 'none') return { mode: wait };
	const obstacle = whyNotPark(ctx);
	if (wait === 'suspend') {
		if (obstacle === undefined) return { mode: 'suspend' };
		return { mode: 'poll', reason: `Waited by polling although Suspend was chosen: ${obstacle}.` };
	}
	const why = obstacle ?? MODES_THAT_POLL[ctx.getMode()] ?? waitingCaller(ctx) ?? calledWorkflow(ctx);
	return why === undefined ? { mode: 'suspend' } : { mode: 'poll', reason: `Waited by polling: ${why}.` };
}
