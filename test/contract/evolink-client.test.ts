/**
 * What EvoLink's own newest client (CLI 0.12.0, MCP 1.10.0, October 2026) demands of answers before it believes them, said again in
 * our own words. Whatever it refuses is no answer of EvoLink's.
 */
import { z } from 'zod';
import { client, evolink, standInForEachTest, type Json } from './stand-in-client';

standInForEachTest({ prices: 'all', defaults: { seconds: 0 } });

const decimal = z.string().regex(/^(?:0|[1-9]\d*)(?:\.\d+)?$/);
const word = z.string().min(1).max(100);
const identifier = z.string().regex(/^[a-z0-9][a-z0-9._:-]{0,99}$/);
const time = z.string().datetime({ offset: true });
const money = z
	.object({ uc: decimal, credits: decimal, cny: decimal, usd: decimal })
	.refine(({ uc, credits, cny, usd }) => {
		const units = Number(uc);
		const isSame = (amount: string, divisor: number) => Math.abs(Number(amount) - units / divisor) <= 1e-8;
		return isSame(credits, 10_000) && isSame(cny, 100_000) && isSame(usd, 680_000);
	}, 'the currencies differ');
const rule: z.ZodType = z.lazy(() =>
	z
		.object({
			op: word,
			name: word.optional(),
			value: z.string().optional(),
			args: z.array(rule).max(32).optional(),
			key: rule.optional(),
			values: z.record(z.string().regex(/^-?\d+(\.\d+)?$/)).optional(),
		})
		.refine(({ op, key, values }) => op !== 'lookup' || (key !== undefined && values !== undefined)),
);
const rated = {
	sku_id: word,
	rate: money,
	minimum_charge: money,
	billing_rule: word,
	pricing_status: z.enum(['available', 'unavailable']),
	effective_at: time,
};
const size = z.number().int().positive();
const component = z.object({
	...rated,
	id: word,
	role: word,
	dimension: word,
	unit: word,
	billing_unit_size: size,
	display_unit_size: size,
	condition: rule.optional(),
	quantity_rule: rule,
	rounding: z.object({ point: word, mode: word }),
	tiers: z.array(z.object({ ...rated, multiplier: decimal, when: rule })),
});
const model = z.object({
	model_id: identifier,
	product_id: identifier,
	operation: identifier,
	modality: z.enum(['text', 'image', 'video', 'audio']),
	lifecycle: z.enum(['active', 'preview', 'deprecated']),
	pricing_status: z.enum(['available', 'unavailable']),
	settlement_basis: word,
	policy_version: z.number().int().nonnegative(),
	policy_checksum: z.string().regex(/^[a-f0-9]{64}$/),
	policy_source: z.enum(['published', 'legacy_text_adapter']),
	parameters: z
		.array(
			z.object({ name: word, type: word, minimum: z.string().optional(), maximum: z.string().optional() }),
		)
		.optional(),
	components: z.array(component).min(1),
});
const meta = z.object({
	schema_version: z.literal('2'),
	catalog_version: word,
	pricing_version: word,
	price_scope: z.literal('public_default'),
	currency: z.literal('USD'),
	exchange_rate_version: z.literal('pricing-fx/v1:USD-CNY=6.8'),
	updated_at: time,
	fresh_until: time.refine((until) => Date.parse(until) > Date.now(), 'is past'),
});

const get = async (path: string, headers?: Record<string, string>) =>
	await client.call('GET', path, undefined, headers);
const problems = (schema: z.ZodType, value: unknown) =>
	schema.safeParse(value).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

const RULES = '/v1/catalog/pricing-rules';

test('the price list is believed, of one model and of all', async () => {
	const all = (await get(`${RULES}?view=full`)).json;
	expect(problems(z.object({ meta, models: z.array(model).min(80) }), all)).toEqual([]);
	const one = (await get('/v1/catalog/models/sora-2-preview/pricing-rules?view=full')).json;
	expect(problems(z.object({ meta, model }), one)).toEqual([]);
	expect((await get('/v1/catalog/models/sora-2-pro-preview/pricing-rules')).status).toBe(404);
});

test.each([
	['product_id', 'sora-2'],
	['operation', 'video_upscale'],
	['modality', 'video'],
	['lifecycle', 'active'],
])('a price list by %s has only what was asked for', async (name, value) => {
	const { models } = (await get(`${RULES}?${name}=${value}`)).json as { models: Json[] };
	expect([...new Set(models.map((one) => one[name]))]).toEqual([value]);
});

test('a price list is not sent again to a client that has it', async () => {
	const etag = (await get(RULES)).headers.get('etag')!;
	const again = await get(RULES, { 'if-none-match': etag });
	expect([again.status, again.text]).toEqual([304, '']);
	expect((await get(RULES, { 'if-none-match': '"other"' })).status).toBe(200);
});

test('catalogue, health and models are believed', async () => {
	const shown = z.object({
		model_id: word,
		display_name: word,
		aliases: z.array(z.string()),
		capabilities: z.array(word).min(1),
		protocols: z.array(word).min(1),
		lifecycle: word,
	});
	expect(
		problems(z.object({ meta, models: z.array(shown) }), (await get('/v1/catalog/models')).json),
	).toEqual([]);
	const state = z.object({ model_id: word, status: word });
	const health = z.object({ observed_at: time, models: z.array(state) });
	expect(problems(health, (await get('/v1/catalog/health')).json)).toEqual([]);
	expect(
		problems(z.object({ data: z.array(z.object({ id: word })) }), (await get('/v1/models')).json),
	).toEqual([]);
});

test.each([
	['completed', 'charged', 'not_required'],
	['failed', 'released', 'completed'],
] as const)('what a %s task cost is believed', async (outcome, charge, refund) => {
	evolink.script('', { outcome });
	const id = await client.start('a cat');
	await evolink.until(() => evolink.tasks.get(id)?.terminal);
	const paid = outcome === 'completed' ? 23.04 : 0;
	const { billing, usage } = (await client.read(id)).json as { billing: Json; usage: Json };
	expect(billing).toMatchObject({
		refund_scope: 'account_balance',
		charge_status: charge,
		refund_status: refund,
		reserved_credits: 23.04,
		charged_credits: paid,
		refunded_credits: 23.04 - paid,
		...(paid === 0 && { refunded_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string }),
	});
	expect(usage.cost).toEqual({ credits: paid, usd: paid === 0 ? 0 : 0.338824 });
});

test('the limits of the key are believed', async () => {
	evolink.account.dailyLimit = 100;
	const amount = z.number().nonnegative();
	const both = z.object({ remaining_credits: amount, used_credits: amount });
	const token = both.extend({
		unlimited_credits: z.boolean(),
		daily_limit_credits: amount,
		daily_used_credits: amount,
		reset_timezone: word,
	});
	const { json } = await get('/v1/credits');
	expect(problems(z.object({ data: z.object({ token, user: both }) }), json)).toEqual([]);
});
