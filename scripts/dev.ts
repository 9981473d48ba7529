/**
 * `npm run dev`: a real n8n with this package in it, a local EvoLink, the credentials and all example workflows, ready
 * to run; every change in nodes/ and credentials/ is live within seconds. Its data stay in .tmp/dev, so your own workflows are
 * there the next time; remove the folder to start from scratch.
 *
 * Options: `-- --port 5678 --evolink-port 4010 --inbox-port 4011 --room 3` (tasks that EvoLink lets run at once)
 */
import { randomUUID } from 'node:crypto';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSocket } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { startStandIn, type StandIn } from '../stand-in';
import { ChatModel } from '../tools/n8n-server/chat-model';
import type { Client, SavedWorkflow, WorkflowDraft } from '../tools/n8n-server/client';
import type { CredentialRef } from '../tools/n8n-server/workflows';
import { broughtHere } from './examples';
import { ROOT, readManifest, runMain } from './support';

const FOLDER = path.join(ROOT, '.tmp/dev');
/** Where the examples may write. */
const FILES = path.join(FOLDER, 'files');
const PACKAGE = readManifest(ROOT).name;

const {
	values: { room, ...values },
} = parseArgs({
	options: {
		port: { type: 'string', default: '5678' },
		'evolink-port': { type: 'string', default: '4010' },
		'inbox-port': { type: 'string', default: '4011' },
		room: { type: 'string' },
	},
});
const INBOX_URL = `http://127.0.0.1:${values['inbox-port']}`;

const say = (line: string) => console.log(`[dev] ${line}`);

const STEPS = 4;
let step = 0;
const begin = (what: string) => say(`${++step}/${STEPS} ${what}`);

/**
 * Where n8n looks for installed packages. A real folder, not a link to the checkout: from a link the nodes would load the
 * checkout's own n8n-workflow instead of n8n's.
 */
const installed = path.join(FOLDER, 'n8n/.n8n/nodes/node_modules', PACKAGE);

/** Checked before n8n starts: whatever already answers there would be taken for our n8n. */
async function requireFreePorts(): Promise<void> {
	for (const [option, port] of Object.entries(values)) {
		await new Promise<void>((resolve, reject) => {
			const socket = createSocket();
			socket.once('error', ({ message }) => {
				const other = `npm run dev -- --${option} ${Number(port) + 10}`;
				reject(
					new Error(`Port ${port} cannot be used (${message}). Is this running already? Else: ${other}`),
				);
			});
			socket.listen(Number(port), '127.0.0.1', () => socket.close(() => resolve()));
		});
	}
}

function installN8n(): void {
	// n8n's native modules are compiled with the Node that runs it, which is available for Linux only
	if (process.platform !== 'linux') throw new Error('npm run dev needs Linux (x64 or arm64; WSL will do)');
	const { status } = spawnSync(process.execPath, [path.join(ROOT, 'test/e2e/install.mjs'), '--only-n8n'], {
		stdio: 'inherit',
	});
	if (status !== 0) throw new Error('n8n could not be installed; the lines above say why');
}

/** Compiles into `installed`, again with every change. Resolves with the compiler when the first build has ended. */
async function watchSources(): Promise<ChildProcess> {
	mkdirSync(installed, { recursive: true });
	cpSync(path.join(ROOT, 'icons'), path.join(installed, 'dist/icons'), { recursive: true });
	const { name, version, ...rest } = readManifest(ROOT);
	writeFileSync(path.join(installed, 'package.json'), JSON.stringify({ name, version, n8n: rest.n8n }));
	const arguments_ = ['--watch', '--preserveWatchOutput', '--outDir', path.join(installed, 'dist')];
	const compiler = spawn(
		process.execPath,
		[require.resolve('typescript/bin/tsc'), '--project', ROOT, ...arguments_],
		{ stdio: ['ignore', 'pipe', 'inherit'] },
	);
	await new Promise<void>((resolve, reject) => {
		compiler.once('exit', () => reject(new Error('tsc ended')));
		compiler.stdout.on('data', (chunk: Buffer) => {
			const text = chunk.toString().trim();
			const builds = /Found (\d+) errors?\. Watching/.exec(text);
			if (builds?.[1] === '0') say('    compiled');
			// what is wrong with the code, without the compiler's own doings
			else if (/error TS\d+/.test(text)) console.log(text);
			if (builds) resolve();
		});
	});
	return compiler;
}

/** Created once; afterwards only updated with the current addresses. */
async function provideCredential(
	client: Client,
	type: string,
	name: string,
	data: Record<string, string>,
): Promise<CredentialRef> {
	const all = await client.request<CredentialRef[]>('GET', '/rest/credentials');
	const present = all.find((credential) => credential.name === name);
	const body = { name, type, data };
	if (!present) return await client.request('POST', '/rest/credentials', body);
	return await client.request('PATCH', `/rest/credentials/${present.id}`, body);
}

function readExample(file: string): WorkflowDraft {
	const text = readFileSync(path.join(ROOT, 'examples', file), 'utf8');
	return broughtHere(JSON.parse(text) as WorkflowDraft, FILES, INBOX_URL);
}

/** Imports the examples that are not there yet, with everything filled in that a user would have to choose. */
async function provideExamples(
	client: Client,
	evolink: CredentialRef,
	model: CredentialRef,
	publicHost: string,
): Promise<void> {
	const present = await client.request<SavedWorkflow[]>('GET', '/rest/workflows');
	for (const file of readdirSync(path.join(ROOT, 'examples')).filter((name) => name.endsWith('.json'))) {
		const draft = readExample(file);
		if (present.some(({ name }) => name === draft.name)) continue;
		const trigger = draft.nodes.find(({ type }) => type === `${PACKAGE}.soraVideoTrigger`);
		const webhook = randomUUID();
		if (trigger) trigger.webhookId = webhook;
		for (const node of draft.nodes) {
			const { parameters } = node;
			if (parameters.callbackUrl) parameters.callbackUrl = `https://${publicHost}/webhook/${webhook}/webhook`;
			if (node.type.startsWith(`${PACKAGE}.`)) node.credentials = { evoLinkApi: evolink };
			if (node.type.endsWith('.lmChatOpenAi')) node.credentials = { openAiApi: model };
		}
		await client.createWorkflow(draft);
	}
}

/** Stands for the chat that the examples notify: prints each message. */
async function startInbox(): Promise<Server> {
	const server = createServer((request, response) => {
		let body = '';
		request.on('data', (chunk: Buffer) => (body += chunk.toString()));
		request.on('end', () => {
			say(`notified: ${body}`);
			response.end('ok');
		});
	});
	await new Promise<void>((resolve) => server.listen(Number(values['inbox-port']), '127.0.0.1', resolve));
	return server;
}

function narrate({ events }: StandIn): void {
	events.on('create', ({ id, model, request }) =>
		say(`EvoLink: ${id} (${model}) ${String(request.prompt ?? '')}`),
	);
	events.on('terminal', ({ id, status }) => say(`EvoLink: ${id} is ${status}`));
	events.on('callback', ({ url, status, error }) => say(`EvoLink called ${url}: ${status ?? error}`));
}

runMain(async () => {
	await requireFreePorts();
	begin('n8n');
	installN8n();
	// read when the library is loaded, so it is loaded after this
	process.env.E2E_RUN_DIR = FOLDER;
	const { N8n, PUBLIC_HOST } = await import('../tools/n8n-server/n8n');
	const { OWNER } = await import('../tools/n8n-server/client');
	const { stopEverything } = await import('../tools/n8n-server/processes');

	const started: Array<() => unknown> = [stopEverything];
	let ending: Promise<void> | undefined;
	const end = async () => {
		ending ??= (async () => {
			for (const stop of started.toReversed()) await stop();
			say('ended');
		})();
		await ending;
	};
	// more than once: Ctrl-C reaches the whole group, and npm and tsx pass it on
	process.on('SIGINT', () => void end());
	process.on('SIGTERM', () => void end());
	try {
		begin('the package, compiled from this checkout');
		const compiler = await watchSources();
		started.push(() => compiler.kill());
		begin('a local EvoLink, where nothing is paid');
		const evolink = await startStandIn({
			port: Number(values['evolink-port']),
			room: room === undefined ? undefined : { tasks: Number(room) },
		});
		started.push(async () => await evolink.close());
		// what examples/failures-to-a-human.json is about
		evolink.script('glass marble', { outcome: 'failed', code: 'content_policy_violation' });
		narrate(evolink);
		const inbox = await startInbox();
		started.push(() => inbox.close());
		const model = await ChatModel.start({
			prompt: 'A fox trots through deep snow, low sun',
			aspectRatio: '16:9',
			duration: 4,
		});
		started.push(async () => await model.close());

		mkdirSync(FILES, { recursive: true });
		const port = Number(values.port);
		const n8n = await N8n.create({
			name: 'n8n',
			port,
			env: {
				N8N_DEV_RELOAD: 'true',
				N8N_RUNNERS_MODE: 'internal',
				N8N_RUNNERS_AUTH_TOKEN: undefined,
				N8N_LOG_LEVEL: 'info',
				N8N_RESTRICT_FILE_ACCESS_TO: FILES,
				// The old name of the setting leaves test URLs to the editor's address, which a browser can open: forms need that.
				N8N_WEBHOOK_URL: undefined,
				WEBHOOK_URL: `https://${PUBLIC_HOST}/`,
				N8N_EDITOR_BASE_URL: `http://127.0.0.1:${port}`,
			},
		});
		evolink.callbackHosts[PUBLIC_HOST] = n8n.url;
		begin('n8n starts, with the examples (the first time it makes its database: up to a minute)');
		await n8n.boot();
		await provideExamples(
			n8n.client,
			await provideCredential(n8n.client, 'evoLinkApi', 'EvoLink (local stand-in)', evolink.credential),
			await provideCredential(n8n.client, 'openAiApi', 'Chat model (orders a fox in the snow)', {
				apiKey: 'unused',
				url: model.url,
			}),
			PUBLIC_HOST,
		);
		say(
			`EvoLink    ${evolink.url}   API key: ${evolink.apiKey} (stand-in/README.md: what prompts can order)`,
		);
		say(
			`callbacks  EvoLink reaches n8n as https://${PUBLIC_HOST}/: begin a Test URL with that when you paste it`,
		);
		say(`files      ${path.relative(ROOT, FILES)}`);
		say(`log        ${path.relative(ROOT, n8n.logFile)}`);
		say('');
		say(`Open ${n8n.url} and log in: ${OWNER.email} / ${OWNER.password}`);
		say('Open the workflow "Text to video" and click Execute workflow. After half a minute click the');
		say('node Sora Video, then View in its output: the video plays.');
		say('Change a file in nodes/ and reload the page. Ctrl-C ends everything.');
	} catch (error) {
		const isStopped = ending !== undefined;
		await end();
		if (!isStopped) throw error;
	}
});
