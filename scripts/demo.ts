/**
 * Runs two example workflows in n8n's engine against a local EvoLink, without a key and without paying. The files land in
 * demo-output/. Fails unless each file arrived and each intent was charged once.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startStandIn, type StandIn } from '../stand-in';
import {
	Host,
	binaryOf,
	createEngine,
	loadPackage,
	startWorkflow,
	type WorkflowFixture,
} from '../tools/n8n-engine';
import { ROOT, runMain } from './support';

const OUTPUT = path.join(ROOT, 'demo-output');
/** A render of two minutes takes 12 seconds here. */
const CLOCK = { timeScale: 10, defaults: { seconds: 120 } };

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
	// sticky notes do nothing, and are not installed here
	const workflow = { ...example, nodes: example.nodes.filter(({ type }) => !type.endsWith('.stickyNote')) };
	say(`workflow "${workflow.name}" (examples/${name})`);
	const engine = createEngine(host, { evoLinkApi: evolink.credential });
	const run = await startWorkflow(engine, workflow, { mode: 'manual' });
	const execution = await run.done;
	if (execution.status !== 'success') {
		throw new Error(`The workflow ended with ${execution.status}: ${execution.error?.message}`);
	}
	for (const { message } of execution.hints('Sora Video')) say(`hint of the node: ${message}`);
	for (const item of execution.output('Sora Video')) {
		const { fileName, mimeType, buffer } = await binaryOf(item);
		const bytes = await buffer();
		const file = path.join(OUTPUT, String(fileName));
		writeFileSync(file, bytes);
		say(`task ${String(item.json.id)} is ${String(item.json.status)}; its file is ${mimeType}`);
		say(`written: ${path.relative(ROOT, file)} (${bytes.length} bytes)\n`);
	}
}

runMain(async () => {
	mkdirSync(OUTPUT, { recursive: true });
	const evolink = await startStandIn(CLOCK);
	try {
		say(`a local EvoLink listens on ${evolink.url}; nothing is paid`);
		narrate(evolink);
		say('building and packing the node as npm would publish it (10 to 30 s) …');
		const host = new Host([await loadPackage()]);
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
