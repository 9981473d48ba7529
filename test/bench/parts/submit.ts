import { startStandIn } from '../../../stand-in';
import type { SubmitJob, Submitted } from '../children/engine';
import { packedPackage } from '../../../tools/n8n-engine/packed-package';
import { runChild } from '../lib/child';
import type { Profile } from '../lib/profile';
import type { PartResult, RunPart } from '../lib/report';
import { median, ratios, show } from '../lib/stats';

const CANDIDATES: Array<[SubmitJob['candidate'], string]> = [
	['sora', 'Sora Video (Wait = None)'],
	['http', 'HTTP Request, POST'],
];
const ITEMS = 200;
const PROFILED_ITEMS = 2000;

/** Orders only, in the engine: the API at once (loopback), and 250 ms away. */
export const run: RunPart = async ({ rounds, quick }): Promise<PartResult> => {
	const items = quick ? [5, ITEMS] : [20, 1, 10, 50, 100, ITEMS, 300];
	const { directory } = await packedPackage();
	const evolink = await startStandIn({ balance: 1e9, defaults: { seconds: 1_000_000 } });
	const measured = new Map<string, Submitted[][]>(CANDIDATES.map(([, name]) => [name, []]));
	const distant = new Map<string, number[]>(CANDIDATES.map(([, name]) => [name, []]));
	const profiles: Record<string, Profile> = {};
	const child = async <T>(candidate: SubmitJob['candidate'], counts: number[], profile = false) => {
		const job: SubmitJob = {
			kind: 'submit',
			candidate,
			directory,
			api: evolink.url,
			apiKey: evolink.apiKey,
			items: counts,
			profile,
		};
		return await runChild<T>('engine.ts', [JSON.stringify(job)], ['--expose-gc']);
	};
	const once = async (candidate: SubmitJob['candidate'], counts: number[]) =>
		(await child<Submitted[]>(candidate, counts)).slice(1);
	try {
		for (let round = 0; round < rounds; round += 1) {
			for (const [candidate, name] of CANDIDATES) measured.get(name)?.push(await once(candidate, items));
		}
		for (const [candidate, name] of CANDIDATES)
			profiles[name] = await child<Profile>(candidate, [PROFILED_ITEMS], true);
		const far = evolink.fault('create', { kind: 'slow', seconds: 0.25 });
		for (let round = 0; round < rounds; round += 1) {
			for (const [candidate, name] of CANDIDATES) {
				const [{ wallMs }] = await once(candidate, [20, ITEMS]);
				distant.get(name)?.push(wallMs / 1000);
			}
		}
		far.remove();
	} finally {
		await evolink.close();
	}
	const pick = (value: (one: Submitted) => number) =>
		Object.fromEntries(
			[...measured].map(([name, list]) => [
				name,
				list.map((counts) => value(counts.find((one) => one.items === ITEMS) as Submitted)),
			]),
		);
	const wall = pick(({ wallMs }) => wallMs);
	const cpu = pick(({ cpuMs }) => cpuMs / ITEMS);
	const away = Object.fromEntries(distant);
	const [ours, http] = CANDIDATES.map(([, name]) => name);
	const wallRatio = ratios(wall[ours], wall[http]);
	const cpuRatio = ratios(cpu[ours], cpu[http]);
	const awayRatio = ratios(away[ours], away[http]);
	const goal = (text: string, values: number[]) => ({
		text,
		measured: `${show(median(values))} ×`,
		met: median(values) <= 1,
	});
	return {
		name: 'submit',
		title: `Submit ${ITEMS} items`,
		measures: [
			{ what: `${ITEMS} items, wall time`, unit: 'ms', values: wall },
			{ what: 'CPU per item', unit: 'ms', values: cpu },
			{ what: `${ITEMS} items, wall time, each create answered after 250 ms`, unit: 's', values: away },
		],
		ratios: [
			{ what: 'wall time, Sora Video / HTTP Request', values: wallRatio },
			{ what: 'CPU per item, Sora Video / HTTP Request', values: cpuRatio },
			{ what: 'wall time at 250 ms, Sora Video / HTTP Request', values: awayRatio },
		],
		goals: [
			goal('wall time ≤ 1.0 × HTTP Request', wallRatio),
			goal('CPU per item ≤ 1.0 × HTTP Request', cpuRatio),
			goal('wall time ≤ 1.0 × HTTP Request with an API that is 250 ms away', awayRatio),
		],
		profiles: { unit: 'ms per item', per: PROFILED_ITEMS, of: profiles },
		notes: [
			`The profile is of ${PROFILED_ITEMS} items, and slows them down; idle is the time in which the process waits.`,
			'HTTP Request sends all items at once, Sora Video five at a time (EvoLink asks for room between requests).',
			'The stand-in checks every body against the OpenAPI file, in another process, for both alike.',
		],
		curves: [
			{
				name: 'submit-items',
				title: 'Submitting 1 to 300 items',
				x: 'items',
				y: 'wall time (ms)',
				points: [...measured].flatMap(([candidate, list]) =>
					list.flat().map((one) => ({ candidate, x: one.items, y: one.wallMs })),
				),
			},
			{
				name: 'submit-cpu',
				title: 'CPU per submitted item',
				x: 'items',
				y: 'CPU per item (ms)',
				points: [...measured].flatMap(([candidate, list]) =>
					list.flat().map((one) => ({ candidate, x: one.items, y: one.cpuMs / one.items })),
				),
			},
		],
	};
};
