import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { startStandIn, type StandIn, type StandInOptions, type StandInTask } from '../../stand-in';

import { type Client, type Execution, type SavedWorkflow, type WorkflowDraft } from './client';
import { N8n, PUBLIC_HOST } from './n8n';
import { eventually } from './poll';
import { stopEverything } from './processes';
import { setUpQueue, type QueueBackends } from './queue';
import { type CredentialRef } from './workflows';

export interface InstallationOptions {
	/** Unique among the test files: names logs and user folders. */
	name: string;
	mode: 'regular' | 'queue';
	env?: NodeJS.ProcessEnv;
	/** Which n8n, as `HOST`. */
	host?: string;
	standIn?: StandInOptions;
}

/**
 * An n8n with the package installed, a credential, and a stand-in EvoLink that delivers callbacks to it. In queue mode
 * main, one worker and one webhook process share Redis and PostgreSQL, and callbacks go to the webhook process.
 */
export class Installation {
	private constructor(
		readonly evolink: StandIn,
		readonly main: N8n,
		/** The process that runs production executions: the main process itself in regular mode. */
		readonly worker: N8n,
		/** The process that takes production webhooks. */
		readonly webhook: N8n,
		readonly credential: CredentialRef,
		/** Redis and PostgreSQL, in queue mode. */
		readonly backends: QueueBackends | undefined,
	) {}

	get client(): Client {
		return this.main.client;
	}

	static async open({ name, mode, env = {}, host, standIn }: InstallationOptions): Promise<Installation> {
		const evolink = await startStandIn({ timeScale: 20, ...standIn });
		let backends: QueueBackends | undefined;
		try {
			backends = mode === 'queue' ? await setUpQueue(name) : undefined;
			const all = { ...backends?.env, ...env };
			const main = await N8n.create({ name: `${name}-main`, env: all, host });
			await main.boot();
			let [worker, webhook] = [main, main];
			if (mode === 'queue') {
				worker = await N8n.create({ name: `${name}-worker`, role: 'worker', env: all });
				webhook = await N8n.create({ name: `${name}-webhook`, role: 'webhook', env: all });
				await Promise.all([worker.boot(), webhook.boot()]);
			}
			evolink.callbackHosts[PUBLIC_HOST] = webhook.url;
			await main.installPackage();
			await eventually('the package in every process', () =>
				[main, worker, webhook].every((process) => process.hasPackage()),
			);
			const credential = await main.client.request<CredentialRef>('POST', '/rest/credentials', {
				name: 'EvoLink',
				type: 'evoLinkApi',
				data: evolink.credential,
			});
			return new Installation(evolink, main, worker, webhook, credential, backends);
		} catch (error) {
			await stopEverything();
			await evolink.close();
			backends?.remove();
			throw error;
		}
	}

	/** Ends everything this file started. */
	async close(): Promise<void> {
		await stopEverything();
		await this.evolink.close();
		this.backends?.remove();
	}

	/** Saves and publishes. */
	async publish(draft: WorkflowDraft): Promise<SavedWorkflow> {
		const workflow = await this.client.createWorkflow(draft);
		await this.client.activate(workflow);
		return workflow;
	}

	/** Calls a production webhook by its path below /webhook/, on the process that serves webhooks. */
	async call(path: string, body: unknown = {}): Promise<Response> {
		return await fetch(`${this.webhook.url}/webhook/${path}`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(body),
		});
	}

	/** The task of the request with exactly this prompt, as soon as EvoLink has accepted it. */
	async taskOf(prompt: string, timeoutMs = 30_000): Promise<StandInTask> {
		return await this.evolink.until(
			() => [...this.evolink.tasks.values()].find(({ request }) => request.prompt === prompt),
			timeoutMs,
		);
	}

	/** The newest execution of a workflow in one of the states. */
	async latest(workflow: SavedWorkflow, statuses: string[], timeoutMs = 30_000): Promise<Execution> {
		let seen = 'none stored';
		const { id } = await eventually(
			() => `an execution of "${workflow.name}" ${statuses.join(' or ')}: ${seen}`,
			async () => {
				const { results } = await this.client.executions({ workflowId: workflow.id });
				const newest = results.toSorted((a, b) => Number(b.id) - Number(a.id))[0];
				if (newest) seen = `execution ${newest.id} is ${newest.status}`;
				return newest && statuses.includes(newest.status) ? newest : undefined;
			},
			{ timeoutMs },
		);
		return await this.client.execution(id);
	}

	/**
	 * Where the text stands in clear, of all that n8n wrote: logs and user folders, with the SQLite database (outputs, errors,
	 * hints of every execution) and the event logs. Credentials are stored encrypted, so the key must not be found.
	 */
	filesWith(text: string): string[] {
		const processes = [...new Set([this.main, this.worker, this.webhook])];
		const files = processes.flatMap(({ homeFolder, logFile }) => [
			logFile,
			...readdirSync(homeFolder, { recursive: true, withFileTypes: true })
				.filter((entry) => entry.isFile())
				.map((entry) => path.join(entry.parentPath, entry.name)),
		]);
		return files.filter((file) => readFileSync(file).includes(text));
	}
}

/** The execution that a suspended task will wake: from its callback URL `…/webhook-waiting/<id>/sora-video?signature=…`. */
export function executionIdOf(task: StandInTask): string {
	const id = /\/webhook-waiting\/(\d+)/.exec(String(task.request.callback_url))?.[1];
	if (!id) throw new Error(`task ${task.id} has no resume URL: ${String(task.request.callback_url)}`);
	return id;
}
