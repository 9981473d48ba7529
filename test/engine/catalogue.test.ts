import priceList from '../contract/fixtures/prices/pricing-rules.json';
import { MODEL_ENTRIES } from '../../nodes/evolink/modelEntries';
import type { ApiFault } from '../../stand-in';
import { searchList } from '../../tools/n8n-engine';
import { inLab, type Lab } from './lab';
import { SORA, sora } from './support';

const other = (id: string) =>
	sora({ model: 'custom', modelId: { __rl: true, mode: 'list', value: id }, modelFields: { value: {} } });
const names = async (lab: Lab, filter?: string) =>
	(await searchList(lab.engine, other(''), 'searchModels', filter)).results.map(({ name }) => name);
const shipped = MODEL_ENTRIES.map(({ label }) => label);
const [VEO, KLING] = ['veo3.1-pro-beta', 'kling-v2.6-motion-control'];

describe('the list of models', () => {
	test.concurrent(
		'has first what this key may call, new models too, and says of the rest that it may not',
		() =>
			inLab(
				async (lab) => {
					const all = await names(lab);
					expect(all.slice(0, 2).sort()).toEqual(['Veo 3.1 Pro Beta', 'brand-new']);
					expect(all).toHaveLength(shipped.length + 1);
					expect(all.slice(2).filter((name) => !name.endsWith(' (not for this API key)'))).toEqual([]);
					expect(all.join()).not.toContain('Sora');
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
			const [name] = await names(lab, 'veo-3.1-fast-generate-preview');
			expect(name).toMatch(/ \(38\.016 credits for 4 s\)$/);
		}),
	);

	test.concurrent('finds by label and ID, and asks EvoLink once a minute, not with every letter', () =>
		inLab(async (lab) => {
			expect(await names(lab, ' veo 3.1 PRO')).toEqual(['Veo 3.1 Pro Beta']);
			expect(await names(lab, KLING)).toEqual(['Kling 2.6 Motion Control']);
			expect(await names(lab, 'no such model')).toEqual([]);
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
		['closed to this key', { kind: 'http', status: 403 }],
		['empty', { kind: 'body', body: { data: [], models: [] } }],
		['huge', { kind: 'huge-body', bytes: 8 * 2 ** 20 }],
		['a page of HTML', { kind: 'html' }],
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

	test.concurrent('is the shipped one where EvoLink has no catalogue', () =>
		inLab(
			async (lab) => {
				expect(await names(lab)).toEqual(shipped);
			},
			{ catalogue: 404 },
		),
	);

	test.concurrent('keeps a model that the catalogue calls retired, and EvoLink has the last word', () =>
		inLab(async (lab) => {
			const entry = { model_id: VEO, protocols: ['evolink-video-generations'], lifecycle: 'retired' };
			lab.evolink.fault(
				'catalogue',
				{ kind: 'body', body: { models: [entry] } },
				{ match: ({ request }) => request.operationId === 'listCatalogueModels' },
			);
			expect(await names(lab, VEO)).toEqual(['Veo 3.1 Pro Beta (retired)']);
			const run = await lab.run(other(VEO));
			expect(run.json(SORA)).toMatchObject([{ model: VEO }]);
		}),
	);
});
