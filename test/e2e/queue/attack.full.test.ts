import { execFileSync } from 'node:child_process';

import { attackSuite } from '../lib/attack-suite';
import { json } from '../../../tools/n8n-server/client';
import { Flow } from '../lib/flow';
import { executionIdOf, Installation } from '../../../tools/n8n-server/installation';
import { N8n, PUBLIC_HOST } from '../../../tools/n8n-server/n8n';
import { eventually } from '../../../tools/n8n-server/poll';
import { chain, noOp, soraVideo, webhookTrigger } from '../../../tools/n8n-server/workflows';
import { setUpQueue, type QueueBackends } from '../../../tools/n8n-server/queue';

const once = (n8n: Installation, prompt: string) =>
	expect(n8n.evolink.chargesFor({ prompt })).toHaveLength(1);

/** A callback as a load balancer gives it to one of several processes. */
const callAt = async (url: string, { id, request }: { id: string; request: Record<string, unknown> }) => {
	const target = String(request.callback_url).replace(`https://${PUBLIC_HOST}`, url);
	const headers = { 'content-type': 'application/json' };
	return (await fetch(target, { method: 'POST', headers, body: JSON.stringify({ id }) })).status;
};

/** Two processes take the callbacks of one run. */
function twoDoors(open: () => { n8n: Installation; doors: [string, string] }): void {
	it('ten callbacks at both at once: the run goes on once', async () => {
		const { n8n, doors } = open();
		const flow = await Flow.publish(n8n, 'two doors');
		const started = await flow.park('two doors');
		const [task] = started.tasks;
		n8n.evolink.finish(task.id);
		const calls = Array.from({ length: 10 }, (_, index) => doors[index % 2]);
		expect(await Promise.all(calls.map(async (door) => await callAt(door, task)))).toContain(200);
		const done = await flow.end(started);
		expect(json(done, 'Next').map(({ id }) => id)).toEqual([task.id]);
		expect(done.data.resultData.runData.Next).toHaveLength(1);
		once(n8n, 'two doors');
	});

	it('one checks slowly while the other wakes the run: the next node that waits is left alone', async () => {
		const { n8n, doors } = open();
		const nodes = [
			webhookTrigger('Call', 'slow-door'),
			soraVideo('Video', n8n.credential, { prompt: '={{ $json.body.prompt }}', download: false }),
			soraVideo('Behind', n8n.credential, { prompt: '=behind {{ $json.id }}', download: false }),
			noOp('Next'),
		];
		await n8n.publish({ name: 'slow door', nodes, connections: chain(...nodes) });
		for (let round = 0; round < 5; round += 1) {
			const prompt = `slow door ${doors[1]} ${round}`;
			await n8n.call('slow-door', { prompt });
			const task = await n8n.taskOf(prompt);
			const executionId = executionIdOf(task);
			await n8n.client.until(executionId, ['waiting']);
			const never = n8n.evolink.fault(
				'callback',
				{ kind: 'never' },
				{ match: (one) => one.task.id === task.id },
			);
			n8n.evolink.finish(task.id);
			const slow = n8n.evolink.fault(
				'read',
				{ kind: 'slow', seconds: 80 },
				{ times: 1, match: (one) => one.task?.id === task.id },
			);
			const checked = callAt(doors[0], task);
			await n8n.evolink.until(() => slow.hits > 0);
			expect(await callAt(doors[1], task)).toBe(200);
			const behind = await n8n.taskOf(`behind ${task.id}`);
			await n8n.client.until(executionId, ['waiting']);
			await checked;
			n8n.evolink.finish(behind.id);
			await eventually('the callback of the second', async () => (await callAt(doors[1], behind)) === 200);
			const { status, data } = await n8n.client.until(executionId, ['success', 'error'], 240_000);
			expect(status).toBe('success');
			const runs = ['Video', 'Behind', 'Next'].map((name) => data.resultData.runData[name].length);
			expect(runs).toEqual([1, 1, 1]);
			once(n8n, `behind ${task.id}`);
			never.remove();
		}
	}, 300_000);
}

attackSuite('queue', (n8n) => {
	describe('the webhook process and the main process', () => {
		twoDoors(() => ({ n8n, doors: [n8n.main.url, n8n.webhook.url] }));
	});

	const psql = (sql: string) => {
		const port = String(n8n.backends?.env.DB_POSTGRESDB_PORT);
		execFileSync('psql', ['-h', '127.0.0.1', '-p', port, '-U', 'n8n', '-d', 'n8n', '-c', sql]);
	};
	const redis = (...command: string[]) => {
		const port = String(n8n.backends?.env.QUEUE_BULL_REDIS_PORT);
		execFileSync('redis-cli', ['-p', port, ...command]);
	};

	it.each<[string, () => void]>([
		[
			'PostgreSQL drops all connections',
			() => psql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()'),
		],
		['Redis drops all connections', () => redis('CLIENT', 'KILL', 'TYPE', 'normal')],
		['Redis answers nobody for 3 s', () => redis('CLIENT', 'PAUSE', '3000')],
	])(
		'%s at the moment of the callback: the run finishes',
		async (name, act) => {
			const flow = await Flow.publish(n8n, name);
			const started = await flow.park(name);
			const [task] = started.tasks;
			n8n.evolink.finish(task.id);
			act();
			await eventually(
				'an accepted callback',
				async () => ![500, 503].includes(await callAt(n8n.webhook.url, task)),
				{ timeoutMs: 60_000, everyMs: 1000 },
			);
			const done = await flow.end(started, 60_000);
			expect(json(done, 'Next').map(({ id }) => id)).toEqual([task.id]);
			once(n8n, name);
		},
		150_000,
	);
});

describe('two n8n that share one PostgreSQL without the licence for several mains', () => {
	let backends: QueueBackends;
	let n8n: Installation;
	let second: N8n;
	beforeAll(async () => {
		backends = await setUpQueue('attack-mains');
		const env = { ...backends.env, EXECUTIONS_MODE: 'regular' };
		n8n = await Installation.open({
			name: 'attack-mains',
			mode: 'regular',
			env,
			standIn: { timeScale: 20, idempotency: 'ignored', defaults: { seconds: 1_000_000 } },
		});
		n8n.evolink.fault('callback', { kind: 'never' });
		second = await N8n.create({ name: 'attack-mains-second', env });
		second.useFreshFolder('second', n8n.main);
		await second.boot();
	}, 240_000);
	afterAll(async () => {
		await n8n?.close();
		backends?.remove();
	});

	twoDoors(() => ({ n8n, doors: [n8n.main.url, second.url] }));
});
