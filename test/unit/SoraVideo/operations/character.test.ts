import fc from 'fast-check';

import { DOCUMENTED_FIELDS } from '../../../../nodes/evolink/generated/spec.gen';
import { draftCharacter, readTimestamps } from '../../../../nodes/SoraVideo/operations/character';
import { validator } from '../../../contract/openapi';
import { always, alwaysAsync, fakeContext, parametersIn, PROPERTY_TIMEOUT_MS, RUNS } from '../../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const fits = validator({ $ref: '#/components/schemas/SoraCharacterRequest' });
const character = async (parameters: Record<string, unknown>) =>
	(await draftCharacter(fakeContext().ctx, parametersIn(parameters))).body;

describe('the body of a character', () => {
	test('that is sent always fits the spec', async () => {
		const times = fc.oneof(
			fc.string(),
			fc.tuple(fc.double(), fc.double()).map((pair) => pair.join(',')),
			fc.constant('1,3'),
		);
		const urls = fc.oneof(fc.webUrl(), fc.string(), fc.constant('https://a.test/v.mp4'));
		let sent = 0;
		await alwaysAsync(times, urls, async (timestamps, videoUrl) => {
			const body = await character({ timestamps, videoUrl }).catch((error: Error) => {
				expect(error.message).toMatch(/^'(Timestamps|Video URL)' is [\s\S]*Allowed: .+$/);
			});
			if (!body) return;
			sent += 1;
			expect(fits(body)).toBe(true);
		});
		expect(sent).toBeGreaterThan(RUNS / 10);
	});
});

describe('timestamps', () => {
	const tenths = fc.integer({ min: 0, max: 36_000 });

	test('in rising order, at most two seconds apart, are written as EvoLink writes them', () => {
		always(tenths, fc.integer({ min: 1, max: 20 }), fc.constantFrom('', ' '), (start, span, blank) => {
			const [from, to] = [start / 10, (start + span) / 10];
			expect(readTimestamps(`${from}${blank},${blank}${to}`)).toBe(`${from},${to}`);
		});
		expect(readTimestamps('0, 0.5, 2.0')).toBe('0,0.5,2');
		expect(readTimestamps('01,03')).toBe('1,3');
	});

	test('further apart, equal or falling are none', () => {
		always(tenths, fc.integer({ min: 21, max: 10_000 }), (start, span) => {
			expect(readTimestamps(`${start / 10},${(start + span) / 10}`)).toBeUndefined();
			expect(readTimestamps(`${(start + span) / 10},${start / 10}`)).toBeUndefined();
			expect(readTimestamps(`${start},${start}`)).toBeUndefined();
		});
	});

	test('of any other text are none, or fit the spec', () => {
		const pattern = new RegExp(DOCUMENTED_FIELDS['sora-character'].timestamps.pattern);
		const odd = fc.constantFrom(
			'',
			'1',
			'1,',
			',1',
			'1;2',
			'-1,0',
			'1e0,2',
			'0x1,2',
			'１,2',
			'1,2,',
			'NaN,1',
			'0,0.000001',
		);
		always(fc.oneof(fc.string(), odd, fc.stringMatching(/^[0-9.,]{1,12}$/)), (text) => {
			const read = readTimestamps(text);
			if (read !== undefined) expect(read).toMatch(pattern);
		});
		for (const text of ['1', '-1,0', '1e0,2', '1,2,', '1;2']) expect(readTimestamps(text)).toBeUndefined();
	});
});
