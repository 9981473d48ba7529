import { json } from '../../../tools/n8n-server/client';
import { Flow, type Started } from '../lib/flow';
import { openInstallation } from '../lib/installation';
import { eventually } from '../../../tools/n8n-server/poll';

const n8n = openInstallation({
	name: 'crash',
	// EvoLink does not document the Idempotency-Key: nothing here may rest on it
	standIn: { idempotency: 'ignored', defaults: { seconds: 1_000_000, estimatedTime: 60 } },
});
let flow: Flow;
beforeAll(async () => {
	flow = await Flow.publish(n8n, 'killed');
});

/** What must hold after any crash: never stuck, never a false success, never paid twice. */
async function finishedOrRetried(started: Started): Promise<string> {
	const end = await flow.end(started, 220_000);
	if (end.status === 'success') {
		expect(json(end, 'Next').map(({ id }) => id)).toEqual(started.tasks.map(({ id }) => id));
		return 'finished';
	}
	expect(end.status).toBe('crashed');
	const retried = await n8n.client.until(
		await n8n.client.retry(end.id),
		['success', 'error', 'waiting'],
		60_000,
	);
	expect(retried.status).toBe('success');
	expect(json(retried, 'Next').map(({ id }) => id)).toEqual(started.tasks.map(({ id }) => id));
	return 'retried';
}

it('50 videos wait, n8n is killed and comes back: all 50 finish, and 50 are paid for', async () => {
	const started = await flow.parkEach('video', 50);
	await n8n.main.kill();
	// half of the callbacks are lost: all four attempts find nobody at home
	const [lost, late] = [started.slice(0, 25), started.slice(25)];
	for (const { tasks } of lost) n8n.evolink.finish(tasks[0].id);
	const given = () => n8n.evolink.callbacks.filter(({ attempt }) => attempt === 4).length === lost.length;
	await n8n.evolink.until(given, 30_000);
	await n8n.main.boot();
	for (const { tasks } of late) n8n.evolink.finish(tasks[0].id);

	await flow.expectEach(started, 240_000);
	expect(n8n.evolink.charges).toHaveLength(50);
}, 300_000);

describe('killed while eleven callbacks are being worked off', () => {
	let started: Started[];
	let checked: Started;

	beforeAll(async () => {
		started = await flow.parkEach('called back', 10);
		checked = await flow.park('still being checked');
		const [{ id, request }] = checked.tasks;
		const slow = n8n.evolink.fault(
			'read',
			{ kind: 'slow', seconds: 400 },
			{ match: ({ task }) => task?.id === id },
		);
		n8n.evolink.fault('callback', { kind: 'never' }, { match: ({ task }) => task.id === id });
		n8n.evolink.finish(id);
		const call = n8n.evolink.forgeCallback(String(request.callback_url), { id }).catch(() => undefined);
		await n8n.evolink.until(() => slow.hits > 0);

		const mine = new Set(started.map(({ executionId }) => executionId));
		for (const { tasks } of started) n8n.evolink.finish(tasks[0].id);
		await eventually(
			'the first of ten to succeed',
			async () =>
				(await n8n.client.executions({ status: ['success'] })).results.some(({ id: done }) => mine.has(done)),
			{ everyMs: 5 },
		);
		await n8n.main.kill();
		slow.remove();
		await call;
		await n8n.main.boot();
	}, 120_000);

	it('each has finished, finishes by timer, or is visibly crashed and Retry finishes it: none is paid twice', async () => {
		const fates = await Promise.all(started.map(finishedOrRetried));
		expect(fates).toHaveLength(10);
		for (const { tasks } of started)
			expect(n8n.evolink.chargesFor({ prompt: String(tasks[0].request.prompt) })).toHaveLength(1);
	}, 300_000);

	it('the one whose callback was only being checked still waits, and the timer finds its video', async () => {
		expect(await finishedOrRetried(checked)).toBe('finished');
		expect(n8n.evolink.chargesFor({ prompt: 'still being checked' })).toHaveLength(1);
	}, 300_000);
});
