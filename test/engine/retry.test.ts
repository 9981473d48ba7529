import type { ApiFault, HttpFault, Idempotency } from '../../stand-in';
import { inLab } from './lab';
import { SORA, prompts, retryOnFail, sora } from './support';

/** `taken`: what EvoLink made of the order that met the fault, which the node cannot see. */
interface CreateFault {
	name: string;
	fault: ApiFault;
	/** `sendAgain`: nothing can have been taken, a retry may order. `unknown`: it may have been, so it must not. */
	verdict: 'sendAgain' | 'unknown' | 'accepted';
	taken: boolean;
}

const http = (status: number, more: Partial<HttpFault> = {}): HttpFault => ({
	kind: 'http',
	status,
	...more,
});
const row = (name: string, fault: ApiFault, verdict: CreateFault['verdict'], taken = false): CreateFault => ({
	name,
	fault,
	verdict,
	taken,
});

const FAULTS: CreateFault[] = [
	row('429 with Retry-After', http(429, { retryAfter: 1 }), 'sendAgain'),
	row('429 with a Retry-After date', http(429, { retryAfter: { date: 1 } }), 'sendAgain'),
	row('429 without Retry-After', http(429), 'sendAgain'),
	row('429 with a Retry-After of an hour', http(429, { retryAfter: 3600 }), 'sendAgain'),
	row('400', http(400), 'sendAgain'),
	row('401', http(401), 'sendAgain'),
	row('402', http(402), 'sendAgain'),
	row('403', http(403), 'sendAgain'),
	row('404', http(404), 'sendAgain'),
	row('413', http(413), 'sendAgain'),
	...[500, 502, 503].flatMap((status) => [
		row(`${status}, not taken`, http(status), 'unknown'),
		row(`${status}, taken all the same`, http(status, { accepted: true }), 'unknown', true),
	]),
	row('503 with Retry-After', http(503, { retryAfter: 1, accepted: true }), 'unknown', true),
	row('a socket dropped before the order was taken', { kind: 'drop-before' }, 'unknown'),
	row('a socket dropped after the order was taken', { kind: 'drop-after' }, 'unknown', true),
	row('200 without an id', { kind: 'no-id' }, 'unknown', true),
	row('200 with a page of HTML', { kind: 'html' }, 'unknown', true),
	row('502 with a page of HTML', { kind: 'html', status: 502 }, 'unknown'),
	row('200 with half the JSON', { kind: 'truncated-json' }, 'unknown', true),
	row('200 with a body of 32 MB', { kind: 'huge-body' }, 'unknown', true),
	row('200 with an empty body', { kind: 'body', body: '', accepted: true }, 'unknown', true),
	row('200 with a list', { kind: 'body', body: [], accepted: true }, 'unknown', true),
	row(
		'200 with a refusal that does not say what was refused',
		{ kind: 'body', body: { success: false, message: 'no', data: {} }, accepted: true },
		'unknown',
		true,
	),
	row('a redirect', { kind: 'body', body: '', status: 307 }, 'unknown'),
	row('408', http(408, { accepted: true }), 'unknown', true),
	row('409 idempotency_conflict', http(409, { code: 'idempotency_conflict' }), 'unknown'),
	row(
		'400 paid_outcome_unknown',
		http(400, { code: 'paid_outcome_unknown', accepted: true }),
		'unknown',
		true,
	),
	row('409 with a code that nobody knows', http(409, { code: 'busy', accepted: true }), 'unknown', true),
	row('a proper answer, 2 s late', { kind: 'slow', seconds: 80 }, 'accepted', true),
];

const PROMPT = 'a cat';
const KEYS: Idempotency[] = ['honoured', 'ignored'];
const everyFault = KEYS.flatMap((idempotency) => FAULTS.map((fault) => ({ idempotency, ...fault })));

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

describe('one intent, one charge', () => {
	test.concurrent.each(everyFault)(
		'$name, Idempotency-Key $idempotency: Retry On Fail and Retry never pay twice',
		({ idempotency, fault, verdict, taken }) =>
			inLab(
				async (lab) => {
					const handle = lab.evolink.fault('create', fault, { times: 1 });
					const first = await lab.run(sora({}, retryOnFail));
					const last = first.status === 'success' ? first : await lab.retry(first);
					expect(handle.hits).toBe(1);
					const orders = verdict === 'sendAgain' ? 2 : 1;
					expect(lab.creates).toHaveLength(orders);
					expect(lab.paid).toEqual(taken || verdict === 'sendAgain' ? [PROMPT] : []);
					expect(lab.sentKeys.size).toBe(1);
					expect(new Set(lab.creates.map(({ body }) => JSON.stringify(body))).size).toBe(1);
					if (verdict === 'unknown') {
						const [key] = lab.sentKeys;
						expect(first.error?.message).toContain(`Idempotency-Key ${key}`);
						expect(last.status).toBe('error');
						expect(last.error?.message).toContain(`Idempotency-Key ${key}`);
						expect(last.errorText).toContain('Get Task');
						// a closed model is no reason to send the order once more
						const isClosed = /^EvoLink (does|did) not serve/.test(String(first.error?.message));
						expect(String(last.errorText).includes('Resend When Outcome Is Unknown')).toBe(!isClosed);
					} else {
						expect(last.status).toBe('success');
						expect(last.json('Sora Video')).toMatchObject([{ id: lab.ids[0] }]);
					}
				},
				{ idempotency },
			),
		60_000,
	);
});
