import mapValues from 'lodash/mapValues';

import { startStandIn, type StandIn } from '../../../stand-in';
import type { SubmitJob, Submitted } from '../children/engine';
import { packedPackage } from '../../../tools/n8n-engine/packed-package';
import { inEngine } from '../lib/child';
import type { RunPart } from '../lib/report';
import { atMost, median, ratios } from '../lib/stats';

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
const PER_SECOND = 10;

/** At most so many creates in any one second; the others are answered with 429 and Retry-After. */
function limit(evolink: StandIn): void {
	const taken: number[] = [];
	const isTooFast = () => {
		const now = performance.now();
		while (taken.length > 0 && taken[0] <= now - 1000) taken.shift();
		if (taken.length >= PER_SECOND) return true;
		taken.push(now);
		return false;
	};
	evolink.fault('create', { kind: 'http', status: 429, retryAfter: 1 }, { match: isTooFast });
}

/** Orders only, in the engine: the API at once (loopback), 250 ms away, and one that allows ten a second. */
export const run: RunPart = async ({ rounds, quick }) => {
	const { directory } = await packedPackage();
	const evolink = await startStandIn({ balance: 1e9, defaults: { seconds: 1_000_000 } });
	/** One value a round for each candidate, after a first run of some items that warms up. */
	const measure = async (candidates: Candidate[], warmUp: number, times = rounds) => {
		const measured: Record<string, Submitted[]> = {};
		for (let round = 0; round < times; round += 1) {
			for (const { name, candidate, batch } of candidates) {
				const api = { api: evolink.url, apiKey: evolink.apiKey };
				const job: SubmitJob = {
					kind: 'submit',
					candidate,
					batch,
					directory,
					...api,
					items: [warmUp, ITEMS],
				};
				(measured[name] ??= []).push((await inEngine<Submitted>(job))[1]);
			}
		}
		return (value: (one: Submitted) => number) => mapValues(measured, (list) => list.map(value));
	};
	try {
		const atOnce = await measure([SORA, SAME_KEY, HTTP], quick ? 5 : 20);
		const slow = evolink.fault('create', { kind: 'slow', seconds: 0.25 });
		const away = await measure([SORA, HTTP, BATCHED], 5);
		slow.remove();
		limit(evolink);
		const allowed = await measure([SORA, HTTP, BATCHED, FITTED], 1, Math.min(rounds, 3));

		const wall = atOnce(({ wallMs }) => wallMs);
		const cpu = atOnce(({ cpuMs }) => cpuMs / ITEMS);
		const far = away(({ wallMs }) => wallMs / 1000);
		const paced = allowed(({ wallMs }) => wallMs / 1000);
		const lost = allowed((one) => one.lost);
		const cpuRatio = ratios(cpu[SORA.name], cpu[SAME_KEY.name]);
		const farRatio = ratios(far[SORA.name], far[HTTP.name]);
		const limitRatio = paced[SORA.name].map((seconds) => seconds / (ITEMS / PER_SECOND));
		const ten = `${ITEMS} items, an API that allows ${PER_SECOND} a second`;
		return {
			title: `Submit ${ITEMS} items`,
			measures: [
				{ what: `${ITEMS} items, wall time`, unit: 'ms', values: wall },
				{ what: 'CPU per item', unit: 'ms', values: cpu },
				{ what: `${ITEMS} items, wall time, each create answered after 250 ms`, unit: 's', values: far },
				{ what: `${ten}, wall time`, unit: 's', values: paced },
				{ what: `${ten}, orders lost`, unit: 'items', values: lost },
			],
			ratios: [
				{ what: 'CPU per item, Sora Video / HTTP Request with the same credential', values: cpuRatio },
				{ what: 'wall time at 250 ms, Sora Video / HTTP Request', values: farRatio },
				{ what: `wall time at ${PER_SECOND} a second, Sora Video / the limit itself`, values: limitRatio },
			],
			goals: [
				atMost('CPU per item ≤ 1.1 × HTTP Request with the same credential', median(cpuRatio), 1.1, '×'),
				atMost('wall time ≤ 3.5 × HTTP Request with an API that is 250 ms away', median(farRatio), 3.5, '×'),
				atMost(`wall time ≤ 1.3 × the limit of ${PER_SECOND} a second`, median(limitRatio), 1.3, '×'),
				atMost('no order lost there', Math.max(...lost[SORA.name]), 0, 'lost'),
			],
			notes: [
				'HTTP Request sends all items at once, or so many each second where it is told to; Sora Video begins with five at a time.',
				'A lost order is an item that comes out as an error. HTTP Request would end the whole run at the first one, unless its On Error says otherwise.',
				'The stand-in checks every body against the OpenAPI file, in another process, for all alike.',
			],
		};
	} finally {
		await evolink.close();
	}
};
