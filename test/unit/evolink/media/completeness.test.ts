import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import range from 'lodash/range';

import { completenessOf, trustIn, type Extent } from '../../../../nodes/evolink/media/completeness';
import { inspect } from '../../../../nodes/evolink/media/inspect';
import { always, PROPERTY_TIMEOUT_MS } from '../../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const latin = (text: string) => Buffer.from(text, 'latin1');
const joined = (...parts: Buffer[]) => Buffer.concat(parts);

function uint(value: number, bytes = 4): Buffer {
	const all = Buffer.alloc(8);
	all.writeBigUInt64BE(BigInt(value));
	return all.subarray(8 - bytes);
}

function extentOf(mimeType: string, ...chunks: Buffer[]): Extent {
	const completeness = completenessOf(mimeType);
	for (const chunk of chunks) completeness.take(chunk);
	return completeness.extent();
}

/** A piece of a file: how much of it is its head, whether it must be there once that has passed, and what the file is after it. */
interface Piece {
	bytes: Buffer;
	head?: number;
	isFiller?: boolean;
	after?: Extent;
}

/** Every cut of the file is judged as its pieces say, and so is the whole of it, in chunks of any size. */
function expectExtents(mimeType: string, pieces: Piece[]): void {
	const bytes = joined(...pieces.map((piece) => piece.bytes));
	const expected: Extent[] = [];
	let before = 'cut' as Extent;
	for (const { bytes: piece, head = 0, isFiller, after } of pieces) {
		for (let at = 0; at < piece.length; at += 1) expected.push(at < head || isFiller ? before : 'cut');
		before = after ?? before;
	}
	expected.push(before);
	const completeness = completenessOf(mimeType);
	const found = expected.map((_, at) => {
		completeness.take(bytes.subarray(at - 1, at));
		return completeness.extent();
	});
	const inChunks = [2, 7, bytes.length].map((size) =>
		extentOf(mimeType, ...range(0, bytes.length, size).map((from) => bytes.subarray(from, from + size))),
	);
	expect([found, inChunks]).toEqual([expected, [before, before, before]]);
}

/** Content that holds the starts of other boxes, chunks and markers. */
const content = fc
	.array(
		fc.oneof(
			fc
				.constantFrom('moov', 'mdat', 'IEND', '\xff\xd9', '\0\0\0\x08', '\0\0\0\0', '\x18S\x80g', '\r\n')
				.map(latin),
			fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
		),
		{ maxLength: 4 },
	)
	.map((parts) => joined(...parts));

describe('mp4 and mov', () => {
	const box = (type: string, ...body: Buffer[]) => {
		const bytes = joined(...body);
		return joined(uint(bytes.length + 8), latin(type), bytes);
	};
	const longBox = (type: string, body: Buffer) =>
		joined(uint(1), latin(type), uint(body.length + 16, 8), body);
	const ftyp = box('ftyp', latin('isom\0\0\x02\0isommp41'));
	const track = (handler: string, chunks: number[] = [], wide = false) => {
		const table = box(
			wide ? 'co64' : 'stco',
			uint(0),
			uint(chunks.length),
			...chunks.map((chunk) => uint(chunk, wide ? 8 : 4)),
		);
		const hdlr = box('hdlr', uint(0), uint(0), latin(handler), Buffer.alloc(13));
		return box(
			'trak',
			box('tkhd'),
			box('mdia', box('mdhd'), hdlr, box('minf', box('stbl', box('stts'), table))),
		);
	};
	const index = (...tracks: Buffer[]) => box('moov', box('mvhd', Buffer.alloc(20)), ...tracks);
	const film = index(track('vide'), track('soun'));
	const any = (type: string) =>
		fc.tuple(content, fc.boolean()).map(([body, isLong]): Piece => ({
			bytes: isLong ? longBox(type, body) : box(type, body),
			head: isLong ? 16 : 8,
		}));
	const filler = fc.array(
		fc
			.constantFrom('free', 'skip', 'wide', 'uuid', 'sidx')
			.chain(any)
			.map((piece) => ({ ...piece, isFiller: true })),
		{ maxLength: 2 },
	);
	const start = fc.constantFrom<Piece[]>([{ bytes: ftyp }], []);

	test('are whole once index and pictures have passed, whatever comes first or after', () => {
		const parts = fc.tuple(start, fc.boolean(), filler, filler, any('mdat'), content);
		always(parts, ([first, indexFirst, before, between, mdat, after]) => {
			const moov = { bytes: film };
			const [one, other] = indexFirst ? [moov, mdat] : [mdat, moov];
			const last: Piece = { ...other, after: 'whole' };
			const trail: Piece = { bytes: after, isFiller: true };
			expectExtents('video/mp4', [...first, ...before, one, ...between, last, trail]);
		});
	});

	test('in fragments may end behind each, and are whole only where the last one is marked', () => {
		const fragments = fc.array(fc.tuple(any('moof'), any('mdat'), filler), { minLength: 1, maxLength: 3 });
		always(start, fragments, fc.boolean(), fc.boolean(), ([first], all, isMarked, isAnnounced) => {
			const mvex = isAnnounced ? [box('mvex', box('trex'))] : [];
			const pieces = all.flatMap(([moof, mdat, after]): Piece[] => [
				{ ...moof, after: 'cut' },
				{ ...mdat, after: 'endless' },
				...after,
			]);
			const end: Piece[] = [
				{ bytes: box('mfra').subarray(0, 8), head: 8, after: 'whole' },
				{ bytes: latin('mfro'), isFiller: true },
			];
			const moov = { bytes: index(track('vide'), ...mvex) };
			expectExtents('video/quicktime', [
				...(first ? [first] : []),
				moov,
				...pieces,
				...(isMarked ? end : []),
			]);
		});
	});

	test('whose index speaks of more fragments are not whole after the first pictures', () => {
		const moov = index(track('vide'), box('mvex'));
		expectExtents('video/mp4', [{ bytes: moov }, { bytes: box('mdat', ftyp), after: 'endless' }]);
	});

	test.each([false, true])(
		'whose pictures lie in two boxes are cut after the first one (64 bits: %s)',
		(wide) => {
			const at = (second: number) => index(track('vide', [8, second], wide));
			const [first, second] = [box('mdat', ftyp), box('mdat', film)];
			const place = at(0).length + first.length + 8;
			expectExtents('video/mp4', [
				{ bytes: at(place) },
				{ bytes: first },
				{ bytes: second, after: 'whole' },
				{ bytes: latin('mdat\r\n'), isFiller: true },
			]);
		},
	);

	test('of sound alone are no video', () => {
		const pictures = box('mdat', ftyp);
		expect(extentOf('video/mp4', ftyp, pictures, index(track('soun')))).toBe('sound');
		expect(extentOf('video/mp4', ftyp, pictures, index(track('soun'), track('vide')))).toBe('whole');
		expect(extentOf('video/mp4', ftyp, pictures, index())).toBe('whole');
	});

	test('whose last box reaches to the end of the file may end anywhere in it', () => {
		const open = (type: string) => joined(uint(0), latin(type), ftyp);
		for (const parts of [
			[film, open('mdat')],
			[box('mdat', ftyp), open('moov')],
		])
			expect(extentOf('video/mp4', ftyp, ...parts)).toBe('endless');
		expect(extentOf('video/mp4', ftyp, film, open('free'))).toBe('cut');
		expect(extentOf('video/mp4', ftyp, open('mdat'))).toBe('cut');
	});

	test('of more than 4 GB are followed by their size of 64 bits', () => {
		const completeness = completenessOf('video/mp4');
		for (const chunk of [film, uint(1), latin('mdat'), uint(2 ** 32 + 17, 8)]) completeness.take(chunk);
		const chunk = Buffer.alloc(2 ** 24);
		for (let passed = 0; passed < 2 ** 32; passed += chunk.length) completeness.take(chunk);
		expect(completeness.extent()).toBe('cut');
		completeness.take(latin('.'));
		expect(completeness.extent()).toBe('whole');
	});

	test.each<[string, Buffer[]]>([
		['nothing but 12 bytes', [uint(12), latin('ftypmp42')]],
		['a page behind its first box', [ftyp, latin('<!doctype html><title>503</title>')]],
		['no index', [ftyp, box('mdat', ftyp)]],
		['no pictures', [ftyp, film]],
		['no pictures for its fragment', [ftyp, box('moof', ftyp), film, latin('\0\0\0\0')]],
		['a box smaller than its own head', [ftyp, film, uint(7), latin('mdat')]],
		['a large box smaller than its own head', [ftyp, film, uint(1), latin('mdat'), uint(15, 8)]],
		['an index in a thousand of its own', [ftyp, ...Array<Buffer>(1000).fill(latin('\0\x0f\0\0trak'))]],
	])('with %s are cut', (_, parts) => {
		expect(extentOf('video/mp4', joined(...parts))).toBe('cut');
	});
});

describe('webm', () => {
	const ids = {
		header: '1a45dfa3',
		segment: '18538067',
		tracks: '1654ae6b',
		entry: 'ae',
		type: '83',
		info: '1549a966',
		cluster: '1f43b675',
		void: 'ec',
		block: 'a3',
	};
	const size = (value: number, bytes: number) => uint(value + 2 ** (7 * bytes), bytes);
	const element = (id: keyof typeof ids, ...body: Buffer[]) => {
		const bytes = joined(...body);
		return joined(Buffer.from(ids[id], 'hex'), size(bytes.length, 4), bytes);
	};
	const open = (id: keyof typeof ids) => Buffer.from(`${ids[id]}01ffffffffffffff`, 'hex');
	const header = element('header', Buffer.from('4282847765626d', 'hex'));
	const tracks = (...types: number[]) =>
		element('tracks', ...types.map((type) => element('entry', element('type', Buffer.of(type)))));

	test('of a known size is whole where that is reached, whatever follows', () => {
		always(content, content, (body, after) => {
			const segment = element('segment', tracks(1, 2), element('info', body), element('cluster', body));
			const trail: Piece = { bytes: after, isFiller: true };
			expectExtents('video/webm', [{ bytes: header }, { bytes: segment, after: 'whole' }, trail]);
		});
	});

	test('of an unknown size may end where pictures end', () => {
		always(content, fc.array(content, { minLength: 1, maxLength: 3 }), (info, blocks) => {
			// an id of one byte, and one of four
			const pieces = blocks.map((block): Piece => ({
				bytes: element('block', block),
				head: 1,
				after: 'endless',
			}));
			const more: Piece = { bytes: element('cluster', info), head: 4, after: 'endless' };
			const bytes = joined(header, open('segment'), tracks(1), element('info', info), open('cluster'));
			expectExtents('video/webm', [{ bytes }, ...pieces, more]);
		});
	});

	test('of sound alone is no video', () => {
		expect(extentOf('video/webm', header, element('segment', tracks(2), element('cluster')))).toBe('sound');
		expect(extentOf('video/webm', header, open('segment'), tracks(2), element('cluster'))).toBe('sound');
	});

	test.each([
		['a page behind its header', [header, latin('<!doctype html>')]],
		['zeros behind its header', [header, Buffer.alloc(40)]],
		['no pictures', [header, open('segment'), element('info', header)]],
		['nothing behind its header', [header]],
	])('with %s is cut', (_, parts) => {
		expect(extentOf('video/webm', joined(...parts))).toBe('cut');
	});

	test('whose elements make no sense still ends where its segment ends', () => {
		const segment = element('segment', Buffer.alloc(40));
		expectExtents('video/webm', [{ bytes: header }, { bytes: segment, after: 'whole' }]);
	});
});

describe('pictures', () => {
	const chunk = (type: string, body: Buffer) =>
		joined(uint(body.length), latin(type), body, Buffer.alloc(4, 0x49));
	const segment = (marker: number, body: Buffer) =>
		joined(Buffer.of(0xff, marker), uint(body.length + 2, 2), body);
	/** What the coder writes behind a scan's header: 0xff only before 0 or as a marker that stands alone. */
	const scan = fc
		.array(
			fc.oneof(
				fc.nat(0xfe).map((byte) => [byte]),
				fc.constantFrom([0xff, 0], [0xff, 1], [0xff, 0xd0], [0xff, 0xff, 0xd7]),
			),
			{ maxLength: 12 },
		)
		.map((parts) => Buffer.from(parts.flat()));
	const [SOI, EOI] = [latin('\xff\xd8'), latin('\xff\xd9')];

	const png = (body: Buffer): Piece[] => [
		{ bytes: joined(latin('\x89PNG\r\n\x1a\n'), chunk('IHDR', body), chunk('IDAT', body)) },
		{ bytes: chunk('IEND', Buffer.alloc(0)), after: 'whole' },
	];
	const webp = (body: Buffer): Piece[] => {
		const size = Buffer.alloc(4);
		size.writeUInt32LE(body.length + 4);
		return [{ bytes: joined(latin('RIFF'), size, latin('WEBP'), body), after: 'whole' }];
	};
	/** The mark of its end may be missing, but only behind a scan. */
	const jpeg = (body: Buffer, scans: Buffer[]): Piece[] => [
		{ bytes: joined(SOI, segment(0xe1, joined(SOI, body, EOI)), segment(0xc2, body)) },
		...scans.flatMap((bits): Piece[] => [
			{ bytes: segment(0xda, body), head: 2, after: 'unended' },
			{ bytes: bits, isFiller: true },
		]),
		{ bytes: EOI, isFiller: true, after: 'whole' },
	];
	const filled = content.filter(({ length }) => length > 0);

	test.each<[string, fc.Arbitrary<Piece[]>]>([
		['image/png', content.map(png)],
		[
			'image/jpeg',
			fc.tuple(content, fc.array(scan, { minLength: 1, maxLength: 3 })).map((parts) => jpeg(...parts)),
		],
		['image/webp', filled.map(webp)],
	])('%s is whole at its end and nowhere before; whatever follows does no harm', (mimeType, pictures) => {
		always(pictures, content, (picture, after) => {
			expectExtents(mimeType, [...picture, { bytes: after, isFiller: true }]);
		});
	});

	test('a WebP of no size is cut', () => {
		expect(extentOf('image/webp', latin('RIFF\0\0\0\0WEBPVP8 '))).toBe('cut');
		expect(extentOf('image/webp', latin('RIFF\x04\0\0\0WEBPVP8 '))).toBe('cut');
	});
});

test.each([
	['clip.mp4', 'video/mp4', ['cut']],
	['profile.jpg', 'image/jpeg', ['cut', 'unended']],
])('the real %s is whole, and no cut of it is', (name, mimeType, cuts) => {
	const bytes = readFileSync(join(__dirname, '../../../../stand-in/assets', name));
	expect(extentOf(mimeType, bytes)).toBe('whole');
	const found = new Set([...bytes.keys()].map((end) => extentOf(mimeType, bytes.subarray(0, end))));
	expect([...found]).toEqual(cuts);
});

test('bytes of any kind never make it throw, and a type that it does not know is whole', async () => {
	const types = fc.constantFrom('video/mp4', 'video/webm', 'image/png', 'image/jpeg', 'image/webp');
	always(types, fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }), (type, given) => {
		const chunks = given.map((chunk) => Buffer.from(chunk));
		extentOf(type, ...chunks);
		expect(extentOf('image/gif', ...chunks)).toBe('whole');
	});
});

test('what a file is does not depend on how it comes', async () => {
	const bytes = readFileSync(join(__dirname, '../../../../stand-in/assets/clip.mp4'));
	async function* inChunks(size: number) {
		for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
	}
	for (const size of [1, 1000, 1024, bytes.length])
		expect(await inspect(inChunks(size))).toMatchObject({ media: { name: 'MP4' }, extent: 'whole' });
	expect(await inspect(inChunks(bytes.length - 1))).toMatchObject({ extent: 'whole' });
});

test.each<[Extent, boolean, ReturnType<typeof trustIn>]>([
	['whole', false, 'full'],
	['endless', false, 'some'],
	['endless', true, 'full'],
	['unended', false, 'none'],
	['unended', true, 'some'],
	['cut', true, 'none'],
])('a file that is %s (as long as HTTP said: %s) has %s trust', (extent, isLengthMet, trust) => {
	expect(trustIn(extent, isLengthMet)).toBe(trust);
});
