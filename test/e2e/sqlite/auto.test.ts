import { randomUUID } from 'node:crypto';

import { type IConnections } from 'n8n-workflow';

import { type Execution, json } from '../../../tools/n8n-server/client';
import { ChatModel } from '../../../tools/n8n-server/chat-model';
import { errorText, Flow } from '../lib/flow';
import { keepsTheKey, openInstallation } from '../lib/installation';
import { PACKAGE_NAME } from '../../../tools/n8n-server/package-under-test';
import {
	chain,
	manualTrigger,
	node,
	setFields,
	soraVideo,
	webhookTrigger,
	type CredentialRef,
} from '../../../tools/n8n-server/workflows';

const n8n = openInstallation({ name: 'auto' });
const quick = { options: { pollSeconds: 0.25 } };

const hints = (execution: Execution): string =>
	JSON.stringify(execution.data.resultData.runData.Video[0].hints ?? []);
const callbackUrl = async (prompt: string) => (await n8n.taskOf(prompt)).request.callback_url;

describe('wait = auto', () => {
	it('polls in an editor test run', async () => {
		const nodes = [
			manualTrigger(),
			soraVideo('Video', n8n.credential, { prompt: 'in the editor', ...quick }),
		];
		const workflow = await n8n.client.createWorkflow({ name: 'editor', nodes, connections: chain(...nodes) });
		const id = await n8n.client.runManually(workflow, 'Start');
		const done = await n8n.client.until(String(id), ['success', 'error', 'waiting']);
		expect(done.status).toBe('success');
		expect(json(done, 'Video')).toEqual([expect.objectContaining({ status: 'completed' })]);
		expect(await callbackUrl('in the editor')).toBeUndefined();
		expect(hints(done)).toMatch(/Made 1 video/);
	});

	it('polls where the caller waits for the last node, who then gets the video', async () => {
		const flow = await Flow.publish(n8n, 'last node', {
			webhook: { responseMode: 'lastNode' },
			video: quick,
		});
		const answer = await flow.call('for a caller who waits');
		expect(answer.status).toBe(200);
		expect(await answer.json()).toMatchObject({ status: 'completed', asked: 'for a caller who waits' });
		expect(await callbackUrl('for a caller who waits')).toBeUndefined();
		expect(hints(await n8n.latest(flow.workflow, ['success']))).toMatch(/Made 1 video/);
	});

	it('answers a caller through Respond to Webhook with the video, not before', async () => {
		const path = 'respond-node';
		const nodes = [
			webhookTrigger('Call', path, { responseMode: 'responseNode' }),
			soraVideo('Video', n8n.credential, { prompt: 'for a respond node', ...quick }),
			node(
				'Respond',
				'n8n-nodes-base.respondToWebhook',
				{ respondWith: 'firstIncomingItem', options: {} },
				{ typeVersion: 1.4 },
			),
		];
		await n8n.publish({ name: path, nodes, connections: chain(...nodes) });
		const answer = await n8n.call(path);
		expect(answer.status).toBe(200);
		expect(await answer.json()).toMatchObject({
			status: 'completed',
			videoUrl: expect.any(String) as string,
		});
	});

	it('answers whoever resumed a Wait node and waits for the last node with the video, not before', async () => {
		const path = 'wait-node';
		const wait = { resume: 'webhook', httpMethod: 'POST', responseMode: 'lastNode', options: {} };
		const nodes = [
			webhookTrigger('Call', path),
			setFields('Url', { url: '={{ $execution.resumeUrl }}' }),
			node('Wait', 'n8n-nodes-base.wait', wait, { typeVersion: 1.1, webhookId: randomUUID() }),
			soraVideo('Video', n8n.credential, { prompt: 'behind a Wait node', ...quick }),
		];
		const workflow = await n8n.publish({ name: path, nodes, connections: chain(...nodes) });
		await n8n.call(path);
		const waiting = await n8n.latest(workflow, ['waiting']);
		const { pathname, search } = new URL(String(json(waiting, 'Url')[0].url));
		const answer = await fetch(`${n8n.webhook.url}${pathname}${search}`, { method: 'POST' });
		expect(answer.status).toBe(200);
		expect(await answer.json()).toMatchObject({ status: 'completed' });
		expect(await callbackUrl('behind a Wait node')).toBeUndefined();
	});

	it.each([2.2, 3])(
		'polls as the tool of an AI agent (version %d), which gets the task; nothing is downloaded',
		async (version) => {
			const prompt = `for an agent of version ${version}`;
			const model = await ChatModel.start({ prompt });
			const downloads = n8n.evolink.mediaStats.requests;
			try {
				const done = await n8n.client.until(await runAgent(version, model.url), [
					'success',
					'error',
					'waiting',
				]);
				expect(errorText(done)).toBe('');
				expect(done.status).toBe('success');
				const task = await n8n.taskOf(prompt);
				expect(task.request.callback_url).toBeUndefined();
				expect(model.toolAnswers).toHaveLength(1);
				expect(model.toolAnswers[0]).toContain(task.id);
				expect(model.toolAnswers[0]).toContain('completed');
				expect(n8n.evolink.mediaStats.requests).toBe(downloads);
				expect(n8n.evolink.chargesFor({ prompt })).toHaveLength(1);
			} finally {
				await model.close();
			}
		},
	);
});

describe('an MCP server', () => {
	const operations = {
		generate: 'video',
		estimateCost: 'video',
		getTask: 'task',
		getManyTasks: 'task',
		getManyModels: 'account',
		getCredits: 'account',
	};
	let ask: (method: string, params?: object) => Promise<unknown>;

	beforeAll(async () => {
		const type = '@n8n/n8n-nodes-langchain.mcpTrigger';
		const trigger = node('Server', type, { path: 'videos' }, { typeVersion: 2, webhookId: randomUUID() });
		const tools = Object.entries(operations).map(([operation, resource]) => {
			const taskId = { __rl: true, mode: 'id', value: "={{ $fromAI('id') }}" };
			const parameters = { resource, operation, prompt: "={{ $fromAI('prompt') }}", taskId, ...quick };
			const credentials = { evoLinkApi: n8n.credential };
			return node(operation, `${PACKAGE_NAME}.soraVideoTool`, parameters, { credentials });
		});
		const into = { ai_tool: [[{ node: 'Server', type: 'ai_tool' as const, index: 0 }]] };
		const connections = Object.fromEntries(tools.map(({ name }) => [name, into]));
		await n8n.publish({ name: 'mcp', nodes: [trigger, ...tools], connections });
		const headers: Record<string, string> = {
			'content-type': 'application/json',
			accept: 'application/json, text/event-stream',
		};
		ask = async (method, params = {}) => {
			const isNotice = method.startsWith('notifications/');
			const message = { jsonrpc: '2.0', ...(!isNotice && { id: randomUUID() }), method, params };
			const url = `${n8n.webhook.url}/mcp/videos`;
			const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(message) });
			headers['mcp-session-id'] ??= answer.headers.get('mcp-session-id') ?? '';
			const text = await answer.text();
			const data = /^data: (.*)$/m.exec(text)?.[1] ?? text;
			return isNotice ? undefined : (JSON.parse(data) as { result: unknown }).result;
		};
		const clientInfo = { name: 'e2e', version: '1' };
		await ask('initialize', { protocolVersion: '2025-03-26', capabilities: {}, clientInfo });
		await ask('notifications/initialized');
	});

	it('lists each operation with what it does', async () => {
		const { tools } = (await ask('tools/list')) as { tools: Array<{ name: string; description: string }> };
		expect(tools.map(({ name }) => name).sort()).toEqual(Object.keys(operations).sort());
		const told = Object.fromEntries(tools.map(({ name, description }) => [name, description]));
		expect(told.generate).toMatch(/Generate a video/i);
		expect(told.getTask).toMatch(/Get a task/i);
		expect(new Set(Object.values(told)).size).toBe(tools.length);
	});

	it('gives a finished video as data', async () => {
		const result = await ask('tools/call', { name: 'generate', arguments: { prompt: 'for MCP' } });
		expect(JSON.stringify(result)).toContain((await n8n.taskOf('for MCP')).id);
		expect(JSON.stringify(result)).toMatch(/completed/);
	});

	it('tells a failure as data, with nothing that only a person in n8n could do', async () => {
		n8n.evolink.script('a singer', { outcome: 'failed', code: 'content_policy_violation' });
		const result = await ask('tools/call', { name: 'generate', arguments: { prompt: 'a singer' } });
		const text = JSON.stringify(result);
		expect(text).toContain('content_policy_violation');
		expect(text).toContain('ask the user first');
		expect(text).not.toMatch(/Retry|[Rr]un the workflow|turn on the option/);
		expect(n8n.evolink.chargesFor({ prompt: 'a singer' })).toHaveLength(1);
	});
});

/** Runs Webhook → Agent with a chat model and Sora Video as its tool; returns the execution id when it has begun. */
async function runAgent(typeVersion: number, url: string): Promise<string> {
	const openAi = await n8n.client.request<CredentialRef>('POST', '/rest/credentials', {
		name: 'Model',
		type: 'openAiApi',
		data: { apiKey: 'unused', url },
	});
	const path = `agent-${typeVersion}`;
	const langchain = '@n8n/n8n-nodes-langchain';
	const nodes = [
		webhookTrigger('Call', path),
		node(
			'Agent',
			`${langchain}.agent`,
			{ promptType: 'define', text: 'Make a video', options: {} },
			{ typeVersion },
		),
		node(
			'Model',
			`${langchain}.lmChatOpenAi`,
			{ model: { __rl: true, mode: 'id', value: 'stand-in' }, options: {} },
			{ typeVersion: 1.2, credentials: { openAiApi: openAi } },
		),
		node(
			'Video',
			`${PACKAGE_NAME}.soraVideoTool`,
			{ operation: 'generate', prompt: "={{ $fromAI('prompt') }}", ...quick },
			{ credentials: { evoLinkApi: n8n.credential } },
		),
		setFields('Next', {}),
	];
	const into = (type: 'ai_languageModel' | 'ai_tool') => ({ [type]: [[{ node: 'Agent', type, index: 0 }]] });
	const connections: IConnections = {
		...chain(nodes[0], nodes[1], nodes[4]),
		Model: into('ai_languageModel'),
		Video: into('ai_tool'),
	};
	const workflow = await n8n.publish({ name: path, nodes, connections });
	await n8n.call(path);
	return (await n8n.latest(workflow, ['running', 'waiting', 'success', 'error'])).id;
}

keepsTheKey(n8n);
