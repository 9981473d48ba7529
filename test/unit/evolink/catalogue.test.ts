import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import priceList from '../../contract/fixtures/prices/pricing-rules.json';
import { listModels, priceInWords, readCatalogue } from '../../../nodes/evolink/catalogue';
import { always, hostileJson, PROPERTY_TIMEOUT_MS } from '../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const SHIPPED = [
	{ id: 'kling-1', label: 'Kling 1' },
	{ id: 'Hailuo-02', label: 'Hailuo 02' },
];
const HIDDEN = ['sora-2-preview'];

const video = (id: string, more: IDataObject = {}): IDataObject => ({
	model_id: id,
	display_name: `The ${id}`,
	protocols: ['evolink-video-generations'],
	...more,
});
const keyMayCall = (...ids: string[]) => ({ models: { data: ids.map((id) => ({ id })) } });
const catalogueOf = (...models: IDataObject[]) => ({ catalogue: { models } });
const states = (...entries: Array<[string, string]>) => ({
	health: { models: entries.map(([model_id, status]) => ({ model_id, status })) },
});

type Answers = Parameters<typeof readCatalogue>[0];
const list = (answers: Answers) => listModels(SHIPPED, readCatalogue(answers), HIDDEN);
const lines = (answers: Answers) =>
	list(answers).map(({ id, unserved, price }) => [id, unserved, price].filter(Boolean).join(': '));

describe('the list of models', () => {
	test('is the shipped one where EvoLink says nothing', () => {
		const shipped = SHIPPED.map(({ id, label }) => ({ id, label }));
		expect(list({})).toEqual(shipped);
		expect(list({ ...keyMayCall(), ...catalogueOf(), ...states(), prices: { models: [] } })).toEqual(shipped);
	});

	test('has what is served first, and says of the rest that it is not', () => {
		expect(lines(keyMayCall('hailuo-02'))).toEqual(['Hailuo-02', 'kling-1: not for this API key']);
		expect(lines(catalogueOf(video('kling-1')))).toEqual([
			'kling-1',
			"Hailuo-02: not in EvoLink's catalogue",
		]);
		expect(lines(states(['kling-1', 'down'], ['hailuo-02', 'available']))).toEqual([
			'Hailuo-02',
			'kling-1: not served at present',
		]);
		expect(lines(catalogueOf(video('hailuo-02'), video('kling-1', { lifecycle: 'retired' })))).toEqual([
			'Hailuo-02',
			'kling-1: retired',
		]);
	});

	test('knows a model by its other names, and writes ids as the shipped entry does', () => {
		const answers = {
			...catalogueOf(video('kling-one', { aliases: ['Kling-1', 7] }), video('hailuo-02')),
			...keyMayCall('kling-one', 'HAILUO-02'),
		};
		expect(lines(answers)).toEqual(['kling-1', 'Hailuo-02']);
	});

	test('has models that are new in the catalogue, if they make videos by this endpoint and the key may call them', () => {
		const found = list({
			...catalogueOf(
				video('kling-1'),
				video('hailuo-02'),
				video('new-1', { display_name: ' New\u0000 One ' }),
				video('new-2', { display_name: 5 }),
				video('NEW-2'),
				video('sora-2-preview'),
				video('image-1', { protocols: ['openai-images'] }),
				video('secret-1'),
				video('old-1', { lifecycle: 'retired' }),
			),
			...keyMayCall('kling-1', 'hailuo-02', 'new-1', 'new-2', 'sora-2-preview', 'image-1', 'old-1'),
		});
		expect(found.slice(2)).toEqual([
			{ id: 'new-1', label: expect.stringMatching(/^New ?One$/) },
			{ id: 'new-2', label: 'new-2' },
		]);
	});

	test("names what an order costs that leaves all to the model, by EvoLink's price list", () => {
		const shipped = priceList.models.map(({ model_id: id }) => ({ id, label: id }));
		const found = listModels(shipped, readCatalogue({ prices: priceList as unknown as IDataObject }), []);
		expect(found.map(({ id, price }) => [id, price && priceInWords(price)])).toEqual([
			['sora-2-preview', '46 credits, about 0.68 USD, for 8 s'],
			['veo-3.1-fast-generate-preview', '38 credits, about 0.56 USD, for 4 s'],
			['seedance-2.5-text-to-video', '100 credits, about 1.48 USD, for 5 s'],
			['tencent-video-upscale', undefined],
			['veo3.1-pro', '22 credits, about 0.32 USD, for 8 s'],
		]);
	});

	test('names no price where EvoLink lists none, or one without the rule by which it is counted', () => {
		const [{ components, ...rules }] = priceList.models;
		const { quantity_rule: _, ...summary } = components[0];
		for (const parts of [undefined, [], [summary], [{ ...components[0], rate: { credits: '5.76' } }]]) {
			const prices = { models: [{ ...rules, model_id: 'kling-1', components: parts }] } as IDataObject;
			expect(list({ prices })[0]).toEqual(SHIPPED[0]);
		}
	});

	test('has every shipped model once and nothing that is not an id, whatever the answers hold', () => {
		const entry = fc.oneof(
			hostileJson,
			fc.dictionary(
				fc.constantFrom('id', 'model_id', 'aliases', 'protocols', 'components', 'rate', 'display_name'),
				fc.oneof(
					hostileJson,
					fc.constantFrom('kling-1', 'x'.repeat(300), '<b>', 'evolink-video-generations'),
				),
				{ noNullPrototype: true },
			),
		);
		const answer = fc.dictionary(fc.constantFrom('data', 'models'), fc.oneof(fc.array(entry), hostileJson), {
			noNullPrototype: true,
		});
		always(answer, answer, answer, answer, (models, catalogue, health, prices) => {
			const found = list({ models, catalogue, health, prices } as Answers);
			const ids = found.map(({ id }) => id);
			for (const { id } of SHIPPED) expect(ids.filter((each) => each === id)).toHaveLength(1);
			for (const { id, label } of found) {
				expect(id).toMatch(/^[\w.:-]{1,100}$/);
				expect(label.length).toBeLessThanOrEqual(100);
			}
		});
	});

	test('is cut where the catalogue is huge', () => {
		const many = Array.from({ length: 50_000 }, (_, at) => video(`m-${at}`));
		expect(list(catalogueOf(...many)).length).toBeLessThanOrEqual(1000 + SHIPPED.length);
	});
});
