import { type StandInTask } from '../../../stand-in';
import { json } from '../../../tools/n8n-server/client';
import { Flow, type Started } from '../lib/flow';
import { openInstallation } from '../lib/installation';

/** n8n is killed at each instant of a wake-up by a callback, of several runs at once. The timer comes after 150 s. */
const TIMER_MS = 240_000;

const n8n = openInstallation({
	name: 'wake-killed',
	// two slots, which the first two runs take
	env: { N8N_CONCURRENCY_PRODUCTION_LIMIT: '2' },
	standIn: { idempotency: 'ignored', defaults: { seconds: 1_000_000, estimatedTime: 60 } },
});
let flow: Flow;
const runs: Record<string, Started> = {};
/** Of each run, right after the second kill. */
const statuses: Record<string, string> = {};

const of = (name: string) => ({
	match: ({ task }: { task?: StandInTask }) => task?.id === runs[name].tasks[0].id,
});
const answered = (name: string) => () =>
	n8n.evolink.callbacks.some(({ taskId, status }) => taskId === runs[name].tasks[0].id && status === 200);
const finish = (name: string) => n8n.evolink.finish(runs[name].tasks[0].id);

beforeAll(async () => {
	flow = await Flow.publish(n8n, 'killed');
	for (const name of ['reading', 'downloading', 'checked', 'queued', 'answered'])
		runs[name] = await flow.park(name);
	const { evolink } = n8n;

	finish('answered');
	await evolink.until(answered('answered'));
	await n8n.main.kill();
	await n8n.main.boot();

	// the callback reads once, `execute` once more
	const reading = evolink.fault('read', { kind: 'slow', seconds: 2000 }, { skip: 1, ...of('reading') });
	finish('reading');
	await evolink.until(() => reading.hits > 0);
	const { requests } = evolink.mediaStats;
	const downloading = evolink.fault(
		'media',
		{ kind: 'media', media: { delaySeconds: 2000 } },
		of('downloading'),
	);
	finish('downloading');
	await evolink.until(() => evolink.mediaStats.requests > requests);
	finish('queued');
	await evolink.until(answered('queued'));
	const checked = evolink.fault('read', { kind: 'slow', seconds: 2000 }, of('checked'));
	finish('checked');
	await evolink.until(() => checked.hits > 0);
	await n8n.main.kill();
	// EvoLink gives the callback up before n8n is back
	await evolink.until(() =>
		evolink.callbacks.some(({ taskId, attempt }) => taskId === runs.checked.tasks[0].id && attempt === 4),
	);
	for (const fault of [reading, downloading, checked]) fault.remove();
	await n8n.main.boot();
	for (const [name, { executionId }] of Object.entries(runs)) {
		statuses[name] = (await n8n.client.execution(executionId)).status;
	}
}, 300_000);

async function expectVideo(name: string, executionId: string): Promise<void> {
	const done = await n8n.client.until(executionId, ['success', 'error', 'crashed'], TIMER_MS);
	expect(done.status).toBe('success');
	expect(json(done, 'Next')).toEqual([
		expect.objectContaining({ id: runs[name].tasks[0].id, status: 'completed', asked: name }),
	]);
	expect(n8n.evolink.chargesFor({ prompt: name })).toHaveLength(1);
}

it.each([
	['the woken run reads its tasks', 'reading'],
	['it downloads', 'downloading'],
])(
	'while %s: crashed and visible, and Retry finishes it without a new charge',
	async (_, name) => {
		expect((await flow.end(runs[name])).status).toBe('crashed');
		await expectVideo(name, await n8n.client.retry(runs[name].executionId));
	},
	300_000,
);

it.each([
	['a callback is being checked', 'checked'],
	['the run that it woke waits for a slot', 'queued'],
])(
	'while %s: the run still waits, and its timer finishes it',
	async (_, name) => {
		expect(statuses[name]).toBe('waiting');
		await expectVideo(name, runs[name].executionId);
	},
	300_000,
);

it('just after the callback was answered: it has finished, finishes by its timer, or is visibly crashed and Retry finishes it', async () => {
	const { executionId } = runs.answered;
	const { status } = await flow.end(runs.answered, TIMER_MS);
	expect(['success', 'crashed']).toContain(status);
	await expectVideo('answered', status === 'success' ? executionId : await n8n.client.retry(executionId));
}, 300_000);
