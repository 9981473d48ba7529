import { ordersOf } from '../match';
import { inLab } from './lab';
import { connect } from '../../tools/n8n-engine';
import { SORA, TASK_ID, prompts, sora, start, failedWith } from './support';

describe('On Error = stop, with items that go well and badly in one run', () => {
	test.concurrent('the error names the refused item, and every id that was paid', () =>
		inLab(async (lab) => {
			lab.evolink.fault('create', { kind: 'http', status: 402 }, { match: ordersOf('a refused dog') });
			const run = await lab.run(sora(), prompts('a fine cat', 'a refused dog', 'a fine bird'));
			expect(run.status).toBe('error');
			expect(run.task('After')).toBeUndefined();
			expect(run.error?.message).toMatch(/EvoLink did not take the order.*402.*\[item 1\]$/);
			expect(lab.ids.length).toBeGreaterThan(0);
			for (const id of lab.ids) expect(run.error?.message).toContain(id);
			expect(run.errorText).toContain('Nothing was charged');
			expect(lab.paid).not.toContain('a refused dog');
		}),
	);

	test.concurrent('after a failed task, the error names it and the finished ones', () =>
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
});

test.concurrent.each([
	['403, newer body', { status: 403, generation: 'new' as const }],
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
