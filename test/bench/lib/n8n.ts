import { rmSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { IConnections, INode } from 'n8n-workflow';

import type { StandInOptions } from '../../../stand-in';
import {
	RestError,
	type Execution,
	type ExecutionSummary,
	type SavedWorkflow,
} from '../../../tools/n8n-server/client';
import { Installation } from '../../../tools/n8n-server/installation';
import { packPackage } from '../../../tools/n8n-server/package-under-test';
import { RUN_DIR } from '../../../tools/n8n-server/paths';
import { eventually, sleep } from '../../../tools/n8n-server/poll';
import { freePorts } from '../../../tools/n8n-server/processes';
import type { CredentialRef } from '../../../tools/n8n-server/workflows';

interface Page {
	results: ExecutionSummary[];
	nextCursor: string | null;
}

/** What n8n's process uses at one instant, after a full garbage collection. Bytes. */
export interface Usage {
	/** JavaScript heap and buffers that are really referenced. */
	inUse: number;
	/** Resident memory, as the machine sees it. */
	rss: number;
}

/** A real n8n for one part: log level and concurrency as n8n ships them, the package as it would be published. */
export class BenchN8n {
	private constructor(
		readonly installation: Installation,
		private readonly probe: number,
	) {}

	static async open(name: string, standIn: StandInOptions, env: NodeJS.ProcessEnv = {}): Promise<BenchN8n> {
		rmSync(RUN_DIR, { recursive: true, force: true });
		mkdirSync(RUN_DIR, { recursive: true });
		await packPackage(process.env.BENCH_PACKAGE);
		const [probe] = await freePorts(1);
		const installation = await Installation.open({
			name,
			mode: 'regular',
			standIn: { timeScale: 1, balance: 1e9, ...standIn },
			env: {
				N8N_LOG_LEVEL: 'info',
				NODE_OPTIONS: `--require ${path.join(__dirname, 'probe.cjs')}`,
				BENCH_PROBE_PORT: String(probe),
				...env,
			},
		});
		return new BenchN8n(installation, probe);
	}

	async usage(): Promise<Usage> {
		return (await (await fetch(`http://127.0.0.1:${this.probe}/gc`)).json()) as Usage;
	}

	/** CPU time of n8n's process since it started. */
	async cpuMs(): Promise<number> {
		const answer = await fetch(`http://127.0.0.1:${this.probe}/`);
		return ((await answer.json()) as { cpuMs: number }).cpuMs;
	}

	async close(): Promise<void> {
		await this.installation.close();
		rmSync(RUN_DIR, { recursive: true, force: true });
	}

	async credential(type: string, data: Record<string, string>): Promise<CredentialRef> {
		return await this.installation.client.request('POST', '/rest/credentials', { name: type, type, data });
	}

	async publish(name: string, nodes: INode[], connections: IConnections): Promise<SavedWorkflow> {
		return await this.installation.publish({ name, nodes, connections });
	}

	/** All executions of a workflow in one of the states, page by page. */
	async executions({ id }: SavedWorkflow, status?: string[]): Promise<ExecutionSummary[]> {
		const found: ExecutionSummary[] = [];
		const filter = encodeURIComponent(JSON.stringify({ workflowId: id, ...(status && { status }) }));
		for (let cursor: string | null = ''; cursor !== null;) {
			const query: string = `limit=100&filter=${filter}${cursor && `&cursor=${cursor}`}`;
			const page = await this.page(query);
			found.push(...page.results);
			cursor = page.nextCursor;
		}
		return found;
	}

	private async page(query: string, tries = 60): Promise<Page> {
		try {
			return await this.installation.client.request<Page>('GET', `/rest/executions?${query}`);
		} catch (error) {
			// n8n says so when its database is slow to answer, as it is while hundreds of executions end at once
			if (!(error instanceof RestError) || error.status !== 503 || tries <= 1) throw error;
			await sleep(1000);
			return await this.page(query, tries - 1);
		}
	}

	/** Waits until a workflow has `count` executions and none of them is under way. */
	async settled(workflow: SavedWorkflow, count: number, timeoutMs: number): Promise<ExecutionSummary[]> {
		let state = '';
		return await eventually(
			() => `"${workflow.name}": ${count} executions ended, ${state}`,
			async () => {
				const all = await this.executions(workflow);
				const ended = all.filter(({ status }) =>
					['success', 'error', 'crashed', 'canceled'].includes(status),
				);
				state = `${ended.length} of ${all.length} have`;
				const failed = ended.find(({ status }) => status !== 'success');
				if (failed) throw new Error(await this.whyFailed(failed.id));
				return all.length >= count && ended.length === all.length ? all : undefined;
			},
			{ timeoutMs, everyMs: 1000 },
		);
	}

	async details(executions: ExecutionSummary[]): Promise<Execution[]> {
		const found: Execution[] = [];
		for (const { id } of executions) found.push(await this.installation.client.execution(id));
		return found;
	}

	private async whyFailed(id: string): Promise<string> {
		const { status, data } = await this.installation.client.execution(id);
		return `execution ${id} ended as ${status}: ${data.resultData.error?.message ?? 'no message'}`;
	}
}
