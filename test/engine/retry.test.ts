import type { HttpFault } from '../../stand-in';
import { inLab } from './lab';
import { SORA, prompts, retryOnFail, sora } from './support';

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
			const run = await lab.run(sora({}, retryOnFail));
			expect(run.errorText).toMatch(/did not take the order.*429.*Nothing was charged/);
			expect(lab.creates).toHaveLength(retryOnFail.maxTries);
			expect(lab.paid).toEqual([]);
		}),
	);

	test.concurrent('EvoLink offline: the order goes out once it is back, on the Retry', () =>
		inLab(async (lab) => {
			await lab.evolink.offline();
			const first = await lab.run(sora());
			expect(first.errorText).toMatch(/refused the connection.*Nothing was charged/);
			await lab.evolink.online();
			const second = await lab.retry(first);
			expect(second.status).toBe('success');
			expect(lab.paid).toEqual([PROMPT]);
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
	'an EvoLink that allows ten orders a second takes all orders of a large run, one after the other',
	() =>
		inLab(async (lab) => {
			const taken: number[] = [];
			const isTooFast = () => {
				while (taken.length > 0 && taken[0]! <= Date.now() - 1000) taken.shift();
				if (taken.length >= 10) return true;
				taken.push(Date.now());
				return false;
			};
			const limit = lab.evolink.fault('create', http(429, { retryAfter: 1 }), { match: isTooFast });
			const many = Array.from({ length: 45 }, (_, item) => `video ${item}`);
			const run = await lab.run(sora({ wait: 'none' }), prompts(...many));
			expect(run.status).toBe('success');
			expect([...lab.paid].sort()).toEqual([...many].sort());
			expect(run.json(SORA).map(({ id }) => id)).toEqual(many.map((prompt) => lab.idOf(prompt)));
			expect(limit.hits).toBeGreaterThan(0);
		}),
);

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
