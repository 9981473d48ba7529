import type { Run, WebhookOutcome } from '../../tools/n8n-engine';
import { labForEachTest } from './lab';
import { SORA, parking, prompts } from './support';

/** The page at the resume URL of a parked run. */

const lab = labForEachTest({ defaults: { seconds: 3600, estimatedTime: 150 } });

const many = (length: number) => prompts(...Array.from({ length }, (_, item) => `video ${item}`));

/** Requests that read tasks, singly or many at once. */
const reads = () => lab.requestsTo('getTask', 'getTasks').length;

const page = ({ statusCode, body }: WebhookOutcome): string => {
	expect(statusCode).toBe(200);
	expect(String(body)).not.toContain(lab.evolink.apiKey);
	return String(body);
};

async function end(run?: Run) {
	expect(run).toBeDefined();
	return await lab.end(run!);
}

test('shows each task, and the execution stays as it is', async () => {
	const [executionId, ...ids] = await lab.parked(parking(), many(2));
	const before = JSON.stringify(lab.engine.store.get(executionId));
	const outcome = await lab.look(executionId);
	for (const [item, id] of ids.entries()) {
		expect(page(outcome)).toContain(`<code>${id}</code>`);
		expect(page(outcome)).toContain(`<small>Item ${item}</small> video ${item}</h2>`);
	}
	expect(page(outcome)).toMatch(/<progress max="100" value="\d+"/);
	expect(page(outcome)).toContain('EvoLink estimates 3 min');
	expect(page(outcome)).toMatch(
		new RegExp(`Workflow '[^']+', <a href="https://[^"]+/workflow/[^"]+/executions/${executionId}"`),
	);
	expect(outcome.run).toBeUndefined();
	expect(JSON.stringify(lab.engine.store.get(executionId))).toBe(before);
});

test('tells nobody its address, is kept by nobody, and allows nothing but itself and media', async () => {
	const [executionId] = await lab.parked();
	const { headers } = await lab.look(executionId);
	expect(headers).toMatchObject({
		'content-type': 'text/html; charset=utf-8',
		'cache-control': 'no-store',
		'referrer-policy': 'no-referrer',
		'x-content-type-options': 'nosniff',
		'content-security-policy': expect.stringMatching(/^default-src 'none'; script-src 'nonce-[\w+/=]{24}'; /),
	});
	const again = await lab.look(executionId);
	expect(again.headers['content-security-policy']).not.toBe(headers['content-security-policy']);
});

test('a finished video can be played while another task runs, and the run is not woken', async () => {
	const [executionId, ...ids] = await lab.parked(parking(), many(2));
	lab.evolink.finish(ids[0]!);
	const outcome = await lab.look(executionId);
	expect(outcome.run).toBeUndefined();
	expect(page(outcome)).toContain('1 completed, 1 in progress');
	expect(page(outcome).match(/<video controls[^>]* src="http:/g)).toHaveLength(1);
	// the stand-in's links are plain http, which only the credential's own hosts may use
	expect(outcome.headers['content-security-policy']).toContain(`media-src https: ${lab.evolink.url};`);
});

test('finds that all tasks have ended, although no callback came: it wakes the run', async () => {
	const [executionId, ...ids] = await lab.parked(parking(), many(2));
	lab.evolink.finish(ids[0]!, { outcome: 'failed', code: 'content_policy_violation' });
	lab.evolink.finish(ids[1]!);
	const outcome = await lab.look(executionId);
	expect(page(outcome)).toContain('The workflow continues now');
	expect(page(outcome)).toContain('(content_policy_violation)');
	const done = await end(outcome.run);
	expect(done.status).toBe('error');
	expect((await lab.look(executionId)).statusCode).toBe(409);
});

test('of many who find it at the same time, one wakes the run', async () => {
	const [executionId, id] = await lab.parked();
	lab.evolink.finish(id);
	const outcomes = await Promise.all(Array.from({ length: 5 }, async () => await lab.look(executionId)));
	const runs = outcomes.flatMap(({ run }) => run ?? []);
	expect(runs).toHaveLength(1);
	expect((await end(runs[0])).json('After')).toMatchObject([{ id, status: 'completed' }]);
});

test('near the timer it leaves the run to it, as a callback does', async () => {
	const [executionId, id] = await lab.parked(parking({ parameters: { options: { timeoutMinutes: 1 } } }));
	lab.evolink.finish(id);
	const outcome = await lab.look(executionId);
	expect(page(outcome)).toContain('n8n continues the workflow at ');
	expect(outcome.run).toBeUndefined();
	expect((await lab.timer(executionId)).json('After')).toMatchObject([{ id }]);
});

test('however many look, EvoLink is asked once', async () => {
	const [executionId, id] = await lab.parked();
	const outcomes = await Promise.all(Array.from({ length: 20 }, async () => await lab.look(executionId)));
	for (const outcome of outcomes) expect(page(outcome)).toContain(id);
	await lab.look(executionId);
	expect(reads()).toBe(1);
});

test.each([500, 401])(
	'EvoLink cannot be read (%i): the page shows what is known, says so, and wakes nobody',
	async (status) => {
		const [executionId, ...ids] = await lab.parked(parking(), many(5));
		for (const at of ['read', 'batch'] as const) lab.evolink.fault(at, { kind: 'http', status });
		const outcome = await lab.look(executionId);
		for (const id of ids) expect(page(outcome)).toContain(id);
		expect(page(outcome)).toContain('EvoLink cannot be read now: ');
		expect(outcome.run).toBeUndefined();
	},
);

describe('nobody sees a page', () => {
	test('without the token', async () => {
		const [executionId] = await lab.parked();
		const outcome = await lab.look(executionId, { query: { signature: 'f'.repeat(64) } });
		expect([outcome.statusCode, outcome.body]).toEqual([401, { error: 'Invalid token' }]);
		expect(reads()).toBe(0);
	});

	test('where n8n asks for no token', async () => {
		const [executionId, id] = await lab.parked();
		const data = lab.engine.store.readData(executionId);
		delete (data as { resumeToken?: string }).resumeToken;
		lab.engine.store.write(executionId, {}, data);
		const outcome = await lab.look(executionId);
		expect(outcome.statusCode).toBe(404);
		expect(JSON.stringify(outcome.body)).not.toContain(id);
		expect(reads()).toBe(0);
	});

	test('when the stored run cannot be read', async () => {
		const [executionId] = await lab.parked();
		const data = lab.engine.store.readData(executionId);
		data.executionData!.contextData[`node:${SORA}`]!.wait = { token: 'x', items: null } as never;
		lab.engine.store.write(executionId, {}, data);
		const outcome = await lab.look(executionId);
		expect([outcome.statusCode, outcome.run]).toEqual([503, undefined]);
		expect(lab.engine.store.get(executionId).status).toBe('waiting');
	});
});

test('a hint beside the parked execution leads to it, and so does one after a timer that came too early', async () => {
	const run = await lab.run(parking(), prompts('a cat'));
	const hintIn = (execution: typeof run) =>
		execution.hints(SORA).find(({ message }) => message.includes('is suspended until'))?.message;
	const link = new RegExp(
		`<a href="https://[^"]+/webhook-waiting/${run.executionId}/sora-video\\?signature=\\w+" target="_blank">`,
	);
	for (const execution of [run, await lab.timer(run.executionId)]) {
		expect(execution.status).toBe('waiting');
		expect(hintIn(execution)).toMatch(link);
		expect(hintIn(execution)).toContain(`Tasks: ${lab.ids[0]}.`);
	}
});
