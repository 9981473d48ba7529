import { openInstallation } from '../lib/installation';
import { order, TriggerFlow } from '../lib/trigger';

const n8n = openInstallation({
	name: 'burst',
	// n8n's isolated expression engine and its debug log would be most of the load
	env: { N8N_EXPRESSION_ENGINE: 'legacy', N8N_LOG_LEVEL: 'info' },
	// callbacks are repeated after 1, 2 and 4 real seconds, as EvoLink does it
	standIn: { timeScale: 1, defaults: { seconds: 1_000_000 } },
});

it('a burst of 200 callbacks: none is lost, none starts two executions', async () => {
	const flow = await TriggerFlow.publish(n8n, 'burst');
	const prompts = Array.from({ length: 200 }, (_, index) => `burst ${index}`);
	const ids = await Promise.all(prompts.map(async (prompt) => await order(n8n, prompt, flow.url)));
	for (const id of ids) n8n.evolink.finish(id);
	const outcomes = await flow.outcomes(200, 120_000);
	expect(outcomes.map(({ id }) => id).sort()).toEqual(ids.sort());
	expect(outcomes.every(({ status }) => status === 'completed')).toBe(true);
}, 180_000);

it('a thousand forged callbacks at once start nothing, leave few reads, and no paid order is refused for them', async () => {
	const flow = await TriggerFlow.publish(n8n, 'flood');
	n8n.evolink.fault('read', { kind: 'slow', seconds: 3, accepted: true });
	const reads = () => n8n.evolink.requests.filter(({ operationId }) => operationId === 'getTask').length;
	const before = reads();
	const forged = Array.from(
		{ length: 1000 },
		(_, at) => `task-unified-1757165031-f${String(at).padStart(7, '0')}`,
	);
	// on a busy machine some are not answered within EvoLink's ten seconds
	const flood = forged.map(
		async (id) =>
			await n8n.evolink.forgeCallback(flow.url, { id }).then(
				({ status }) => status,
				(error: Error) => (error.name === 'TimeoutError' ? 503 : Promise.reject(error)),
			),
	);
	await order(n8n, 'paid meanwhile', flow.url);
	const statuses = await Promise.all(flood);
	expect(statuses.filter((status) => ![404, 503].includes(status))).toEqual([]);
	expect(reads() - before).toBeLessThanOrEqual(20);
	expect(await flow.executionIds()).toEqual([]);
	expect(n8n.evolink.chargesFor({ prompt: 'paid meanwhile' })).toHaveLength(1);
}, 120_000);
