import './environment.cjs';
import { ExecutionLifecycleHooks, ExternalSecretsProxy, WorkflowExecute } from 'n8n-core';
import { Container } from '@n8n/di';
import { ManualExecutionCancelledError } from 'n8n-workflow';
import type {
	IRun,
	IRunExecutionData,
	IWorkflowBase,
	IWorkflowExecuteAdditionalData,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { EventEmitter, once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { TestCredentialsHelper, type CredentialData } from './credentials-helper';
import { Execution, type Pushed } from './execution';
import { ExecutionStore, finalStatus } from './execution-store';
import { Host, readyBinaryStore } from './host';
import { logPosition, logSince } from './log';
import { instantiate } from './workflow-fixture';

/** The base address that n8n would tell the world; public, so that callback addresses built on it pass the rules. */
export const PUBLIC_URL = 'https://n8n.example.test/';

/** One n8n: its types, its credentials and its execution table. */
export interface Engine {
	host: Host;
	credentials: CredentialData;
	store: ExecutionStore;
	/** Whether all runs share one process. By default each begins in a new one, which remembers nothing: the harder case. */
	oneProcess: boolean;
}

/** An execution that is under way. */
export interface Run {
	executionId: string;
	/** Settles when the engine is through: finished, failed, cancelled or parked. Never rejects for a node's error. */
	done: Promise<Execution>;
	/** What n8n does when somebody presses Stop: the signal aborts, the stored execution becomes `canceled`. */
	cancel(): Promise<void>;
	/** What n8n does when the workflow's time limit is reached. */
	timeOut(): void;
	/** What remains after kill -9 and n8n's recovery: nothing that the run does from here on is stored. */
	crash(): void;
	/** Settles when the node begins its first run (at once if it has begun). */
	started(nodeName: string): Promise<void>;
	/** Node starts and ends so far, as an open editor would see them. */
	pushed: Pushed[];
}

export interface Job {
	executionId: string;
	mode: WorkflowExecuteMode;
	workflow: IWorkflowBase;
	data: IRunExecutionData;
	retryOf?: string;
}

const notHere = (what: string) => async () => {
	throw new Error(`${what} needs a whole n8n; use an end-to-end test`);
};

type JobIdentity = Pick<Job, 'executionId'> & { workflow: Pick<IWorkflowBase, 'id'> };

/** The services that n8n gives to a node's context. */
export function additionalDataFor(
	{ host, credentials, store }: Engine,
	job: JobIdentity,
	pushed: Pushed[],
): IWorkflowExecuteAdditionalData {
	const additionalData: IWorkflowExecuteAdditionalData = {
		currentNodeExecutionIndex: 0,
		credentialsHelper: new TestCredentialsHelper(host, credentials),
		executionId: job.executionId,
		workflowId: job.workflow.id,
		executeWorkflow: notHere('A sub-workflow'),
		getRunExecutionData: async (id) => store.readData(id),
		getRuntimeCredential: notHere('A run-time credential'),
		startRunnerTask: notHere('A task runner'),
		restApiUrl: `${PUBLIC_URL}rest`,
		instanceBaseUrl: PUBLIC_URL,
		formBaseUrl: `${PUBLIC_URL}form`,
		formWaitingBaseUrl: `${PUBLIC_URL}form-waiting`,
		formTestBaseUrl: `${PUBLIC_URL}form-test`,
		webhookBaseUrl: `${PUBLIC_URL}webhook`,
		webhookWaitingBaseUrl: `${PUBLIC_URL}webhook-waiting`,
		webhookTestBaseUrl: `${PUBLIC_URL}webhook-test`,
		mcpBaseUrl: `${PUBLIC_URL}mcp`,
		mcpTestBaseUrl: `${PUBLIC_URL}mcp-test`,
		variables: {},
		externalSecretsProxy: Container.get(ExternalSecretsProxy),
		sendDataToUI: (_type, data) => {
			for (const message of [data].flat()) pushed.push({ type: 'sendConsoleMessage', data: message });
		},
		logAiEvent: () => {},
	};
	return additionalData;
}

function hooksFor(
	{ store }: Engine,
	job: Job,
	pushed: Pushed[],
	starts: EventEmitter,
): ExecutionLifecycleHooks {
	const { executionId, mode, workflow, retryOf } = job;
	const hooks = new ExecutionLifecycleHooks(mode, executionId, workflow, retryOf);
	hooks.addHandler('nodeExecuteBefore', (nodeName) => {
		pushed.push({ type: 'nodeExecuteBefore', nodeName });
		starts.emit(nodeName);
	});
	hooks.addHandler('nodeExecuteAfter', (nodeName, data, executionData) => {
		pushed.push({ type: 'nodeExecuteAfter', nodeName, data });
		const row = store.find(executionId);
		const progress = row?.workflow.settings?.saveExecutionProgress === true;
		if (progress && row?.status === 'running') store.write(executionId, {}, executionData);
	});
	hooks.addHandler('workflowExecuteAfter', async (run: IRun) => {
		run.status = finalStatus(run);
		// n8n reaches the database only after several awaits: a Stop has been written by then
		await turn();
		store.save(executionId, run);
	});
	return hooks;
}

/**
 * Stop, as far as the stored execution goes (ExecutionService.stop): the row gets the data that it had before the stop,
 * plus the cancellation. For a parked execution that is all there is to it.
 */
export function stopStored({ store }: Engine, id: string): void {
	if ((store.find(id)?.status ?? 'crashed') === 'crashed') return;
	const data = store.readData(id);
	const { name, message, stack } = new ManualExecutionCancelledError(id);
	data.resultData.error = { name, message, stack } as ManualExecutionCancelledError;
	store.write(id, { status: 'canceled', waitTill: null }, data);
}

/** Hands a prepared job to n8n's engine and follows it to its end. */
export async function execute(engine: Engine, job: Job): Promise<Run> {
	await readyBinaryStore();
	const { store } = engine;
	if (!engine.oneProcess) engine.host.restart();
	const pushed: Pushed[] = [];
	const starts = new EventEmitter();
	const logsFrom = logPosition();
	const additionalData = additionalDataFor(engine, job, pushed);
	additionalData.hooks = hooksFor(engine, job, pushed, starts);
	const workflow = instantiate(engine.host, job.workflow);
	const execution = new WorkflowExecute(additionalData, job.mode, job.data).processRunExecutionData(workflow);
	const done = execution.then(async (run) => {
		await turn();
		await turn();
		const stopped = store.find(job.executionId)?.status === 'canceled';
		return new Execution(
			job.executionId,
			stopped ? 'canceled' : finalStatus(run),
			run.data,
			run.waitTill ?? undefined,
			logSince(logsFrom),
			pushed,
		);
	});
	return {
		executionId: job.executionId,
		done,
		pushed,
		started: async (nodeName) => {
			const begun = pushed.some((event) => event.type === 'nodeExecuteBefore' && event.nodeName === nodeName);
			if (!begun) await once(starts, nodeName);
		},
		cancel: async () => {
			execution.cancel();
			stopStored(engine, job.executionId);
			await turn();
		},
		timeOut: () => {
			additionalData.executionTimeoutTimestamp = Date.now();
			execution.cancel();
		},
		crash: () => {
			store.write(job.executionId, { status: 'crashed' });
		},
	};
}
