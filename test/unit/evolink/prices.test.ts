import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import { evolinkFacts } from '../../../nodes/evolink/generated/spec.gen';
import { estimateCredits, PRICES_AS_OF, roundCredits } from '../../../nodes/evolink/prices';
import { always, hostileJson, PROPERTY_TIMEOUT_MS } from '../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const PREVIEW = 'sora-2-preview';

describe('the estimate of an order', () => {
	test.each<[IDataObject, number]>([
		[{ model: PREVIEW, duration: 4 }, 23.04],
		[{ model: PREVIEW, duration: 8 }, 46.08],
		[{ model: PREVIEW, duration: 12 }, 69.12],
		[{ model: PREVIEW, duration: 1 }, 23.04],
		[{ model: PREVIEW }, 23.04],
		[{ model: PREVIEW, duration: 8, quality: '1080p' }, 76.8154],
		[{ model: 'sora-character', timestamps: '0,2' }, 0.1],
	])('%j is %d credits by the price list', (body, credits) => {
		expect(estimateCredits(body)).toBe(credits);
	});

	test.each<[string, IDataObject]>([
		['a model that the list lacks', { model: 'sora-2-pro-preview', duration: 4 }],
		['a model of a name that objects have', { model: 'constructor', duration: 4 }],
		['no model', { duration: 4 }],
		['a length that is none', { model: PREVIEW, duration: 'auto' }],
		['a length that the model chooses', { model: PREVIEW, duration: -1 }],
		['a quality without a factor', { model: PREVIEW, duration: 4, quality: '4k' }],
	])('is unknown for %s', (_, body) => {
		expect(estimateCredits(body)).toBeUndefined();
	});

	test('is a number of credits or nothing, whatever the body holds', () => {
		const model = fc.constantFrom<unknown>(...Object.keys(evolinkFacts.pricing.models), 'toString', null);
		always(model, hostileJson, hostileJson, (id, duration, quality) => {
			const credits = estimateCredits({ model: id, duration, quality } as IDataObject);
			if (credits !== undefined) expect(credits).toBeGreaterThan(0);
		});
	});

	test('names the day of its list', () => {
		expect(PRICES_AS_OF).toMatch(/^\d{4}-\d\d-\d\d$/);
	});
});

test('sums of credits have no tail of floating point', () => {
	expect(roundCredits(23.04 * 3)).toBe(69.12);
});
