import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { INode } from 'n8n-workflow';

import { type Execution, json } from '../lib/client';
import { errorText, Flow, type Started } from '../lib/flow';
import { executionIdOf, Installation } from '../lib/installation';
import { eventually } from '../lib/poll';
import {
	calledTrigger,
	callWorkflow,
	chain,
	node,
	setFields,
	soraVideo,
	splitOut,
	webhookTrigger,
	type CredentialRef,
} from '../lib/workflows';

/**
 * What a callback wakes, and what it must not. The timers of these runs are 150 s away, so whatever ends before was woken by a
 * callback. The slow scenarios start in beforeAll and wait through the same minutes.
 */
const FATES = ['good', 'fails', 'cancelled'];
const TIMER_MS = 150_000;

let n8n: Installation;
let github: Server;
let behindGithub: Started;
let behindWait: Started;
let lost: Started;
let lostFlow: Flow;
let wokenAt: number;
const dispatched: string[] = [];

/** Webhook → Video → `last` → Next, parked, with its video about to be finished by the callback. */
async function parkBefore(last: INode, prompt: string): Promise<Started> {
	const path = `before-${prompt.replaceAll(' ', '-')}`;
	const nodes = [
		webhookTrigger('Call', path),
		soraVideo('Video', n8n.credential, { prompt, download: false }),
		last,
		setFields('Next', {}),
	];
	await n8n.publish({ name: path, nodes, connections: chain(...nodes) });
	await n8n.call(path);
	const task = await n8n.taskOf(prompt);
	const started = { executionId: executionIdOf(task), tasks: [task] };
	await n8n.client.until(started.executionId, ['waiting']);
	return started;
}

async function githubNode(): Promise<INode> {
	github = createServer((request, response) => {
		dispatched.push(String(request.url));
		response.writeHead(204).end();
	});
	await new Promise<void>((resolve) => github.listen(0, '127.0.0.1', resolve));
	const server = `http://127.0.0.1:${(github.address() as AddressInfo).port}`;
	const credential = await n8n.client.request<CredentialRef>('POST', '/rest/credentials', {
		name: 'GitHub',
		type: 'githubApi',
		data: { server, user: 'somebody', accessToken: 'none' },
	});
	const byName = (value: string) => ({ __rl: true, mode: 'name', value });
	const parameters = {
		resource: 'workflow',
		operation: 'dispatchAndWait',
		owner: byName('owner'),
		repository: byName('repository'),
		workflowId: { __rl: true, mode: 'filename', value: 'main.yml' },
		ref: byName('main'),
		inputs: '{}',
	};
	const extra = { typeVersion: 1.1, credentials: { githubApi: credential } };
	return node('GitHub', 'n8n-nodes-base.github', parameters, extra);
}

const lastNode = async ({ executionId }: Started): Promise<[string, string]> => {
	const { status, data } = await n8n.client.execution(executionId);
	return [status, String(data.resultData.lastNodeExecuted)];
};

beforeAll(async () => {
	n8n = await Installation.open({
		name: 'wake',
		mode: 'regular',
		standIn: { timeScale: 20, defaults: { seconds: 1_000_000, estimatedTime: 60 } },
	});
	n8n.evolink.fault('callback', { kind: 'never' }, { match: ({ task }) => task.request.prompt === 'lost' });
	lostFlow = await Flow.publish(n8n, 'lost');
	lost = await lostFlow.park('lost');
	n8n.evolink.finish(lost.tasks[0].id);
	const waitNode = node('Wait', 'n8n-nodes-base.wait', { amount: 90, unit: 'seconds' }, { typeVersion: 1.1 });
	behindWait = await parkBefore(waitNode, 'then wait');
	behindGithub = await parkBefore(await githubNode(), 'then dispatch');
	wokenAt = Date.now();
	for (const { tasks } of [behindWait, behindGithub]) n8n.evolink.finish(tasks[0].id);
}, 180_000);
afterAll(async () => {
	github?.close();
	await n8n?.close();
});

it('a failed task stops the workflow at its callback, with a real error that names it', async () => {
	const flow = await Flow.publish(n8n, 'stops');
	const started = await flow.park('fails at once');
	const [{ id }] = started.tasks;
	n8n.evolink.finish(id, { outcome: 'failed', code: 'service_error' });
	const done = await flow.end(started);
	expect(done.status).toBe('error');
	expect(errorText(done)).toContain(id);
	expect(done.data.resultData.runData.Next).toBeUndefined();
	expect(n8n.evolink.chargesFor({ prompt: 'fails at once' })).toHaveLength(1);
});

describe('a batch of which one is made, one fails and one is cancelled is woken by the last callback', () => {
	async function batch(
		name: string,
		onError?: INode['onError'],
	): Promise<{ done: Execution; ids: string[] }> {
		const flow = await Flow.publish(n8n, name, onError ? { extra: { onError } } : {});
		const started = await flow.park(...FATES.map((fate) => `${name}: ${fate}`));
		const ids = started.tasks.map(({ id }) => id);
		n8n.evolink.finish(ids[1], { outcome: 'failed', code: 'content_policy_violation' });
		n8n.evolink.finish(ids[2], { outcome: 'cancelled' });
		n8n.evolink.finish(ids[0]);
		return { done: await flow.end(started), ids };
	}
	const asked = (done: Execution, name: string) =>
		json(done, name).map((item) => String(item.asked).split(': ')[1]);

	it('On Error = stop: the error names all three', async () => {
		const { done, ids } = await batch('stop');
		expect(done.status).toBe('error');
		for (const id of ids) expect(errorText(done)).toContain(id);
	});

	it('On Error = continue: three items in order, the bad ones as errors', async () => {
		const { done, ids } = await batch('continue', 'continueRegularOutput');
		expect(done.status).toBe('success');
		expect(asked(done, 'Next')).toEqual(FATES);
		const [good, ...bad] = json(done, 'Next');
		expect(good).toMatchObject({ id: ids[0], status: 'completed' });
		expect(bad.map(({ error }) => error)).toEqual(ids.slice(1).map((id) => expect.stringContaining(id)));
	});

	it('On Error = error output: the good one goes on, the bad ones reach the error branch', async () => {
		const { done, ids } = await batch('branch', 'continueErrorOutput');
		expect(json(done, 'Next')).toMatchObject([{ id: ids[0], asked: 'branch: good' }]);
		expect(asked(done, 'Problem')).toEqual(FATES.slice(1));
		for (const id of ids.slice(1)) expect(JSON.stringify(json(done, 'Problem'))).toContain(id);
	});
});

it('a callback for the task of another run is refused, and wakes neither', async () => {
	const flow = await Flow.publish(n8n, 'strangers');
	const [one, other] = [await flow.park('one'), await flow.park('other')];
	n8n.evolink.fault('callback', { kind: 'never' }, { match: ({ task }) => task.id === one.tasks[0].id });
	n8n.evolink.finish(one.tasks[0].id);
	const url = String(other.tasks[0].request.callback_url);
	const answer = await n8n.evolink.forgeCallback(url, { id: one.tasks[0].id, status: 'completed' });
	expect(answer.status).toBe(404);
	for (const { executionId } of [one, other])
		expect((await n8n.client.execution(executionId)).status).toBe('waiting');
	for (const { executionId } of [one, other]) await n8n.client.stop(executionId);
});

it('called for each of three items, by a workflow that was called itself: all six videos arrive', async () => {
	const inner = [
		calledTrigger('In'),
		soraVideo('Video', n8n.credential, { prompt: '={{ $json.prompt }}', options: { pollSeconds: 0.5 } }),
	];
	const innermost = await n8n.publish({ name: 'innermost', nodes: inner, connections: chain(...inner) });
	const middle = [calledTrigger('In'), splitOut('Two', 'jobs'), callWorkflow('Inner', innermost.id)];
	const between = await n8n.publish({ name: 'between', nodes: middle, connections: chain(...middle) });
	const each = callWorkflow('Each', between.id);
	each.parameters.mode = 'each';
	const nodes = [
		webhookTrigger('Call', 'nested'),
		splitOut('Jobs', 'body.jobs'),
		each,
		setFields('Next', {}),
	];
	const outer = await n8n.publish({ name: 'outer', nodes, connections: chain(...nodes) });
	const prompts = ['a', 'b', 'c'].map((name) => [1, 2].map((at) => ({ prompt: `nested ${name}${at}` })));
	for (const { prompt } of prompts.flat()) n8n.evolink.script(prompt, { seconds: 4 });
	await n8n.call('nested', { jobs: prompts.map((jobs) => ({ jobs })) });
	const done = await n8n.latest(outer, ['success', 'error'], 60_000);
	expect(done.status).toBe('success');
	const tasks = await Promise.all(prompts.flat().map(async ({ prompt }) => await n8n.taskOf(prompt)));
	expect(json(done, 'Next').map(({ id }) => id)).toEqual(tasks.map(({ id }) => id));
});

it('a Wait node of 90 s behind a video that a callback brought waits its 90 s', async () => {
	await eventually('the Wait node waits', async () => (await lastNode(behindWait))[1] === 'Wait');
	const { status, waitTill, data } = await n8n.client.until(behindWait.executionId, ['waiting']);
	expect(status).toBe('waiting');
	const [wait] = data.resultData.runData.Wait;
	const due = new Date(String(waitTill)).getTime();
	expect(due - wait.startTime).toBeGreaterThanOrEqual(89_000);
	const done = await n8n.client.until(behindWait.executionId, ['success', 'error'], 150_000);
	expect(done.status).toBe('success');
	expect(done.data.resultData.runData.Next[0].startTime).toBeGreaterThanOrEqual(due - 500);
}, 200_000);

it('a lost callback costs time, not the video: the timer finds it', async () => {
	const done = await lostFlow.end(lost, 260_000);
	expect(json(done, 'Next')).toMatchObject([{ id: lost.tasks[0].id, status: 'completed' }]);
	expect(lost.tasks[0].reads).toBe(1);
}, 300_000);

it("another node that waits for a call, as GitHub's, is never woken by the timer of the video before it", async () => {
	expect(dispatched).toEqual(['/repos/owner/repository/actions/workflows/main.yml/dispatches']);
	// n8n looks once a minute for timers that are due
	await eventually('the timer of the video to be long over', () => Date.now() > wokenAt + TIMER_MS + 15_000, {
		timeoutMs: TIMER_MS + 30_000,
	});
	expect(await lastNode(behindGithub)).toEqual(['waiting', 'GitHub']);
	await n8n.client.stop(behindGithub.executionId);
}, 240_000);

it('the key stands in no log, output or error that n8n wrote, and the stand-in found nothing out of order', () => {
	expect(n8n.filesWith(n8n.evolink.apiKey)).toEqual([]);
	expect(n8n.evolink.violations).toEqual([]);
});
