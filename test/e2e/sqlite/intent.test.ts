import { type SavedWorkflow } from '../../../tools/n8n-server/client';
import { errorText } from '../lib/flow';
import { openInstallation } from '../lib/installation';
import { chain, setFields, soraVideo, webhookTrigger } from '../../../tools/n8n-server/workflows';

/**
 * n8n is killed between an order and its answer, and each lost execution is retried: n8n runs it anew from its trigger, and
 * whatever an expression says by then, EvoLink must be able to tell that it is the same order.
 */
const PROMPTS: Record<string, string> = {
	'always the same': 'a cat in the rain',
	'with the time': '={{ "a cat at " + $now.toMillis() }}',
	'with the execution': '={{ "a cat of execution " + $execution.id }}',
	'written by a node before it': '={{ "a cat, take " + $json.take }}',
};
const CASES = ['poll', 'suspend'].flatMap((wait) =>
	Object.keys(PROMPTS).map((prompt) => [wait, prompt] as const),
);

const n8n = openInstallation({ name: 'intent', standIn: { timeScale: 40 } });
const workflows: SavedWorkflow[] = [];

beforeAll(async () => {
	const unanswered = n8n.evolink.fault(
		'create',
		{ kind: 'slow', seconds: 100_000, accepted: true },
		{ times: CASES.length },
	);
	for (const [wait, prompt] of CASES) {
		const path = `intent-${workflows.length}`;
		const nodes = [
			webhookTrigger('Call', path),
			setFields('Take', { take: '={{ Math.random() }}' }),
			soraVideo('Video', n8n.credential, {
				prompt: PROMPTS[prompt],
				waitMode: wait,
				options: { pollSeconds: 0.5 },
			}),
		];
		workflows.push(await n8n.publish({ name: path, nodes, connections: chain(...nodes) }));
		await n8n.call(path);
	}
	await n8n.evolink.until(() => unanswered.hits === CASES.length, 60_000);
	await n8n.main.kill();
	await n8n.main.boot();
}, 300_000);

it.each(CASES)(
	'%s, a prompt %s: Retry after the loss pays nothing, and brings the video or names the key',
	async (wait, prompt) => {
		const workflow = workflows[CASES.findIndex((one) => one[0] === wait && one[1] === prompt)];
		const lost = await n8n.latest(workflow, ['crashed'], 60_000);
		const before = n8n.evolink.charges.length;
		const retried = await n8n.client.until(
			await n8n.client.retry(lost.id),
			['success', 'error', 'waiting'],
			60_000,
		);
		expect(n8n.evolink.charges).toHaveLength(before);
		expect(retried.status === 'error' ? errorText(retried) : 'n8n-').toContain('n8n-');
	},
);

it('each intent was charged once', () => {
	expect(n8n.evolink.charges).toHaveLength(CASES.length);
	const keys = n8n.evolink.charges.map(({ idempotencyKey }) => idempotencyKey);
	expect(new Set(keys).size).toBe(CASES.length);
});
