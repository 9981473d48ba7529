/**
 * Runs two example workflows in n8n's engine against a local EvoLink, without a key and without paying. The files land in
 * demo-output/. Fails unless each file arrived and each intent was charged once.
 */
import { createWriteStream, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { NodeConnectionTypes, type IExecuteFunctions, type INodeType } from 'n8n-workflow';
import { startStandIn, type StandIn } from '../stand-in';
import { Host, createEngine, loadPackage, startWorkflow, type WorkflowFixture } from '../tools/n8n-engine';
import { ROOT, runMain } from './support';

const OUTPUT = path.join(ROOT, 'demo-output');
/** A render of two minutes takes 12 seconds here. */
const CLOCK = { timeScale: 10, defaults: { seconds: 120 } };

/** Stands for n8n's own Read/Write Files node, which is not installed here. Writes to OUTPUT, whatever the path. */
const readWriteFile: INodeType = {
	description: {
		displayName: 'Read/Write Files from Disk',
		name: 'readWriteFile',
		group: ['output'],
		version: 1,
		description: 'Write files to this computer',
		defaults: { name: 'Read/Write Files from Disk' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		properties: [
			{ displayName: 'File Path and Name', name: 'fileName', type: 'string', default: '' },
			{ displayName: 'Input Binary Field', name: 'dataPropertyName', type: 'string', default: 'data' },
		],
	},
	async execute(this: IExecuteFunctions) {
		const written = this.getInputData().map(async (item, index) => {
			const field = this.getNodeParameter('dataPropertyName', index) as string;
			const { id = '' } = this.helpers.assertBinaryData(index, field);
			const fileName = path.join(OUTPUT, path.basename(this.getNodeParameter('fileName', index) as string));
			await pipeline(await this.helpers.getBinaryStream(id), createWriteStream(fileName));
			return { ...item, json: { ...item.json, fileName }, pairedItem: { item: index } };
		});
		return [await Promise.all(written)];
	},
};

const started = Date.now();
const say = (line: string) =>
	console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`);

function narrate(evolink: StandIn): void {
	evolink.events.on('create', ({ id, model }) => say(`EvoLink accepted task ${id} (${model})`));
	evolink.events.on('read', ({ status, progress }) => say(`waiting: ${status}, ${progress} %`));
	evolink.events.on('media', ({ bytes }) => say(`downloaded ${bytes} bytes into n8n's binary store`));
}

async function runExample(name: string, evolink: StandIn, host: Host): Promise<void> {
	const example = JSON.parse(readFileSync(path.join(ROOT, 'examples', name), 'utf8')) as WorkflowFixture;
	// n8n's own nodes are not installed here, and sticky notes do nothing
	const workflow = { ...example, nodes: example.nodes.filter(({ type }) => !type.endsWith('.stickyNote')) };
	say(`workflow "${workflow.name}" (examples/${name})`);
	const engine = createEngine(host, { evoLinkApi: evolink.credential });
	const run = await startWorkflow(engine, workflow, { mode: 'manual' });
	const execution = await run.done;
	if (execution.status !== 'success') {
		throw new Error(`The workflow ended with ${execution.status}: ${execution.error?.message}`);
	}
	for (const { message } of execution.hints('Sora Video')) say(`hint of the node: ${message}`);
	for (const { json, binary } of execution.output(workflow.nodes.at(-1)!.name)) {
		const file = json.fileName as string;
		say(`task ${String(json.id)} is ${String(json.status)}; its file is ${binary?.data?.mimeType}`);
		say(`written: ${path.relative(ROOT, file)} (${statSync(file).size} bytes)\n`);
	}
}

runMain(async () => {
	mkdirSync(OUTPUT, { recursive: true });
	const evolink = await startStandIn(CLOCK);
	try {
		say(`a local EvoLink listens on ${evolink.url}; nothing is paid`);
		narrate(evolink);
		say('building and packing the node as npm would publish it (10 to 30 s) …');
		const host = new Host([await loadPackage()], { 'n8n-nodes-base.readWriteFile': readWriteFile });
		await runExample('text-to-video.json', evolink, host);
		await runExample('character-picture.json', evolink, host);
		const { charges, mediaStats, violations } = evolink;
		if (violations.length > 0) throw new Error(`Not as the API documents it: ${violations.join('; ')}`);
		if (charges.length !== 2) throw new Error(`2 tasks were wanted, ${charges.length} were charged`);
		if (mediaStats.authorizations.length > 0) throw new Error('The API key reached the media host');
		say('2 tasks wanted, 2 charged; the API key never went to the media host.');
		say('Next: npm run dev for an n8n to click in, or "Usage" in README.md for your own.');
	} finally {
		await evolink.close();
	}
});
