import './environment.cjs';
import { createRunExecutionData } from 'n8n-workflow';
import type { INode, INodeExecutionData, IPinData, IWorkflowBase, WorkflowExecuteMode } from 'n8n-workflow';
import type { CredentialData } from './credentials-helper';
import { execute, type Engine, type Run } from './engine';
import type { Execution } from './execution';
import { ExecutionStore } from './execution-store';
import type { Host } from './host';
import { completeWorkflow, type WorkflowFixture } from './workflow-fixture';

/** A fresh n8n with an empty execution table. */
export function createEngine(host: Host, credentials: CredentialData = {}): Engine {
	return { host, credentials, store: new ExecutionStore(), oneProcess: false };
}

export interface RunOptions {
	/** Items that the start node emits; default one empty item. */
	items?: INodeExecutionData[];
	/** Default `trigger` (a production run); `manual` is a test run in the editor. */
	mode?: WorkflowExecuteMode;
	/** Name of the node to start from; default: the first node that no other node leads to. */
	startNode?: string;
}

function startNodeOf(workflow: IWorkflowBase, name?: string): INode {
	const targets = new Set(
		Object.values(workflow.connections).flatMap((byType) =>
			Object.values(byType).flatMap((outputs) =>
				outputs.flatMap((links) => (links ?? []).map(({ node }) => node)),
			),
		),
	);
	const found = workflow.nodes.find((node) => (name ? node.name === name : !targets.has(node.name)));
	if (!found) throw new Error(`The workflow has no node to start from${name ? ` named "${name}"` : ''}`);
	return found;
}

/**
 * Starts a workflow and returns at once. The start node gets `items` the way n8n hands them over: as what the trigger
 * emitted, or, for a trigger in a manual run, as its pinned data.
 */
export async function startWorkflow(
	engine: Engine,
	fixture: WorkflowFixture,
	options: RunOptions = {},
): Promise<Run> {
	const { host, credentials, store } = engine;
	const { mode = 'trigger', items = [{ json: {} }] } = options;
	const workflow = completeWorkflow(host, fixture, credentials);
	const node = startNodeOf(workflow, options.startNode);
	const nodeType = host.getByNameAndVersion(node.type, node.typeVersion);
	const emitsByItself = mode === 'manual' && (nodeType.trigger !== undefined || nodeType.poll !== undefined);
	const pinData: IPinData | undefined =
		emitsByItself && options.items ? { ...workflow.pinData, [node.name]: items } : workflow.pinData;
	const data = createRunExecutionData({
		executionData: { nodeExecutionStack: [{ node, data: { main: [items] }, source: null }] },
		resultData: { pinData: mode === 'manual' ? pinData : undefined },
	});
	const { id } = store.create({ mode, workflow }, data);
	return await execute(engine, { executionId: id, mode, workflow, data });
}

/** Runs a workflow to its end, or until it parks. */
export async function runWorkflow(
	engine: Engine,
	fixture: WorkflowFixture,
	options: RunOptions = {},
): Promise<Execution> {
	const { done } = await startWorkflow(engine, fixture, options);
	return await done;
}
