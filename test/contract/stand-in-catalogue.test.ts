import { client, evolink, misfit, standInForEachTest, type Json } from './stand-in-client';

standInForEachTest({ models: ['sora-2-preview', 'brand-new'] });

const PATHS = {
	listModels: '/v1/models',
	listCatalogueModels: '/v1/catalog/models',
	listModelHealth: '/v1/catalog/health',
	listPricingRules: '/v1/catalog/pricing-rules?modality=video&view=summary',
	getPricingRules: '/v1/catalog/models/sora-2-preview/pricing-rules?view=full',
} as const;
const operations = Object.keys(PATHS) as Array<keyof typeof PATHS>;
const ask = async (operation: keyof typeof PATHS) => await client.call('GET', PATHS[operation]);
const listOf = async (operation: keyof typeof PATHS) => {
	const { json } = await ask(operation);
	return (json?.data ?? json?.models) as Json[];
};

describe('the catalogue', () => {
	test.each(operations)('%s answers as the spec says', async (operation) => {
		const reply = await ask(operation);
		expect([reply.status, misfit(operation, reply)]).toEqual([200, undefined]);
	});

	test('tells what the key may call from what there is, how it stands and what it costs', async () => {
		expect((await listOf('listModels')).map(({ id }) => id)).toEqual(['sora-2-preview', 'brand-new']);
		const all = await listOf('listCatalogueModels');
		expect(all.map(({ model_id: id }) => id)).toEqual(
			expect.arrayContaining(['sora-2-pro-preview', 'seedance-2.0-text-to-video', 'brand-new']),
		);
		const up = (await listOf('listModelHealth')).filter(({ status }) => status === 'available');
		expect(up.map(({ model_id: id }) => id)).toEqual(['sora-2-preview', 'brand-new']);
		expect((await listOf('listPricingRules'))[0]).toMatchObject({
			model_id: 'sora-2-preview',
			components: [{ rate: { credits: '5.76' } }],
		});
	});

	test.each([404, 405] as const)('may be missing: %d', async (status) => {
		evolink.catalogue = status;
		for (const operation of operations) expect((await ask(operation)).status).toBe(status);
	});
});
