import { connect, type NodeFixture } from '../../tools/n8n-engine';
import { inLab, type Lab } from './lab';
import { BY_HAND, SORA, prompts, retryOnFail, sora, start } from './support';

const promptsSent = (lab: Lab) => lab.creates.map(({ body }) => (body as { prompt: string }).prompt);

describe('what was ordered is what counts, whatever the fields say by then', () => {
	test.concurrent('a prompt with the execution id is ordered once, although every Retry has another id', () =>
		inLab(async (lab) => {
			lab.evolink.script('', BY_HAND);
			const node = sora({
				prompt: '=cat of {{ $execution.id }}',
				options: { timeoutMinutes: 0.01 },
			});
			const first = await lab.run(node);
			expect(first.error?.message).toContain(lab.ids[0]);
			const second = await lab.retry(first);
			expect(second.error?.message).toContain(lab.ids[0]);
			lab.evolink.finish(lab.ids[0]!);
			const third = await lab.retry(second);
			const [prompt] = promptsSent(lab);
			expect(third.json(SORA)).toMatchObject([{ id: lab.ids[0], status: 'completed', request: { prompt } }]);
			expect(promptsSent(lab)).toEqual([`cat of ${first.executionId}`]);
		}),
	);

	test.concurrent('an order of unknown outcome is sent again with the very body of the first time', () =>
		inLab(async (lab) => {
			lab.evolink.fault('create', { kind: 'drop-after' }, { times: 1 });
			const node = sora({
				prompt: '=cat of {{ $execution.id }} at {{ $now.toMillis() }}',
				options: { resendUnknown: true },
			});
			const first = await lab.run(node);
			expect(first.status).toBe('error');
			const second = await lab.retry(first);
			const [prompt] = promptsSent(lab);
			expect(second.json(SORA)).toMatchObject([{ id: lab.ids[0], status: 'completed', request: { prompt } }]);
			expect(new Set(promptsSent(lab)).size).toBe(1);
			expect(lab.sentKeys.size).toBe(1);
			expect(lab.creates).toHaveLength(2);
			expect(lab.evolink.charges).toHaveLength(1);
		}),
	);
});

test.concurrent(
	'a refusal that meets a Retry whose ledger is lost changes no key: the lost order may have been taken',
	() =>
		inLab(async (lab) => {
			lab.evolink.script('', BY_HAND);
			const node = sora({ options: { timeoutMinutes: 0.01 } });
			const lost = await lab.run(node);
			const { store } = lab.engine;
			const data = store.readData(lost.executionId);
			delete data.executionData!.contextData[`node:${SORA}`];
			store.write(lost.executionId, {}, data);
			lab.evolink.fault('create', { kind: 'http', status: 402 }, { times: 1 });
			const refused = await lab.retry(lost);
			expect(refused.error?.message).toContain('402');
			lab.evolink.finish(lab.ids[0]!);
			expect((await lab.retry(refused)).json(SORA)).toMatchObject([{ id: lab.ids[0], status: 'completed' }]);
			expect(lab.paid).toEqual(['a cat']);
		}),
);

describe("'Resend When Outcome Is Unknown'", () => {
	const resend = sora({ options: { resendUnknown: true } }, retryOnFail);

	test.concurrent('on, key honoured: the retry gets the first task, paid once', () =>
		inLab(async (lab) => {
			lab.evolink.fault('create', { kind: 'no-id' }, { times: 1 });
			const run = await lab.run(resend);
			expect(run.json(SORA)).toMatchObject([{ id: lab.ids[0], status: 'completed' }]);
			expect(run.json(SORA)[0]).not.toHaveProperty('orderedByEarlierTry');
			expect(lab.paid).toEqual(['a cat']);
		}),
	);

	test.concurrent('on, key ignored: the second charge that its description warns of', () =>
		inLab(
			async (lab) => {
				lab.mayPayTwice = true;
				lab.evolink.fault('create', { kind: 'no-id' }, { times: 1 });
				const run = await lab.run(resend);
				expect(run.status).toBe('success');
				expect(new Set(lab.evolink.charges.map(({ intent }) => intent)).size).toBe(1);
				expect(lab.paid).toEqual(['a cat', 'a cat']);
			},
			{ idempotency: 'ignored' },
		),
	);

	test.concurrent('a refusal of the repeat does not make the first sending undone', () =>
		inLab(async (lab) => {
			lab.evolink.fault('create', { kind: 'drop-after' }, { times: 1 });
			lab.evolink.fault('create', { kind: 'http', status: 402 });
			const run = await lab.run(resend);
			expect(run.error?.message).toMatch(/earlier try.*Idempotency-Key/);
			expect(run.error?.message).not.toContain('Nothing was charged');
		}),
	);
});

describe('one intent for each', () => {
	const loopOf = (body: NodeFixture) => ({
		nodes: [start, { name: 'Loop', type: 'n8n-nodes-base.splitInBatches' }, body],
		connections: connect(['Start', 'Loop'], [['Loop', 1], body.name], [body.name, 'Loop']),
	});

	test.concurrent('round of a loop, equal rounds included', () =>
		inLab(async (lab) => {
			const run = await lab.run(loopOf(sora()), prompts('a cat', 'a cat', 'a dog'));
			expect(run.status).toBe('success');
			expect(run.runData[SORA]).toHaveLength(3);
			expect(lab.paid).toEqual(['a cat', 'a cat', 'a dog']);
			expect(lab.sentKeys.size).toBe(3);
		}),
	);

	test.concurrent('round: a Retry in the second one orders nothing of the first again', () =>
		inLab(async (lab) => {
			lab.evolink.script('a dog', BY_HAND);
			const node = sora({ options: { timeoutMinutes: 0.01 } });
			const first = await lab.run(loopOf(node), prompts('a cat', 'a dog', 'a bird'));
			expect(first.status).toBe('error');
			lab.evolink.finish(lab.idOf('a dog'));
			const second = await lab.retry(first);
			expect(second.status).toBe('success');
			expect(lab.paid).toEqual(['a cat', 'a dog', 'a bird']);
		}),
	);

	test.concurrent('item, equal items included', () =>
		inLab(async (lab) => {
			const run = await lab.run(sora(), prompts('a cat', 'a cat'));
			expect(new Set(run.json(SORA).map(({ id }) => id)).size).toBe(2);
			expect(lab.paid).toEqual(['a cat', 'a cat']);
		}),
	);

	test.concurrent(
		'node: two in a row with the same prompt make two videos, and a Retry of the second keeps the first',
		() =>
			inLab(async (lab) => {
				const second = sora({ prompt: "={{ $('Start').item.json.prompt }}" }, { name: 'Second' });
				lab.evolink.fault('create', { kind: 'http', status: 402 }, { skip: 1, times: 1 });
				const run = await lab.run([start, sora(), second]);
				expect(run.error?.message).toContain('402');
				const retried = await lab.retry(run);
				expect(retried.json('Second')).toMatchObject([{ id: lab.ids[1], status: 'completed' }]);
				expect(lab.paid).toEqual(['a cat', 'a cat']);
			}),
	);
});

test.concurrent('the input items are not touched', () =>
	inLab(async (lab) => {
		const freeze: NodeFixture = { name: 'Freeze', type: 'test.freeze' };
		const items = prompts('a cat', 'a dog');
		const run = await lab.run([start, freeze, sora()], items);
		expect(run.error).toBeUndefined();
		expect(run.json('Freeze')).toEqual([{ prompt: 'a cat' }, { prompt: 'a dog' }]);
		expect(run.json(SORA)).toHaveLength(2);
	}),
);
