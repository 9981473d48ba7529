import { inLab } from './lab';
import saved from './saved-0.1.0.json';
import { prompts, sora } from './support';

/** A node as n8n stored it when this package had fewer fields. */
const node = (name: string) => saved.nodes.find((each) => each.name === name)!;

describe('a workflow that was saved with an earlier version runs as before', () => {
	test.concurrent("'Wait' = poll polls, in production too", () =>
		inLab(async (lab) => {
			const run = await lab.run(node('Polls'));
			expect(run.status).toBe('success');
			expect(run.json('After')).toMatchObject([{ status: 'completed' }]);
			expect(lab.creates[0]!.body).not.toHaveProperty('callback_url');
		}),
	);

	test.concurrent("'Wait' = suspend suspends, in a test run too", () =>
		inLab(async (lab) => {
			const run = await lab.run(node('Suspends'), prompts('a cat'), { mode: 'manual' });
			expect(run.status).toBe('waiting');
		}),
	);

	test.concurrent('Callback URL and Reference under Options are sent, for each item', () =>
		inLab(async (lab) => {
			const run = await lab.run(node('Orders'), prompts('a cat', 'a dog'));
			expect(run.status).toBe('success');
			expect(lab.creates.map(({ body }) => (body as { callback_url: string }).callback_url)).toEqual(
				['a%20cat', 'a%20dog'].map((prompt) =>
					expect.stringContaining(`https://n8n.example.test/webhook/1/webhook?reference=${prompt}%20of%200&`),
				),
			);
		}),
	);

	test.concurrent('a prompt among the further fields is enough', () =>
		inLab(async (lab) => {
			const run = await lab.run(node('Adds'));
			expect([run.status, lab.creates[0]!.body]).toMatchObject(['success', { prompt: 'a cat' }]);
		}),
	);
});

describe("'How to Wait'", () => {
	test.concurrent.each(['poll', 'suspend'])('= %s does what it says', (waitMode) =>
		inLab(async (lab) => {
			const run = await lab.run(sora({ wait: 'auto', options: { waitMode } }), prompts('a cat'), {
				mode: waitMode === 'poll' ? 'trigger' : 'manual',
			});
			expect(run.status).toBe(waitMode === 'poll' ? 'success' : 'waiting');
		}),
	);

	test.concurrent('is no reason to wait where the node does not', () =>
		inLab(async (lab) => {
			const run = await lab.run(sora({ wait: 'none', options: { waitMode: 'poll' } }));
			expect(run.json('After')).toMatchObject([{ status: 'pending' }]);
		}),
	);
});
