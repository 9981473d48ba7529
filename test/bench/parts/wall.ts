import { setTimeout as sleep } from 'node:timers/promises';

import type { Execution, SavedWorkflow } from '../../../tools/n8n-server/client';
import { BenchN8n } from '../lib/n8n';
import { OpenAiStandIn } from '../lib/openai';
import type { PartResult, RunPart } from '../lib/report';
import { median, ratios, show } from '../lib/stats';
import { loopFlow, openAiFlow, soraFlow, type BenchFlow } from '../lib/workflows';

const TASK_SECONDS = 20;
const ITEMS = 6;

/** From the webhook's call to the end of the last run of Next, in seconds. */
function wallSeconds({ data }: Execution): number {
	const { Call, Next } = data.resultData.runData;
	const end = Math.max(...Next.map(({ startTime, executionTime }) => startTime + executionTime));
	return (end - Call[0].startTime) / 1000;
}

/** Six items, each a render of 20 real seconds, in a real n8n, from the webhook to the last file. */
export const run: RunPart = async ({ rounds }): Promise<PartResult> => {
	const openAi = await OpenAiStandIn.start(TASK_SECONDS);
	const n8n = await BenchN8n.open('bench-wall', { defaults: { seconds: TASK_SECONDS } });
	try {
		const { installation } = n8n;
		const { url, apiKey } = installation.evolink;
		const header = await n8n.credential('httpHeaderAuth', {
			name: 'Authorization',
			value: `Bearer ${apiKey}`,
		});
		const openAiKey = await n8n.credential('openAiApi', { apiKey: 'sk-bench', url: openAi.url });
		const loop = (path: string, waitSeconds: number) =>
			loopFlow(path, header, url, { waitSeconds, download: true });
		const flows: Record<string, BenchFlow> = {
			'Sora Video, Wait = Auto (suspends)': soraFlow('auto', installation.credential),
			'Sora Video, Wait = Poll': soraFlow('poll', installation.credential, { wait: 'poll' }),
			'HTTP Request + Wait loop, 30 s': loop('loop30', 30),
			'HTTP Request + Wait loop, 10 s': loop('loop10', 10),
			"n8n's OpenAI node, Generate a Video": openAiFlow('openai', openAiKey),
		};
		const published = new Map<string, SavedWorkflow>();
		for (const [name, { nodes, connections }] of Object.entries(flows))
			published.set(name, await n8n.publish(name, nodes, connections));
		const paths = ['auto', 'poll', 'loop30', 'loop10', 'openai'];
		const begin = async (round: number) => {
			for (const path of paths) {
				const jobs = Array.from({ length: ITEMS }, (_, item) => ({ prompt: `${path} ${round} ${item}` }));
				await installation.call(path, { jobs });
			}
		};
		for (let round = 0; round < rounds; round += 1) {
			await begin(round);
			// all of it is waiting, so rounds may overlap; apart, so that their reads do not coincide
			await sleep(8000);
		}
		const values: Record<string, number[]> = {};
		for (const [name, workflow] of published) {
			const ended = await n8n.details(await n8n.settled(workflow, rounds, 400_000));
			values[name] = ended.toSorted((one, other) => Number(one.id) - Number(other.id)).map(wallSeconds);
		}
		const [auto, poll, loop30, loop10, own] = Object.values(values);
		const byOpenAi = ratios(own, auto);
		const byLoop = ratios(loop30, auto);
		return {
			name: 'wall',
			title: `${ITEMS} items × ${TASK_SECONDS} s tasks, wall time`,
			measures: [{ what: 'webhook called → last file at the next node', unit: 's', values }],
			ratios: [
				{ what: 'OpenAI node / Sora Video, Auto', values: byOpenAi },
				{ what: 'OpenAI node / Sora Video, Poll', values: ratios(own, poll) },
				{ what: 'loop 30 s / Sora Video, Auto', values: byLoop },
				{ what: 'loop 30 s / Sora Video, Poll', values: ratios(loop30, poll) },
				{ what: 'loop 10 s / Sora Video, Auto', values: ratios(loop10, auto) },
				{ what: 'loop 10 s / Sora Video, Poll', values: ratios(loop10, poll) },
			],
			goals: [
				{
					text: "≥ 5 × faster than n8n's OpenAI video operation",
					measured: `${show(median(byOpenAi))} ×`,
					met: median(byOpenAi) >= 5,
				},
				{
					text: '≥ 1.2 × faster than an HTTP Request + Wait loop (30 s)',
					measured: `${show(median(byLoop))} ×`,
					met: median(byLoop) >= 1.2,
				},
			],
			notes: [
				'Rounds overlap (they begin 8 s apart): nothing here computes, everything waits.',
				'The 10 s loop is at its best here: 20 s is a multiple of its interval. The part `resume` has ends at random.',
			],
			curves: [],
		};
	} finally {
		await n8n.close();
		await openAi.close();
	}
};
