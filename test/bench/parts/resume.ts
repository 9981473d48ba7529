import { setTimeout as sleep } from 'node:timers/promises';

import mapValues from 'lodash/mapValues';

import type { StandIn } from '../../../stand-in';
import type { Execution } from '../../../tools/n8n-server/client';
import { BenchN8n } from '../lib/n8n';
import type { RunPart } from '../lib/report';
import { atMost, quantile, ratios } from '../lib/stats';
import { loopFlow, soraFlow } from '../lib/workflows';

const ROUND_EVERY_MS = 35_000;

interface Detected {
	prompt: string;
	/** From the end of the task at EvoLink to the start of the next node, in seconds. */
	delay: number;
	reads: number;
}

function detected(evolink: StandIn, { data }: Execution): Detected {
	const [next] = data.resultData.runData.Next;
	const id = next.data?.main[0]?.[0].json.id;
	const task = evolink.tasks.get(String(id));
	if (task?.endedAt === undefined) throw new Error(`no ended task ${String(id)}`);
	return {
		prompt: String(task.request.prompt),
		delay: (next.startTime - task.endedAt) / 1000,
		reads: task.reads,
	};
}

/** One video per execution in a real n8n, ends at random: how long until the workflow goes on. */
export const run: RunPart = async ({ rounds, quick }) => {
	const videos = quick ? 5 : 50;
	const n8n = await BenchN8n.open('bench-resume', {});
	try {
		const { installation } = n8n;
		const { evolink } = installation;
		const header = await n8n.credential('httpHeaderAuth', {
			name: 'Authorization',
			value: `Bearer ${evolink.apiKey}`,
		});
		const flows = {
			suspend: soraFlow('suspend', installation.credential, { download: false }),
			poll: soraFlow('poll', installation.credential, { download: false, waitMode: 'poll' }),
			loop: loopFlow('loop', header, evolink.url, 30),
		};
		const names: Record<keyof typeof flows, string> = {
			suspend: 'Sora Video, suspended',
			poll: 'Sora Video, How to Wait = Poll (8 s)',
			loop: 'HTTP Request + Wait loop (30 s)',
		};
		const paths = Object.keys(flows) as Array<keyof typeof flows>;
		const published = await Promise.all(
			paths.map(async (path) => await n8n.publish(path, flows[path].nodes, flows[path].connections)),
		);
		for (let round = 0; round < rounds; round += 1) {
			const began = Date.now();
			for (let video = 0; video < videos; video += 1) {
				// evenly spread, in the same order for all
				const seconds = 5 + 30 * ((video * 0.618) % 1);
				for (const path of paths) {
					const prompt = `${path} round ${round}, video ${video}.`;
					evolink.script(prompt, { seconds });
					await installation.call(path, { jobs: [{ prompt }] });
				}
				await sleep(quick ? 0 : 150);
			}
			if (round < rounds - 1) await sleep(Math.max(0, ROUND_EVERY_MS - (Date.now() - began)));
		}
		const perRound: Record<string, Detected[][]> = {};
		for (const [index, path] of paths.entries()) {
			const ended = await n8n.settled(published[index], rounds * videos, 300_000);
			const all = (await n8n.details(ended)).map((execution) => detected(evolink, execution));
			perRound[names[path]] = Array.from({ length: rounds }, (_, round) =>
				all.filter(({ prompt }) => prompt.includes(` round ${round},`)),
			);
		}
		const each = (value: (round: Detected[]) => number) => mapValues(perRound, (list) => list.map(value));
		const delay = (share: number) => (round: Detected[]) =>
			quantile(
				round.map((one) => one.delay),
				share,
			);
		const p50 = each(delay(0.5));
		const p95 = each(delay(0.95));
		const reads = each((round) => round.reduce((sum, one) => sum + one.reads, 0) / round.length);
		return {
			title: `Completion → next node, ${videos} videos a round`,
			measures: [
				{ what: 'p50 of the delay', unit: 's', values: p50 },
				{ what: 'p95 of the delay', unit: 's', values: p95 },
				{ what: 'reads at EvoLink per task', unit: 'requests', values: reads },
			],
			ratios: [
				{ what: 'p50, loop / suspended', values: ratios(p50[names.loop], p50[names.suspend]) },
				{ what: 'p95, loop / suspended', values: ratios(p95[names.loop], p95[names.suspend]) },
			],
			goals: [atMost('p95 ≤ 1.5 s', Math.max(...p95[names.suspend]), 1.5, 's at most')],
			notes: [
				`Renders of 5 to 35 s, evenly spread; the same durations for all three; up to ${3 * videos} executions at once in one n8n.`,
				'Rounds overlap (one every 35 s).',
			],
		};
	} finally {
		await n8n.close();
	}
};
