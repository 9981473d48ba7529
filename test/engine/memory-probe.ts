/**
 * Runs Sora Video nodes one after the other in n8n's engine, in a process of its own, and prints as a line of JSON for each what
 * it kept in memory meanwhile: `tsx --expose-gc memory-probe.ts <a list of Probe as JSON>`
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BinaryDataService } from 'n8n-core';
import { Container } from '@n8n/di';
import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';
import type { StandIn } from '../../stand-in';
import { Host, binaryOf, createEngine, loadPackage, runWorkflow } from '../../tools/n8n-engine';
import { readyBinaryStore } from '../../tools/n8n-engine/host';
import { mp4 } from './media-files';

const MB = 1e6;

export interface Probe {
	credential: StandIn['credential'];
	parameters: INodeParameters;
	/** Of an input video. */
	inputBytes?: number;
}

/** Bytes that are really in use: garbage is collected first, on the spot. */
function inUse(): number {
	globalThis.gc!();
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
}

async function inputItem(inputBytes = 0): Promise<INodeExecutionData> {
	if (inputBytes === 0) return { json: {} };
	const location = { type: 'execution', workflowId: 'workflow-1', executionId: randomUUID() } as const;
	const bytes = Buffer.concat([mp4()], inputBytes);
	const meta = { data: '', mimeType: 'video/mp4', fileName: 'me.mp4' };
	return { json: {}, binary: { data: await Container.get(BinaryDataService).store(location, bytes, meta) } };
}

async function probe(host: Host, { credential, parameters, inputBytes }: Probe): Promise<void> {
	const items = [await inputItem(inputBytes)];
	const engine = createEngine(host, { evoLinkApi: credential });
	const runNode = async (given: INodeParameters) => {
		const sora = { name: 'Sora Video', type: 'n8n-nodes-evolink-sora.soraVideo', parameters: given };
		const nodes = [{ name: 'Start', type: 'n8n-nodes-base.manualTrigger' }, sora];
		return await runWorkflow(engine, { nodes }, { mode: 'manual', items });
	};
	// n8n loads parts of itself when they are first used
	await runNode({ prompt: 'warm up', wait: 'auto' });
	inUse();
	// the memory of collected buffers is given back a little later
	await sleep(200);
	const before = inUse();
	let peak = 0;
	let samples = 0;
	let timer: NodeJS.Timeout;
	const sample = () => {
		const start = performance.now();
		peak = Math.max(peak, inUse() - before);
		samples += 1;
		// full collections must not slow the run down much, however long they take on this machine
		timer = setTimeout(sample, 2 * (performance.now() - start));
	};
	timer = setTimeout(sample, 50);
	const run = await runNode(parameters);
	clearTimeout(timer);
	const [output] = run.output('Sora Video');
	const file = output?.binary ? await binaryOf(output) : undefined;
	const answer = {
		error: run.error?.message,
		storedBytes: file?.bytes,
		peakMb: Math.round(peak / MB),
		samples,
	};
	process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function main() {
	const host = new Host([await loadPackage()]);
	await readyBinaryStore();
	for (const each of JSON.parse(process.argv[2] ?? '[]') as Probe[]) await probe(host, each);
}

main().then(
	() => process.exit(0),
	(error: unknown) => {
		console.error(error);
		process.exit(1);
	},
);
