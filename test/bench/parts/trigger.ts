import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';

import { PATHS } from '../../../nodes/evolink/generated/spec.gen';
import type { StandIn } from '../../../stand-in';
import type { SavedWorkflow } from '../../../tools/n8n-server/client';
import { eventually } from '../../../tools/n8n-server/poll';
import { chain, noOp, soraVideoTrigger, webhookTrigger } from '../../../tools/n8n-server/workflows';
import { BenchN8n } from '../lib/n8n';
import type { PartResult, RunPart } from '../lib/report';
import { median, quantile, ratios, show } from '../lib/stats';

const CALLERS = 8;

interface Burst {
	perSecond: number;
	/** ms until n8n's answer. */
	p99: number;
	/** Callbacks per second until the last execution was through. */
	throughput: number;
}

async function post(agent: Agent, url: string, body: string): Promise<number> {
	const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
	return await new Promise((resolve, reject) => {
		const call = request(url, { method: 'POST', agent, headers }, (response) => {
			response.resume().on('end', () => resolve(response.statusCode ?? 0));
		});
		call.on('error', reject).end(body);
	});
}

/** Finished tasks at the stand-in, as the bodies that EvoLink would send. */
async function finishedTasks(evolink: StandIn, count: number): Promise<string[]> {
	const headers = { authorization: `Bearer ${evolink.apiKey}`, 'content-type': 'application/json' };
	const bodies: string[] = [];
	for (let index = 0; index < count; index += 1) {
		const body = JSON.stringify({ model: 'sora-2-preview', prompt: randomUUID() });
		const create = await fetch(`${evolink.url}${PATHS.createVideoTask.path}`, {
			method: 'POST',
			headers,
			body,
		});
		const { id } = (await create.json()) as { id: string };
		bodies.push(await (await fetch(`${evolink.url}/v1/tasks/${id}`, { headers })).text());
	}
	return bodies;
}

/** Callbacks at a production URL of a real n8n, from 8 connections at once; every one starts an execution. */
export const run: RunPart = async ({ rounds, quick }): Promise<PartResult> => {
	const calls = quick ? 40 : 100;
	const n8n = await BenchN8n.open('bench-trigger', { defaults: { seconds: 0 } });
	const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });
	try {
		const { installation } = n8n;
		const { evolink, main, credential } = installation;
		const next = noOp('Next');
		const triggers = {
			off: soraVideoTrigger('Done', undefined, { verify: false }),
			on: soraVideoTrigger('Done', credential, {}),
			webhook: webhookTrigger('Done', 'plain'),
		};
		const names = {
			off: 'Sora Video Trigger, Verify off',
			on: 'Sora Video Trigger, Verify on',
			webhook: "n8n's Webhook node",
		};
		const kinds = Object.keys(triggers) as Array<keyof typeof triggers>;
		const workflows = {} as Record<keyof typeof triggers, SavedWorkflow>;
		const urls = {} as Record<keyof typeof triggers, string>;
		const done = { off: 0, on: 0, webhook: 0 };
		for (const kind of kinds) {
			const trigger = triggers[kind];
			workflows[kind] = await n8n.publish(kind, [trigger, next], chain(trigger, next));
			urls[kind] = `${main.url}/webhook/${kind === 'webhook' ? 'plain' : `${trigger.webhookId}/webhook`}`;
		}
		const burst = async (kind: keyof typeof triggers, count: number): Promise<Burst> => {
			const bodies = await finishedTasks(evolink, count);
			const took: number[] = [];
			const start = performance.now();
			const caller = async () => {
				for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
					const from = performance.now();
					const status = await post(agent, urls[kind], body);
					if (status !== 200) throw new Error(`${names[kind]} answered ${status}`);
					took.push(performance.now() - from);
				}
			};
			await Promise.all(Array.from({ length: CALLERS }, caller));
			const answered = (performance.now() - start) / 1000;
			done[kind] += count;
			await eventually(
				() => `${names[kind]}: ${done[kind]} executions`,
				async () => (await n8n.executions(workflows[kind], ['success'])).length === done[kind],
				{ timeoutMs: 120_000, everyMs: 250 },
			);
			const all = (performance.now() - start) / 1000;
			return { perSecond: count / answered, p99: quantile(took, 0.99), throughput: count / all };
		};
		for (const kind of kinds) await burst(kind, quick ? 10 : 50);
		const measured: Record<string, Burst[]> = {};
		for (let round = 0; round < rounds; round += 1) {
			for (const kind of kinds) (measured[names[kind]] ??= []).push(await burst(kind, calls));
		}
		const each = (pick: (one: Burst) => number) =>
			Object.fromEntries(Object.entries(measured).map(([name, list]) => [name, list.map(pick)]));
		const rate = each(({ perSecond }) => perSecond);
		const p99 = each((one) => one.p99);
		const off = ratios(rate[names.off], rate[names.webhook]);
		const on = ratios(rate[names.on], rate[names.webhook]);
		return {
			name: 'trigger',
			title: `${calls} callbacks in a real n8n`,
			measures: [
				{ what: 'callbacks answered', unit: 'per second', values: rate },
				{ what: 'p99 of the answer', unit: 'ms', values: p99 },
				{
					what: 'callbacks, until the last execution is through',
					unit: 'per second',
					values: each((one) => one.throughput),
				},
			],
			ratios: [
				{ what: 'callbacks/s, Verify off / Webhook', values: off },
				{ what: 'callbacks/s, Verify on / Webhook', values: on },
				{ what: 'p99, Verify off / Webhook', values: ratios(p99[names.off], p99[names.webhook]) },
			],
			goals: [
				{
					text: 'Verify off ≥ 0.9 × Webhook node',
					measured: `${show(median(off))} ×`,
					met: median(off) >= 0.9,
				},
				{
					text: 'Verify on: bound by the API (one read each; p99 below the 10 s after which EvoLink gives up)',
					measured: `p99 ${show(Math.max(...p99[names.on]))} ms, ${show(median(on))} × Webhook`,
					met: Math.max(...p99[names.on]) < 10_000,
				},
			],
			notes: [
				`${CALLERS} connections, kept alive. The stand-in that Verify asks runs in the caller's process.`,
			],
			curves: [],
		};
	} finally {
		agent.destroy();
		await n8n.close();
	}
};
