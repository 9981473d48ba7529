/**
 * n8n may run an execution on from data that is older than its last order: it read them before the execution waited for a slot
 * (`N8N_CONCURRENCY_PRODUCTION_LIMIT`), or the same failed execution is retried twice. The ledger of such a run knows
 * nothing of the order. All runs here share one process, and EvoLink ignores the Idempotency-Key.
 */
import { once } from 'node:events';
import omit from 'lodash/omit';
import type { Execution, Run } from '../../tools/n8n-engine';
import { labForEachTest } from './lab';
import { BY_HAND, SORA, after, parking, sora, start } from './support';

interface StoredLedger {
	rounds: { run0: { item0: object } };
}

const lab = labForEachTest({ idempotency: 'ignored' });
beforeEach(() => (lab.engine.oneProcess = true));

const LATER = 'a dog';
const later = parking({ parameters: { prompt: LATER } }, 'Later');
const paidLater = () => lab.evolink.chargesFor({ prompt: LATER });

/** An execution that waits at the first of two Sora Video nodes, whose task is done. */
async function parkedBeforeLater(): Promise<string> {
	const run = await lab.run({ nodes: [start, parking(), later, after] });
	lab.evolink.finish(lab.ids[0]);
	return run.executionId;
}

/** What n8n does where two timers came while the execution waited for a slot: both go on from what was stored then. */
async function wakeTwice(
	executionId: string,
	between: (first: Run) => Promise<unknown>,
): Promise<Execution[]> {
	const { store } = lab.engine;
	const { status, waitTill } = store.get(executionId);
	const data = store.readData(executionId);
	const first = await lab.startTimer(executionId);
	await between(first);
	store.write(executionId, { status, waitTill }, data);
	const second = await lab.startTimer(executionId);
	return await Promise.all([lab.end(first), lab.end(second)]);
}

test.each<[string, (first: Run) => Promise<unknown>]>([
	['at the same time', async () => {}],
	['one after the other', async (first) => await first.done],
])(
	'n8n wakes an execution twice, %s: a later node orders once, and both wait for that task',
	async (_, between) => {
		const runs = await wakeTwice(await parkedBeforeLater(), between);
		expect(paidLater()).toHaveLength(1);
		for (const run of runs) {
			expect(run.status).toBe('waiting');
			expect(run.json('Later')).toMatchObject([{ status: 'waiting', taskId: paidLater()[0].taskId }]);
		}
		// when it was ordered decides what is said of how long its links work
		const [first, second] = runs.map(({ data }) => {
			const { ledger } = data.executionData!.contextData['node:Later'];
			// the one that did not send it does not know what was asked for
			return omit((ledger as StoredLedger).rounds.run0.item0, 'request');
		});
		expect(second).toEqual(first);
	},
);

test('an order of unknown outcome is not sent again by the second run, and the message names the key', async () => {
	const executionId = await parkedBeforeLater();
	lab.evolink.fault('create', { kind: 'drop-after' });
	const [first, second] = await wakeTwice(executionId, async (run) => await run.done);
	expect(lab.creates.filter(({ body }) => (body as { prompt: string }).prompt === LATER)).toHaveLength(1);
	expect(first.error?.message).toContain('Idempotency-Key');
	expect(second.error?.message).toBe(first.error?.message);
});

test('what EvoLink refused is sent again: that order costs nothing', async () => {
	const executionId = await parkedBeforeLater();
	lab.evolink.fault('create', { kind: 'http', status: 402 }, { times: 1 });
	const [first, second] = await wakeTwice(executionId, async (run) => await run.done);
	expect(first.status).toBe('error');
	expect(second.status).toBe('waiting');
	expect(paidLater()).toHaveLength(1);
});

test('one failed execution is retried twice: what the first Retry ordered is not paid again by the second', async () => {
	lab.evolink.fault('create', { kind: 'http', status: 402 }, { times: 1 });
	const failed = await lab.run(parking());
	expect(failed.status).toBe('error');
	const retries = [await lab.retry(failed), await lab.retry(failed)];
	for (const retry of retries)
		expect(retry.json(SORA)).toMatchObject([{ status: 'waiting', taskId: lab.ids[0] }]);
	expect(lab.evolink.charges).toHaveLength(1);
});

test('an order that only the process knows, of unknown outcome: a Retry sends it again where the user says so', async () => {
	lab.evolink.fault('create', { kind: 'http', status: 402 }, { times: 1 });
	const failed = await lab.run(parking());
	lab.evolink.fault('create', { kind: 'drop-before' }, { times: 1 });
	for (const { errorText } of [await lab.retry(failed), await lab.retry(failed)])
		expect(errorText).toContain("'Resend When Outcome Is Unknown'");
	expect(lab.evolink.charges).toHaveLength(0);

	const workflow = structuredClone(lab.engine.store.get(failed.executionId).workflow);
	Object.assign(workflow.nodes[1].parameters, { options: { resendUnknown: true } });
	expect((await lab.retry(failed, { workflow })).status).toBe('waiting');
	expect(lab.evolink.charges).toHaveLength(1);
});

test('a run is stopped while it polls, and retried through the API: it goes on with its task', async () => {
	lab.evolink.script('', BY_HAND);
	const run = await lab.start(sora());
	await once(lab.evolink.events, 'read');
	await run.cancel();
	await lab.end(run);
	const retry = await lab.startRetry(run);
	lab.evolink.finish(lab.ids[0]);
	expect((await lab.end(retry)).json('After')).toMatchObject([{ id: lab.ids[0], status: 'completed' }]);
	expect(lab.evolink.charges).toHaveLength(1);
});
