import fc from 'fast-check';

import { readReference, withReference } from '../../../nodes/evolink/reference';
import { always, hostileJson } from '../support';

const HOOK = 'https://n8n.example.test/webhook/1/webhook';
const KEY = 'sk-evo-secret';

/** The query of a URL, as n8n hands it to a node. */
const queryOf = (url: string) => Object.fromEntries(new URL(url).searchParams);

test('any text comes back as it was, as long as the key is the same', () => {
	always(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
		const query = queryOf(withReference(HOOK, text, KEY));
		expect(readReference(query, KEY)).toEqual({ kind: 'verified', reference: text });
		expect(readReference(query, `${KEY}x`)).toEqual({ kind: 'wrong' });
	});
});

test('half of a surrogate pair, which no URL can hold, becomes a replacement character', () => {
	const query = queryOf(withReference(HOOK, 'a\ud800', KEY));
	expect(readReference(query, KEY)).toEqual({ kind: 'verified', reference: 'a\ufffd' });
});

test('the signature is the same in every version of this package: an order may come back after an upgrade', () => {
	expect(withReference(HOOK, 'row 17', KEY)).toBe(
		`${HOOK}?reference=row%2017&reference_signature=JVjvK0qppl2eJijlQLZUQw`,
	);
});

test.each([
	['https://n8n.example.test/hook?a=1&b=%20', 'https://n8n.example.test/hook?a=1&b=%20&reference=r&'],
	['https://n8n.example.test/hook#top', 'https://n8n.example.test/hook?reference=r&'],
])('the rest of %s stays as it is', (url, start) => {
	const { hash } = new URL(url);
	const signed = withReference(url, 'r', KEY);
	expect(signed.startsWith(start)).toBe(true);
	expect(new URL(signed).hash).toBe(hash);
});

test.each<[string, (query: Record<string, unknown>) => void]>([
	['another reference', (query) => (query.reference = 'row 18')],
	['another signature', (query) => (query.reference_signature = 'A'.repeat(22))],
	['a signature that is longer', (query) => (query.reference_signature += 'A')],
	['no signature', (query) => delete query.reference_signature],
	['two references', (query) => (query.reference = ['row 17', 'row 17'])],
])('%s is wrong', (_, change) => {
	const query: Record<string, unknown> = queryOf(withReference(HOOK, 'row 17', KEY));
	change(query);
	expect(readReference(query, KEY)).toEqual({ kind: 'wrong' });
});

test('without the key nothing is verified', () => {
	expect(readReference({ reference: 'row 17' }, undefined)).toEqual({
		kind: 'unverified',
		reference: 'row 17',
	});
	expect(readReference({ reference: { row: 17 } }, undefined)).toEqual({ kind: 'wrong' });
});

test('a callback without a reference has none', () => {
	for (const query of [undefined, null, '', [], {}, { signature: 'n8n' }])
		expect(readReference(query, KEY)).toBeUndefined();
});

test('no query breaks it, and none is believed', () => {
	always(hostileJson, hostileJson, (reference, signature) => {
		const read = readReference({ reference, reference_signature: signature }, KEY);
		expect([undefined, 'wrong']).toContain(read?.kind);
	});
});

test('nothing of the key is in the URL', () => {
	expect(withReference(HOOK, 'row 17', KEY)).not.toContain(KEY);
});
