import { readFileSync } from 'node:fs';

import { Flow } from '../lib/flow';
import { executionIdOf } from '../../../tools/n8n-server/installation';
import { BY_HAND, openInstallation } from '../lib/installation';
import { eventually } from '../../../tools/n8n-server/poll';
import { chain, soraVideo, webhookTrigger } from '../../../tools/n8n-server/workflows';

/** Two rounds of n8n's timer, which looks once a minute. */
const TWO_ROUNDS_MS = 200_000;

const n8n = openInstallation({
	name: 'concurrency',
	env: { N8N_CONCURRENCY_PRODUCTION_LIMIT: '1' },
	standIn: BY_HAND,
});
beforeAll(() => void n8n.evolink.fault('callback', { kind: 'never' }));

/** How often an execution was put at the end of n8n's queue for a slot; stands in its debug log only. */
const queued = (executionId: string) =>
	readFileSync(n8n.main.logFile, 'utf8')
		.split('\n')
		.filter((line) => line.includes('Execution throttled') && line.includes(`"${executionId}"`)).length;

it('no slot is free for over a minute: n8n goes on twice, and the later video is paid once, even if EvoLink ignores the key', async () => {
	const nodes = [
		webhookTrigger('Call', 'twice'),
		soraVideo('First', n8n.credential, { prompt: 'the first' }),
		soraVideo('Later', n8n.credential, { prompt: 'the later' }),
	];
	await n8n.publish({ name: 'twice', nodes, connections: chain(...nodes) });
	await n8n.call('twice');
	const first = await n8n.taskOf('the first');
	const executionId = executionIdOf(first);
	await n8n.client.until(executionId, ['waiting']);

	const slot = await Flow.publish(n8n, 'holds the slot', { video: { waitMode: 'poll' } });
	await slot.call('holds the slot');
	const holder = await n8n.taskOf('holds the slot');
	n8n.evolink.finish(first.id);
	await eventually('the execution in the queue twice', () => queued(executionId) >= 2, {
		timeoutMs: TWO_ROUNDS_MS,
	});
	n8n.evolink.finish(holder.id);

	const later = await n8n.taskOf('the later', 60_000);
	const reads = () => n8n.evolink.requests.filter(({ path }) => path.endsWith(first.id)).length;
	await n8n.evolink.until(() => reads() >= 2, 60_000);
	await n8n.client.until(executionId, ['waiting']);
	expect(n8n.evolink.chargesFor({ prompt: 'the later' })).toHaveLength(1);

	n8n.evolink.finish(later.id);
	await n8n.client.until(executionId, ['success'], TWO_ROUNDS_MS);
	expect(n8n.evolink.charges).toHaveLength(3);
}, 600_000);
