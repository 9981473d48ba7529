import { ordersOf } from '../../match';
import { errorText, Flow } from '../lib/flow';
import { roomSuite } from '../lib/room-suite';

roomSuite('regular', (n8n) => {
	it('n8n is killed right after a queued order went out, and EvoLink keeps no keys: Retry does not order it again', async () => {
		const { evolink, main, client } = n8n;
		evolink.room = { tasks: 1 };
		evolink.idempotency = 'ignored';
		const asked = ['first', 'second', 'third'].map((name) => `in the window ${name}`);
		// so long that the run is suspended before it ends
		evolink.script(asked[0], { seconds: 15 });
		const slow = evolink.fault(
			'create',
			{ kind: 'slow', seconds: 20, accepted: true },
			{
				match: (context) =>
					ordersOf(asked[1])(context) && [...evolink.tasks.values()].every(({ terminal }) => terminal),
			},
		);
		const flow = await Flow.publish(n8n, 'room window', { video: { download: false } });
		expect((await flow.call(...asked)).ok).toBe(true);
		const { id } = await n8n.latest(flow.workflow, ['waiting']);
		await evolink.until(() => evolink.chargesFor({ prompt: asked[1] }).length > 0);
		await main.kill();
		slow.remove();
		await main.boot();
		const crashed = await client.until(id, ['crashed'], 240_000);
		const retried = await client.until(await client.retry(crashed.id), ['success', 'error'], 240_000);
		evolink.idempotency = 'honoured';
		expect(evolink.chargesFor({ prompt: asked[1] })).toHaveLength(1);
		expect(retried.status).toBe('error');
		expect(errorText(retried)).toContain('Idempotency-Key');
	}, 300_000);
});
