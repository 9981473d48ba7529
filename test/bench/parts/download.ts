import { PATHS } from '../../../nodes/evolink/generated/spec.gen';
import { startStandIn, type StandIn } from '../../../stand-in';
import type { Downloaded, DownloadJob } from '../children/engine';
import { packedPackage } from '../../../tools/n8n-engine/packed-package';
import { runChild } from '../lib/child';
import type { Curve } from '../lib/plot';
import type { Profile } from '../lib/profile';
import type { PartResult, RunPart } from '../lib/report';
import { median, ratios, show } from '../lib/stats';

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

/** Files of growing size into n8n's binary store (filesystem mode), each candidate in a process of its own. */
export const run: RunPart = async ({ rounds, quick }): Promise<PartResult> => {
	const sizes = (quick ? [8, 16] : [8, 8, 32, 128, 512]).map((mib) => mib * MIB);
	const largest = sizes.at(-1) as number;
	const { directory } = await packedPackage();
	const evolink = await startStandIn({ timeScale: 100, balance: 1e9 });
	try {
		const tasks = await order(evolink, sizes);
		const results = new Map<string, Downloaded[][]>(CANDIDATES.map(([, name]) => [name, []]));
		const child = async <T>(
			candidate: DownloadJob['candidate'],
			more: Partial<DownloadJob>,
			flags: string[],
		) => {
			const api = { api: evolink.url, apiKey: evolink.apiKey };
			const job: DownloadJob = { kind: 'download', candidate, directory, ...api, tasks, ...more };
			return await runChild<T>('engine.ts', [JSON.stringify(job)], flags);
		};
		const inUse: Record<string, number[]> = Object.fromEntries(CANDIDATES.map(([, name]) => [name, []]));
		for (let round = 0; round < rounds; round += 1) {
			for (const [candidate, name] of CANDIDATES) {
				const measured = await child<Downloaded[]>(candidate, {}, ['--expose-gc']);
				results.get(name)?.push(measured.slice(1));
				const few = { inUse: true, tasks: [tasks[0], tasks.at(-1)!] };
				const [, { inUseMb }] = await child<Downloaded[]>(candidate, few, COLLECTED_AT_ONCE);
				inUse[name].push(inUseMb);
			}
		}
		const profiles: Record<string, Profile> = {};
		for (const [candidate, name] of CANDIDATES)
			profiles[name] = await child<Profile>(candidate, { profile: true, tasks: tasks.slice(-1) }, [
				'--expose-gc',
			]);
		const ofLargest = (pick: (measured: Downloaded) => number) =>
			Object.fromEntries(
				[...results].map(([name, list]) => [
					name,
					list.map((sizesOf) => pick(sizesOf.find(({ bytes }) => bytes === largest) as Downloaded)),
				]),
			);
		const speed = ofLargest(({ bytes, seconds }) => bytes / 1e6 / seconds);
		const rss = ofLargest(({ rssMb }) => rssMb);
		const [ours, http, bare] = CANDIDATES.map(([, name]) => name);
		const againstBare = ratios(speed[ours], speed[bare]);
		const curve = (name: string, title: string, y: string, pick: (one: Downloaded) => number): Curve => ({
			name,
			title,
			x: 'file size (MiB)',
			y,
			logX: true,
			points: [...results].flatMap(([candidate, list]) =>
				list.flat().map((one) => ({ candidate, x: one.bytes / MIB, y: pick(one) })),
			),
		});
		const what = `${largest / MIB} MiB file`;
		return {
			name: 'download',
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
				{
					text: 'peak memory growth ≤ 48 MB (in use)',
					measured: `${show(median(inUse[ours]))} MB, at most ${show(Math.max(...inUse[ours]))}`,
					met: Math.max(...inUse[ours]) <= 48,
				},
				{
					text: 'peak memory growth ≤ 48 MB (resident)',
					measured: `${show(median(rss[ours]))} MB, at most ${show(Math.max(...rss[ours]))}`,
					met: median(rss[ours]) <= 48,
				},
				{
					text: 'throughput ≥ 0.9 × bare',
					measured: `${show(median(againstBare))} ×`,
					met: median(againstBare) >= 0.9,
				},
			],
			profiles: { unit: 'ms', per: 1, of: profiles },
			notes: [
				'The server is the stand-in on the same machine: a network is far slower, so this is what the node itself allows.',
				'Resident memory includes garbage that V8 has not collected yet; memory in use is what the node needs.',
			],
			curves: [
				curve(
					'download-memory',
					'Peak memory growth of a download',
					'resident growth (MB)',
					({ rssMb }) => rssMb,
				),
				curve('download-time', 'Time of a download', 'seconds', ({ seconds }) => seconds),
			],
		};
	} finally {
		await evolink.close();
	}
};
