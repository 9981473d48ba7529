import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { Client, json, type SavedWorkflow, type WorkflowDraft } from '../../tools/n8n-server/client';
import { PACKAGE_NAME } from '../../tools/n8n-server/package-under-test';
import { INSTALL_DIR, REPO_DIR, RUN_DIR } from '../../tools/n8n-server/paths';
import { eventually } from '../../tools/n8n-server/poll';
import { freePorts } from '../../tools/n8n-server/processes';

/** A checkout of its own, so that a source can be changed. What npm has installed is shared. */
const CHECKOUT = path.join(RUN_DIR, 'checkout');
const FOLDERS = [
	'nodes',
	'credentials',
	'icons',
	'examples',
	'scripts',
	'spec',
	'stand-in',
	'tools',
	'test/e2e',
];
const FILES = ['package.json', 'package-lock.json', 'tsconfig.json', 'gulpfile.js'];

function makeCheckout(): void {
	rmSync(CHECKOUT, { recursive: true, force: true });
	mkdirSync(CHECKOUT, { recursive: true });
	for (const name of [...FOLDERS, ...FILES]) {
		cpSync(path.join(REPO_DIR, name), path.join(CHECKOUT, name), {
			recursive: true,
			filter: (source) => !/\/(node_modules|\.run)$/.test(source),
		});
	}
	symlinkSync(path.join(REPO_DIR, 'node_modules'), path.join(CHECKOUT, 'node_modules'));
}

/** `npm run dev` in the checkout, as in a terminal: a process group of its own, which Ctrl-C reaches as a whole. */
class Dev {
	output = '';
	readonly exit: Promise<number | null>;
	private readonly child: ChildProcess;

	constructor() {
		const options = ports.flatMap((port, at) => [
			`--${['port', 'evolink-port', 'inbox-port'][at]}`,
			`${port}`,
		]);
		this.child = spawn('npm', ['run', 'dev', '--', ...options], {
			cwd: CHECKOUT,
			env: { ...process.env, E2E_N8N_DIR: INSTALL_DIR },
			stdio: ['ignore', 'pipe', 'pipe'],
			detached: true,
		});
		for (const stream of [this.child.stdout, this.child.stderr])
			stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
		this.exit = new Promise((resolve) => this.child.on('close', resolve));
	}

	async says(words: string | RegExp, timeoutMs = 90_000): Promise<void> {
		await eventually(
			() => `"${String(words)}" in:\n${this.output}`,
			() => this.output.search(words) >= 0,
			{ timeoutMs },
		);
	}

	/** Whether any process that it started, or that these started, is alive. */
	get isRunning(): boolean {
		try {
			return process.kill(-this.child.pid!, 0);
		} catch {
			return false;
		}
	}

	signal(name: NodeJS.Signals): void {
		if (this.isRunning) process.kill(-this.child.pid!, name);
	}
}

let ports: number[];
let dev: Dev;
let client: Client;
let workflows: SavedWorkflow[];

async function start(): Promise<void> {
	dev = new Dev();
	await dev.says('Ctrl-C ends everything');
	client = new Client(`http://127.0.0.1:${ports[0]}`);
	await client.signIn();
	const list = await client.request<SavedWorkflow[]>('GET', '/rest/workflows');
	workflows = await Promise.all(
		list.map(async ({ id }) => await client.request<SavedWorkflow>('GET', `/rest/workflows/${id}`)),
	);
}

const named = (name: string) => workflows.find((workflow) => workflow.name === name)!;
const names = () => workflows.map(({ name }) => name).sort();

const examples = readdirSync(path.join(REPO_DIR, 'examples')).map(
	(file) => JSON.parse(readFileSync(path.join(REPO_DIR, 'examples', file), 'utf8')) as WorkflowDraft,
);

beforeAll(async () => {
	makeCheckout();
	ports = await freePorts(3);
	await start();
}, 240_000);
afterAll(async () => {
	dev?.signal('SIGKILL');
	await dev?.exit;
	rmSync(CHECKOUT, { recursive: true, force: true });
});

it('one command gives an n8n with every example in it, and says where it is and how to get in', () => {
	expect(dev.output).toContain(client.url);
	expect(dev.output).toMatch(/log in: \S+@\S+ \/ \S+/);
	expect(names()).toEqual(examples.map(({ name }) => name).sort());
});

it('no example asks for anything more: credentials, folders and addresses are filled in', () => {
	const nodes = workflows.flatMap(({ nodes: all }) => all);
	const needy = nodes.filter(({ type }) => type.startsWith(PACKAGE_NAME) || type.endsWith('.lmChatOpenAi'));
	expect(needy.filter(({ credentials }) => credentials === undefined)).toEqual([]);
	const { parameters } = named('Order every morning, receive when done').nodes.find(
		({ name }) => name === 'Order Video',
	)!;
	expect(parameters).toMatchObject({
		callbackUrl: expect.stringContaining('/webhook/') as string,
	});
	const working = nodes.filter(({ type }) => !type.endsWith('.stickyNote'));
	expect(JSON.stringify(working)).not.toMatch(/\/home\/node|hooks\.example\.com|paste-the/);
});

it('examples run to their end: a file is written, a callback received, a notification told', async () => {
	const receive = named('Order every morning, receive when done');
	await client.activate(receive);
	const ordered = await client.runManually(receive, 'Every Morning');
	const made = await client.runManually(named('Text to video'), 'Start');
	const done = await client.until(made!, ['success', 'error'], 90_000);
	expect(done.status).toBe('success');
	expect(json(done, 'Sora Video')).toMatchObject([{ status: 'completed' }]);
	const [{ id }] = json(await client.until(ordered!, ['success']), 'Order Video');
	await dev.says('Your morning video is ready');
	expect(readdirSync(path.join(CHECKOUT, '.tmp/dev/files'))).toContain(`${String(id)}.mp4`);
});

it('a changed source is live in the editor without a restart', async () => {
	const file = path.join(CHECKOUT, 'nodes/SoraVideo/operations/generate.ts');
	const before = readFileSync(file, 'utf8');
	const after = before.replace("displayName: 'Prompt'", "displayName: 'Prompt As Changed'");
	expect(after).not.toBe(before);
	writeFileSync(file, after);
	const seen = async () =>
		JSON.stringify(await client.request('GET', '/types/nodes.json')).includes('Prompt As Changed');
	await eventually(
		'the changed field in what the editor loads',
		async () =>
			await seen().catch((error: unknown) => {
				// n8n is writing the file anew
				if (error instanceof SyntaxError) return false;
				throw error;
			}),
	);
});

it('a second start says that its port is taken, what to do, and ends', async () => {
	const second = new Dev();
	expect(await second.exit).not.toBe(0);
	expect(second.output).toContain(`Port ${ports[0]} cannot be used`);
	expect(second.output).toContain('npm run dev -- --port');
	expect(second.isRunning).toBe(false);
	expect(dev.isRunning).toBe(true);
});

it('Ctrl-C ends all of it, and the next start has what was made before, nothing twice', async () => {
	const { nodes, connections } = named('Text to video');
	await client.createWorkflow({ name: 'My own', nodes, connections });
	dev.signal('SIGINT');
	await dev.exit;
	expect(dev.output).toContain('[dev] ended');
	await eventually('no process of it', () => !dev.isRunning);
	await expect(client.signIn()).rejects.toThrow('fetch failed');

	await start();
	expect(names()).toEqual([...examples.map(({ name }) => name), 'My own'].sort());
	dev.signal('SIGINT');
	await dev.exit;
});
