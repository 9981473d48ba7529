import { json } from '../../../tools/n8n-server/client';
import { errorText, Flow } from '../lib/flow';
import { openInstallation } from '../lib/installation';

const n8n = openInstallation({
	name: 'crash-full',
	standIn: { defaults: { seconds: 1_000_000, estimatedTime: 60 } },
});
let flow: Flow;
beforeAll(async () => {
	flow = await Flow.publish(n8n, 'killed');
});

it('killed while the timer reads the task: crashed and visible, and Retry finishes it without a new charge', async () => {
	const started = await flow.park('killed in the read of the timer');
	const [task] = started.tasks;
	const slow = n8n.evolink.fault('read', { kind: 'slow', seconds: 400 });
	n8n.evolink.fault('callback', { kind: 'never' });
	n8n.evolink.finish(task.id);
	await n8n.evolink.until(() => slow.hits > 0, 240_000);
	await n8n.main.kill();
	slow.remove();
	await n8n.main.boot();
	expect((await flow.end(started, 120_000)).status).toBe('crashed');

	const retried = await n8n.client.retry(started.executionId);
	const done = await n8n.client.until(retried, ['success', 'error', 'waiting']);
	expect(json(done, 'Next')).toEqual([expect.objectContaining({ id: task.id, status: 'completed' })]);
	expect(n8n.evolink.charges).toHaveLength(1);
}, 500_000);

it('killed between the order and its answer: Retry uses the same key, pays nothing, and says what to look for', async () => {
	const prompt = 'killed while ordering';
	const slow = n8n.evolink.fault('create', { kind: 'slow', seconds: 400 }, { times: 1 });
	await flow.call(prompt);
	await n8n.evolink.until(() => slow.hits > 0);
	await n8n.main.kill();
	await n8n.main.boot();
	const crashed = await n8n.latest(flow.workflow, ['crashed']);
	expect(crashed.data.resultData.runData.Next).toBeUndefined();

	// the ledger went with the process: only the key, made from what n8n stored before the run, tells the two orders as one
	const retried = await n8n.client.until(await n8n.client.retry(crashed.id), ['success', 'error', 'waiting']);
	const [first, second] = orders(prompt);
	const key = first.headers['idempotency-key'];
	expect(second.headers['idempotency-key']).toBe(key);
	expect(retried.status).toBe('error');
	expect(errorText(retried)).toContain(key);
	expect(n8n.evolink.chargesFor({ prompt })).toHaveLength(1);
}, 240_000);

const orders = (prompt: string) =>
	n8n.evolink.requests.filter(
		({ method, body }) => method === 'POST' && (body as { prompt?: string }).prompt === prompt,
	);
