import { randomUUID } from 'node:crypto';

import { type StandInTask } from '../../../stand-in';
import { answerUrl, dispatch, dispatches, FOREIGN_NODES, parkBeforeDispatch } from './dispatch';
import { json, type Execution } from '../../../tools/n8n-server/client';
import { errorText, Flow, type Started } from './flow';
import { BY_HAND, keepsTheKey, openInstallation } from './installation';
import {
	executionIdOf,
	type Installation,
	type InstallationOptions,
} from '../../../tools/n8n-server/installation';
import { PUBLIC_HOST } from '../../../tools/n8n-server/n8n';
import { eventually, sleep } from '../../../tools/n8n-server/poll';
import {
	calledTrigger,
	callWorkflow,
	chain,
	node,
	noOp,
	soraVideo,
	splitOut,
	webhookTrigger,
} from '../../../tools/n8n-server/workflows';

const TIMER_MS = 150_000;
const ENDED = ['success', 'error', 'crashed', 'canceled'];

/**
 * What wakes a parked run, and what it never wakes. Where a task has no estimate, the first timer is over an hour away: what
 * ends in these tests, ends by its callback. Tasks of the prompts in `TIMED` have an estimate that brings the timer after 150 s;
 * they start in beforeAll, and their tests, the last ones, wait through the same minutes.
 *
 * @param extra tests that only this mode has; they run before the ones that wait for timers
 */
export function wakeSuite(
	mode: InstallationOptions['mode'],
	extra: (n8n: Installation) => void = () => {},
): void {
	const n8n = openInstallation({ name: `wake-${mode}`, mode, env: FOREIGN_NODES, standIn: BY_HAND });
	beforeAll(async () => {
		n8n.evolink.script(/^timed/, { estimatedTime: 60 });
		await startTimed();
	}, 240_000);

	const call = async ({ id, request }: StandInTask) =>
		await n8n.evolink.forgeCallback(String(request.callback_url), { id, status: 'completed' });

	/** From now on EvoLink calls nobody about these tasks: the test does. */
	function silence(tasks: StandInTask[]): void {
		const ids = new Set(tasks.map(({ id }) => id));
		n8n.evolink.fault('callback', { kind: 'never' }, { match: ({ task }) => ids.has(task.id) });
	}

	// ------------------------------------------------------------------------------------------ with a timer after 150 s

	const timed: Record<string, { task: StandInTask; executionId: string; parked: Execution }> = {};

	/** Webhook → Video → `next` → After, parked at the video. */
	async function startBefore(name: string, next: ReturnType<typeof node>): Promise<void> {
		const path = name.replaceAll(' ', '-');
		const nodes = [
			webhookTrigger('Call', path),
			soraVideo('Video', n8n.credential, { prompt: name, download: false }),
			next,
			noOp('After'),
		];
		await n8n.publish({ name, nodes, connections: chain(...nodes) });
		await n8n.call(path);
		const task = await n8n.taskOf(name);
		const executionId = executionIdOf(task);
		timed[name] = { task, executionId, parked: await n8n.client.until(executionId, ['waiting']) };
		silence([task]);
		n8n.evolink.finish(task.id);
	}

	const wait90 = () =>
		node(
			'Wait',
			'n8n-nodes-base.wait',
			{ resume: 'timeInterval', amount: 90, unit: 'seconds' },
			{ typeVersion: 1.1, webhookId: randomUUID() },
		);

	async function startTimed(): Promise<void> {
		await startBefore('timed: lost', noOp('Next'));
		await startBefore('timed: called at once, before a Wait', wait90());
		await startBefore('timed: called at the last moment, before a Wait', wait90());
		await startBefore('timed: called at the last moment, before another package', dispatch('Dispatch'));
		await startBefore('timed: called too late, before another package', dispatch('Dispatch'));
		expect((await call(timed['timed: called at once, before a Wait'].task)).status).toBe(200);
		callBeforeTimer('timed: called at the last moment, before a Wait', 77_000);
		callBeforeTimer('timed: called at the last moment, before another package', 77_000);
		callBeforeTimer('timed: called too late, before another package', 9_000);
	}

	const answers: Record<string, Promise<unknown>> = {};

	/** n8n arms its timers between 70 and 10 s before they are due: a callback that comes later must leave the run to its timer. */
	function callBeforeTimer(name: string, leftMs: number): void {
		const { task, parked } = timed[name];
		answers[name] = sleep(timerOf(parked) - leftMs - Date.now()).then(async () => await call(task));
	}
	const timerOf = ({ waitTill }: Execution) => new Date(String(waitTill)).getTime();

	// ------------------------------------------------------------------------------------------ by callback

	describe('a batch that ends well and badly', () => {
		const fates = ['completed', 'failed', 'cancelled', 'completed too'];
		const batch = (mode: string) => fates.map((fate) => `${mode}: ${fate}`);

		async function ended(mode: string, onError: NonNullable<Parameters<typeof Flow.publish>[2]>['extra']) {
			const flow = await Flow.publish(n8n, mode, { extra: onError });
			const started = await flow.park(...batch(mode));
			const [, failed, cancelled, last] = started.tasks;
			n8n.evolink.finish(last.id);
			n8n.evolink.finish(cancelled.id, { outcome: 'cancelled' });
			n8n.evolink.finish(failed.id, { outcome: 'failed', code: 'content_policy_violation' });
			n8n.evolink.finish(started.tasks[0].id);
			return { started, done: await flow.end(started) };
		}

		it('On Error = stop: the callback ends the run with a real error that names each task', async () => {
			const { started, done } = await ended('stop', {});
			expect(done.status).toBe('error');
			expect(errorText(done)).toContain('content_policy_violation');
			for (const { id } of started.tasks) expect(errorText(done)).toContain(id);
			expect(done.data.resultData.runData.Video).toHaveLength(1);
			expect(done.data.resultData.runData.Video[0].executionStatus).toBe('error');
			expect(done.data.resultData.runData.Next).toBeUndefined();
		});

		it('On Error = error output: the good ones go on, the bad ones take the error branch, each paired', async () => {
			const { started, done } = await ended('branch', { onError: 'continueErrorOutput' });
			expect(done.status).toBe('success');
			const [first, failed, cancelled, last] = started.tasks;
			expect(json(done, 'Next').map(({ id, asked }) => [id, asked])).toEqual([
				[first.id, 'branch: completed'],
				[last.id, 'branch: completed too'],
			]);
			const problems = json(done, 'Problem');
			expect(problems.map(({ asked }) => asked)).toEqual(['branch: failed', 'branch: cancelled']);
			expect(problems[0].error).toMatchObject({ taskId: failed.id });
			expect(problems[1].error).toMatchObject({ taskId: cancelled.id });
			for (const at of ['Video', 'Next', 'Problem']) {
				expect(done.data.resultData.runData[at]).toHaveLength(1);
			}
		});
	});

	it('five callbacks for five tasks at the same moment: one run, five files, in order', async () => {
		const flow = await Flow.publish(n8n, 'five');
		const prompts = Array.from({ length: 5 }, (_, index) => `one of five ${index}`);
		const started = await flow.park(...prompts);
		silence(started.tasks);
		const { requests } = n8n.evolink.mediaStats;
		for (const { id } of started.tasks) n8n.evolink.finish(id);
		const called = await Promise.all(started.tasks.map(call));
		expect(called.map(({ status }) => status)).toContain(200);
		const done = await flow.end(started);
		expect(json(done, 'Next').map(({ id, asked }) => [id, asked])).toEqual(
			started.tasks.map(({ id }, index) => [id, prompts[index]]),
		);
		expect(done.data.resultData.runData.Video).toHaveLength(1);
		expect(done.data.resultData.runData.Next).toHaveLength(1);
		expect(n8n.evolink.mediaStats.requests - requests).toBe(5);
	});

	it('a callback that is still being checked while another one wakes the run wakes nobody', async () => {
		const { tasks, executionId } = await parkBeforeDispatch(
			n8n,
			'slow-check',
			'checked fast',
			'checked slowly',
		);
		silence(tasks);
		for (const { id } of tasks) n8n.evolink.finish(id);
		const slow = n8n.evolink.fault('read', { kind: 'slow', seconds: 60 }, { times: 1 });
		const late = call(tasks[1]);
		await n8n.evolink.until(() => slow.hits > 0);
		await call(tasks[0]);
		await eventually('the run at Dispatch', () => dispatches(n8n.worker, executionId) > 0);
		await late;
		const at = async () => (await n8n.client.execution(executionId)).status;
		await eventually('the run waits', async () => (await at()) === 'waiting');
		await sleep(1000);
		expect(dispatches(n8n.worker, executionId)).toBe(1);
		expect(await at()).toBe('waiting');
		await n8n.client.stop(executionId);
	});

	describe('a callback that is not about this run', () => {
		let flow: Flow;
		let waits: Started;
		let other: Started;
		beforeAll(async () => {
			flow = await Flow.publish(n8n, 'not this run');
			waits = await flow.park('waits for its own callback');
			other = await flow.park('another run');
			silence(other.tasks);
			n8n.evolink.finish(other.tasks[0].id);
		});

		it.each([
			['of another run whose task has ended', () => ({ id: other.tasks[0].id, status: 'completed' }), 404],
			['of a task that nobody ordered', () => ({ id: 'task-unified-1-forged', status: 'completed' }), 404],
			['without an id', () => ({ status: 'completed' }), 400],
			['whose id is a list', () => ({ id: [waits.tasks[0].id] }), 400],
			['that is no object', () => [], 400],
		])('%s is refused, and the run stays parked', async (_, body, status) => {
			const before = await n8n.client.execution(waits.executionId);
			const url = String(waits.tasks[0].request.callback_url);
			expect((await n8n.evolink.forgeCallback(url, body())).status).toBe(status);
			const after = await n8n.client.execution(waits.executionId);
			expect([after.status, after.waitTill]).toEqual(['waiting', before.waitTill]);
			expect(waits.tasks[0].reads).toBe(0);
		});

		it('leaves both runs to go on with their own', async () => {
			n8n.evolink.finish(waits.tasks[0].id);
			expect(json(await flow.end(waits), 'Next')).toEqual([
				expect.objectContaining({ id: waits.tasks[0].id, asked: 'waits for its own callback' }),
			]);
			expect((await call(other.tasks[0])).status).toBe(200);
			expect(json(await flow.end(other), 'Next')[0].id).toBe(other.tasks[0].id);
		});
	});

	describe('the status page', () => {
		let flow: Flow;
		let started: Started;
		const MARKUP = 'a page with <script>alert(1)</script> and "quotes"';

		const urlOf = ({ request }: StandInTask) =>
			String(request.callback_url).replace(`https://${PUBLIC_HOST}`, n8n.webhook.url);
		const look = async (init: RequestInit = {}, url = urlOf(started.tasks[0])) => await fetch(url, init);
		const stored = async () => {
			const { status, waitTill } = await n8n.client.execution(started.executionId);
			return { status, waitTill };
		};

		beforeAll(async () => {
			flow = await Flow.publish(n8n, 'watched');
			started = await flow.park('watched', MARKUP);
			silence(started.tasks);
		});

		it('shows each task, however many look, with one read of EvoLink, and the run stays parked', async () => {
			const before = await stored();
			const pages = await Promise.all(Array.from({ length: 20 }, async () => await (await look()).text()));
			for (const page of pages) {
				for (const { id } of started.tasks) expect(page).toContain(`<code>${id}</code>`);
				expect(page).toMatch(/<progress max="100" value="\d+"/);
				expect(page).toContain('a page with &lt;script&gt;alert(1)&lt;/script&gt; and &quot;quotes&quot;');
				expect(page).not.toContain('<script>');
				expect(page).not.toContain(n8n.evolink.apiKey);
			}
			expect(started.tasks.map(({ reads }) => reads)).toEqual([1, 1]);
			expect(await stored()).toEqual(before);
		});

		it('may do nothing but what it needs, and tells nobody its address', async () => {
			const { headers } = await look();
			expect(headers.get('content-security-policy')).toMatch(
				/^default-src 'none'; .*; sandbox allow-scripts /,
			);
			expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
			expect(headers.get('cache-control')).toBe('no-store');
			expect(headers.get('referrer-policy')).toBe('no-referrer');
			expect(headers.get('x-content-type-options')).toBe('nosniff');
		});

		it.each<[string, number, () => Promise<Response>]>([
			['without a token', 401, async () => await look({}, urlOf(started.tasks[0]).split('?')[0])],
			['with a wrong one', 401, async () => await look({}, urlOf(started.tasks[0]).replace(/.$/, '!'))],
			['asked for with HEAD', 404, async () => await look({ method: 'HEAD' })],
			['asked for with POST', 400, async () => await look({ method: 'POST' })],
		])('is not shown %s, and the run stays parked', async (_, status, ask) => {
			const before = await stored();
			const answer = await ask();
			expect(answer.status).toBe(status);
			const body = await answer.text();
			for (const { id } of started.tasks) expect(body).not.toContain(id);
			expect(await stored()).toEqual(before);
		});

		it('wakes the run when it finds that all tasks have ended, although no callback comes', async () => {
			for (const { id } of started.tasks) n8n.evolink.finish(id);
			const page = await eventually('a page that finds it', async () => {
				const answer = await look();
				expect(answer.status).toBe(200);
				const text = await answer.text();
				return text.includes('The workflow continues now') && text;
			});
			expect(page.match(/<video /g)).toHaveLength(2);
			const done = await flow.end(started);
			expect(json(done, 'Next').map(({ id, asked }) => [id, asked])).toEqual([
				[started.tasks[0].id, 'watched'],
				[started.tasks[1].id, MARKUP],
			]);
			expect(done.data.resultData.runData.Video).toHaveLength(1);
			expect(done.data.resultData.runData.Next).toHaveLength(1);
			expect((await look()).status).toBe(409);
		});
	});

	it('three items call a workflow each, which calls another one with two: under Automatic all six videos arrive', async () => {
		const innermost = [
			calledTrigger('In'),
			soraVideo('Video', n8n.credential, {
				prompt: '={{ $json.prompt }}',
				download: false,
				options: { pollSeconds: 0.25 },
			}),
		];
		const inner = await n8n.publish({ name: 'inner', nodes: innermost, connections: chain(...innermost) });
		const middle = [calledTrigger('In'), splitOut('Takes', 'takes'), callWorkflow('Run', inner.id)];
		const called = await n8n.publish({ name: 'middle', nodes: middle, connections: chain(...middle) });
		const each = callWorkflow('Run', called.id);
		const nodes = [
			webhookTrigger('Call', 'nested', { responseMode: 'lastNode', responseData: 'allEntries' }),
			splitOut('Jobs', 'body.jobs'),
			{ ...each, parameters: { ...each.parameters, mode: 'each' } },
		];
		await n8n.publish({ name: 'outer', nodes, connections: chain(...nodes) });
		n8n.evolink.script(/^nested/, { seconds: 20 });
		const take = (job: number) => ['a', 'b'].map((name) => ({ prompt: `nested ${job}${name}` }));
		const jobs = [1, 2, 3].map((job) => ({ takes: take(job) }));
		const answer = (await (await n8n.call('nested', { jobs })).json()) as Array<{ id: string }>;
		const prompts = [1, 2, 3].flatMap(take);
		const tasks = await Promise.all(prompts.map(async ({ prompt }) => await n8n.taskOf(prompt)));
		expect(answer.map(({ id }) => id)).toEqual(tasks.map(({ id }) => id));
		expect(n8n.evolink.charges.filter(({ prompt }) => prompt.startsWith('nested'))).toHaveLength(6);
	});

	extra(n8n);

	// ------------------------------------------------------------------------------------------ the timed ones, at last

	it.each([['timed: called at once, before a Wait'], ['timed: called at the last moment, before a Wait']])(
		'%s: the Wait node waits its 90 s, whatever timer the video had',
		async (name) => {
			const { executionId, task } = timed[name];
			await answers[name];
			const waiting = await eventually(
				'the run at its Wait',
				async () => {
					const execution = await n8n.client.execution(executionId);
					return execution.data.resultData.lastNodeExecuted === 'Wait' ? execution : undefined;
				},
				{ timeoutMs: TIMER_MS },
			);
			const due = timerOf(waiting);
			const done = await n8n.client.until(executionId, ENDED, 2 * TIMER_MS);
			expect(done.status).toBe('success');
			const { runData } = done.data.resultData;
			expect(runData.After[0].startTime).toBeGreaterThanOrEqual(due);
			expect(due - waiting.data.resultData.runData.Wait[0].startTime).toBeGreaterThanOrEqual(90_000);
			expect(json(done, 'After')).toEqual([expect.objectContaining({ id: task.id })]);
		},
		400_000,
	);

	it('timed: a callback that never comes costs time, not the video', async () => {
		const { executionId, task, parked } = timed['timed: lost'];
		const done = await n8n.client.until(executionId, ENDED, 2 * TIMER_MS);
		expect(done.status).toBe('success');
		expect(json(done, 'Next')).toEqual([expect.objectContaining({ id: task.id, status: 'completed' })]);
		expect(done.data.resultData.runData.Next[0].startTime).toBeGreaterThanOrEqual(timerOf(parked));
	}, 400_000);

	it.each([
		['timed: called at the last moment, before another package'],
		['timed: called too late, before another package'],
	])(
		'%s: that node is asked once, and woken by nobody but its own answer',
		async (name) => {
			const { executionId, task, parked } = timed[name];
			await answers[name];
			const timer = timerOf(parked);
			await eventually('the run at Dispatch', () => dispatches(n8n.worker, executionId) > 0, {
				timeoutMs: 2 * TIMER_MS,
			});
			// a timer that n8n had armed would have come by now
			await sleep(Math.max(timer + 5000 - Date.now(), 0));
			const waiting = await n8n.client.execution(executionId);
			expect(waiting.status).toBe('waiting');
			expect(waiting.data.resultData.lastNodeExecuted).toBe('Dispatch');
			expect((await call(task)).status).toBe(404);

			const answer = await n8n.evolink.forgeCallback(answerUrl(task), {});
			expect(answer.status).toBe(200);
			const done = await n8n.client.until(executionId, ENDED);
			expect(json(done, 'After')).toEqual([{ answer: 'from outside' }]);
			expect(dispatches(n8n.worker, executionId)).toBe(1);
			expect(n8n.evolink.chargesFor({ prompt: name })).toHaveLength(1);
		},
		400_000,
	);

	keepsTheKey(n8n);
}
