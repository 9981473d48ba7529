import { randomUUID } from 'node:crypto';

import { type Execution, json } from '../../../tools/n8n-server/client';
import { errorText, Flow, type Started } from '../lib/flow';
import { executionIdOf, Installation } from '../../../tools/n8n-server/installation';
import { eventually } from '../../../tools/n8n-server/poll';
import {
	calledTrigger,
	callWorkflow,
	chain,
	loop,
	node,
	noOp,
	setFields,
	soraVideo,
	splitOut,
	webhookTrigger,
	wires,
} from '../../../tools/n8n-server/workflows';

/**
 * What the timer alone must do. n8n looks for waits that are due once a minute, so every scenario starts in beforeAll, all
 * wait through the same minutes, and each test then looks at its own end.
 */
const ROUNDS_MS = 150_000;

let n8n: Installation;
const started: Record<string, Started> = {};
const flows: Record<string, Flow> = {};

/** Prompts say how their task goes; only three callbacks are delivered in this file at all. */
async function begin(
	name: string,
	prompts: string[],
	options: Parameters<typeof Flow.publish>[2] = {},
): Promise<void> {
	flows[name] = await Flow.publish(n8n, name, options);
	started[name] = await flows[name].park(...prompts);
}
const end = async (name: string): Promise<Execution> => await flows[name].end(started[name], ROUNDS_MS);
const taskId = (name: string, index = 0): string => started[name].tasks[index].id;
const charges = (prompt: string): number => n8n.evolink.chargesFor({ prompt }).length;

/** Five items: one good, one refused when it is ordered, three that end badly later. */
const batch = (name: string): string[] =>
	['good', 'refused', 'fails', 'cancelled', 'empty'].map((fate) => `${name}: ${fate}`);

/** Like `begin`, for a batch whose second item EvoLink refuses: four tasks. */
async function beginBatch(name: string, options: Parameters<typeof Flow.publish>[2]): Promise<void> {
	flows[name] = await Flow.publish(n8n, name, options);
	await flows[name].call(...batch(name));
	const accepted = batch(name).filter((prompt) => !prompt.endsWith('refused'));
	const tasks = await Promise.all(accepted.map(async (prompt) => await n8n.taskOf(prompt)));
	started[name] = { executionId: executionIdOf(tasks[0]), tasks };
	await n8n.client.until(started[name].executionId, ['waiting']);
}

const LOOP_PROMPTS = ['loop round 1', 'loop round 2'];
async function beginLoop(): Promise<void> {
	const nodes = [
		webhookTrigger('Call', 'loop'),
		splitOut('Jobs', 'body.jobs'),
		loop('Loop'),
		soraVideo('Video', n8n.credential, { prompt: '={{ $json.prompt }}' }),
		noOp('Done'),
	];
	const round = wires(['Loop', 'Done', 0], ['Loop', 'Video', 1], ['Video', 'Loop']);
	const connections = { ...wires(['Call', 'Jobs'], ['Jobs', 'Loop']), ...round };
	await n8n.publish({ name: 'loop', nodes, connections });
	await n8n.call('loop', { jobs: LOOP_PROMPTS.map((prompt) => ({ prompt })) });
}

let parentExecutionId: string;
async function beginSubWorkflow(): Promise<void> {
	const child = [
		calledTrigger('In'),
		soraVideo('Video', n8n.credential, { prompt: '={{ $json.body.prompt }}', waitMode: 'suspend' }),
	];
	const called = await n8n.publish({ name: 'called', nodes: child, connections: chain(...child) });
	const nodes = [webhookTrigger('Call', 'parent'), callWorkflow('Run', called.id), setFields('Next', {})];
	const parent = await n8n.publish({ name: 'parent', nodes, connections: chain(...nodes) });
	await n8n.call('parent', { prompt: 'inside a sub-workflow' });
	parentExecutionId = (await n8n.latest(parent, ['waiting'])).id;
}

const BEHIND = 'before a Wait node';
async function beginBehind(): Promise<void> {
	const wait = { resume: 'webhook', httpMethod: 'POST', options: {} };
	const nodes = [
		webhookTrigger('Call', 'behind'),
		soraVideo('Video', n8n.credential, { prompt: BEHIND }),
		node('Wait', 'n8n-nodes-base.wait', wait, { typeVersion: 1.1, webhookId: randomUUID() }),
		noOp('Next'),
	];
	await n8n.publish({ name: 'behind', nodes, connections: chain(...nodes) });
	await n8n.call('behind', {});
	const task = await n8n.taskOf(BEHIND);
	started.behind = { executionId: executionIdOf(task), tasks: [task] };
	await n8n.client.until(started.behind.executionId, ['waiting']);
}

beforeAll(async () => {
	// EvoLink does not document the Idempotency-Key: nothing here may rest on it
	n8n = await Installation.open({
		name: 'timer',
		mode: 'regular',
		standIn: { timeScale: 20, idempotency: 'ignored' },
	});
	const { evolink } = n8n;
	const early = 'called too early';
	evolink.fault('callback', { kind: 'early' }, { match: ({ task }) => task.request.prompt === early });
	evolink.fault(
		'callback',
		{ kind: 'never' },
		{ match: ({ task }) => !['loop round 1', early, BEHIND].includes(String(task.request.prompt)) },
	);
	evolink.fault(
		'create',
		{ kind: 'http', status: 400, code: 'content_policy_violation' },
		{ match: ({ request }) => String((request.body as { prompt?: string }).prompt).endsWith('refused') },
	);
	evolink.fault(
		'create',
		{ kind: 'http', status: 400, code: 'invalid_request' },
		{ times: 1, match: ({ request }) => (request.body as { prompt?: string }).prompt === 'refused once' },
	);
	evolink.script(/stuck/, { outcome: 'stuck' });
	evolink.script(/fails$/, { outcome: 'failed', code: 'content_policy_violation' });
	evolink.script(/cancelled$/, { outcome: 'cancelled' });
	evolink.script(/empty$/, { outcome: 'no-results' });

	await begin('lost', ['lost callback 1', 'lost callback 2']);
	flows.early = await Flow.publish(n8n, 'early');
	started.early = await flows.early.start(early);
	await begin('deadline', ['stuck and given up'], { video: { options: { timeoutMinutes: 0.05 } } });
	await begin('failed', ['good one', 'this one fails']);
	await begin('tries', ['tried three times, fails'], {
		extra: { retryOnFail: true, maxTries: 3, waitBetweenTries: 100 },
	});
	await begin('again', ['taken at once', 'refused once'], {
		extra: { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 },
	});
	await begin('data', ['as data: fails'], { video: { options: { onTaskFailure: 'output' } } });
	await begin('save none', ['kept nowhere'], {
		settings: { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none' },
	});
	await begin('save progress', ['progress kept'], { settings: { saveExecutionProgress: true } });
	// the item without a result is waited for until then
	const video = { options: { timeoutMinutes: 1.5 } };
	await beginBatch('continue', { video, extra: { onError: 'continueRegularOutput' } });
	await beginBatch('branch', { video, extra: { onError: 'continueErrorOutput' } });
	await beginLoop();
	await beginSubWorkflow();
	await beginBehind();
}, 240_000);
afterAll(async () => await n8n?.close());

it('a lost callback costs time, not the video: all items arrive in order with their files', async () => {
	const done = await end('lost');
	expect(done.status).toBe('success');
	expect(json(done, 'Next')).toEqual([
		expect.objectContaining({ id: taskId('lost', 0), status: 'completed', asked: 'lost callback 1' }),
		expect.objectContaining({ id: taskId('lost', 1), status: 'completed', asked: 'lost callback 2' }),
	]);
	expect(done.data.resultData.runData.Video).toHaveLength(1);
	expect(charges('lost callback 1')).toBe(1);
}, 200_000);

it('a callback that comes before the execution is parked does no harm', async () => {
	const done = await end('early');
	expect(n8n.evolink.callbacks.filter((callback) => callback.taskId === taskId('early'))[0].status).toBe(409);
	expect(json(done, 'Next')).toEqual([expect.objectContaining({ id: taskId('early'), status: 'completed' })]);
	expect(charges('called too early')).toBe(1);
}, 200_000);

it('a stuck task is read once more at the deadline, and the error names it', async () => {
	const done = await end('deadline');
	expect(done.status).toBe('error');
	expect(errorText(done)).toContain(taskId('deadline'));
	expect(started.deadline.tasks[0].reads).toBeGreaterThan(0);
}, 200_000);

it('Retry of a wait that was given up gets the video that came later, and pays nothing', async () => {
	await end('deadline');
	n8n.evolink.finish(taskId('deadline'), { outcome: 'completed' });
	const id = await n8n.client.retry(started.deadline.executionId);
	const done = await n8n.client.until(id, ['success', 'error'], ROUNDS_MS);
	expect(errorText(done)).toBe('');
	expect(json(done, 'Next')).toEqual([
		expect.objectContaining({ id: taskId('deadline'), status: 'completed', asked: 'stuck and given up' }),
	]);
	expect(charges('stuck and given up')).toBe(1);
}, 300_000);

it('a failed task stops the workflow with an error that names it and loses no other id', async () => {
	const done = await end('failed');
	expect(done.status).toBe('error');
	for (const { id } of started.failed.tasks) expect(errorText(done)).toContain(id);
	expect(errorText(done)).toContain('content_policy_violation');
	expect(done.data.resultData.runData.Next).toBeUndefined();
}, 200_000);

it('Retry of a batch with a failed task buys nothing again', async () => {
	await end('failed');
	const id = await n8n.client.retry(started.failed.executionId);
	const done = await n8n.client.until(id, ['success', 'error', 'waiting'], ROUNDS_MS);
	expect(done.status).toBe('error');
	expect(errorText(done)).toContain(taskId('failed', 1));
	expect(charges('good one') + charges('this one fails')).toBe(2);
}, 200_000);

it('a failed video under Retry On Fail is not bought again', async () => {
	const done = await end('tries');
	expect(done.status).toBe('error');
	expect(errorText(done)).toContain(taskId('tries'));
	expect(charges('tried three times, fails')).toBe(1);
}, 200_000);

it('when Retry On Fail repeats a batch, what EvoLink already took is not ordered again', async () => {
	const done = await end('again');
	expect(json(done, 'Next').map(({ asked, status }) => [asked, status])).toEqual([
		['taken at once', 'completed'],
		['refused once', 'completed'],
	]);
	expect([charges('taken at once'), charges('refused once')]).toEqual([1, 1]);
}, 200_000);

it('with When a Task Fails = output a failed task is data', async () => {
	const done = await end('data');
	expect(done.status).toBe('success');
	expect(json(done, 'Next')).toEqual([
		expect.objectContaining({
			id: taskId('data'),
			status: 'failed',
			taskError: expect.objectContaining({ code: 'content_policy_violation' }) as unknown,
		}),
	]);
}, 200_000);

it('On Error = stop: an order that is refused ends the run at once, and its error names every task that was taken', async () => {
	const flow = await Flow.publish(n8n, 'stop');
	await flow.call(...batch('stop'));
	const done = await n8n.latest(flow.workflow, ['error', 'waiting', 'success']);
	expect(done.status).toBe('error');
	const tasks = [...n8n.evolink.tasks.values()].filter(({ request }) =>
		batch('stop').includes(String(request.prompt)),
	);
	expect(tasks.length).toBeGreaterThan(0);
	for (const { id } of tasks) expect(errorText(done)).toContain(id);

	const retried = await n8n.client.until(await n8n.client.retry(done.id), ['error', 'waiting', 'success']);
	expect(errorText(retried)).not.toBe('');
	for (const prompt of batch('stop')) expect(charges(prompt)).toBeLessThanOrEqual(1);
});

it('On Error = continue: five items in, five items out, in order, each bad one naming its item and task', async () => {
	const done = await end('continue');
	expect(done.status).toBe('success');
	const [good, refused, fails, cancelled, empty] = json(done, 'Next');
	const [goodTask, failsTask, cancelledTask, emptyTask] = started.continue.tasks;
	expect(good).toMatchObject({ id: goodTask.id, status: 'completed' });
	expect(good.error).toBeUndefined();
	expect(refused.error).toMatchObject({ message: expect.stringMatching(/content_policy_violation|policy/i) });
	expect(fails.error).toMatchObject({ taskId: failsTask.id });
	expect(cancelled.error).toMatchObject({ taskId: cancelledTask.id });
	expect(empty.error).toMatchObject({ taskId: emptyTask.id });
	expect(json(done, 'Next').map(({ asked }) => asked)).toEqual(batch('continue'));
}, 200_000);

it('On Error = error output: the good item goes on, the four bad ones reach the error branch, no id is lost', async () => {
	const done = await end('branch');
	expect(done.status).toBe('success');
	const [goodTask, ...badTasks] = started.branch.tasks;
	expect(json(done, 'Next')).toEqual([expect.objectContaining({ id: goodTask.id, asked: 'branch: good' })]);
	const problems = json(done, 'Problem');
	expect(problems.map(({ asked }) => asked)).toEqual(batch('branch').slice(1));
	for (const { id } of badTasks) expect(JSON.stringify(problems)).toContain(id);
}, 200_000);

it('with nothing to be saved the execution waits all the same, and is gone when it has ended', async () => {
	const { executionId, tasks } = started['save none'];
	await n8n.evolink.until(() => n8n.evolink.mediaStats.requests > 0 && tasks[0].reads > 0, ROUNDS_MS);
	await expect(n8n.client.until(executionId, ['success', 'error', 'waiting'], 3_000)).rejects.toThrow(
		'not stored',
	);
	expect(charges('kept nowhere')).toBe(1);
}, 200_000);

it('with progress saved at every node the wait ends as without', async () => {
	const done = await end('save progress');
	expect(done.status).toBe('success');
	expect(json(done, 'Next')).toEqual([expect.objectContaining({ id: taskId('save progress') })]);
}, 200_000);

it('in a loop every round waits for its own video: one by callback, one by timer', async () => {
	const tasks = [await n8n.taskOf(LOOP_PROMPTS[0]), await n8n.taskOf(LOOP_PROMPTS[1], ROUNDS_MS)];
	expect(executionIdOf(tasks[1])).toBe(executionIdOf(tasks[0]));
	const done = await n8n.client.until(executionIdOf(tasks[0]), ['success', 'error', 'crashed'], ROUNDS_MS);
	expect(json(done, 'Done').map(({ id }) => id)).toEqual(tasks.map(({ id }) => id));
	expect(done.data.resultData.runData.Video).toHaveLength(2);
}, 320_000);

it('inside a sub-workflow the caller waits too, and gets the video', async () => {
	const task = await n8n.taskOf('inside a sub-workflow');
	const done = await n8n.client.until(parentExecutionId, ['success', 'error', 'crashed'], ROUNDS_MS);
	expect(json(done, 'Next')).toEqual([expect.objectContaining({ id: task.id, status: 'completed' })]);
}, 200_000);

it('behind a video a Wait node waits: neither the timer nor a late callback of the video wakes it', async () => {
	const { executionId, tasks } = started.behind;
	const [{ id, request }] = tasks;
	const at = async () => (await n8n.client.execution(executionId)).data.resultData.lastNodeExecuted;
	await eventually('the Wait node waits', async () => (await at()) === 'Wait', { timeoutMs: ROUNDS_MS });
	const late = await n8n.evolink.forgeCallback(String(request.callback_url), { id, status: 'completed' });
	expect(late.status).toBe(404);
	const { status } = await n8n.client.execution(executionId);
	expect([status, await at()]).toEqual(['waiting', 'Wait']);
	await n8n.client.stop(executionId);
}, 200_000);

it('the key stands in no log, output or error that n8n wrote, and the stand-in found nothing out of order', () => {
	expect(n8n.filesWith(n8n.evolink.apiKey)).toEqual([]);
	expect(n8n.evolink.violations).toEqual([]);
});
