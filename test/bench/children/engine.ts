/**
 * One candidate in n8n's engine, in a process of its own; prints its figures as one line of JSON.
 * `tsx --expose-gc engine.ts <job as JSON>`
 */
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IncomingMessage } from 'node:http';
import type { ICredentialType, INodeExecutionData, INodeParameters, IVersionedNodeType } from 'n8n-workflow';

import {
	binaryOf,
	createEngine,
	Host,
	loadPackage,
	runWorkflow,
	type Engine,
} from '../../../tools/n8n-engine';
import { readyBinaryStore } from '../../../tools/n8n-engine/host';
import { INSTALL_DIR } from '../../../tools/n8n-server/paths';
import { downloadParameters, submitParameters } from '../lib/workflows';

export interface DownloadJob {
	kind: 'download';
	candidate: 'sora' | 'http' | 'bare';
	/** The unpacked package: the same build for a whole part, whatever happens to the sources meanwhile. */
	directory: string;
	api: string;
	apiKey: string;
	/** Finished tasks, one per size, fetched in this order; the first one warms up. */
	tasks: Array<{ id: string; url: string; bytes: number }>;
	/** Measures what is in use in place of time: the collections that this takes slow everything down. */
	inUse?: boolean;
}

export interface SubmitJob {
	kind: 'submit';
	/** `predefined`: HTTP Request with this package's credential. */
	candidate: 'sora' | 'http' | 'predefined';
	/** HTTP Request's own batching. */
	batch?: { size: number; intervalMs: number };
	/** The unpacked package: the same build for a whole part, whatever happens to the sources meanwhile. */
	directory: string;
	api: string;
	apiKey: string;
	/** Numbers of items, run in this order; the first one warms up. */
	items: number[];
}

export interface Downloaded {
	bytes: number;
	/** Without anything else going on in the process. */
	seconds: number;
	/** The most beyond what it was before; MB (10^6). Resident, without forced collections. */
	rssMb: number;
	/** Only where it was asked for, and then in place of the others: heap and buffers after a full collection, every 250 ms. */
	inUseMb: number;
}

export interface Submitted {
	items: number;
	wallMs: number;
	/** Of this process alone. */
	cpuMs: number;
	/** Items that came out as an error instead of a task. */
	lost: number;
}

const MODULES = path.join(INSTALL_DIR, 'node_modules/n8n-nodes-base/dist');
const SORA = 'n8n-nodes-evolink-sora.soraVideo';
const HTTP = 'n8n-nodes-base.httpRequest';

async function engineFor({ candidate, directory, api, apiKey }: DownloadJob | SubmitJob): Promise<Engine> {
	const sora = { evoLinkApi: { apiKey, baseUrl: api, filesUrl: api } };
	const isHttp = candidate === 'http' || candidate === 'predefined';
	if (!isHttp) return createEngine(new Host([await loadPackage(directory)]), sora);
	const { HttpRequest } = (await import(path.join(MODULES, 'nodes/HttpRequest/HttpRequest.node.js'))) as {
		HttpRequest: new () => IVersionedNodeType;
	};
	const { HttpHeaderAuth } = (await import(
		path.join(MODULES, 'credentials/HttpHeaderAuth.credentials.js')
	)) as { HttpHeaderAuth: new () => ICredentialType };
	if (candidate === 'predefined') {
		return createEngine(new Host([await loadPackage(directory)], { [HTTP]: new HttpRequest() }), sora);
	}
	const host = new Host([], { [HTTP]: new HttpRequest() }).addCredentialType(new HttpHeaderAuth());
	return createEngine(host, { httpHeaderAuth: { name: 'Authorization', value: `Bearer ${apiKey}` } });
}

async function runNode(
	engine: Engine,
	type: string,
	parameters: INodeParameters,
	items: INodeExecutionData[],
): Promise<INodeExecutionData[]> {
	const credential =
		parameters.authentication === 'predefinedCredentialType' ? 'evoLinkApi' : 'httpHeaderAuth';
	const node = {
		name: 'Node',
		type,
		parameters,
		// an item that fails is counted; its run goes on
		onError: 'continueRegularOutput' as const,
		...(type === HTTP && {
			typeVersion: 4.2,
			credentials: { [credential]: { id: '1', name: credential } },
		}),
	};
	const nodes = [{ name: 'Start', type: 'n8n-nodes-base.manualTrigger' }, node];
	const run = await runWorkflow(engine, { nodes }, { items });
	const output = run.output('Node');
	if (run.status !== 'success' || output.length !== items.length)
		throw new Error(`${type} ended as ${run.status} with ${output.length} items: ${run.error?.message}`);
	return output;
}

async function bare(url: string, folder: string): Promise<number> {
	const file = path.join(folder, 'bare.mp4');
	// media hosts refuse requests without a User-Agent
	const options = { headers: { 'User-Agent': 'bench' } };
	const response = await new Promise<IncomingMessage>((resolve, reject) =>
		get(url, options, resolve).on('error', reject),
	);
	await pipeline(response, createWriteStream(file));
	const { size } = statSync(file);
	rmSync(file);
	return size;
}

function resident(): number {
	return process.memoryUsage.rss();
}

function inUse(): number {
	globalThis.gc?.();
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
}

/** The growth beyond what `sample` said before, at its highest while `work` went on; MB. */
async function peakOf(sample: () => number, everyMs: number, work: () => Promise<void>): Promise<number> {
	for (let i = 0; i < 3; i += 1) {
		globalThis.gc?.();
		// the memory of collected buffers is given back a little later
		await sleep(100);
	}
	const before = sample();
	let peak = 0;
	const timer = setInterval(() => {
		peak = Math.max(peak, sample() - before);
		timer.refresh();
	}, everyMs);
	await work();
	clearInterval(timer);
	return Math.max(peak, sample() - before) / 1e6;
}

async function download(job: DownloadJob): Promise<Downloaded[]> {
	await readyBinaryStore();
	const engine = await engineFor(job);
	const folder = mkdtempSync(path.join(tmpdir(), 'bench-bare-'));
	const sora: INodeParameters = {
		operation: 'getTask',
		taskId: '={{ $json.id }}',
		wait: 'none',
		download: true,
		options: { maxDownloadMb: 2000 },
	};
	const fetchOne = async (id: string, url: string): Promise<number> => {
		if (job.candidate === 'bare') return await bare(url, folder);
		const items = [{ json: { id, results: [url] } }];
		const isSora = job.candidate === 'sora';
		const parameters = isSora ? sora : (downloadParameters as INodeParameters);
		const [item] = await runNode(engine, isSora ? SORA : HTTP, parameters, items);
		return (await binaryOf(item)).bytes;
	};
	const measured: Downloaded[] = [];
	try {
		for (const { id, url, bytes } of job.tasks) {
			const checked = async () => {
				const stored = await fetchOne(id, url);
				if (stored !== bytes) throw new Error(`${stored} bytes of ${bytes} arrived`);
			};
			if (job.inUse) {
				measured.push({ bytes, seconds: 0, rssMb: 0, inUseMb: await peakOf(inUse, 250, checked) });
				continue;
			}
			let seconds = 0;
			const rssMb = await peakOf(resident, 20, async () => {
				const start = performance.now();
				await checked();
				seconds = (performance.now() - start) / 1000;
			});
			measured.push({ bytes, seconds, rssMb, inUseMb: 0 });
		}
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
	return measured;
}

async function submit(job: SubmitJob): Promise<Submitted[]> {
	const engine = await engineFor(job);
	const isSora = job.candidate === 'sora';
	const parameters: INodeParameters = isSora
		? { prompt: '={{ $json.prompt }}', wait: 'none', download: false }
		: (submitParameters(job.api, job) as INodeParameters);
	const measured: Submitted[] = [];
	for (const count of job.items) {
		const items = Array.from({ length: count }, (_, item) => ({
			json: { prompt: `${count} items, ${item}` },
		}));
		globalThis.gc?.();
		// a limit counts what was sent in the last second
		await sleep(1000);
		const cpu = process.cpuUsage();
		const start = performance.now();
		const output = await runNode(engine, isSora ? SORA : HTTP, parameters, items);
		const wallMs = performance.now() - start;
		const { user, system } = process.cpuUsage(cpu);
		const lost = output.filter(({ json }) => typeof json.id !== 'string').length;
		measured.push({ items: count, wallMs, cpuMs: (user + system) / 1000, lost });
	}
	return measured;
}

async function main(): Promise<void> {
	const job = JSON.parse(process.argv[2]) as DownloadJob | SubmitJob;
	const result = job.kind === 'download' ? await download(job) : await submit(job);
	process.stdout.write(`${JSON.stringify(result)}\n`);
}

main().then(
	() => process.exit(0),
	(error: unknown) => {
		console.error(error);
		process.exit(1);
	},
);
