import { json } from '../../../tools/n8n-server/client';
import { Flow } from '../lib/flow';
import { openInstallation } from '../lib/installation';

const n8n = openInstallation({
	name: 'loss',
	mode: 'queue',
	// 50 at once: the isolated expression engine alone would take most of the time
	env: { N8N_EXPRESSION_ENGINE: 'legacy' },
	standIn: { idempotency: 'ignored', defaults: { seconds: 1_000_000, estimatedTime: 60 } },
});
let flow: Flow;
beforeAll(async () => {
	flow = await Flow.publish(n8n, 'lost worker');
});

async function fiftyWaitAndTheWorkerIsKilled(name: string) {
	const started = await flow.parkEach(name, 50);
	await n8n.worker.kill();
	for (const { tasks } of started) n8n.evolink.finish(tasks[0].id);
	await n8n.evolink.until(() =>
		started.every(({ tasks }) => n8n.evolink.callbacks.some(({ taskId }) => taskId === tasks[0].id)),
	);
	return started;
}

it('50 wait, the worker is killed, all callbacks come, a fresh container takes over: all 50 finish, 50 are paid', async () => {
	const started = await fiftyWaitAndTheWorkerIsKilled('fresh folder');
	n8n.worker.useFreshFolder('new', n8n.main);
	await n8n.worker.boot();
	await flow.expectEach(started, 240_000);
	expect(n8n.evolink.charges).toHaveLength(50);
}, 400_000);

it('the same on a kept folder: each finishes or is visibly crashed, and Retry then finishes it without a new charge', async () => {
	const started = await fiftyWaitAndTheWorkerIsKilled('kept folder');
	await n8n.worker.boot();
	const ends = await Promise.all(started.map(async (one) => await flow.end(one, 240_000)));
	for (const [index, end] of ends.entries()) {
		expect(['success', 'crashed']).toContain(end.status);
		const done =
			end.status === 'success'
				? end
				: await n8n.client.until(await n8n.client.retry(end.id), ['success', 'error', 'waiting'], 60_000);
		expect(done.status).toBe('success');
		expect(json(done, 'Next').map(({ id }) => id)).toEqual([started[index].tasks[0].id]);
	}
	for (const { tasks } of started)
		expect(n8n.evolink.chargesFor({ prompt: String(tasks[0].request.prompt) })).toHaveLength(1);
}, 500_000);

it('the main process is killed while videos wait: webhook process and worker finish them', async () => {
	const started = await flow.park('main lost');
	await n8n.main.kill();
	n8n.evolink.finish(started.tasks[0].id);
	await n8n.evolink.until(() => n8n.evolink.callbacks.some(({ taskId }) => taskId === started.tasks[0].id));
	await n8n.main.boot();
	const done = await flow.end(started, 120_000);
	expect(done.status).toBe('success');
	expect(json(done, 'Next')).toEqual([expect.objectContaining({ id: started.tasks[0].id })]);
}, 200_000);
