import { eventually } from '../../../tools/n8n-server/poll';
import { Flow } from '../lib/flow';
import { ended, expectVideos, openRoom, prompts } from '../lib/room-suite';

/** A turn that only the clock brings comes after 66 to 99 s, and after twice as long where it was in vain. */
const CLOCK_MS = 300_000;
const TEST_MS = 360_000;

const n8n = openRoom('room-clock');
const video = { download: false };

it(
	'another user of the account takes the room away in the middle: the queue waits, and all videos come',
	async () => {
		n8n.evolink.room = { tasks: 3 };
		const asked = prompts('shared account', 5);
		const flow = await Flow.publish(n8n, 'room shared', { video });
		expect((await flow.call(...asked)).ok).toBe(true);
		await n8n.latest(flow.workflow, ['waiting']);
		for (const { request } of [...n8n.evolink.tasks.values()].slice(-3)) {
			await n8n.evolink.order({ model: request.model, prompt: 'of another user' }, { seconds: 6 });
		}
		expectVideos(n8n, await ended(n8n, flow.workflow, { clockMs: CLOCK_MS }), asked);
	},
	TEST_MS,
);

it(
	'eight executions of one item with room for two: each gets its video, and all but two are suspended meanwhile',
	async () => {
		n8n.evolink.room = { tasks: 2 };
		const asked = prompts('execution', 8);
		const flow = await Flow.publish(n8n, 'room executions', { video });
		await Promise.all(asked.map(async (prompt) => await flow.call(prompt)));
		const statuses = async (wanted: string) =>
			(await n8n.client.executions({ workflowId: flow.workflow.id })).results.filter(
				({ status }) => status === wanted,
			).length;
		await eventually('six of eight to be suspended', async () => (await statuses('waiting')) >= 6, {
			timeoutMs: 30_000,
		});
		await eventually('all eight to end', async () => (await statuses('success')) === 8, {
			timeoutMs: CLOCK_MS * 2,
			everyMs: 1000,
		});
		for (const prompt of asked) expect(n8n.evolink.chargesFor({ prompt })).toHaveLength(1);
	},
	CLOCK_MS * 3,
);

it(
	'n8n is killed while some are queued: after its start all end, each paid once',
	async () => {
		n8n.evolink.room = { tasks: 2 };
		const asked = prompts('killed', 5);
		const flow = await Flow.publish(n8n, 'room killed', { video });
		expect((await flow.call(...asked)).ok).toBe(true);
		await n8n.latest(flow.workflow, ['waiting']);
		await n8n.main.kill();
		await n8n.main.boot();
		expectVideos(n8n, await ended(n8n, flow.workflow, { clockMs: CLOCK_MS }), asked);
	},
	TEST_MS,
);
