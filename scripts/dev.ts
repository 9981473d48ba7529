/**
 * `npm run dev`: a real n8n with this package in it, a local EvoLink, the credential and all example workflows, and
 * every change in nodes/ and credentials/ live within seconds. Its data stay in .tmp/dev, so your own workflows are there
 * again the next time; remove the folder to start afresh.
 *
 * Options: `-- --port 5678 --evolink-port 4010`
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { startStandIn, type StandIn } from '../stand-in';
import type { Client, SavedWorkflow, WorkflowDraft } from '../test/e2e/lib/client';
import type { CredentialRef } from '../test/e2e/lib/workflows';
import { ROOT, readManifest, runMain } from './support';

const FOLDER = path.join(ROOT, '.tmp/dev');
const CREDENTIAL = { name: 'EvoLink (local stand-in)', type: 'evoLinkApi' };

const { values } = parseArgs({
	options: {
		port: { type: 'string', default: '5678' },
		'evolink-port': { type: 'string', default: '4010' },
	},
});

const say = (line: string) => console.log(`[dev] ${line}`);

/**
 * Where n8n looks for installed packages. A real folder, not a link to the checkout: from a link the nodes would load the
 * checkout's own n8n-workflow instead of n8n's.
 */
const installed = path.join(FOLDER, 'n8n/.n8n/nodes/node_modules', readManifest(ROOT).name);

function installN8n(): void {
	const { status } = spawnSync(process.execPath, [path.join(ROOT, 'test/e2e/install.mjs'), '--only-n8n'], {
		stdio: 'inherit',
	});
	if (status !== 0) throw new Error('n8n could not be installed');
}

/** Compiles into `installed` and goes on with every change. Resolves with the compiler when the first build has ended. */
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
			if (builds?.[1] === '0') say('compiled');
			else if (text) console.log(text);
			if (builds) resolve();
		});
	});
	return compiler;
}

/** Made once; afterwards only told where the stand-in is this time. */
async function provideCredential(client: Client, evolink: StandIn): Promise<CredentialRef> {
	const data = { apiKey: evolink.apiKey, baseUrl: evolink.url, filesUrl: evolink.url };
	const all = await client.request<CredentialRef[]>('GET', '/rest/credentials');
	const present = all.find(({ name }) => name === CREDENTIAL.name);
	const body = { ...CREDENTIAL, data };
	if (!present) return await client.request('POST', '/rest/credentials', body);
	return await client.request('PATCH', `/rest/credentials/${present.id}`, body);
}

/** Imports the examples that are not there yet, with our credential in the nodes that need it. */
async function provideExamples(client: Client, credential: CredentialRef): Promise<void> {
	const present = await client.request<SavedWorkflow[]>('GET', '/rest/workflows');
	for (const file of readdirSync(path.join(ROOT, 'examples')).filter((name) => name.endsWith('.json'))) {
		const draft = JSON.parse(readFileSync(path.join(ROOT, 'examples', file), 'utf8')) as WorkflowDraft;
		if (present.some(({ name }) => name === draft.name)) continue;
		for (const node of draft.nodes) {
			if (node.type.startsWith(`${readManifest(ROOT).name}.`)) node.credentials = { evoLinkApi: credential };
		}
		await client.createWorkflow(draft);
	}
}

function narrate({ events }: StandIn): void {
	events.on('create', ({ id, model, request }) =>
		say(`EvoLink: ${id} (${model}) ${String(request.prompt ?? '')}`),
	);
	events.on('terminal', ({ id, status }) => say(`EvoLink: ${id} is ${status}`));
	events.on('callback', ({ url, status, error }) => say(`EvoLink called ${url}: ${status ?? error}`));
}

runMain(async () => {
	installN8n();
	// read when the library is loaded, so it is loaded after this
	process.env.E2E_RUN_DIR = FOLDER;
	const { N8n, PUBLIC_HOST } = await import('../test/e2e/lib/n8n');
	const { OWNER } = await import('../test/e2e/lib/client');
	const { stopEverything } = await import('../test/e2e/lib/processes');

	const compiler = await watchSources();
	const evolink = await startStandIn({ port: Number(values['evolink-port']) });
	const end = async () => {
		compiler.kill();
		await stopEverything();
		await evolink.close();
		say('ended');
	};
	process.once('SIGINT', () => void end());
	process.once('SIGTERM', () => void end());
	try {
		narrate(evolink);
		const n8n = await N8n.create({
			name: 'n8n',
			port: Number(values.port),
			env: {
				N8N_DEV_RELOAD: 'true',
				N8N_RUNNERS_MODE: 'internal',
				N8N_RUNNERS_AUTH_TOKEN: undefined,
				N8N_LOG_LEVEL: 'info',
				N8N_RESTRICT_FILE_ACCESS_TO: undefined,
			},
		});
		evolink.callbackHosts[PUBLIC_HOST] = n8n.url;
		await n8n.boot();
		await provideExamples(n8n.client, await provideCredential(n8n.client, evolink));
		say(`n8n        ${n8n.url}   login: ${OWNER.email} / ${OWNER.password}`);
		say(
			`EvoLink    ${evolink.url}   API key: ${evolink.apiKey} (stand-in/README.md: what prompts can order)`,
		);
		say(`callbacks  n8n calls itself https://${PUBLIC_HOST}/; EvoLink delivers that to ${n8n.url}`);
		say(`log        ${path.relative(ROOT, n8n.logFile)}`);
		say('Change a file in nodes/ and reload the page. Ctrl-C ends everything.');
	} catch (error) {
		await end();
		throw error;
	}
});
