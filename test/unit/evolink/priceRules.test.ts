import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import priceList from '../../contract/fixtures/prices/pricing-rules.json';
import { priceByRules } from '../../../nodes/evolink/priceRules';
import { always, hostileJson, PROPERTY_TIMEOUT_MS } from '../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const MODEL = 'seedance-9';
const uc = (amount: number) => ({ uc: String(amount) });
const constant = (value: string) => ({ op: 'constant', value });
const variable = (name: string) => ({ op: 'variable', name });
const op = (name: string, ...args: object[]) => ({ op: name, args });
const SECONDS = variable('duration_seconds');

const component = (more: object = {}) => ({
	pricing_status: 'available',
	rate: uc(57_600),
	minimum_charge: uc(0),
	quantity_rule: SECONDS,
	rounding: { point: 'per_component_subtotal', mode: 'half_up' },
	tiers: [],
	...more,
});
const rules = (components: object[], more: object = {}) =>
	({
		model_id: MODEL,
		pricing_status: 'available',
		parameters: [
			{ name: 'duration_seconds', type: 'integer' },
			{ name: 'quality', type: 'string', default: '720p' },
			{ name: 'generate_audio', type: 'boolean', default: true },
			{ name: 'input_images', type: 'integer' },
			{ name: 'input_seconds', type: 'decimal', default: '0' },
		],
		components,
		...more,
	}) as IDataObject;
const price = (components: object[], body: IDataObject = {}, defaults: IDataObject = {}) =>
	priceByRules(rules(components), { model: MODEL, duration: 5, ...body }, defaults)?.credits;

const lookup = { op: 'lookup', key: variable('quality'), values: { '720p': '1', '1080p': '2.25' } };

describe('a price by rules', () => {
	test.each<[string, object[], IDataObject, number]>([
		['seconds times the rate', [component()], {}, 28.8],
		['the least that is charged', [component({ minimum_charge: uc(400_000) })], {}, 40],
		['the sum of its parts', [component(), component({ quantity_rule: constant('2') })], {}, 40.32],
		[
			'a factor by quality, as asked for',
			[component({ quantity_rule: op('multiply', SECONDS, lookup) })],
			{ quality: '1080p' },
			64.8,
		],
		[
			'a factor by quality, left to the model',
			[component({ quantity_rule: op('multiply', SECONDS, lookup) })],
			{},
			28.8,
		],
		[
			'a part only where its condition holds',
			[component(), component({ condition: op('not', variable('generate_audio')) })],
			{},
			28.8,
		],
		[
			'the tier that holds, with its multiplier in its rate',
			[
				component({
					rounding: { point: 'per_quantity', mode: 'ceil' },
					tiers: [
						{
							pricing_status: 'available',
							when: op('eq', variable('quality'), constant('720p')),
							multiplier: '0.5',
							rate: uc(30_000),
							minimum_charge: uc(0),
						},
					],
				}),
			],
			{},
			18,
		],
		[
			'each image',
			[component({ quantity_rule: variable('input_images') })],
			{ image_urls: ['a', 'b'] },
			11.52,
		],
		[
			'arithmetic',
			[
				component({
					rate: uc(10_000),
					quantity_rule: op(
						'add',
						op('clamp', op('ceil', op('divide', SECONDS, constant('2'))), constant('1'), constant('2')),
						op(
							'if',
							op('and', op('gt', SECONDS, constant('4')), constant('true')),
							constant('10'),
							constant('20'),
						),
						op('subtract', constant('3'), op('floor', constant('2.9'))),
					),
				}),
			],
			{},
			13,
		],
		[
			'tenths without a hair too much',
			[
				component({
					rate: uc(1),
					quantity_rule: op('ceil', op('multiply', constant('0.1'), constant('30'))),
				}),
			],
			{},
			0.0003,
		],
	])('is %s', (_, components, body, credits) => {
		expect(price(components, body)).toBe(credits);
	});

	test('takes the length that the model has by default', () => {
		const byDefault = priceByRules(rules([component()]), { model: MODEL }, { duration: 10 });
		expect(byDefault).toEqual({ credits: 57.6, seconds: 10 });
	});

	test.each<[string, object[], IDataObject]>([
		['the model chooses the length', [component()], { duration: -1 }],
		['the length is a word', [component()], { duration: 'auto' }],
		['no length is known', [component()], { duration: undefined }],
		[
			'a given video would have to be measured',
			[component({ quantity_rule: variable('input_seconds') })],
			{ video_urls: ['a'] },
		],
		['the quality has no price', [component({ quantity_rule: lookup })], { quality: '4k' }],
		[
			'two prices hold at once',
			[
				component({
					tiers: [1, 2].map((multiplier) => ({
						pricing_status: 'available',
						when: constant('true'),
						multiplier: String(multiplier),
						rate: uc(1),
						minimum_charge: uc(0),
					})),
				}),
			],
			{},
		],
		['a part has no price', [component({ pricing_status: 'unavailable' })], {}],
		['a part is not known', [component({ quantity_rule: variable('weather') })], {}],
		['an operation is not known', [component({ quantity_rule: op('power', SECONDS, SECONDS) })], {}],
		['the way of rounding is not known', [component({ rounding: { point: 'per_moon', mode: 'ceil' } })], {}],
		['an amount is below zero', [component({ rate: uc(-5) }), component()], {}],
		['a quantity is below zero', [component({ quantity_rule: constant('-5') }), component()], {}],
		['it would cost nothing', [component({ rate: uc(0) })], {}],
		['there is nothing to pay for', [], {}],
	])('is unknown where %s', (_, components, body) => {
		expect(price(components, body)).toBeUndefined();
	});

	test('is unknown where the rules are closed, or none', () => {
		const body = { model: MODEL, duration: 5 };
		expect(priceByRules(rules([component()], { pricing_status: 'unavailable' }), body, {})).toBeUndefined();
		for (const none of [{}, undefined, []]) expect(priceByRules(none, body, {})).toBeUndefined();
	});

	const extra = (body: IDataObject, parameters: object[] = []) =>
		priceByRules(rules([component({ quantity_rule: constant('1') })], { parameters }), body, {})?.extra;

	test.each<[IDataObject, string]>([
		[{ model_params: { web_search: true } }, 'web_search'],
		[{ web_search: 'yes' }, 'web_search'],
		[{ content_filter: false }, 'content_filter'],
		[{ n: 4 }, 'n'],
	])('names what it leaves out of %j: it is a least price then', (body, field) => {
		expect(extra(body)).toBe(field);
		expect(extra(body, [{ name: field, default: 1 }])).toBeUndefined();
	});

	test('leaves nothing out where nothing costs extra, or the rules count it', () => {
		expect(extra({ n: 1, content_filter: true, model_params: { web_search: false } })).toBeUndefined();
		expect(extra({ n: 4 }, [{ name: 'video_count', type: 'integer' }])).toBeUndefined();
		expect(extra({ model_params: 'none' })).toBeUndefined();
	});

	test('is an amount above nothing or unknown, whatever the rules hold', () => {
		const words = fc.constantFrom(
			'constant',
			'lookup',
			'if',
			'min',
			'divide',
			'eq',
			'add',
			'duration_seconds',
			'1',
			'0',
		);
		const node = fc.letrec((tie) => ({
			node: fc.oneof(
				{ maxDepth: 4 },
				hostileJson,
				fc.record(
					{
						op: words,
						name: words,
						value: words,
						args: fc.array(tie('node'), { maxLength: 3 }),
						key: tie('node'),
					},
					{ requiredKeys: [], noNullPrototype: true },
				),
			),
		})).node;
		always(node, hostileJson, hostileJson, (rule, odd, other) => {
			for (const components of [
				[component({ quantity_rule: rule })],
				[component({ condition: rule, rate: odd })],
				[odd],
				odd,
			]) {
				const answer = rules([], { components, parameters: other }) as IDataObject;
				const credits = priceByRules(answer, { model: MODEL, duration: 5 }, {})?.credits;
				if (credits !== undefined) expect(credits).toBeGreaterThan(0);
			}
		});
	});

	test('gives up on rules without end', () => {
		let rule: object = constant('1');
		for (let at = 0; at < 40; at += 1) rule = op('add', rule, rule);
		expect(price([component({ quantity_rule: rule })])).toBeUndefined();
	});
});

describe("EvoLink's price list of 2026-10-10", () => {
	const priceOf = (id: string, body: IDataObject = {}, defaults: IDataObject = {}) =>
		priceByRules(
			priceList.models.find(({ model_id }) => model_id === id),
			{ model: id, ...body },
			defaults,
		);
	const [VEO, SEEDANCE] = ['veo-3.1-fast-generate-preview', 'seedance-2.5-text-to-video'];

	test.each<[string, IDataObject, object | undefined]>([
		['sora-2-preview', {}, { credits: 46.08, seconds: 8 }],
		['sora-2-preview', { duration: 12 }, { credits: 69.12, seconds: 12 }],
		['sora-2-preview', { duration: 5 }, undefined],
		[VEO, {}, { credits: 38.016, seconds: 4 }],
		[VEO, { generate_audio: false }, { credits: 25.344, seconds: 4 }],
		[VEO, { duration: 8, quality: '4k' }, { credits: 177.9149, seconds: 8 }],
		[VEO, { n: 2 }, { credits: 76.032, seconds: 4 }],
		[VEO, { duration: 5 }, undefined],
		[SEEDANCE, {}, { credits: 100.45, seconds: 5 }],
		[SEEDANCE, { duration: 4, quality: '480p' }, { credits: 37.3674, seconds: 4 }],
		[SEEDANCE, { duration: 30, quality: '1080p' }, { credits: 1506.75, seconds: 30 }],
		[SEEDANCE, { duration: -1 }, undefined],
		[SEEDANCE, { model_params: { web_search: true } }, { credits: 100.45, seconds: 5, extra: 'web_search' }],
		[SEEDANCE, { content_filter: false }, { credits: 100.45, seconds: 5, extra: 'content_filter' }],
		[SEEDANCE, { n: 2 }, { credits: 100.45, seconds: 5, extra: 'n' }],
		['tencent-video-upscale', { video_urls: ['a'] }, undefined],
		['veo3.1-pro', {}, { credits: 21.6, seconds: 8 }],
	])('%s with %j costs %j', (id, body, price) => expect(priceOf(id, body)).toEqual(price));

	test('has no price that falls as the length grows, whatever the quality', () => {
		const lengths = fc.tuple(fc.integer({ min: 4, max: 30 }), fc.integer({ min: 4, max: 30 }));
		always(lengths, fc.constantFrom('480p', '720p', '1080p'), ([one, other], quality) => {
			const [less, more] = [Math.min(one, other), Math.max(one, other)];
			const creditsOf = (duration: number) => priceOf(SEEDANCE, { duration, quality })!.credits;
			expect(creditsOf(less)).toBeLessThanOrEqual(creditsOf(more));
			expect(creditsOf(more)).toBeGreaterThanOrEqual(37.3674);
		});
	});
});
