import type { INodeParameters } from 'n8n-workflow';
import type { ApiFault } from '../../stand-in';
import { png } from './media-files';
import { ordersOf } from '../match';
import { inLab, type Lab } from './lab';
import { SORA, failed, inline, prompts, sora, type ErrorData } from './support';

const budget = (options: INodeParameters, parameters: object = {}) => sora({ ...parameters, options });
const PRO = { model: 'sora-2-pro-preview' };
const three = () => prompts('a cat', 'a dog', 'a fox');
const readsOfCredits = (lab: Lab) => lab.requestsTo('getCredits');

describe("'Max Credits'", () => {
	test.concurrent('a run that would cost more sends nothing to EvoLink, and says the sum', () =>
		inLab(async (lab) => {
			const run = await lab.run(budget({ maxCredits: 69.11 }), three());
			expect(run.errorText).toMatch(
				/^No order was sent: the 3 orders .* about 69\.12 credits, and 'Max Credits' is 69\.11 \[item 0\]\..*Nothing was ordered for items 1, 2\./,
			);
			expect(lab.evolink.requests).toEqual([]);
		}),
	);

	test.concurrent('a run that costs just as much is ordered, and the receipt says what it cost', () =>
		inLab(async (lab) => {
			const run = await lab.run(budget({ maxCredits: 69.12 }), three());
			expect(run.json(SORA)).toHaveLength(3);
			expect(run.hints(SORA)).toContainEqual(
				expect.objectContaining({
					message: expect.stringMatching(
						/^Made 3 videos .*for 69\.12 credits \(about 1\.02 USD\)\. Links work for 24 hours\.$/,
					),
				}),
			);
			expect(readsOfCredits(lab)).toEqual([]);
		}),
	);

	test.concurrent('it counts what each item asks for', () =>
		inLab(async (lab) => {
			const node = budget({ maxCredits: 90 }, { duration: '={{ $json.seconds }}' });
			const items = [4, 12].map((seconds) => ({ json: { prompt: 'a cat', seconds } }));
			const run = await lab.run(node, items);
			expect(run.error?.message).toContain('about 92.16 credits');
			expect(lab.creates).toEqual([]);
		}),
	);

	test.concurrent('with On Error = continue every item says so, and none is ordered', () =>
		inLab(async (lab) => {
			const node = { ...budget({ maxCredits: 50 }), onError: 'continueErrorOutput' as const };
			const run = await lab.run(node, three());
			const texts = run.json(failed.name).map(({ error }) => (error as ErrorData).message);
			expect(texts).toHaveLength(3);
			for (const text of texts) expect(text).toMatch(/^No order was sent: .*69\.12 credits/);
			expect(lab.evolink.requests).toEqual([]);
		}),
	);

	test.concurrent('one item without a known price keeps all from being ordered, and is named', () =>
		inLab(async (lab) => {
			const node = budget({ maxCredits: 1000 }, { model: '={{ $json.model }}' });
			const items = ['sora-2-preview', PRO.model].map((model) => ({ json: { prompt: 'a cat', model } }));
			const run = await lab.run(node, items);
			expect(run.error?.message).toMatch(/the price of item 1 \(sora-2-pro-preview\) is not known/);
			expect(lab.requestsTo('getPricingRules')).toHaveLength(1);
			expect(lab.creates).toEqual([]);
		}),
	);

	describe('of a model that the price list of the package lacks', () => {
		const id = 'seedance-2.0-text-to-video';
		const amount = (credits: number) => ({ uc: String(credits * 10_000) });
		const rules = {
			model: {
				model_id: id,
				pricing_status: 'available',
				parameters: [{ name: 'duration_seconds', type: 'integer' }],
				components: [
					{
						pricing_status: 'available',
						rate: amount(2.5),
						minimum_charge: amount(1),
						quantity_rule: { op: 'variable', name: 'duration_seconds' },
						rounding: { point: 'per_component_subtotal', mode: 'half_up' },
						tiers: [],
					},
				],
			},
		};
		const seedance = (maxCredits: number) =>
			budget(
				{ maxCredits },
				{
					model: id,
					modelFields: { value: { duration: 8 } },
				},
			);

		test.concurrent.each([
			[60, true],
			[59.99, false],
		])("holds against EvoLink's price rules of the day: %d", (maxCredits, isOrdered) =>
			inLab(async (lab) => {
				lab.evolink.fault('catalogue', { kind: 'body', body: rules });
				const run = await lab.run(seedance(maxCredits), three());
				if (!isOrdered)
					expect(run.error?.message).toContain('the 3 orders of this run would cost about 60 credits');
				expect(lab.creates).toHaveLength(isOrdered ? 3 : 0);
				expect(lab.requestsTo('getPricingRules')).toHaveLength(1);
			}),
		);

		test.concurrent.each([
			['model_params', { model_params: { web_search: true } }, 'web_search'],
			['the body', { content_filter: false }, 'content_filter'],
		])('orders nothing where a field of %s costs extra, and names it', (_, fields, extra) =>
			inLab(async (lab) => {
				lab.evolink.fault('catalogue', { kind: 'body', body: rules });
				const node = seedance(1000);
				const { options } = node.parameters as { options: object };
				const more = { ...options, additionalFields: JSON.stringify(fields) };
				node.parameters = { ...node.parameters, options: more };
				const run = await lab.run(node, three());
				expect(run.error?.message).toContain(
					`what '${extra}' adds to the price of item 0 (${id}) is not known`,
				);
				expect(lab.creates).toEqual([]);
			}),
		);

		test.concurrent.each<[string, ApiFault]>([
			['lacking', { kind: 'http', status: 404 }],
			['down', { kind: 'drop-before' }],
			['empty', { kind: 'body', body: {} }],
			['huge', { kind: 'huge-body' }],
			['no JSON', { kind: 'html' }],
			['of another model', { kind: 'body', body: { model: { ...rules.model, model_id: 'cheap' } } }],
		])('orders nothing where they are %s', (_, fault) =>
			inLab(async (lab) => {
				lab.evolink.fault('catalogue', fault);
				const run = await lab.run(seedance(1000), three());
				expect(run.error?.message).toContain(`the price of item 0 (${id}) is not known`);
				expect(lab.creates).toEqual([]);
			}),
		);
	});

	test.concurrent('no file is uploaded for a run that is refused', () =>
		inLab(async (lab) => {
			const node = budget({ maxCredits: 1 }, { startImage: 'binary' });
			const run = await lab.run(node, [
				{ json: { prompt: 'a cat' }, binary: { data: inline(png(1280, 720)) } },
			]);
			expect(run.error?.message).toContain('23.04 credits');
			expect(lab.evolink.requests).toEqual([]);
		}),
	);
});

describe('what was ordered before', () => {
	test.concurrent('does not count on a Retry: only what is still to be ordered does', () =>
		inLab(
			async (lab) => {
				lab.evolink.fault('create', { kind: 'http', status: 400 }, { times: 1, match: ordersOf('a fox') });
				const node = budget({ maxCredits: 69.12, checkBalance: true });
				const first = await lab.run(node, three());
				expect(first.error?.message).toContain('did not take the order');
				expect(lab.evolink.account.remaining).toBe(23.04);
				const retried = await lab.retry(first);
				expect(retried.json(SORA).map(({ id }) => id)).toEqual(lab.ids);
				expect(lab.paid).toEqual(['a cat', 'a dog', 'a fox']);
			},
			{ balance: 69.12 },
		),
	);

	test.concurrent('is fetched by a Retry although the balance pays for nothing any more', () =>
		inLab(
			async (lab) => {
				lab.evolink.script('', { seconds: 1, estimatedTime: 0 });
				const refused = lab.evolink.fault('read', { kind: 'http', status: 401 });
				const node = budget({ maxCredits: 23.04, checkBalance: true });
				const first = await lab.run(node);
				expect(first.error?.message).toContain('could not be read');
				refused.remove();
				const retried = await lab.retry(first);
				expect(retried.json(SORA).map(({ id }) => id)).toEqual([lab.idOf('a cat')]);
				expect(lab.evolink.account.remaining).toBe(0);
			},
			{ balance: 23.04 },
		),
	);

	test.concurrent('is named when its rest is too dear: an order of unknown outcome keeps its key', () =>
		inLab(async (lab) => {
			lab.evolink.fault('create', { kind: 'drop-after' }, { times: 1, match: ordersOf('a dog') });
			lab.evolink.fault('create', { kind: 'http', status: 400 }, { times: 1, match: ordersOf('a fox') });
			const node = {
				...budget({ checkBalance: true, resendUnknown: true }),
				onError: 'stopWorkflow' as const,
			};
			const first = await lab.run(node, three());
			expect(first.error).toBeDefined();
			const key = String(lab.creates[1]!.headers['idempotency-key']);
			lab.evolink.account.remaining = 40;
			const sent = lab.creates.length;
			const retried = await lab.retry(first);
			expect(retried.error?.message).toContain(key);
			expect(retried.error?.message).toContain(lab.idOf('a cat'));
			expect(lab.creates).toHaveLength(sent);
		}),
	);
});

describe("'Check Balance First'", () => {
	test.concurrent('a run that the balance cannot pay is not begun', () =>
		inLab(
			async (lab) => {
				const run = await lab.run(budget({ checkBalance: true }), three());
				expect(run.error?.message).toMatch(
					/about 69\.12 credits, and 50 credits are left on the account or the key/,
				);
				expect(lab.creates).toEqual([]);
				expect(lab.evolink.requests).toHaveLength(1);
			},
			{ balance: 50 },
		),
	);

	test.concurrent("the key's own limit counts, too", () =>
		inLab(async (lab) => {
			lab.evolink.account.tokenLimit = 23;
			const run = await lab.run(budget({ checkBalance: true }));
			expect(run.error?.message).toContain('and 23 credits are left');
			expect(lab.creates).toEqual([]);
		}),
	);

	test.concurrent('an empty account is told whatever the model costs', () =>
		inLab(
			async (lab) => {
				const run = await lab.run(budget({ checkBalance: true }, PRO));
				expect(run.error?.message).toMatch(/the price of this run is not known, and 0 credits are left/);
				expect(lab.creates).toEqual([]);
			},
			{ balance: 0 },
		),
	);

	test.concurrent.each([
		['EvoLink does not answer', 503, {}, /HTTP 503|\(503/],
		['the price is not known', undefined, PRO, /the price of item 0 is not known/],
	])('where %s the run goes on, with a hint', (_, status, model, why) =>
		inLab(async (lab) => {
			if (status !== undefined) lab.evolink.fault('credits', { kind: 'http', status });
			const run = await lab.run(budget({ checkBalance: true }, model));
			expect(run.json(SORA)).toHaveLength(1);
			const [warning] = run.hints(SORA).filter(({ type }) => type === 'warning');
			expect(warning?.message).toMatch(/^'Check Balance First' could not tell/);
			expect(warning?.message).toMatch(why);
		}),
	);

	test.concurrent('it is read once for a run, and not at all where it is off', () =>
		inLab(async (lab) => {
			await lab.run(budget({ checkBalance: true }), three());
			expect(readsOfCredits(lab)).toHaveLength(1);
			await lab.run(budget({}), three());
			expect(readsOfCredits(lab)).toHaveLength(1);
		}),
	);
});
