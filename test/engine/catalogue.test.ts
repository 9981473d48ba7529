import priceList from '../contract/fixtures/prices/pricing-rules.json';
import { MODEL_ENTRIES } from '../../nodes/evolink/modelEntries';
import type { ApiFault } from '../../stand-in';
import { loadOptions } from '../../tools/n8n-engine';
import { inLab, type Lab } from './lab';
import { SORA, sora } from './support';

const other = (id: string) => sora({ model: id, modelFields: { value: {} } });
/** Each opening of the node waits two seconds for the same answers: on a busy machine a later one has them. */
async function models(lab: Lab) {
	let options = await loadOptions(lab.engine, sora(), 'getModels');
	for (let more = 2; more > 0; more -= lab.requestsTo('listPricingRules').length > 0 ? 1 : 0)
		options = await loadOptions(lab.engine, sora(), 'getModels');
	return options;
}

const names = async (lab: Lab) => (await models(lab)).map(({ name }) => name);
/** What is said of a model beside its ID. */
const noteOf = async (lab: Lab, id: string) =>
	(await models(lab))
		.find(({ value }) => value === id)
		?.description?.split(' · ')
		.at(-1);
const shipped = ['Sora 2 Preview', 'Sora 2 Pro Preview', ...MODEL_ENTRIES.map(({ label }) => label)];
const VEO = 'veo3.1-pro-beta';

describe('the list of models', () => {
	test.concurrent(
		'has first what this key may call, new models too, and says of the rest that it may not',
		() =>
			inLab(
				async (lab) => {
					const all = await models(lab);
					const [sora2, ...others] = all.slice(0, 3).map(({ name }) => name);
					expect([sora2, ...others.sort()]).toEqual(['Sora 2 Preview', 'Veo 3.1 Pro Beta', 'brand-new']);
					expect(all).toHaveLength(shipped.length + 1);
					const rest = all.slice(3).map(({ description }) => description!.split(' · ').at(-1));
					expect([...new Set(rest)]).toEqual(['not for this API key']);
				},
				{ models: ['sora-2-preview', VEO, 'brand-new', 'kling-custom-element'] },
			),
	);

	test.concurrent('has what a usual order costs, where EvoLink names a price', () =>
		inLab(async (lab) => {
			lab.evolink.fault(
				'catalogue',
				{ kind: 'body', body: priceList },
				{ match: ({ request }) => request.operationId === 'listPricingRules' },
			);
			expect(await noteOf(lab, 'veo-3.1-fast-generate-preview')).toContain(
				'38 credits, about 0.56 USD, for 4 s',
			);
		}),
	);

	test.concurrent('asks EvoLink once a minute, not with every opening of the node', () =>
		inLab(async (lab) => {
			expect(await names(lab)).toEqual(shipped);
			expect(lab.evolink.requests.map(({ operationId }) => operationId).sort()).toEqual([
				'listCatalogueModels',
				'listModelHealth',
				'listModels',
				'listPricingRules',
			]);
		}),
	);

	test.concurrent.each<[string, ApiFault]>([
		['down', { kind: 'drop-before' }],
		['missing', { kind: 'http', status: 404 }],
		['of other shapes', { kind: 'body', body: { data: { id: VEO }, models: 'all', meta: [] } }],
		[
			'full of nonsense',
			{ kind: 'body', body: { data: [null, { id: '<b>' }], models: [7, { model_id: '../x' }] } },
		],
	])('is the shipped one where the catalogue is %s, and an order is sent all the same', (_, fault) =>
		inLab(async (lab) => {
			lab.evolink.fault('catalogue', fault);
			expect(await names(lab)).toEqual(shipped);
			const run = await lab.run(other('seedance-2.0-text-to-video'));
			expect(run.json(SORA)).toMatchObject([{ model: 'seedance-2.0-text-to-video', status: 'completed' }]);
		}),
	);

	test.concurrent('keeps a model that the catalogue calls retired, and EvoLink has the last word', () =>
		inLab(async (lab) => {
			const entry = { model_id: VEO, protocols: ['evolink-video-generations'], lifecycle: 'retired' };
			lab.evolink.fault(
				'catalogue',
				{ kind: 'body', body: { models: [entry] } },
				{ match: ({ request }) => request.operationId === 'listCatalogueModels' },
			);
			expect(await noteOf(lab, VEO)).toBe('retired');
			const run = await lab.run(other(VEO));
			expect(run.json(SORA)).toMatchObject([{ model: VEO }]);
		}),
	);
});

test('an order does not wait for a catalogue that hangs, and neither does the list', () =>
	inLab(async (lab) => {
		lab.evolink.fault('catalogue', { kind: 'slow', seconds: 30 });
		const options = await loadOptions(lab.engine, sora(), 'getModels');
		expect(options.map(({ name }) => name)).toEqual(shipped);
		expect(lab.evolink.requests.length).toBeGreaterThan(0);
	}));
