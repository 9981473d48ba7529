import { inLab } from './lab';
import { prompts, sora } from './support';

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
