import { items } from '../../../tools/n8n-server/client';
import { Installation } from '../../../tools/n8n-server/installation';
import { Flow } from '../lib/flow';

let n8n: Installation;

beforeAll(async () => {
	n8n = await Installation.open({
		name: 'room',
		mode: 'regular',
		standIn: { timeScale: 1, defaults: { seconds: 3, estimatedTime: 3 } },
	});
}, 180_000);
afterAll(async () => await n8n?.close());
afterEach(() => (n8n.evolink.room = undefined));

const ten = (name: string) => Array.from({ length: 10 }, (_, index) => `${name} ${index}`);
const poll = { waitMode: 'poll', options: { pollSeconds: 0.5 } };

describe.each(['429', '429-retry-after', '500'] as const)(
	'an account with room for three that answers %s',
	(full) => {
		it.each([
			['suspended', {}],
			['polled', poll],
		])(
			'ten items, %s: ten videos, each paid once, in their order',
			async (how, video) => {
				n8n.evolink.room = { tasks: 3, full };
				const prompts = ten(`${full} ${how}`);
				const flow = await Flow.publish(n8n, `room ${full} ${how}`, { video: { download: false, ...video } });
				const before = n8n.evolink.charges.length;
				expect((await flow.call(...prompts)).ok).toBe(true);
				const done = await n8n.latest(flow.workflow, ['success', 'error'], 240_000);
				expect(done.status).toBe('success');
				const rows = items(done, 'Next').map(({ json }) => json);
				expect(rows.map(({ asked }) => asked)).toEqual(prompts);
				expect(rows.every(({ status }) => status === 'completed')).toBe(true);
				expect(
					n8n.evolink.charges
						.slice(before)
						.map(({ prompt }) => prompt)
						.sort(),
				).toEqual([...prompts].sort());
			},
			300_000,
		);
	},
);

it('a run that is stopped while most of it is queued orders nothing more; Retry orders the rest, once', async () => {
	n8n.evolink.room = { tasks: 2 };
	const prompts = ten('stopped').slice(0, 5);
	const flow = await Flow.publish(n8n, 'room stopped', { video: { download: false } });
	expect((await flow.call(...prompts)).ok).toBe(true);
	const waiting = await n8n.latest(flow.workflow, ['waiting']);
	await n8n.client.stop(waiting.id);
	const charged = () => n8n.evolink.charges.filter(({ prompt }) => prompts.includes(prompt)).length;
	const stopped = charged();
	expect(stopped).toBeLessThan(5);
	const again = await n8n.client.until(await n8n.client.retry(waiting.id), ['success', 'error'], 240_000);
	expect(again.status).toBe('success');
	expect(charged()).toBe(5);
}, 300_000);
