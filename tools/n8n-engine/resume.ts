import './environment.cjs';
import { WorkflowCrashedError } from './workflow-crashed-error';
import { execute, type Engine, type Run } from './engine';
import type { IWorkflowBase } from 'n8n-workflow';
import { instantiate } from './workflow-fixture';

/**
 * Resumes a parked execution as n8n's timer does (WaitTracker.startExecution), from what is stored. Whether the
 * wait is over is not asked: call it when the timer would fire.
 */
export async function resumeByTimer(engine: Engine, executionId: string): Promise<Run> {
	const { store } = engine;
	const { finished, mode, workflow } = store.get(executionId);
	if (finished) throw new Error('The execution did succeed and can so not be started again.');
	const data = store.readData(executionId);
	if (!store.claim(executionId, data)) throw new Error(`Execution ${executionId} is being resumed already`);
	return await execute(engine, { executionId, mode, workflow, data });
}

export interface RetryOptions {
	/** "Retry with currently saved workflow": the workflow as saved now. Without it: "with original workflow". */
	workflow?: IWorkflowBase;
}

/**
 * The editor's "Retry" of an execution that did not succeed (ExecutionService.retry): a new execution, in mode
 * `retry`, on the stored data of the old one without its last failed run.
 */
export async function retryExecution(
	engine: Engine,
	executionId: string,
	options: RetryOptions = {},
): Promise<Run> {
	const { host, store } = engine;
	const row = store.get(executionId);
	const data = store.readData(executionId);
	if (!data.executionData)
		throw new Error('The execution was aborted before starting, so it cannot be retried.');
	if (row.finished) throw new Error('The execution succeeded, so it cannot be retried.');
	const { lastNodeExecuted, runData } = data.resultData;
	if (lastNodeExecuted) {
		delete data.resultData.error;
		const runs = runData[lastNodeExecuted];
		if (runs?.at(-1)?.error !== undefined) runs.pop();
	}
	const workflow = options.workflow ?? row.workflow;
	if (options.workflow) {
		const current = instantiate(host, options.workflow);
		for (const entry of data.executionData.nodeExecutionStack) {
			const node = current.getNode(entry.node.name);
			if (!node) throw new Error(`Could not find the node "${entry.node.name}" in workflow.`);
			entry.node = node;
		}
	}
	const created = store.create({ mode: 'retry', workflow, retryOf: executionId }, data);
	const job = { executionId: created.id, mode: created.mode, workflow, data, retryOf: executionId };
	return await execute(engine, job);
}

/**
 * What n8n's recovery makes of an execution that was running when its process died (ExecutionRecoveryService.amend):
 * status `crashed`; a node that had started and left no run data gets a failed run. Returns when the row is
 * ready for a Retry. `run.crash()` first, so that the dead process writes nothing more.
 */
export function recoverCrashed(engine: Engine, run: Run): void {
	const { store } = engine;
	const { executionId } = run;
	const { workflow } = store.get(executionId);
	const data = store.readData(executionId);
	for (const { name } of workflow.nodes) {
		const events = run.pushed.filter((event) => 'nodeName' in event && event.nodeName === name);
		if (events.length === 0 || data.resultData.runData[name]) continue;
		const finished = events.some(({ type }) => type === 'nodeExecuteAfter');
		const crash = new WorkflowCrashedError();
		if (!finished) data.resultData.error = crash;
		data.resultData.lastNodeExecuted = name;
		data.resultData.runData[name] = [
			{
				startTime: 0,
				executionIndex: 0,
				executionTime: 0,
				source: [null],
				...(finished
					? {
							executionStatus: 'success',
							data: { main: [[{ json: { isArtificialRecoveredEventItem: true } }]] },
						}
					: { executionStatus: 'crashed', error: crash }),
			},
		];
	}
	store.write(executionId, { status: 'crashed' }, data);
}
