import { createHmac, timingSafeEqual } from 'node:crypto';
import { isObject } from './json';

/** What the sender of an order wants to find again travels in the callback URL, signed with the API key. */
const PARAMETER = 'reference';
const SIGNATURE = 'reference_signature';

/** 128 bits are enough for what cannot be tried out offline; a URL has room for 2048 characters only. */
const SIGNATURE_BYTES = 16;

function signatureOf(reference: string, apiKey: string): string {
	// the text before it keeps this signature from being one of anything else
	const signed = createHmac('sha256', apiKey).update(`n8n-nodes-evolink-sora reference\n${reference}`);
	return signed.digest().subarray(0, SIGNATURE_BYTES).toString('base64url');
}

export function withReference(url: string, reference: string, apiKey: string): string {
	const [address, ...hash] = url.split('#');
	// half a surrogate pair cannot be encoded
	const text = Buffer.from(reference).toString();
	const added = `${PARAMETER}=${encodeURIComponent(text)}&${SIGNATURE}=${signatureOf(text, apiKey)}`;
	return [`${address}${address.includes('?') ? '&' : '?'}${added}`, ...hash].join('#');
}

/** `verified`: somebody who has the key wrote it. `unverified`: there was no key to tell. `wrong`: not with this key, or no text. */
type ReadReference = { kind: 'verified' | 'unverified'; reference: string } | { kind: 'wrong' };

/** The reference in the query of a callback; without `apiKey` nothing can be verified. Never throws. */
export function readReference(query: unknown, apiKey: string | undefined): ReadReference | undefined {
	if (!isObject(query)) return undefined;
	const { [PARAMETER]: reference, [SIGNATURE]: signature } = query;
	if (reference === undefined) return undefined;
	if (typeof reference !== 'string') return { kind: 'wrong' };
	if (apiKey === undefined) return { kind: 'unverified', reference };
	const expected = Buffer.from(signatureOf(reference, apiKey));
	const given = Buffer.from(typeof signature === 'string' ? signature : '');
	const fits = given.length === expected.length && timingSafeEqual(given, expected);
	return fits ? { kind: 'verified', reference } : { kind: 'wrong' };
}
