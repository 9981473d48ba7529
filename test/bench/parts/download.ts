import { PATHS } from '../../../nodes/evolink/generated/spec.gen';
import { startStandIn, type StandIn } from '../../../stand-in';
import type { Downloaded, DownloadJob } from '../children/engine';
import { packedPackage } from '../../../tools/n8n-engine/packed-package';
import { inEngine } from '../lib/child';
import type { Measure, RunPart } from '../lib/report';
import { atMost, median, ratios, show } from '../lib/stats';

const MIB = 2 ** 20;

/** A collection frees the bytes of buffers too, not a moment later in the background: what is counted is in use. */
const COLLECTED_AT_ONCE = ['--expose-gc', '--no-concurrent-array-buffer-sweeping'];
const CANDIDATES: Array<[DownloadJob['candidate'], string]> = [
	['sora', 'Sora Video (Get Task, Download)'],
	['http', 'HTTP Request, response as a file'],
	['bare', 'bare node: http.get piped to a file'],
];

/** Finished tasks with results of these sizes. */
async function order(evolink: StandIn, sizes: number[]): Promise<DownloadJob['tasks']> {
	return await Promise.all(
		sizes.map(async (bytes, index) => {
			evolink.script(`size ${index}.`, { seconds: 0, media: { sizeBytes: bytes } });
			const headers = { authorization: `Bearer ${evolink.apiKey}`, 'content-type': 'application/json' };
			const body = JSON.stringify({ model: 'sora-2-preview', prompt: `size ${index}.` });
			const create = await fetch(`${evolink.url}${PATHS.createVideoTask.path}`, {
				method: 'POST',
				headers,
				body,
			});
			const { id } = (await create.json()) as { id: string };
			const read = await fetch(`${evolink.url}/v1/tasks/${id}`, { headers });
			const { results } = (await read.json()) as { results: string[] };
			return { id, url: results[0], bytes };
		}),
	);
}

/** A file into n8n's binary store (filesystem mode), each candidate in a process of its own. */
export const run: RunPart = async ({ rounds, quick }) => {
	const sizes = (quick ? [8, 16] : [8, 512]).map((mib) => mib * MIB);
	const largest = sizes.at(-1) as number;
	const { directory } = await packedPackage();
	const evolink = await startStandIn({ timeScale: 100, balance: 1e9 });
	try {
		const tasks = await order(evolink, sizes);
		const speed: Measure['values'] = {};
		const rss: Measure['values'] = {};
		const inUse: Measure['values'] = {};
		for (let round = 0; round < rounds; round += 1) {
			for (const [candidate, name] of CANDIDATES) {
				const api = { api: evolink.url, apiKey: evolink.apiKey };
				const job: DownloadJob = { kind: 'download', candidate, directory, ...api, tasks };
				const { seconds, rssMb } = (await inEngine<Downloaded>(job)).at(-1)!;
				const collected = await inEngine<Downloaded>({ ...job, inUse: true }, COLLECTED_AT_ONCE);
				(speed[name] ??= []).push(largest / 1e6 / seconds);
				(rss[name] ??= []).push(rssMb);
				(inUse[name] ??= []).push(collected.at(-1)!.inUseMb);
			}
		}
		const [ours, http, bare] = CANDIDATES.map(([, name]) => name);
		const againstBare = ratios(speed[ours], speed[bare]);
		const what = `${largest / MIB} MiB file`;
		return {
			title: `Download of ${largest / MIB} MiB in the engine`,
			measures: [
				{ what: `${what}: throughput`, unit: 'MB/s', values: speed },
				{ what: `${what}: peak growth of resident memory`, unit: 'MB', values: rss },
				{
					what: `${what}: peak growth of memory in use, after forced collections`,
					unit: 'MB',
					values: inUse,
				},
			],
			ratios: [
				{ what: 'throughput, Sora Video / bare', values: againstBare },
				{ what: 'throughput, Sora Video / HTTP Request', values: ratios(speed[ours], speed[http]) },
				{ what: 'resident growth, Sora Video / HTTP Request', values: ratios(rss[ours], rss[http]) },
			],
			goals: [
				atMost('peak memory growth ≤ 48 MB (in use)', Math.max(...inUse[ours]), 48, 'MB at most'),
				atMost('peak memory growth ≤ 48 MB (resident)', median(rss[ours]), 48, 'MB'),
				{
					text: 'throughput ≥ 0.9 × bare',
					measured: `${show(median(againstBare))} ×`,
					met: median(againstBare) >= 0.9,
				},
			],
			notes: [
				'The server is the stand-in on the same machine: a network is far slower, so this is what the node itself allows.',
				'Resident memory includes garbage that V8 has not collected yet; memory in use is what the node needs.',
			],
		};
	} finally {
		await evolink.close();
	}
};
