import { items } from '../../../tools/n8n-server/client';
import { Flow } from '../lib/flow';
import { wakeSuite } from '../lib/wake-suite';

wakeSuite('queue', (n8n) => {
	it('the webhook process takes the callback and downloads nothing: the worker does, as soon as there is one', async () => {
		const { evolink, client, worker, main } = n8n;
		const flow = await Flow.publish(n8n, 'two processes');
		const started = await flow.park('fetched by the worker');
		const [{ id }] = started.tasks;
		await worker.stop();
		const { requests } = evolink.mediaStats;
		evolink.finish(id);
		await evolink.until(() =>
			evolink.callbacks.some(({ taskId, status }) => taskId === id && status === 200),
		);
		// claimed, and put into the queue, which nobody reads
		await client.until(started.executionId, ['running']);
		expect(evolink.mediaStats.requests).toBe(requests);

		worker.useFreshFolder('new', main);
		await worker.boot();
		const done = await flow.end(started);
		expect(done.status).toBe('success');
		expect(items(done, 'Video')[0].binary?.data).toMatchObject({ mimeType: 'video/mp4' });
		expect(evolink.mediaStats.requests).toBe(requests + 1);
	}, 120_000);
});
