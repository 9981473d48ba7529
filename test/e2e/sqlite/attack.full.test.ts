import { attackSuite } from '../lib/attack-suite';
import { items, json } from '../../../tools/n8n-server/client';
import { Flow } from '../lib/flow';
import { BY_HAND, keepsTheKey, openInstallation } from '../lib/installation';
import { order, TriggerFlow } from '../lib/trigger';

attackSuite('regular');

describe('n8n keeps files in its database', () => {
	const n8n = openInstallation({
		name: 'attack-database',
		env: { N8N_DEFAULT_BINARY_DATA_MODE: 'database' },
		standIn: BY_HAND,
	});

	it('a parked run downloads its video into it', async () => {
		const flow = await Flow.publish(n8n, 'into the database');
		const started = await flow.park('into the database');
		n8n.evolink.finish(started.tasks[0].id);
		const done = await flow.end(started);
		expect(json(done, 'Next').map(({ id }) => id)).toEqual([started.tasks[0].id]);
		const file = items(done, 'Video')[0].binary?.data;
		expect(file).toMatchObject({ mimeType: 'video/mp4', id: expect.stringMatching(/^database:/) as string });
	});

	it.each([
		['a file that is cut off is not kept', { truncated: 'fin' as const }],
		['a file of 60 MB passes', { sizeBytes: 60e6 }],
	])(
		'%s',
		async (name, media) => {
			n8n.evolink.script(name, { media });
			const flow = await Flow.publish(n8n, name);
			const started = await flow.park(name);
			n8n.evolink.finish(started.tasks[0].id);
			const done = await flow.end(started, 60_000);
			expect(done.status).toBe('sizeBytes' in media ? 'success' : 'error');
			expect(JSON.stringify(done.data.resultData)).toContain(started.tasks[0].id);
			expect(n8n.evolink.chargesFor({ prompt: name })).toHaveLength(1);
		},
		90_000,
	);

	it('the trigger downloads into it', async () => {
		const flow = await TriggerFlow.publish(n8n, 'downloads', { download: true });
		const id = await order(n8n, 'downloads', flow.url);
		n8n.evolink.finish(id);
		expect(await flow.outcomes(1)).toEqual([expect.objectContaining({ id, status: 'completed' })]);
	});

	keepsTheKey(n8n);
});
