import { type Execution, json } from '../../../tools/n8n-server/client';
import { Flow, type Started } from '../lib/flow';
import { keepsTheKey, openInstallation } from '../lib/installation';
import {
	calledTrigger,
	callWorkflow,
	chain,
	setFields,
	soraVideo,
	webhookTrigger,
} from '../../../tools/n8n-server/workflows';

/**
 * What the timer alone must do. n8n looks for waits that are due once a minute, so every scenario starts in beforeAll, all
 * wait through the same minutes, and each test then looks at its own end.
 */
const ROUNDS_MS = 150_000;

// EvoLink does not document the Idempotency-Key: nothing here may rest on it
const n8n = openInstallation({ name: 'timer', standIn: { idempotency: 'ignored' } });
const started: Record<string, Started> = {};
const flows: Record<string, Flow> = {};

/** Prompts say how their task goes; only one callback is delivered in this file at all. */
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

beforeAll(async () => {
	const { evolink } = n8n;
	const early = 'called too early';
	evolink.fault('callback', { kind: 'early' }, { match: ({ task }) => task.request.prompt === early });
	evolink.fault('callback', { kind: 'never' }, { match: ({ task }) => task.request.prompt !== early });

	await begin('lost', ['lost callback 1', 'lost callback 2']);
	flows.early = await Flow.publish(n8n, 'early');
	started.early = await flows.early.start(early);
	await begin('save none', ['kept nowhere'], {
		settings: { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none' },
	});
	await begin('save progress', ['progress kept'], { settings: { saveExecutionProgress: true } });
	await beginSubWorkflow();
}, 240_000);

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

it('inside a sub-workflow the caller waits too, and gets the video', async () => {
	const task = await n8n.taskOf('inside a sub-workflow');
	const done = await n8n.client.until(parentExecutionId, ['success', 'error', 'crashed'], ROUNDS_MS);
	expect(json(done, 'Next')).toEqual([expect.objectContaining({ id: task.id, status: 'completed' })]);
}, 200_000);

keepsTheKey(n8n);
