import { items, json } from '../../../tools/n8n-server/client';
import { Flow } from '../lib/flow';
import { keepsTheKey, openInstallation } from '../lib/installation';
import { order, TriggerFlow } from '../lib/trigger';

const n8n = openInstallation({
	name: 'queue',
	mode: 'queue',
	standIn: { defaults: { seconds: 1_000_000 } },
});
let flow: Flow;
beforeAll(async () => {
	flow = await Flow.publish(n8n, 'queued');
});

it('ordered on a worker, called back on the webhook process, finished on a worker, with the file', async () => {
	const started = await flow.park('through the queue');
	n8n.evolink.finish(started.tasks[0].id);
	const done = await flow.end(started);
	expect(done.status).toBe('success');
	expect(json(done, 'Next')).toEqual([
		expect.objectContaining({ id: started.tasks[0].id, status: 'completed', asked: 'through the queue' }),
	]);
	expect(items(done, 'Video')[0].binary?.data).toMatchObject({ mimeType: 'video/mp4' });
	expect(n8n.evolink.chargesFor({ prompt: 'through the queue' })).toHaveLength(1);
});

it('20 wait and are called back at once: each goes on once, with its own video', async () => {
	const started = await flow.parkEach('queued', 20);
	for (const { tasks } of started) n8n.evolink.finish(tasks[0].id);
	await flow.expectEach(started, 60_000);
	expect(n8n.evolink.charges).toHaveLength(21);
}, 120_000);

it('the worker is killed while videos wait, callbacks arrive meanwhile: a new worker finishes them all', async () => {
	const started = await flow.parkEach('worker lost', 5);
	await n8n.worker.kill();
	for (const { tasks } of started) n8n.evolink.finish(tasks[0].id);
	await n8n.evolink.until(() =>
		started.every(({ tasks }) => n8n.evolink.callbacks.some(({ taskId }) => taskId === tasks[0].id)),
	);
	n8n.worker.useFreshFolder('new', n8n.main);
	await n8n.worker.boot();
	await flow.expectEach(started, 120_000);
}, 200_000);

it('the trigger takes a callback on the webhook process and downloads the video for a worker', async () => {
	const downloads = await TriggerFlow.publish(n8n, 'queued trigger', { download: true });
	const id = await order(n8n, 'for the queued trigger', downloads.url);
	n8n.evolink.finish(id);
	expect(await downloads.outcomes(1)).toEqual([expect.objectContaining({ id, status: 'completed' })]);
	const end = await n8n.client.execution((await downloads.executionIds())[0]);
	expect(items(end, 'Next')[0].binary?.data).toMatchObject({ mimeType: 'video/mp4' });
});

keepsTheKey(n8n);
