import { items, json } from '../../../tools/n8n-server/client';
import { keepsTheKey, openInstallation } from '../lib/installation';
import { PUBLIC_HOST } from '../../../tools/n8n-server/n8n';
import { eventually } from '../../../tools/n8n-server/poll';
import { order, outcomeOf, TriggerFlow } from '../lib/trigger';
import {
	chain,
	scheduleTrigger,
	setFields,
	soraVideo,
	soraVideoTrigger,
	wires,
} from '../../../tools/n8n-server/workflows';

const n8n = openInstallation({ name: 'trigger' });
let flow: TriggerFlow;

beforeAll(async () => {
	n8n.evolink.script(/^probe/, { seconds: 1 });
	flow = await TriggerFlow.publish(n8n, 'all defaults');
});

const deliveries = (taskId: string) => n8n.evolink.callbacks.filter((callback) => callback.taskId === taskId);
const delivered = async (taskId: string) =>
	await n8n.evolink.until(() => deliveries(taskId).some(({ status = 0 }) => status >= 200 && status < 300));

/** Runs `act` and gives the number of executions that n8n stored for it. */
async function storedBy(act: () => Promise<void>, of = flow): Promise<number> {
	const before = (await of.executionIds()).length;
	await act();
	// n8n starts executions in order: when this one is there, one of `act` would be there too
	const probe = await order(n8n, `probe after ${before}`, of.url);
	await outcomeOf(of, probe);
	return (await of.executionIds()).length - before - 1;
}

it('a good callback starts one execution with the task as EvoLink itself reports it', async () => {
	const id = await order(n8n, 'good', flow.url);
	await delivered(id);
	const [outcome, ...more] = await flow.outcomes(1);
	expect(more).toEqual([]);
	expect(outcome).toMatchObject({
		id,
		status: 'completed',
		videoUrl: expect.stringContaining(n8n.evolink.url) as string,
	});
	expect(outcome.error).toBeUndefined();
	expect(n8n.evolink.tasks.get(id)?.reads).toBe(1);
});

describe('answers without starting or storing an execution', () => {
	it('2xx to a callback that comes again', async () => {
		const id = await order(n8n, 'repeated', flow.url);
		await outcomeOf(flow, id);
		const stored = await storedBy(async () => {
			const again = await n8n.evolink.forgeCallback(flow.url, { id, status: 'completed' });
			expect(again.status).toBeLessThan(300);
		});
		expect(stored).toBe(0);
	});

	it.each([
		['a made-up task id', { id: 'task-unified-1757165031-forged00', status: 'completed' }],
		['one megabyte', { id: 'x'.repeat(1_000_000) }],
	])('4xx to %s', async (_, body) => {
		const stored = await storedBy(async () => {
			const { status } = await n8n.evolink.forgeCallback(flow.url, body);
			expect(status).toBeGreaterThanOrEqual(400);
			expect(status).toBeLessThan(500);
		});
		expect(stored).toBe(0);
	});

	it.each([
		['text/plain', 'completed'],
		['application/json', '{"id": "task-'],
		['application/octet-stream', '\u0000\u0001'],
		['application/x-www-form-urlencoded', 'id=&status=completed'],
	])('4xx to a body of %s that is no callback', async (contentType, body) => {
		const stored = await storedBy(async () => {
			const url = flow.url.replace(`https://${PUBLIC_HOST}`, n8n.webhook.url);
			const { status } = await fetch(url, { method: 'POST', headers: { 'content-type': contentType }, body });
			expect(status).toBeGreaterThanOrEqual(400);
			expect(status).toBeLessThan(500);
		});
		expect(stored).toBe(0);
	});
});

describe('with Download', () => {
	it('the answer comes at once however slow the media host is, and the video is there in the end', async () => {
		n8n.evolink.script(/^slow media$/, { media: { delaySeconds: 60 } });
		const downloads = await TriggerFlow.publish(n8n, 'download', { download: true });
		const { bytesSent } = n8n.evolink.mediaStats;
		const id = await order(n8n, 'slow media', downloads.url);
		await delivered(id);
		expect(n8n.evolink.mediaStats.bytesSent).toBe(bytesSent);
		await downloads.outcomes(1);
		const end = await n8n.client.execution((await downloads.executionIds())[0]);
		expect(items(end, 'Next')[0].binary?.data).toMatchObject({ mimeType: 'video/mp4' });
		expect(deliveries(id)).toHaveLength(1);
	});
});

it('n8n is killed while the video is fetched: the execution is there, crashed, and Retry brings the file', async () => {
	n8n.evolink.script(/^killed$/, { media: { delaySeconds: 100_000 } });
	const downloads = await TriggerFlow.publish(n8n, 'killed', { download: true });
	const { requests } = n8n.evolink.mediaStats;
	const id = await order(n8n, 'killed', downloads.url);
	await delivered(id);
	await n8n.evolink.until(() => n8n.evolink.mediaStats.requests > requests);
	await eventually('the execution', async () => (await downloads.executionIds()).length === 1);
	await n8n.main.kill();
	n8n.evolink.tasks.get(id)!.script.media = {};
	await n8n.main.boot();
	const lost = await n8n.latest(downloads.workflow, ['crashed'], 60_000);
	const end = await n8n.client.until(await n8n.client.retry(lost.id), ['success', 'error'], 60_000);
	expect(items(end, 'Next')[0].json).toMatchObject({ id, status: 'completed' });
	expect(items(end, 'Next')[0].binary?.data).toMatchObject({ mimeType: 'video/mp4' });
	expect(n8n.evolink.chargesFor({ prompt: 'killed' })).toHaveLength(1);
}, 180_000);

it('does not activate with Verify on and no credential, and says why', async () => {
	const publish = TriggerFlow.publish(n8n, 'unverified', {}, { credential: false });
	await expect(publish).rejects.toThrow(/credential/i);
});

it('is gone after deactivation', async () => {
	const gone = await TriggerFlow.publish(n8n, 'gone');
	await n8n.client.deactivate(gone.workflow);
	expect((await n8n.evolink.forgeCallback(gone.url, { id: 'x' })).status).toBe(404);
});

it('a test event in the editor arrives at the test URL', async () => {
	const trigger = soraVideoTrigger('Done', n8n.credential);
	const workflow = await n8n.client.createWorkflow({ name: 'listening', nodes: [trigger], connections: {} });
	expect(await n8n.client.runManually(workflow, 'Done')).toBeUndefined();
	const id = await order(
		n8n,
		'test event',
		`https://${PUBLIC_HOST}/webhook-test/${trigger.webhookId}/webhook`,
	);
	await delivered(id);
	const done = await n8n.latest(workflow, ['success', 'error']);
	expect(json(done, 'Done')).toEqual([expect.objectContaining({ id, status: 'completed' })]);
});

it('a schedule orders, the trigger of the same workflow takes the result on', async () => {
	const trigger = soraVideoTrigger('Done', n8n.credential);
	const callbackUrl = `https://${PUBLIC_HOST}/webhook/${trigger.webhookId}/webhook`;
	const nodes = [
		scheduleTrigger('Every Day', 2),
		soraVideo('Video', n8n.credential, { prompt: '=by schedule', wait: 'none', callbackUrl }),
		trigger,
		setFields('Next', {}),
	];
	const connections = { ...wires(['Every Day', 'Video']), ...chain(trigger, nodes[3]) };
	const workflow = await n8n.publish({ name: 'one workflow', nodes, connections });
	const task = await n8n.taskOf('by schedule');
	await delivered(task.id);
	const found = await eventually('an execution with the result', async () => {
		const { results } = await n8n.client.executions({ workflowId: workflow.id });
		for (const { id } of results) {
			const end = await n8n.client.execution(id);
			if (json(end, 'Next').some((outcome) => outcome.id === task.id)) return end;
		}
		return undefined;
	});
	await n8n.client.deactivate(workflow);
	expect(json(found, 'Next')).toEqual([expect.objectContaining({ id: task.id, status: 'completed' })]);
});

keepsTheKey(n8n);
