import type { Context } from 'openapi-backend';
import { Refusal, type Answer } from './answer';
import type { Handler } from './handler';
import type { Spec } from './spec';
import type { Json } from './types';

/** Operations of the catalogue: which models there are, how they stand, what they cost. */
export const CATALOGUE = [
	'listModels',
	'listCatalogueModels',
	'listModelHealth',
	'listPricingRules',
	'getPricingRules',
];

/** @param served what the key may call */
export function catalogueOperations(spec: Spec, served: readonly string[]): Record<string, Handler> {
	const { models, pricing, catalogue } = spec.facts;
	const known = [...new Set([...Object.keys(models), ...Object.keys(spec.entries), ...served])];
	const answer = (json: Json) => (): Answer => ({ status: 200, headers: {}, json });
	const priced = Object.entries(pricing.models).flatMap(([model, price]) => {
		const { creditsPerSecond, minimumCredits = 0 } = price;
		return creditsPerSecond === undefined ? [] : [rule(model, creditsPerSecond, minimumCredits)];
	});
	return {
		listModels: answer({ object: 'list', data: served.map((id) => ({ id, object: 'model' })) }),
		listCatalogueModels: answer({
			meta: { schema_version: '2' },
			models: known.map((id) => ({
				model_id: id,
				display_name: id,
				aliases: [],
				capabilities: ['video'],
				protocols: [catalogue.protocol],
				lifecycle: 'active',
			})),
		}),
		listModelHealth: answer({
			models: known.map((id) => ({
				model_id: id,
				status: served.includes(id) ? catalogue.available : 'unavailable',
			})),
		}),
		listPricingRules: ({ request }: Context) =>
			answer({ meta: {}, models: [undefined, 'video'].includes(modality(request.query)) ? priced : [] })(),
		getPricingRules: ({ request }: Context) => {
			const model = priced.find(
				({ model_id: id }) => id === (request.params as { model_id: string }).model_id,
			);
			if (model === undefined) throw new Refusal(404);
			return answer({ meta: {}, model })();
		},
	};
}

const modality = (query: unknown) => (query as { modality?: string }).modality;

const money = (credits: number) => ({ uc: String(Math.round(credits * 10_000)), credits: String(credits) });

function rule(model: string, creditsPerSecond: number, minimumCredits: number): Json {
	const output = {
		id: 'output',
		role: 'output',
		unit: 'output_second',
		billing_unit_size: 1,
		rate: money(creditsPerSecond),
		minimum_charge: money(minimumCredits),
		pricing_status: 'available',
		quantity_rule: { op: 'variable', name: 'duration_seconds' },
		rounding: { point: 'per_component_subtotal', mode: 'half_up' },
		tiers: [],
	};
	const parameters = [{ name: 'duration_seconds', type: 'integer', default: '8' }];
	return {
		model_id: model,
		modality: 'video',
		pricing_status: 'available',
		parameters,
		components: [output],
	};
}
