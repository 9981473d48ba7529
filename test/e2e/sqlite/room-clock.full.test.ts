import { json } from '../../../tools/n8n-server/client';
import { Installation } from '../../../tools/n8n-server/installation';
import { eventually } from '../../../tools/n8n-server/poll';
import { errorText, Flow } from '../lib/flow';

/** A turn that only the clock brings comes after 66 to 99 s, and after twice as long where it was in vain. */
const CLOCK_MS = 300_000;
const TEST_MS = 360_000;

let n8n: Installation;

beforeAll(async () => {
	n8n = await Installation.open({
		name: 'room-clock',
		mode: 'regular',
		standIn: { timeScale: 1, defaults: { seconds: 3, estimatedTime: 3 } },
	});
}, 180_000);
afterAll(async () => await n8n?.close());
afterEach(() => (n8n.evolink.room = undefined));

const prompts = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name} ${at}`);
const video = { download: false };

async function expectVideos(flow: Flow, asked: string[]): Promise<void> {
	const done = await n8n.latest(flow.workflow, ['success', 'error', 'crashed'], CLOCK_MS);
	expect(`${done.status} ${errorText(done)}`).toMatch(/^success/);
	expect(json(done, 'Next').map((row) => [row.asked, row.status])).toEqual(
		asked.map((prompt) => [prompt, 'completed']),
	);
	for (const prompt of asked) expect(n8n.evolink.chargesFor({ prompt })).toHaveLength(1);
}

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
		await expectVideos(flow, asked);
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
		await expectVideos(flow, asked);
	},
	TEST_MS,
);
