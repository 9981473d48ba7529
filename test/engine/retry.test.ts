import type { HttpFault } from '../../stand-in';
import { ordersOf } from '../match';
import { inLab } from './lab';
import { BY_HAND, SORA, prompts, retryOnFail, sora } from './support';

const http = (status: number, more: Partial<HttpFault> = {}): HttpFault => ({
	kind: 'http',
	status,
	...more,
});
const PROMPT = 'a cat';

describe('a fault that stays', () => {
	test.concurrent('429 throughout: the error says that nothing was charged, and nothing was', () =>
		inLab(async (lab) => {
			lab.evolink.fault('create', http(429, { retryAfter: 3600 }));
			const run = await lab.run(sora({ options: { timeoutMinutes: 0.02 } }, retryOnFail));
			expect(run.errorText).toMatch(/had no room for another task.*Nothing was charged.*429/);
			expect(lab.creates.length).toBeGreaterThanOrEqual(retryOnFail.maxTries);
			expect(lab.paid).toEqual([]);
		}),
	);

	test.concurrent(
		'no answer at all: the order counts as unknown after half a minute and is not sent again',
		() =>
			inLab(
				async (lab) => {
					lab.evolink.fault('create', { kind: 'slow', seconds: 60 }, { times: 1 });
					const run = await lab.run(sora({}, retryOnFail));
					expect(run.error?.message).toMatch(/earlier try.*Idempotency-Key n8n-/);
					expect(lab.creates).toHaveLength(1);
				},
				{ timeScale: 1 },
			),
		60_000,
	);
});

test.concurrent(
	'an order that was being sent when its process was lost is of unknown outcome, and not sent again',
	() =>
		inLab(async (lab) => {
			lab.evolink.fault('create', { kind: 'drop-after' }, { times: 1 });
			const lost = await lab.run(sora());
			const { store } = lab.engine;
			const data = store.readData(lost.executionId);
			const context = data.executionData!.contextData[`node:${SORA}`] as {
				ledger: { rounds: { run0: { item0: { state: string } } } };
			};
			expect(context.ledger.rounds.run0.item0.state).toBe('unknown');
			context.ledger.rounds.run0.item0.state = 'sending';
			store.write(lost.executionId, {}, data);
			const retried = await lab.retry(lost);
			expect(retried.error?.message).toMatch(/An earlier try of this item sent its order/);
			expect(lab.paid).toEqual([PROMPT]);
		}),
);

test.concurrent(
	'a run that stops on errors begins no further order after the first refusal, and says which it left',
	() =>
		inLab(async (lab) => {
			const many = Array.from({ length: 15 }, (_, item) => `video ${item}`);
			lab.evolink.fault('create', http(402), { times: 1 });
			const run = await lab.run(sora(), prompts(...many));
			const begun = lab.creates.length;
			expect(begun).toBeLessThan(many.length);
			const left = [...many.keys()].slice(begun).join(', ');
			expect(run.errorText).toContain(`Nothing was ordered for items ${left}.`);
			for (const id of lab.ids) expect(run.error?.message).toContain(id);
		}),
);

describe('after the order, a retry goes on with the same task', () => {
	test.concurrent(
		'a failed render is not bought again by Retry On Fail or Retry, and the message says so',
		() =>
			inLab(async (lab) => {
				lab.evolink.script('', {
					outcome: 'failed',
					code: 'generation_timeout',
				});
				const first = await lab.run(sora({}, retryOnFail));
				const taskId = lab.idOf(PROMPT);
				for (const run of [first, await lab.retry(first)]) {
					expect(run.status).toBe('error');
					expect(run.errorText).toMatch(new RegExp(`^Task ${taskId} failed: .*does not order it again`));
				}
				expect(lab.creates).toHaveLength(1);
			}),
	);

	test.concurrent('a fresh run is a fresh intent: the same items are ordered again', () =>
		inLab(async (lab) => {
			await lab.run(sora());
			await lab.run(sora());
			expect(lab.paid).toEqual([PROMPT, PROMPT]);
			expect(lab.sentKeys.size).toBe(2);
		}),
	);

	test.concurrent('a timed-out wait names the running task, and Retry goes on with it', () =>
		inLab(async (lab) => {
			lab.evolink.script('', BY_HAND);
			const node = sora({ options: { timeoutMinutes: 0.01 } }, { ...retryOnFail, maxTries: 2 });
			const first = await lab.run(node);
			const taskId = lab.idOf(PROMPT);
			expect(first.error?.message).toMatch(
				new RegExp(`^Task ${taskId} was still '(pending|processing)' \\(\\d+ %\\)`),
			);
			expect(first.error?.message).toContain("'Timeout Minutes'");
			lab.evolink.finish(taskId);
			const second = await lab.retry(first);
			expect(second.json('Sora Video')).toMatchObject([{ id: taskId, status: 'completed' }]);
			expect(lab.paid).toEqual([PROMPT]);
		}),
	);

	test.concurrent('only the items without a task are ordered on the Retry', () =>
		inLab(async (lab) => {
			lab.evolink.fault('create', http(402), { times: 1, match: ordersOf('a dog') });
			const first = await lab.run(sora(), prompts('a cat', 'a dog', 'a bird'));
			expect(first.error?.message).toMatch(/402.*\[item 1\]/);
			const known = new Map(lab.evolink.charges.map(({ prompt, taskId }) => [prompt, taskId]));
			const second = await lab.retry(first);
			expect(second.status).toBe('success');
			expect([...lab.paid].sort()).toEqual(['a bird', 'a cat', 'a dog']);
			const ids = second.json('Sora Video').map(({ id }) => id);
			for (const [prompt, id] of known) expect(ids[['a cat', 'a dog', 'a bird'].indexOf(prompt)]).toBe(id);
		}),
	);

	test.concurrent.each([
		['500', http(500)],
		['503 with Retry-After', http(503, { retryAfter: 1 })],
		['429', http(429)],
		['a dropped socket', { kind: 'drop-before' } as const],
		['half the JSON', { kind: 'truncated-json' } as const],
		['a page of HTML', { kind: 'html' } as const],
		['a body of 8 MB', { kind: 'huge-body' } as const],
		['another task', { kind: 'body', body: { id: 'task-unified-1-other', status: 'completed' } } as const],
		['404 just after the order, as of a replica that has not heard of it', http(404)],
		[
			"a proxy's page",
			{ kind: 'body', status: 403, body: '<html>Forbidden</html>', contentType: 'text/html' } as const,
		],
	])('a status check that meets %s does not end the wait', (_, fault) =>
		inLab(async (lab) => {
			const handle = lab.evolink.fault('read', fault, { times: 2 });
			const run = await lab.run(sora());
			expect(handle.hits).toBe(2);
			expect(run.json('Sora Video')).toMatchObject([{ id: lab.idOf(PROMPT), status: 'completed' }]);
		}),
	);

	test.concurrent.each([
		['401', http(401), /401/],
		['403', http(403), /403/],
	])(
		'a status check that meets %s ends the wait, names the task, and Retry reads it again',
		(_, fault, word) =>
			inLab(async (lab) => {
				const handle = lab.evolink.fault('read', fault, { times: 1 });
				const first = await lab.run(sora());
				expect(handle.hits).toBe(1);
				expect(first.error?.message).toContain(`Task ${lab.idOf(PROMPT)} could not be read`);
				expect(first.error?.message).toMatch(word);
				expect((await lab.retry(first)).status).toBe('success');
				expect(lab.paid).toEqual([PROMPT]);
			}),
	);

	test.concurrent('reads that only fail are told apart from a slow render', () =>
		inLab(async (lab) => {
			lab.evolink.fault('read', http(500));
			const node = sora({ options: { timeoutMinutes: 0.01 } });
			const run = await lab.run(node);
			expect(run.error?.message).toMatch(/could not be read.*500/);
			expect(run.error?.message).toContain(lab.idOf(PROMPT));
		}),
	);
});
