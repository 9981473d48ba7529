import { parse } from 'flatted';
import type {
	IConnections,
	IDataObject,
	INode,
	INodeExecutionData,
	IRunExecutionData,
	IWorkflowSettings,
} from 'n8n-workflow';

import { eventually } from './poll';

/** Who signs in. */
export const OWNER = {
	email: 'owner@example.test',
	firstName: 'Test',
	lastName: 'Owner',
	password: 'Passw0rd-e2e',
};

export interface WorkflowDraft {
	name: string;
	nodes: INode[];
	connections: IConnections;
	settings?: IWorkflowSettings;
}
export interface SavedWorkflow extends WorkflowDraft {
	id: string;
	versionId: string;
}
export interface ExecutionSummary {
	id: string;
	status: string;
	workflowId: string;
	mode: string;
	retryOf?: string | null;
}
export interface Execution extends ExecutionSummary {
	waitTill: string | null;
	data: IRunExecutionData;
}

export class RestError extends Error {
	constructor(
		message: string,
		readonly status: number,
		readonly body: unknown,
	) {
		super(message);
	}
}

/** n8n's internal REST API, signed in as the owner: what the editor itself calls. */
export class Client {
	private cookie = '';

	constructor(readonly url: string) {}

	/** @throws RestError for every answer that is not 2xx */
	async request<T>(method: string, path: string, body?: unknown): Promise<T> {
		const response = await fetch(this.url + path, {
			method,
			headers: {
				'browser-id': 'e2e',
				...(this.cookie ? { cookie: this.cookie } : {}),
				...(body === undefined ? {} : { 'content-type': 'application/json' }),
			},
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		for (const cookie of response.headers.getSetCookie()) {
			if (cookie.startsWith('n8n-auth=')) this.cookie = cookie.split(';')[0];
		}
		const text = await response.text();
		if (!response.ok) {
			throw new RestError(
				`${method} ${path}: ${response.status} ${text.slice(0, 500)}`,
				response.status,
				text,
			);
		}
		const answer = (text ? JSON.parse(text) : undefined) as { data?: unknown } | undefined;
		return (path.startsWith('/rest/') && answer?.data !== undefined ? answer.data : answer) as T;
	}

	/** Makes the owner on a fresh database, else logs in. */
	async signIn(): Promise<void> {
		try {
			await this.request('POST', '/rest/owner/setup', OWNER);
		} catch (error) {
			if (!(error instanceof RestError)) throw error;
			const login = { emailOrLdapLoginId: OWNER.email, password: OWNER.password };
			await this.request('POST', '/rest/login', login);
		}
	}

	async createWorkflow(draft: WorkflowDraft): Promise<SavedWorkflow> {
		const settings = { executionOrder: 'v1', ...draft.settings };
		return await this.request('POST', '/rest/workflows', { ...draft, settings });
	}

	/** Publishes the workflow and waits until its triggers are registered. @throws Error with n8n's reason */
	async activate(workflow: SavedWorkflow): Promise<void> {
		await this.request('POST', `/rest/workflows/${workflow.id}/activate`, { versionId: workflow.versionId });
		await this.publication(workflow, 'published');
	}

	async deactivate(workflow: SavedWorkflow): Promise<void> {
		await this.request('POST', `/rest/workflows/${workflow.id}/deactivate`, {});
		await this.publication(workflow, 'not_published');
	}

	private async publication(workflow: SavedWorkflow, wanted: string): Promise<void> {
		let answer: { status?: string } = {};
		await eventually(
			() => `workflow "${workflow.name}" ${wanted}: ${JSON.stringify(answer)}`,
			async () => {
				const path = `/rest/workflows/${workflow.id}/publication-status`;
				answer = await this.request<typeof answer>('GET', path).catch((error: unknown) => {
					// older n8n asks nobody to wait: it answers when the triggers are registered, with an error when they are not
					if (error instanceof RestError && error.status === 404) return { status: wanted };
					throw error;
				});
				if (answer.status === 'failed' || answer.status === 'partial') {
					throw new Error(`workflow "${workflow.name}" is not active: ${JSON.stringify(answer)}`);
				}
				return answer.status === wanted;
			},
		);
	}

	/** The editor's "Execute workflow". Returns the execution id, or undefined when it listens for a test webhook. */
	async runManually(workflow: SavedWorkflow, trigger: string): Promise<string | undefined> {
		const body = { workflowData: workflow, triggerToStartFrom: { name: trigger } };
		const path = `/rest/workflows/${workflow.id}/run`;
		return (await this.request<{ executionId?: string }>('POST', path, body)).executionId;
	}

	async execution(id: string): Promise<Execution> {
		const stored = await this.request<Omit<Execution, 'data'> & { data: string | IRunExecutionData }>(
			'GET',
			`/rest/executions/${id}`,
		);
		const { data } = stored;
		return { ...stored, data: typeof data === 'string' ? (parse(data) as IRunExecutionData) : data };
	}

	/** Newest first, at most 100, and how many n8n counts as running at this instant. */
	async executions(
		filter: IDataObject = {},
	): Promise<{ results: ExecutionSummary[]; concurrentExecutionsCount: number }> {
		const query = `limit=100&filter=${encodeURIComponent(JSON.stringify(filter))}`;
		return await this.request('GET', `/rest/executions?${query}`);
	}

	/** Waits until the execution has one of the states. @throws Error naming the state it is in */
	async until(id: string, statuses: string[], timeoutMs = 30_000): Promise<Execution> {
		let last = 'unknown';
		return await eventually(
			() => `execution ${id} ${statuses.join(' or ')}: it is ${last}`,
			async () => {
				const execution = await this.execution(id).catch((error: unknown) => {
					if (error instanceof RestError && error.status === 404) return undefined;
					throw error;
				});
				last = execution?.status ?? 'not stored';
				return execution && statuses.includes(last) ? execution : undefined;
			},
			{ timeoutMs },
		);
	}

	/** The editor's "Retry" of a failed or crashed execution; returns the new execution's id. */
	async retry(id: string): Promise<string> {
		return (
			await this.request<{ id: string }>('POST', `/rest/executions/${id}/retry`, { loadWorkflow: false })
		).id;
	}

	async stop(id: string): Promise<void> {
		await this.request('POST', `/rest/executions/${id}/stop`);
	}
}

/** Items of one output of one run of a node (the last run by default). */
export function items(execution: Execution, node: string, output = 0, run = -1): INodeExecutionData[] {
	return execution.data.resultData.runData[node]?.at(run)?.data?.main?.[output] ?? [];
}

/** The JSON of `items`. */
export function json(execution: Execution, node: string, output = 0, run = -1): IDataObject[] {
	return items(execution, node, output, run).map((item) => item.json);
}
