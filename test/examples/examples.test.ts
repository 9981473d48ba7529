import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import path from 'node:path';

import { readImageHeader } from '../../nodes/evolink/media/imageHeader';
import {
	type Execution,
	items,
	json,
	type SavedWorkflow,
	type WorkflowDraft,
} from '../../tools/n8n-server/client';
import { ChatModel } from '../../tools/n8n-server/chat-model';
import { errorText } from '../e2e/lib/flow';
import { openInstallation } from '../e2e/lib/installation';
import { order } from '../e2e/lib/trigger';
import { listen, shut } from '../../tools/loopback';
import { PUBLIC_HOST } from '../../tools/n8n-server/n8n';
import { n8nPath, PACKAGE_NAME } from '../../tools/n8n-server/package-under-test';
import { REPO_DIR, RUN_DIR } from '../../tools/n8n-server/paths';
import { type CredentialRef } from '../../tools/n8n-server/workflows';
import { png } from './png';

const EXAMPLES = path.join(REPO_DIR, 'examples');
/** Stands for the folder that n8n may write to in its official image. */
const FILES = path.join(RUN_DIR, 'example-files');
const TOOLS = path.join(RUN_DIR, 'example-tools');

/** Whether this machine lacks GraphicsMagick, which n8n's Docker image has. */
const isDoubled = spawnSync('gm', ['version'], { env: { PATH: n8nPath() } }).status !== 0;
let inbox: Inbox;
beforeAll(async () => {
	mkdirSync(FILES, { recursive: true });
	if (isDoubled) doubleGraphicsMagick();
	inbox = await Inbox.open();
});
afterAll(async () => await inbox?.close());
const n8n = openInstallation({
	name: 'examples',
	env: { N8N_RESTRICT_FILE_ACCESS_TO: FILES, ...(isDoubled && { PATH: `${TOOLS}:${n8nPath()}` }) },
});

/** What a user does with each example after importing it, and what they must find. */
const scenarios: Record<string, () => Promise<void>> = {
	'text-to-video.json': async () => {
		const done = await runFrom('Start', await load('text-to-video.json'));
		expect(shown(done)).toMatchObject([{ mimeType: 'video/mp4' }]);
	},

	'store-video.json': async () => {
		const bucket = await Bucket.open();
		try {
			const s3 = await n8n.client.request<CredentialRef>('POST', '/rest/credentials', {
				name: 'Bucket',
				type: 's3',
				data: { endpoint: bucket.url, accessKeyId: 'a', secretAccessKey: 'b', forcePathStyle: true },
			});
			const workflow = await load('store-video.json', ({ nodes }) => {
				// none of them runs before somebody has chosen it
				expect(nodes.filter(({ disabled }) => disabled)).toHaveLength(2);
				const upload = nodes.find(({ name }) => name === 'Upload to S3')!;
				delete upload.disabled;
				upload.credentials = { s3 };
			});
			const done = await runFrom('Start', workflow);
			const [id] = json(done, 'Sora Video').map((task) => String(task.id));
			expect(saved(done, 'Save to Disk', 'mp4')).toEqual([`${id}.mp4`]);
			expect(bucket.files).toEqual({ [`/my-bucket/${id}.mp4`]: sizeOf(`${id}.mp4`) });
		} finally {
			await bucket.close();
		}
	},

	'sheet-to-storage.json': async () => {
		const done = await runFrom('Start', await load('sheet-to-storage.json'));
		expect(json(done, 'Done').map(({ file, status }) => `${String(file)} ${String(status)}`)).toEqual([
			'harbour completed',
			'lighthouse completed',
			'market completed',
		]);
		for (const { file } of json(done, 'Done')) expect(sizeOf(`${String(file)}.mp4`)).toBeGreaterThan(1000);
		expect(new Set(json(done, 'Done').map(({ task }) => task)).size).toBe(3);
	},

	'image-to-video.json': async () => {
		const workflow = await load('image-to-video.json');
		await n8n.client.activate(workflow);
		await sendForm(workflow, 'The grass sways in the wind');
		const { request } = await n8n.taskOf('The grass sways in the wind');
		const uploaded = [...n8n.evolink.files.values()].map(({ url }) => url);
		expect(request.image_urls).toEqual(uploaded);
		expect(request.callback_url).toContain('/webhook-waiting/');
		// before it is deleted
		const sent = await fetch(String(uploaded[0]));
		const pixels = readImageHeader(Buffer.from(await sent.arrayBuffer()));
		expect(pixels).toMatchObject({ width: 1280, height: 720 });
		if (isDoubled) {
			const asked = readFileSync(path.join(TOOLS, 'asked'), 'utf8');
			expect(asked).toMatch(/^convert .*-resize 1280x720\^ -crop 1280x720\+0\+0 /);
		}
		expect(shown(await ended(workflow))).toMatchObject([{ mimeType: 'video/mp4' }]);
	},

	'character-picture.json': async () => {
		const done = await runFrom('Start', await load('character-picture.json'));
		expect(shown(done)).toMatchObject([{ mimeType: 'image/jpeg' }]);
		expect(json(done, 'Sora Video')).toEqual([
			expect.objectContaining({ character: expect.objectContaining({ name: expect.any(String) as string }) }),
		]);
	},

	'order-and-receive.json': async () => {
		const workflow = await load('order-and-receive.json', (draft) => {
			const trigger = draft.nodes.find(({ name }) => name === 'Sora Video Trigger')!;
			const webhookId = (trigger.webhookId = randomUUID());
			const order = draft.nodes.find(({ name }) => name === 'Order Video')!;
			order.parameters.callbackUrl = `https://${PUBLIC_HOST}/webhook/${webhookId}/webhook`;
		});
		await n8n.client.activate(workflow);
		const ordered = await runFrom('Every Morning', workflow);
		const [{ id }] = json(ordered, 'Order Video');
		await inbox.until((texts) => texts.some((text) => /ready: http/.test(text) && text.includes(String(id))));
		expect(sizeOf(`${String(id)}.mp4`)).toBeGreaterThan(1000);
		await n8n.client.deactivate(workflow);
	},

	'catch-up.json': async () => {
		const lost = await order(n8n, 'A kite above the dunes', `https://${PUBLIC_HOST}/webhook/nobody`);
		n8n.evolink.finish(lost);
		const workflow = await load('catch-up.json');
		const done = await runFrom('Every Hour', workflow);
		const ids = json(done, 'Save Video').map(({ id }) => String(id));
		expect(ids).toContain(lost);
		for (const id of ids) expect(sizeOf(`${id}.mp4`)).toBeGreaterThan(500);
		expect(json(await runFrom('Every Hour', workflow), 'Save Video')).toEqual([]);
	},

	'agent-tool.json': async () => {
		const prompt = 'A fox trots through deep snow, low sun';
		const answers = await chat('agent-tool.json', { prompt, aspectRatio: '9:16', duration: 8 });
		expect(answers[0]).toContain('videoUrl');
		expect(answers[0]).not.toContain('usage');
		expect((await n8n.taskOf(prompt)).request).toMatchObject({ aspect_ratio: '9:16', duration: 8 });
		expect(n8n.evolink.chargesFor({ prompt })).toHaveLength(1);
	},

	'chat-to-video.json': async () => {
		const prompt = 'A snail crosses a wet stone, macro shot';
		const [video] = await chat('chat-to-video.json', { prompt, duration: 12 });
		expect(video).toContain('videoUrl');
		expect(n8n.evolink.chargesFor({ prompt })).toHaveLength(1);
		// the only tool that is asked for a length alone
		const [estimate] = await chat('chat-to-video.json', { duration: 12 }, ['Estimate a Video']);
		expect(estimate).toContain('69.12');
	},

	'product-ad.json': async () => {
		const workflow = await load('product-ad.json');
		await n8n.client.activate(workflow);
		await sendForm(workflow, 'The bottle turns slowly, warm light');
		const { id } = await n8n.taskOf('The bottle turns slowly, warm light');
		const asked = () => inbox.texts.find((text) => text.startsWith('A new ad: http'));
		await inbox.until(() => asked() !== undefined);
		const [, yes] = /^Yes: (\S+)$/m.exec(asked()!)!;
		const answer = yes!.replace(`https://${PUBLIC_HOST}`, n8n.webhook.url);
		// the execution may not be stored as waiting yet
		for (let tries = 0; tries < 50 && !(await fetch(answer)).ok; tries += 1)
			await new Promise((resolve) => setTimeout(resolve, 200));
		await inbox.until((texts) => texts.includes(`Approved and kept: ${id}.mp4`));
		expect(sizeOf(`${id}.mp4`)).toBeGreaterThan(1000);
		await n8n.client.deactivate(workflow);
	},

	'ideas-to-shorts.json': async () => {
		n8n.evolink.script('espresso', { outcome: 'failed', code: 'content_policy_violation' });
		const done = await runFrom('Start', await load('ideas-to-shorts.json'));
		const { id } = await n8n.taskOf('An espresso runs into a glass cup in slow motion, macro shot');
		const rows = json(done, 'Mark as Done').map(({ title, status }) => `${String(title)} ${String(status)}`);
		expect(rows).toEqual(['Origami done', 'Tram done']);
		for (const title of ['Origami', 'Tram']) expect(sizeOf(`${title}.mp4`)).toBeGreaterThan(1000);
		expect(json(done, 'Mark as Failed')).toEqual([
			{ title: 'Espresso', status: 'failed', reason: expect.stringContaining(id) as string, task: id },
		]);
	},

	'weekly-spend.json': async () => {
		await order(n8n, 'A heron on a misty lake', `https://${PUBLIC_HOST}/webhook/nobody`);
		await runFrom('Every Monday', await load('weekly-spend.json'));
		const report = inbox.texts.find((text) => text.startsWith('Videos of the last seven days:'));
		expect(report).toMatch(/^\d+ with sora-2-preview: \d+\.\d\d credits, about \d+\.\d\d USD$/m);
		expect(report).toMatch(/^Left: [\d.]+ credits\.$/m);
	},

	'failures-to-a-human.json': async () => {
		n8n.evolink.script('glass marble', { outcome: 'failed', code: 'content_policy_violation' });
		const done = await runFrom('Start', await load('failures-to-a-human.json'));
		expect(saved(done, 'Save Video', 'mp4')).toHaveLength(1);
		const failed = await n8n.taskOf('A glass marble rolls down a wooden track, macro shot');
		const told = inbox.texts.find((text) => text.includes('ben@example.com asked for: A glass marble'));
		expect(told).toContain(failed.id);
		expect(told).toContain('content_policy_violation');
		expect(told).toContain('Change the prompt');
	},
};

it.each(readdirSync(EXAMPLES))('%s does in a real n8n what its notes say', async (file) => {
	expect(Object.keys(scenarios)).toContain(file);
	await scenarios[file]();
});

it.each(readdirSync(EXAMPLES))(
	'%s has no webhook path of its own: n8n makes one for each import',
	async (file) => {
		const text = readFileSync(path.join(EXAMPLES, file), 'utf8');
		expect(text).not.toContain('webhookId');
		const draft = JSON.parse(text) as WorkflowDraft;
		const hooks = async () => {
			const { nodes } = await n8n.client.createWorkflow(draft);
			return nodes.flatMap(({ webhookId }) => webhookId ?? []);
		};
		const [first, second] = [await hooks(), await hooks()];
		if (['order-and-receive.json', 'image-to-video.json', 'product-ad.json'].includes(file))
			expect(first.length).toBeGreaterThan(0);
		expect(new Set([...first, ...second]).size).toBe(2 * first.length);
	},
);

it('nothing of it was out of order for EvoLink, and every video was paid once', () => {
	expect(n8n.evolink.violations).toEqual([]);
	const intents = n8n.evolink.charges.map(({ intent }) => intent);
	expect(new Set(intents).size).toBe(intents.length);
});

/** Imports an example: the credential chosen in our nodes, files and notifications brought to this machine. */
async function load(file: string, change: (draft: WorkflowDraft) => void = () => {}): Promise<SavedWorkflow> {
	const text = readFileSync(path.join(EXAMPLES, file), 'utf8')
		.replaceAll('/home/node/.n8n-files', FILES)
		.replaceAll('https://hooks.example.com', inbox.url);
	const draft = JSON.parse(text) as WorkflowDraft;
	for (const node of draft.nodes) {
		if (node.type.startsWith(`${PACKAGE_NAME}.`)) node.credentials = { evoLinkApi: n8n.credential };
		// the folder is there
		if (node.type.endsWith('.readWriteFile')) delete node.disabled;
	}
	change(draft);
	return await n8n.client.createWorkflow(draft);
}

/**
 * Asks an agent whose model calls the first tool that takes these arguments.
 *
 * @param tools those that it has; all of the example without
 * @returns what the tools answered
 */
async function chat(
	file: string,
	toolArguments: Record<string, string | number>,
	tools?: string[],
): Promise<string[]> {
	const model = await ChatModel.start(toolArguments);
	try {
		const openAi = await n8n.client.request<CredentialRef>('POST', '/rest/credentials', {
			name: 'Model',
			type: 'openAiApi',
			data: { apiKey: 'unused', url: model.url },
		});
		const workflow = await load(file, (draft) => {
			draft.nodes.find(({ name }) => name === 'Chat Model')!.credentials = { openAiApi: openAi };
			const isLeft = ({ name, type }: { name: string; type: string }) =>
				!type.endsWith('soraVideoTool') || tools === undefined || tools.includes(name);
			draft.nodes = draft.nodes.filter(isLeft);
			const names = draft.nodes.map(({ name }) => name);
			draft.connections = Object.fromEntries(
				Object.entries(draft.connections).filter(([from]) => names.includes(from)),
			);
		});
		const message = {
			json: { action: 'sendMessage', sessionId: randomUUID(), chatInput: 'A video, please' },
		};
		const done = await runFrom('When chat message received', workflow, [message]);
		expect(json(done, 'AI Agent')).toEqual([{ output: 'Done.' }]);
		return model.toolAnswers;
	} finally {
		await model.close();
	}
}

/** The editor's "Execute workflow" from a trigger, which starts with the given items. */
async function runFrom(trigger: string, workflow: SavedWorkflow, items?: object[]): Promise<Execution> {
	const data = items && {
		startTime: 0,
		executionTime: 0,
		executionIndex: 0,
		source: [],
		data: { main: [items] },
	};
	const body = { workflowData: workflow, triggerToStartFrom: { name: trigger, ...(data && { data }) } };
	const { executionId } = await n8n.client.request<{ executionId: string }>(
		'POST',
		`/rest/workflows/${workflow.id}/run`,
		body,
	);
	return check(await n8n.client.until(executionId, ['success', 'error', 'waiting'], 60_000));
}

/** Somebody fills in the form of a workflow: a picture, and a prompt. */
async function sendForm({ nodes }: SavedWorkflow, prompt: string): Promise<void> {
	const form = new FormData();
	form.set('field-0', new Blob([png(1600, 1200)], { type: 'image/png' }), 'picture.png');
	form.set('field-1', prompt);
	const { webhookId } = nodes.find(({ name }) => name === 'Form')!;
	const answer = await fetch(`${n8n.main.url}/form/${webhookId}`, { method: 'POST', body: form });
	expect(answer.status).toBe(200);
}

async function ended(workflow: SavedWorkflow): Promise<Execution> {
	return check(await n8n.latest(workflow, ['success', 'error'], 60_000));
}

function check(execution: Execution): Execution {
	expect(errorText(execution)).toBe('');
	expect(execution.status).toBe('success');
	return execution;
}

const sizeOf = (name: string) => statSync(path.join(FILES, name)).size;

/** What plays in the output of Sora Video. */
const shown = (done: Execution) => items(done, 'Sora Video').map(({ binary }) => binary?.data);

/** Names of the files that a node wrote; each is there and holds something. */
function saved(execution: Execution, node: string, extension: string): string[] {
	const names = json(execution, node).map(({ id }) => `${String(id)}.${extension}`);
	for (const name of names) expect(sizeOf(name)).toBeGreaterThan(500);
	return names;
}

/** In place of GraphicsMagick: notes what it is asked for, and answers with a picture of 1280x720. */
function doubleGraphicsMagick(): void {
	mkdirSync(TOOLS, { recursive: true });
	writeFileSync(path.join(TOOLS, 'answer.png'), png(1280, 720));
	const program = `#!/bin/sh\ncat >/dev/null\necho "$@" >'${TOOLS}/asked'\ncat '${TOOLS}/answer.png'\n`;
	writeFileSync(path.join(TOOLS, 'gm'), program, { mode: 0o755 });
}

/** Stands for somebody's S3: takes every file. */
class Bucket {
	/** Bytes, by path. */
	readonly files: Record<string, number> = {};

	url = '';

	private constructor(private readonly server: Server) {}

	static async open(): Promise<Bucket> {
		const server = createServer((request, response) => {
			let bytes = 0;
			request.on('data', (chunk: Buffer) => (bytes += chunk.length));
			request.on('end', () => {
				if (request.method === 'PUT') bucket.files[new URL(request.url!, bucket.url).pathname] = bytes;
				response.end(request.method === 'PUT' ? '' : '<LocationConstraint>us-east-1</LocationConstraint>');
			});
		});
		const bucket = new Bucket(server);
		bucket.url = await listen(server);
		return bucket;
	}

	async close(): Promise<void> {
		await shut(this.server);
	}
}

/** Stands for the chat that notifications go to. */
class Inbox {
	readonly texts: string[] = [];

	url = '';

	private constructor(private readonly server: Server) {}

	static async open(): Promise<Inbox> {
		const server = createServer((request, response) => {
			let body = '';
			request.on('data', (chunk: Buffer) => (body += chunk.toString()));
			request.on('end', () => {
				inbox.texts.push((JSON.parse(body) as { text: string }).text);
				response.end('ok');
			});
		});
		const inbox = new Inbox(server);
		inbox.url = await listen(server);
		return inbox;
	}

	async until(found: (texts: string[]) => boolean): Promise<void> {
		await n8n.evolink.until(() => found(this.texts), 30_000);
	}

	async close(): Promise<void> {
		await shut(this.server);
	}
}
