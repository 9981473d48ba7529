import fc from 'fast-check';

import { blankDeep, blankOf, excerptOf, redact, tidy } from '../../../nodes/evolink/redact';
import { always, PROPERTY_TIMEOUT_MS } from '../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const KEY = 'opaque/key+0123456789==';
const base64 = (text: string) => Buffer.from(text).toString('base64');

const escaped = (text: string, escape: (code: number) => string) =>
	Array.from({ length: text.length }, (_, at) => escape(text.charCodeAt(at))).join('');

/** How the languages that gateways are written in spell a text. */
const SPELLINGS: Record<string, (text: string) => string> = {
	'as it is': (text) => text,
	'PHP escapes': (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
	'.NET escapes': (text) => text.replaceAll('+', '\\u002B').replaceAll('/', '\\u002f'),
	'escaped throughout': (text) => escaped(text, (code) => `\\u${code.toString(16).padStart(4, '0')}`),
	'JavaScript escapes': (text) => escaped(text, (code) => `\\x${code.toString(16).padStart(2, '0')}`),
	'JSON that is text in JSON': (text) =>
		JSON.stringify(JSON.stringify(text.replaceAll('/', '\\/'))).slice(1, -1),
	'URL encoding': encodeURIComponent,
	'URL encoding in lower case': (text) => encodeURIComponent(text).toLowerCase(),
	'URL encoding, twice': (text) => encodeURIComponent(encodeURIComponent(text)),
	'URL encoding throughout': (text) => escaped(text, (code) => `%${code.toString(16).padStart(2, '0')}`),
	entities: (text) => escaped(text, (code) => `&#${code};`),
	'hexadecimal entities': (text) => escaped(text, (code) => `&#x${code.toString(16).toUpperCase()};`),
	base64: base64,
	base64url: (text) => Buffer.from(text).toString('base64url'),
	'base64 with its scheme': (text) => base64(`Bearer ${text}`),
	'base64, in a URL': (text) => encodeURIComponent(base64(`Bearer ${text}`)),
	'base64, with PHP escapes': (text) => base64(`u:${text}`).replaceAll('/', '\\/'),
};

describe('the key of the credential', () => {
	test.each(Object.entries(SPELLINGS).filter(([name]) => name !== 'URL encoding in lower case'))(
		'is blanked in %s, whatever stands around it, and nothing else is',
		(_, spell) => {
			for (const key of [KEY, 'sk-evo-0123456789abcdef', 'a"b<c>d&e+f/g', '??>>~~ab']) {
				const blank = blankOf(key);
				const told = blank(`before ${spell(key)} after`);
				expect(told).toMatch(/^before \S{0,10}\[redacted\]\S{0,8} after$/);
				expect(blank(`${spell(key)}${spell(key)}`)).not.toContain(spell(key));
			}
		},
	);

	test('is blanked in lower-case URL encoding', () => {
		expect(blankOf('opaque/key+0')('opaque%2fkey%2b0')).toBe('[redacted]');
	});

	test('is blanked in base64 of anything that holds it', () => {
		always(fc.string(), fc.string(), fc.constantFrom('base64', 'base64url'), (before, after, encoding) => {
			const text = Buffer.from(before + KEY + after).toString(encoding as BufferEncoding);
			const left = Buffer.from(blankOf(KEY)(text).replace('[redacted]', ''), 'base64').toString('latin1');
			expect(left).not.toContain(KEY.slice(1, -1));
			expect(blankOf(KEY)(text)).toContain('[redacted]');
		});
	});

	test('is blanked in every text and name of a parsed answer', () => {
		const value = { a: [`x ${KEY}`, { [KEY]: 1, b: null, c: true }], d: 7, ['__proto__x']: KEY };
		expect(blankDeep(value, blankOf(KEY))).toEqual({
			a: ['x [redacted]', { '[redacted]': 1, b: null, c: true }],
			d: 7,
			['__proto__x']: '[redacted]',
		});
	});

	test('leaves every other text as it was, whatever it holds', () => {
		const odd = fc.array(
			fc.constantFrom('\\', '%', '%2', '%25', '&', '&#', '&#x', ';', 'u00', 'o', '/', 'é'),
		);
		always(
			fc.oneof(
				fc.string(),
				odd.map((parts) => parts.join('')),
			),
			(text) => {
				expect(blankOf(KEY)(text)).toBe(text);
			},
		);
	});

	test('of a few letters is not blanked: every sentence would hold it', () => {
		for (const key of ['', 'a', 'a cat']) expect(blankOf(key)('a cat \\a')).toBe('a cat \\a');
	});

	test('costs no more time for a text that is made to cost it', () => {
		for (const part of ['\\', '%25', '&#x', '&#000000', '%6f', KEY.slice(0, -1), base64(KEY).slice(0, -4)]) {
			const text = part.repeat(100_000);
			expect(blankOf(KEY)(text)).toHaveLength(text.length);
		}
	});
});

describe('words that leave the node', () => {
	test('hold nothing that looks like a key', () => {
		const alphabet = 'ABCabc019-_';
		const keys = fc
			.array(fc.constantFrom(...alphabet), { minLength: 8, maxLength: 40 })
			.map((letters) => letters.join(''));
		always(keys, fc.string(), fc.string(), (tail, before, after) => {
			for (const text of [
				`${before} sk-${tail} ${after}`,
				`Bearer ${tail}`,
				`"authorization":"bearer ${tail}"`,
			]) {
				expect(redact(text)).not.toContain(tail);
			}
		});
	});

	test.each([
		['sent with Bearer  abcdef-1.2', 'sent with Bearer [redacted]'],
		['{"authorization":"bearer abc"}', '{"authorization":"Bearer [redacted]"}'],
		['the key sk-evo_12-34 is wrong', 'the key [redacted] is wrong'],
		['sk-ii and risk-averse are words', 'sk-ii and risk-averse are words'],
	])('lose the key of %j and nothing else', (text, told) => {
		expect(redact(text)).toBe(told);
	});

	test('are one line of 500 characters at most, and say where they were cut', () => {
		expect(tidy(' a\r\n\t b ')).toBe('a b');
		expect(tidy('x'.repeat(500))).toBe('x'.repeat(500));
		expect(tidy(`${'x'.repeat(497)}yyyy`)).toBe(`${'x'.repeat(497)}…`);
		expect(excerptOf(' a\nb c ', 3)).toBe('a b');
	});

	test('are cut after a key is blanked, never through it', () => {
		for (let length = 100; length <= 130; length += 1) {
			expect(excerptOf(`${'x'.repeat(length)} sk-evo-0123456789`, 120)).not.toContain('sk-');
		}
	});

	test('keep everything else of an ordinary sentence', () => {
		always(fc.lorem(), (sentence) => expect(redact(sentence)).toBe(sentence));
	});
});
