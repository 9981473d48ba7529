import { inLab, type Lab } from './lab';
import { connect } from '../../tools/n8n-engine';
import { SORA, TASK_ID, ordersOf, prompts, sora, start, withBothOutputs, failedWith } from './support';

/** Item 1 is refused at submit, item 2's task fails, item 0 and 3 go well. */
const MIXED = ['a fine cat', 'a refused dog', 'a failing bird', 'a fine fish'];

const mixed = (lab: Lab, onError?: 'continueRegularOutput' | 'continueErrorOutput') => {
	const { evolink } = lab;
	evolink.script('failing', { outcome: 'failed', code: 'content_policy_violation' });
	evolink.fault('create', { kind: 'http', status: 402 }, { match: ordersOf('a refused dog') });
	const node = sora({}, { ...(onError && { onError }) });
	return lab.run(withBothOutputs(node), prompts(...MIXED));
};

describe('three kinds of items in one run', () => {
	test.concurrent('On Error = stop: the error names the refused item, and every id that was paid', () =>
		inLab(async (lab) => {
			const run = await mixed(lab);
			expect(run.status).toBe('error');
			expect(run.task('After')).toBeUndefined();
			expect(run.error?.message).toMatch(/EvoLink did not take the order.*402.*\[item 1\]$/);
			expect(lab.ids.length).toBeGreaterThan(0);
			for (const id of lab.ids) expect(run.error?.message).toContain(id);
			expect(run.errorText).toContain('Nothing was charged');
			expect(lab.paid).not.toContain('a refused dog');
		}),
	);

	test.concurrent('On Error = stop: after a failed task, the error names it and the finished ones', () =>
		inLab(async (lab) => {
			const { evolink } = lab;
			evolink.script('failing', { outcome: 'failed', code: 'content_policy_violation' });
			const run = await lab.run(sora(), prompts('a fine cat', 'a failing bird', 'a fine fish'));
			expect(run.status).toBe('error');
			expect(run.error?.message).toMatch(
				new RegExp(`^Task ${lab.idOf('a failing bird')} failed: .*\\(content_policy_violation\\)`),
			);
			for (const [item, prompt] of [
				[0, 'a fine cat'],
				[2, 'a fine fish'],
			] as const)
				expect(run.errorText).toContain(`item ${item}: task ${lab.idOf(prompt)} completed (http`);
			expect(run.error?.message).toMatch(/\[item 1\]$/);
		}),
	);

	test.concurrent('On Error = continue: every item comes out in its place, errors as error items', () =>
		inLab(async (lab) => {
			const run = await mixed(lab, 'continueRegularOutput');
			expect(run.status).toBe('success');
			const out = run.output('After');
			expect(out.map(({ pairedItem }) => pairedItem)).toEqual([0, 1, 2, 3].map((item) => ({ item })));
			expect(out[0]!.json).toMatchObject({ id: lab.idOf('a fine cat'), status: 'completed' });
			expect(out[1]!.json).toEqual(failedWith(/did not take.*402[^[]*$/, { status: 402 }));
			const taskId = lab.idOf('a failing bird');
			const code = 'content_policy_violation';
			expect(out[2]!.json).toEqual(failedWith(`${taskId} failed`, { taskId, code }));
			expect(out[3]!.json).toMatchObject({ id: lab.idOf('a fine fish'), status: 'completed' });
			expect(run.json('Failed')).toEqual([]);
		}),
	);

	test.concurrent('On Error = error output: error items reach the error branch, and no other item does', () =>
		inLab(async (lab) => {
			const run = await mixed(lab, 'continueErrorOutput');
			expect(run.status).toBe('success');
			expect(run.json('After').map(({ id }) => id)).toEqual([
				lab.idOf('a fine cat'),
				lab.idOf('a fine fish'),
			]);
			expect(run.output('After').map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
			expect(run.json('Failed')).toEqual([
				{ prompt: 'a refused dog', ...failedWith('402') },
				{ prompt: 'a failing bird', ...failedWith('failed', { taskId: lab.idOf('a failing bird') }) },
			]);
		}),
	);

	test.concurrent(
		'one charge per item that went through, none for the refused one, in no mode a second',
		() =>
			inLab(async (lab) => {
				await mixed(lab, 'continueRegularOutput');
				expect([...lab.paid].sort()).toEqual(['a failing bird', 'a fine cat', 'a fine fish']);
				expect(lab.creates).toHaveLength(4);
			}),
	);
});

test.concurrent.each([
	['with the new error bodies', 'new' as const],
	['with the old error bodies', 'old' as const],
])("EvoLink's own words, code and request id are kept, %s", (_, errorGeneration) =>
	inLab(
		async (lab) => {
			const extra = { request_id: 'req_4711' };
			const status = 402;
			lab.evolink.fault('create', { kind: 'http', status, message: 'Balance is 0.12 credits', extra });
			const run = await lab.run(sora());
			expect(run.error?.message).toContain('Balance is 0.12 credits');
			expect(run.error?.message).toContain('402');
			expect(run.error?.message).toContain('req_4711');
			expect(run.error).toMatchObject({ httpCode: '402', description: expect.stringContaining('Top up') });
		},
		{ errorGeneration },
	),
);

test.concurrent.each([
	['403, newer body', { status: 403, generation: 'new' as const }],
	['403, older body', { status: 403, generation: 'old' as const }],
	['404, older body', { status: 404, generation: 'old' as const }],
	['503, no channel', { status: 503, code: 'no_available_channel' }],
])('a model that EvoLink does not serve is told so, and where to look for another (%s)', (_, fault) =>
	inLab(async (lab) => {
		lab.evolink.fault('create', { kind: 'http', ...fault });
		const run = await lab.run(sora());
		expect(run.error?.message).toMatch(
			/^EvoLink does not serve sora-2-preview to this key \(\d+.*, request req_/,
		);
		expect(run.error?.description).toContain('https://evolink.ai/models');
		const isUnknown = fault.status === 503;
		expect(run.error?.message.includes(`Idempotency-Key ${lab.creates[0]!.headers['idempotency-key']}`)).toBe(
			isUnknown,
		);
		expect(run.error?.description).toMatch(
			isUnknown
				? /It is not known whether this order was charged: .*Get Task\.$/
				: /refused orders are usually not charged\.$/,
		);
		expect(run.errorText).not.toContain('Resend');
	}),
);

test.concurrent.each([
	['Retry On Fail', { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 }],
	['Retry', {}],
])(
	'a model that is closed with 503 is told so by %s, too: the order keeps its key and is not sent again',
	(_, more) =>
		inLab(async (lab) => {
			lab.evolink.fault('create', { kind: 'http', status: 503, code: 'no_available_channel' });
			const first = await lab.run(sora({}, more));
			const last = 'retryOnFail' in more ? first : await lab.retry(first);
			const [key] = lab.sentKeys;
			expect(lab.creates).toHaveLength(1);
			expect(last.error?.message).toMatch(
				/^EvoLink did not serve sora-2-preview to an earlier try .* not sent again/,
			);
			expect(last.error?.message).toContain(`Idempotency-Key ${key}`);
			expect(last.error?.description).toMatch(
				/It is not known whether the earlier order was charged: .*Get Task\.$/,
			);
			expect(last.errorText).not.toContain('Resend');
		}),
);

test.concurrent('what to do stands in the description, which the next node reads like any other field', () =>
	inLab(async (lab) => {
		lab.evolink.fault('create', { kind: 'http', status: 402 }, { times: 1 });
		const first = sora({}, { onError: 'continueErrorOutput' });
		const second = { ...sora({ prompt: '={{ $json.error.description }}' }), name: 'Behind' };
		const connections = connect([start.name, SORA], [[SORA, 1], second.name]);
		const run = await lab.run({ nodes: [start, first, second], connections }, prompts('a cat'));
		expect(run.json(SORA, 1)).toEqual([
			{ prompt: 'a cat', ...failedWith(/^EvoLink did not take the order: [^.]*$/) },
		]);
		expect(lab.paid).toEqual([expect.stringMatching(/^Top up .* Nothing was charged for this order\./)]);
	}),
);

test.concurrent('a key that a gateway echoes in its error is blanked out everywhere', () =>
	inLab(async (lab) => {
		const message = `Invalid token Bearer ${lab.evolink.apiKey}`;
		lab.evolink.fault('create', { kind: 'http', status: 401, message });
		const run = await lab.run(sora());
		expect(run.error?.message).toContain('[redacted]');
		expect(run.error?.message).toContain('401');
	}),
);

test.concurrent('in stop mode a wrong last item ends the run before the first request', () =>
	inLab(async (lab) => {
		const run = await lab.run(sora(), prompts('a cat', 'a dog', '  '));
		expect(run.error?.message).toMatch(/'Prompt' is empty.*\[item 2\]$/);
		expect(lab.evolink.requests).toEqual([]);
	}),
);

test.concurrent('with On Error = continue a wrong item costs nothing and the others go through', () =>
	inLab(async (lab) => {
		const node = sora({}, { onError: 'continueRegularOutput' });
		const run = await lab.run(node, prompts('', 'a dog'));
		expect(run.json(SORA)).toEqual([
			failedWith("'Prompt' is empty"),
			expect.objectContaining({ status: 'completed' }),
		]);
		expect(lab.paid).toEqual(['a dog']);
	}),
);

test.concurrent('a failed task ends its wait at once, with its reason, and is not read again', () =>
	inLab(async (lab) => {
		lab.evolink.script('', {
			outcome: 'failed',
			code: 'service_error',
			message: 'No luck today',
		});
		const run = await lab.run(sora({ options: { timeoutMinutes: 30 } }));
		expect(run.error?.message).toContain('No luck today');
		expect(run.error?.message).toMatch(TASK_ID);
		expect([...lab.evolink.tasks.values()].map(({ reads }) => reads)).toEqual([1]);
	}),
);
