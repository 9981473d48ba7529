import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'openapi-backend';
import { Refusal, type Answer } from './answer';
import type { Handler } from './handler';
import { unitsOf, type Priced } from './price-rules';
import type { Spec } from './spec';
import { resultCount } from './task';
import type { Json, Modes } from './types';

/** Operations of the catalogue: which models there are, how they stand, what they cost. */
export const CATALOGUE = [
	'listModels',
	'listCatalogueModels',
	'listModelHealth',
	'listPricingRules',
	'getPricingRules',
];

/** Entries of EvoLink's public price list, as it answered them. */
const PUBLISHED = (
	JSON.parse(readFileSync(join(__dirname, 'assets/prices.json'), 'utf8')) as { models: Priced[] }
).models.map(completed);

/** What a task costs whose model has no published price. */
const UNPRICED_CREDITS = 10;
const FRESH_MS = 5 * 60_000;

/** EvoLink's price list: real entries, and where they are wanted entries of the same form for all other models. */
export class PriceList {
	private readonly made: Priced[];

	constructor(
		private readonly spec: Spec,
		private readonly modes: Modes,
	) {
		const published = PUBLISHED.map(({ model_id: id }) => id);
		this.made = Object.keys(spec.entries)
			.filter((id) => !published.includes(id))
			.map(entry);
	}

	get entries(): Priced[] {
		return this.modes.prices === 'all' ? [...PUBLISHED, ...this.made] : PUBLISHED;
	}

	/** Credits of an order: by the list, else by the prices of the OpenAPI file, else a round figure. */
	creditsOf(request: Json): number {
		const { defaults, entries, facts } = this.spec;
		const usual = { duration: defaults.duration, ...fieldDefaults(entries[String(request.model)]?.fields) };
		const listed = PUBLISHED.find(({ model_id: id }) => id === request.model);
		const units = listed && unitsOf(listed, { ...usual, ...request });
		if (units !== undefined) return units / facts.pricing.unitsPerCredit;
		const known = facts.pricing.models[String(request.model)];
		const grade = String(request.quality);
		const factor = Object.hasOwn(facts.quality.priceFactors, grade) ? facts.quality.priceFactors[grade] : 1;
		const credits = known?.creditsPerCall ?? UNPRICED_CREDITS * factor * resultCount(request);
		return Math.round(credits * 1e4) / 1e4;
	}
}

/** @param served what the key may call */
export function catalogueOperations(
	{ facts, entries }: Spec,
	served: readonly string[],
	prices: PriceList,
): Record<string, Handler> {
	const { models, catalogue } = facts;
	const known = [...new Set([...Object.keys(models), ...Object.keys(entries), ...served])];
	return {
		listModels: () => ok({ object: 'list', data: served.map((id) => ({ id, object: 'model' })) }),
		listCatalogueModels: (context) =>
			tagged(context, {
				meta: meta(),
				models: known.map((id) => ({
					model_id: id,
					display_name: id,
					aliases: [],
					capabilities: ['video'],
					protocols: [catalogue.protocol],
					lifecycle: 'active',
				})),
			}),
		listModelHealth: () =>
			ok({
				observed_at: new Date().toISOString(),
				models: known.map((id) => ({
					model_id: id,
					status: served.includes(id) ? catalogue.available : 'unavailable',
				})),
			}),
		listPricingRules: (context) => {
			const { view, ...filters } = context.request.query as Record<string, string>;
			const wanted = Object.entries(filters);
			const found = prices.entries.filter((model) =>
				wanted.every(([name, value]) => model[name as keyof Priced] === value),
			);
			return tagged(context, { meta: meta(), models: found.map((model) => viewed(model, view)) });
		},
		getPricingRules: (context) => {
			const { model_id: id } = context.request.params as { model_id: string };
			const model = prices.entries.find((one) => one.model_id === id.toLowerCase());
			if (model === undefined) throw new Refusal(404);
			const { view } = context.request.query as Record<string, string>;
			return tagged(context, { meta: meta(), model: viewed(model, view) });
		},
	};
}

const ok = (json: Json): Answer => ({ status: 200, headers: {}, json });

/** With an ETag; 304 to a client that has just this. The times of `meta` do not count. */
function tagged({ request }: Context, json: Json): Answer {
	const etag = `"${createHash('sha256')
		.update(JSON.stringify({ ...json, meta: undefined }))
		.digest('hex')
		.slice(0, 24)}"`;
	if (request.headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
	return { status: 200, headers: { etag }, json };
}

function meta(): Json {
	return {
		schema_version: '2',
		catalog_version: 'cat_stand_in',
		pricing_version: 'prc_stand_in',
		price_scope: 'public_default',
		currency: 'USD',
		exchange_rate_version: 'pricing-fx/v1:USD-CNY=6.8',
		updated_at: new Date().toISOString(),
		fresh_until: new Date(Date.now() + FRESH_MS).toISOString(),
	};
}

/** `summary` leaves out how parts are counted. */
function viewed(model: Priced, view = 'full'): Json {
	if (view === 'full') return model;
	const components = model.components.map(({ quantity_rule: _, rounding: __, ...rest }) => rest);
	return { ...model, components };
}

/** What the kept copy of an entry lacks of what EvoLink's client demands. */
function completed(model: Priced): Priced {
	const rated = { sku_id: '1', billing_rule: 'per_call', effective_at: '2026-10-04T00:00:00Z' };
	return {
		policy_version: 1,
		policy_source: 'published',
		policy_checksum: createHash('sha256').update(model.model_id).digest('hex'),
		...model,
		components: model.components.map((component) => ({
			...rated,
			dimension: component.unit,
			display_unit_size: 1,
			...component,
			rate: inAllMoney(component.rate),
			minimum_charge: inAllMoney(component.minimum_charge),
			rounding: component.rounding ?? { point: 'per_component_subtotal', mode: 'half_up' },
			tiers: component.tiers.map((tier) => ({
				...rated,
				...tier,
				rate: inAllMoney(tier.rate),
				minimum_charge: inAllMoney(tier.minimum_charge),
			})),
		})),
	};
}

/** EvoLink's own unit is a ten-thousandth of a credit; 10 credits are 1 CNY, 6.8 CNY are 1 USD. */
function inAllMoney({ uc }: { uc: string }): Record<'uc' | 'credits' | 'cny' | 'usd', string> {
	const exact = (divisor: number) => String(Number((Number(uc) / divisor).toFixed(8)));
	return { uc, credits: exact(10_000), cny: exact(100_000), usd: exact(680_000) };
}

function entry(id: string): Priced {
	const amount = { uc: String(UNPRICED_CREDITS * 10_000) };
	return completed({
		// EvoLink's client takes no price list with capitals
		model_id: id.toLowerCase(),
		product_id: id.toLowerCase().replaceAll('.', '-'),
		operation: 'text_to_video',
		modality: 'video',
		lifecycle: 'active',
		pricing_status: 'available',
		settlement_basis: 'request_only',
		parameters: [{ name: 'video_count', type: 'integer', minimum: '1', maximum: '4', default: '1' }],
		components: [
			{
				id: 'video_output',
				role: 'video_output',
				unit: 'request',
				billing_unit_size: 1,
				rate: amount,
				minimum_charge: amount,
				pricing_status: 'available',
				quantity_rule: { op: 'variable', name: 'video_count' },
				tiers: [],
			},
		],
	});
}

function fieldDefaults(fields: Spec['entries'][string]['fields'] = {}): Json {
	return Object.fromEntries(
		Object.entries(fields).flatMap(([name, field]) => {
			const usual = field.default ?? field.prose?.default;
			return usual === undefined ? [] : [[name, usual]];
		}),
	);
}
