import { startStandIn, type StandIn } from '../../../stand-in';
import type { SubmitJob, Submitted } from '../children/engine';
import { packedPackage } from '../../../tools/n8n-engine/packed-package';
import { runChild } from '../lib/child';
import type { Profile } from '../lib/profile';
import type { PartResult, RunPart } from '../lib/report';
import { median, ratios, show } from '../lib/stats';

type Candidate = Pick<SubmitJob, 'candidate' | 'batch'> & { name: string };

const SORA: Candidate = { candidate: 'sora', name: 'Sora Video (Wait = None)' };
const HTTP: Candidate = { candidate: 'http', name: 'HTTP Request' };
const SAME_KEY: Candidate = { candidate: 'predefined', name: 'HTTP Request, with the same credential' };
/** As the option comes. */
const BATCHED: Candidate = {
	candidate: 'http',
	name: 'HTTP Request, 50 a second',
	batch: { size: 50, intervalMs: 1000 },
};
/** Set to the limit, which its user must know. */
const FITTED: Candidate = {
	candidate: 'http',
	name: 'HTTP Request, 10 a second',
	batch: { size: 10, intervalMs: 1000 },
};

const ITEMS = 200;
const PROFILED_ITEMS = 2000;
const PER_SECOND = 10;
/** What the limit itself takes. */
const LIMIT_SECONDS = ITEMS / PER_SECOND;

type Measured = Map<Candidate, Submitted[]>;

/** At most so many creates in any one second; the others are answered with 429 and Retry-After. */
function limit(evolink: StandIn): { remove(): void } {
	const taken: number[] = [];
	const isTooFast = () => {
		const now = performance.now();
		while (taken.length > 0 && taken[0] <= now - 1000) taken.shift();
		if (taken.length >= PER_SECOND) return true;
		taken.push(now);
		return false;
	};
	return evolink.fault('create', { kind: 'http', status: 429, retryAfter: 1 }, { match: isTooFast });
}

/** Orders only, in the engine: the API at once (loopback), 250 ms away, and one that allows ten a second. */
export const run: RunPart = async ({ rounds, quick }): Promise<PartResult> => {
	const items = quick ? [5, ITEMS] : [20, 1, 10, 50, 100, ITEMS, 300];
	const { directory } = await packedPackage();
	const evolink = await startStandIn({ balance: 1e9, defaults: { seconds: 1_000_000 } });
	const child = async <T>({ candidate, batch }: Candidate, counts: number[], profile = false) => {
		const job: SubmitJob = {
			kind: 'submit',
			candidate,
			...(batch && { batch }),
			directory,
			api: evolink.url,
			apiKey: evolink.apiKey,
			items: counts,
			profile,
		};
		return await runChild<T>('engine.ts', [JSON.stringify(job)], ['--expose-gc']);
	};
	/** The first count warms up. */
	const measure = async (candidates: Candidate[], counts: number[], times = rounds): Promise<Measured> => {
		const measured: Measured = new Map(candidates.map((candidate) => [candidate, []]));
		for (let round = 0; round < times; round += 1) {
			for (const candidate of candidates) {
				const [, ...values] = await child<Submitted[]>(candidate, counts);
				measured.get(candidate)?.push(...values);
			}
		}
		return measured;
	};
	const near = [SORA, SAME_KEY, HTTP];
	const profiles: Record<string, Profile> = {};
	try {
		const atOnce = await measure(near, items);
		for (const candidate of near)
			profiles[candidate.name] = await child<Profile>(candidate, [PROFILED_ITEMS], true);
		const slow = evolink.fault('create', { kind: 'slow', seconds: 0.25 });
		const away = await measure([SORA, HTTP, BATCHED], [5, ITEMS]);
		slow.remove();
		const limited = limit(evolink);
		const allowed = await measure([SORA, HTTP, BATCHED, FITTED], [1, ITEMS], Math.min(rounds, 3));
		limited.remove();
		return report(atOnce, away, allowed, profiles);
	} finally {
		await evolink.close();
	}
};

function report(
	atOnce: Measured,
	away: Measured,
	allowed: Measured,
	profiles: Record<string, Profile>,
): PartResult {
	const pick = (measured: Measured, value: (one: Submitted) => number) =>
		Object.fromEntries(
			[...measured].map(([{ name }, list]) => [name, list.filter(({ items }) => items === ITEMS).map(value)]),
		);
	const wall = pick(atOnce, ({ wallMs }) => wallMs);
	const cpu = pick(atOnce, ({ cpuMs }) => cpuMs / ITEMS);
	const far = pick(away, ({ wallMs }) => wallMs / 1000);
	const paced = pick(allowed, ({ wallMs }) => wallMs / 1000);
	const lost = pick(allowed, (one) => one.lost);
	const cpuRatio = ratios(cpu[SORA.name], cpu[SAME_KEY.name]);
	const farRatio = ratios(far[SORA.name], far[HTTP.name]);
	const limitRatio = paced[SORA.name].map((seconds) => seconds / LIMIT_SECONDS);
	const ourLost = Math.max(...lost[SORA.name]);
	const goal = (text: string, values: number[], most: number) => ({
		text,
		measured: `${show(median(values))} ×`,
		met: median(values) <= most,
	});
	const ten = `${ITEMS} items, an API that allows ${PER_SECOND} a second`;
	return {
		name: 'submit',
		title: `Submit ${ITEMS} items`,
		measures: [
			{ what: `${ITEMS} items, wall time`, unit: 'ms', values: wall },
			{ what: 'CPU per item', unit: 'ms', values: cpu },
			{ what: `${ITEMS} items, wall time, each create answered after 250 ms`, unit: 's', values: far },
			{ what: `${ten}, wall time`, unit: 's', values: paced },
			{ what: `${ten}, orders lost`, unit: 'items', values: lost },
		],
		ratios: [
			{ what: 'wall time, Sora Video / HTTP Request', values: ratios(wall[SORA.name], wall[HTTP.name]) },
			{ what: 'CPU per item, Sora Video / HTTP Request with the same credential', values: cpuRatio },
			{ what: 'CPU per item, Sora Video / HTTP Request', values: ratios(cpu[SORA.name], cpu[HTTP.name]) },
			{ what: 'wall time at 250 ms, Sora Video / HTTP Request', values: farRatio },
			{ what: `wall time at ${PER_SECOND} a second, Sora Video / the limit itself`, values: limitRatio },
		],
		goals: [
			goal('CPU per item ≤ 1.1 × HTTP Request with the same credential', cpuRatio, 1.1),
			goal('wall time ≤ 3.5 × HTTP Request with an API that is 250 ms away', farRatio, 3.5),
			goal(`wall time ≤ 1.1 × the limit of an API that allows ${PER_SECOND} a second`, limitRatio, 1.1),
			{ text: 'no order lost there', measured: String(ourLost), met: ourLost === 0 },
		],
		profiles: { unit: 'ms per item', per: PROFILED_ITEMS, of: profiles },
		notes: [
			`The profile is of ${PROFILED_ITEMS} items, and slows them down; idle is the time in which the process waits.`,
			'HTTP Request sends all items at once, or so many each second where it is told to; Sora Video begins with five at a time.',
			'A lost order is an item that comes out as an error. HTTP Request would end the whole run at the first one, unless its On Error says otherwise.',
			'The stand-in checks every body against the OpenAPI file, in another process, for all alike.',
		],
		curves: [
			{
				name: 'submit-items',
				title: 'Submitting 1 to 300 items',
				x: 'items',
				y: 'wall time (ms)',
				points: [...atOnce].flatMap(([{ name }, list]) =>
					list.map((one) => ({ candidate: name, x: one.items, y: one.wallMs })),
				),
			},
			{
				name: 'submit-cpu',
				title: 'CPU per submitted item',
				x: 'items',
				y: 'CPU per item (ms)',
				points: [...atOnce].flatMap(([{ name }, list]) =>
					list.map((one) => ({ candidate: name, x: one.items, y: one.cpuMs / one.items })),
				),
			},
		],
	};
}
