/** Keys in what a server wrote: some gateways repeat the one they were sent, spelled as their own language spells it. */

const BLANK = '[redacted]';

export type Blank = (text: string) => string;

/** A key of fewer letters would blank words of every sentence. */
const SHORTEST_KEY = 6;

/** One character, however it is written in JSON, in a URL, in a page. Bounded, because the text comes from a server. */
const CHARACTER =
	/\\{1,7}(?:u([\da-f]{4})|x([\da-f]{2})|([^]))|%(?:25){0,3}([\da-f]{2})|&#(?:x0{0,6}([\da-f]{1,4})|0{0,6}(\d{1,5}));|[^]/gi;

function charactersOf(text: string): { written: string[]; meant: string } {
	const written: string[] = [];
	let meant = '';
	for (const [whole, unit, byte, escaped, percent, entity, decimal] of text.matchAll(CHARACTER)) {
		const code = unit ?? byte ?? percent ?? entity;
		written.push(whole);
		if (code !== undefined) meant += String.fromCharCode(parseInt(code, 16));
		else meant += decimal === undefined ? (escaped ?? whole) : String.fromCharCode(Number(decimal));
	}
	return { written, meant };
}

export function blankOf(key: string): Blank {
	const needles = key.length < SHORTEST_KEY ? [] : [key, ...base64Of(key)];
	return (text) => {
		const plain = needles.reduce((left, needle) => left.replaceAll(needle, BLANK), text);
		return /[\\%&]/.test(plain) ? blankSpelled(plain, needles) : plain;
	};
}

function blankSpelled(text: string, needles: readonly string[]): string {
	const { written, meant } = charactersOf(text);
	for (const needle of needles) {
		for (let at = meant.indexOf(needle); at >= 0; at = meant.indexOf(needle, at + needle.length)) {
			written.fill('', at, at + needle.length);
			written[at] = BLANK;
		}
	}
	return written.join('');
}

/** What base64 and base64url make of a text that holds the key, at each of the three places where it can begin. */
function base64Of(key: string): string[] {
	const cores = [0, 1, 2].map((shift) => {
		const bytes = Buffer.from('\0'.repeat(shift) + key);
		return bytes.toString('base64').slice(Math.ceil((shift * 4) / 3), Math.floor((bytes.length * 4) / 3));
	});
	return cores.flatMap((core) => [core, core.replaceAll('+', '-').replaceAll('/', '_')]);
}

/** A parsed answer with the key blanked in every text and every name; see `isTooDeep`. */
export function blankDeep(value: unknown, blank: Blank): unknown {
	if (typeof value === 'string') return blank(value);
	if (typeof value !== 'object' || value === null) return value;
	if (Array.isArray(value)) return value.map((entry) => blankDeep(entry, blank));
	return Object.fromEntries(
		Object.entries(value).map(([name, entry]) => [blank(name), blankDeep(entry, blank)]),
	);
}

/** What looks like a key of EvoLink's, whoever's it is. */
export function redact(text: string): string {
	return text.replace(/\bBearer\s+[^\s"',]+/gi, `Bearer ${BLANK}`).replace(/\bsk-[A-Za-z0-9_-]{6,}/g, BLANK);
}

/** One line of at most 500 characters, without control characters and keys. */
export function tidy(text: string): string {
	const line = redact(text)
		.replace(/[\p{Cc}\s]+/gu, ' ')
		.trim();
	return line.length > 500 ? `${line.slice(0, 497)}…` : line;
}

/** Without the full stop at its end. */
export function sentence(text: string): string {
	return text.trim().replace(/[.\s]+$/, '');
}

/** The start of a text, on one line. Blanked before it is cut: half a key would not be recognised. */
export function excerptOf(text: string, length: number): string {
	return tidy(redact(text).trim().slice(0, length));
}
