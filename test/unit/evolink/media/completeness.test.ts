import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

import { completenessOf } from '../../../../nodes/evolink/media/completeness';
import { always, PROPERTY_TIMEOUT_MS } from '../../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

/** A file in its parts, and after which of them it may end. */
interface Parts {
	bytes: Buffer;
	edges: Set<number>;
}

function joined(parts: Array<{ bytes: Buffer; mayEnd?: boolean }>): Parts {
	const edges = new Set<number>();
	let length = 0;
	for (const { bytes, mayEnd } of parts) {
		length += bytes.length;
		if (mayEnd) edges.add(length);
	}
	return { bytes: Buffer.concat(parts.map(({ bytes }) => bytes)), edges };
}

function isWhole(mimeType: string, ...chunks: Buffer[]): boolean {
	const completeness = completenessOf(mimeType);
	for (const chunk of chunks) completeness.take(chunk);
	return completeness.isWhole();
}

/** Every cut of the file, and the file itself, is judged as the parts say. */
function expectEdges(mimeType: string, { bytes, edges }: Parts): void {
	const wrong: number[] = [];
	for (let end = 0; end <= bytes.length; end += 1) {
		if (isWhole(mimeType, bytes.subarray(0, end)) !== edges.has(end)) wrong.push(end);
	}
	expect(wrong).toEqual([]);
	expect(isWhole(mimeType, bytes)).toBe(true);
}

/** However the file comes in chunks, it is judged as in one piece; and so are its cuts. */
function expectSameInChunks(mimeType: string, bytes: Buffer): void {
	const cut = fc.nat(bytes.length);
	always(cut, fc.array(cut, { maxLength: 12 }), (end, cuts) => {
		const at = [0, ...cuts.filter((place) => place < end).sort((a, b) => a - b), end];
		const chunks = at.slice(1).map((to, index) => bytes.subarray(at[index], to));
		expect(isWhole(mimeType, ...chunks)).toBe(isWhole(mimeType, bytes.subarray(0, end)));
	});
	const single = [...bytes].map((byte) => Buffer.of(byte));
	expect(isWhole(mimeType, ...single)).toBe(true);
}

const u32 = (value: number) => {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
};

/** Content that holds the starts of other boxes, chunks and markers. */
const content = fc
	.array(
		fc.oneof(
			fc
				.constantFrom('moov', 'mdat', 'IEND', '\xff\xd9', '\0\0\0\x08', '\0\0\0\0', '\x18S\x80g')
				.map((text) => Buffer.from(text, 'latin1')),
			fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
		),
		{ maxLength: 4 },
	)
	.map((parts) => Buffer.concat(parts));

describe('mp4 and mov', () => {
	type Form = 'short' | 'long' | 'open';
	const box = (type: string, body: Buffer, form: Form = 'short') => {
		const name = Buffer.from(type, 'latin1');
		if (form === 'open') return Buffer.concat([u32(0), name, body]);
		if (form === 'short') return Buffer.concat([u32(body.length + 8), name, body]);
		return Buffer.concat([u32(1), name, u32(0), u32(body.length + 16), body]);
	};
	const form = fc.constantFrom<Form>('short', 'short', 'long');
	const ftyp = box('ftyp', Buffer.from('isom\0\0\x02\0isommp41', 'latin1'));
	const anyBox = (type: string) => fc.tuple(content, form).map(([body, as]) => box(type, body, as));
	const filler = fc.array(fc.constantFrom('free', 'skip', 'wide', 'uuid', 'udta').chain(anyBox), {
		maxLength: 2,
	});
	const closed = (bytes: Buffer) => ({ bytes });
	const last = (bytes: Buffer) => ({ bytes, mayEnd: true });

	const plain = fc
		.tuple(fc.boolean(), filler, anyBox('moov'), filler, anyBox('mdat'), filler)
		.map(([indexFirst, before, moov, between, mdat, after]) =>
			joined([
				closed(ftyp),
				...before.map(closed),
				closed(indexFirst ? moov : mdat),
				...between.map(closed),
				last(indexFirst ? mdat : moov),
				...after.map(last),
			]),
		);
	const fragmented = fc
		.tuple(
			anyBox('moov'),
			filler,
			fc.array(fc.tuple(anyBox('moof'), anyBox('mdat'), filler), { minLength: 1, maxLength: 3 }),
		)
		.map(([moov, before, fragments]) =>
			joined([
				closed(ftyp),
				closed(moov),
				...before.map(closed),
				...fragments.flatMap(([moof, mdat, after]) => [closed(moof), last(mdat), ...after.map(last)]),
			]),
		);

	test.each([
		['with its index before or after the pictures', plain],
		['in fragments', fragmented],
	])('%s may end where a box ends and nothing is missing, and nowhere else', (_, files) => {
		always(files, (file) => {
			expectEdges('video/mp4', file);
			expect(isWhole('video/quicktime', file.bytes)).toBe(true);
		});
	});

	test('whose pictures reach to the end of the file may end anywhere in them', () => {
		always(anyBox('moov'), content, (moov, body) => {
			const bytes = Buffer.concat([ftyp, moov, box('mdat', body, 'open')]);
			for (let end = 0; end <= bytes.length; end += 1) {
				const isInPictures = end >= ftyp.length + moov.length + 8;
				expect(isWhole('video/mp4', bytes.subarray(0, end))).toBe(isInPictures);
			}
		});
	});

	test('of which the index is the last box and reaches to the end is whole', () => {
		expect(isWhole('video/mp4', ftyp, box('mdat', Buffer.from('abc')), box('moov', ftyp, 'open'))).toBe(true);
	});

	test('of more than 4 GB is followed by its size of 64 bits', () => {
		const huge = Buffer.concat([u32(1), Buffer.from('mdat'), u32(1), u32(17)]);
		const completeness = completenessOf('video/mp4');
		for (const chunk of [ftyp, box('moov', ftyp), huge]) completeness.take(chunk);
		const chunk = Buffer.alloc(2 ** 24);
		for (let passed = 0; passed < 2 ** 32; passed += chunk.length) completeness.take(chunk);
		expect(completeness.isWhole()).toBe(false);
		completeness.take(Buffer.from('.'));
		expect(completeness.isWhole()).toBe(true);
	});

	test.each<[string, Buffer[]]>([
		['nothing but 12 bytes', [u32(12), Buffer.from('ftypmp42')]],
		['a page behind its first box', [ftyp, Buffer.from('<!doctype html><title>503</title>')]],
		['no index', [ftyp, box('mdat', ftyp)]],
		['no pictures', [ftyp, box('moov', ftyp)]],
		['no pictures, which is all the same at its open end', [ftyp, box('moov', ftyp, 'open')]],
		['no index before an open end', [ftyp, box('mdat', ftyp, 'open')]],
		['no pictures for its fragment', [ftyp, box('moov', ftyp), box('mdat', ftyp), box('moof', ftyp)]],
		[
			'a box smaller than its own head',
			[ftyp, box('moov', ftyp), box('mdat', ftyp), u32(7), Buffer.from('free')],
		],
		[
			'a large box smaller than its own head',
			[ftyp, box('moov', ftyp), u32(1), Buffer.from('mdat'), u32(0), u32(15)],
		],
		['bytes behind its last box', [ftyp, box('moov', ftyp), box('mdat', ftyp), Buffer.from('\0\0\0')]],
	])('with %s is not whole', (_, parts) => {
		expect(isWhole('video/mp4', Buffer.concat(parts))).toBe(false);
	});
});

describe('webm', () => {
	const ids = {
		header: '1a45dfa3',
		segment: '18538067',
		info: '1549a966',
		cluster: '1f43b675',
		void: 'ec',
		block: 'a3',
	};
	const size = (value: number, bytes: number) => {
		const all = Buffer.alloc(8);
		all.writeBigUInt64BE(BigInt(value) | (1n << BigInt(7 * bytes)));
		return all.subarray(8 - bytes);
	};
	const unknown = Buffer.from('01ffffffffffffff', 'hex');
	const element = (id: keyof typeof ids, body: Buffer, bytes = 8) =>
		Buffer.concat([Buffer.from(ids[id], 'hex'), size(body.length, bytes), body]);
	const open = (id: keyof typeof ids) => Buffer.concat([Buffer.from(ids[id], 'hex'), unknown]);
	const header = element('header', Buffer.from('4286810142f7810142f2810442f381084282847765626d', 'hex'), 1);
	const width = fc.integer({ min: 1, max: 8 });

	test('of a known size may end where that is reached, whatever follows', () => {
		always(content, content, fc.integer({ min: 2, max: 8 }), (body, after, bytes) => {
			const whole = Buffer.concat([header, element('void', body, bytes), element('segment', body, bytes)]);
			const file = Buffer.concat([whole, after]);
			const edges = new Set(Array.from({ length: after.length + 1 }, (_, more) => whole.length + more));
			expectEdges('video/webm', { bytes: file, edges });
		});
	});

	test('of an unknown size may end where an element ends', () => {
		always(content, fc.array(content, { minLength: 1, maxLength: 3 }), width, (info, blocks, bytes) => {
			const live = joined([
				{ bytes: header },
				{ bytes: open('segment') },
				{ bytes: element('info', info, Math.max(bytes, 2)) },
				{ bytes: open('cluster'), mayEnd: true },
				...blocks.map((block) => ({ bytes: element('block', block, Math.max(bytes, 2)), mayEnd: true })),
				{ bytes: element('cluster', info), mayEnd: true },
			]);
			expectEdges('video/webm', live);
		});
	});

	test.each([
		['a page behind its header', [header, Buffer.from('<!doctype html>')]],
		['zeros behind its header', [header, Buffer.alloc(40)]],
		['no pictures', [header, open('segment'), element('info', header)]],
		['nothing behind its header', [header]],
		['an ID of five bytes', [header, Buffer.from('080000000180', 'hex'), element('segment', header)]],
		['a size of nine bytes', [header, Buffer.from('1853806700', 'hex'), Buffer.alloc(20)]],
	])('with %s is not whole', (_, parts) => {
		expect(isWhole('video/webm', Buffer.concat(parts))).toBe(false);
	});

	test('whose size has a byte of ones, as an unknown one has, may end where it is reached', () => {
		const bytes = Buffer.concat([header, element('segment', Buffer.alloc(255))]);
		expectEdges('video/webm', { bytes, edges: new Set([bytes.length]) });
	});

	test('in chunks of any size is judged the same', () => {
		expectSameInChunks(
			'video/webm',
			Buffer.concat([
				header,
				open('segment'),
				open('cluster'),
				element('block', header),
				element('void', header, 2),
			]),
		);
	});
});

describe('pictures', () => {
	const chunk = (type: string, body: Buffer) =>
		Buffer.concat([u32(body.length), Buffer.from(type), body, Buffer.alloc(4, 0x49)]);
	const signature = Buffer.from('89504e470d0a1a0a', 'hex');
	const segment = (marker: number, body: Buffer) => {
		const length = Buffer.alloc(2);
		length.writeUInt16BE(body.length + 2);
		return Buffer.concat([Buffer.of(0xff, marker), length, body]);
	};
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
	const SOI = Buffer.of(0xff, 0xd8);
	const EOI = Buffer.of(0xff, 0xd9);

	const png = (body: Buffer) =>
		Buffer.concat([signature, chunk('IHDR', body), chunk('IDAT', body), chunk('IEND', Buffer.alloc(0))]);
	const jpeg = (body: Buffer, scans: Buffer[]) =>
		Buffer.concat([
			SOI,
			segment(0xe1, Buffer.concat([SOI, body, EOI])),
			segment(0xc2, body),
			...scans.flatMap((bits) => [segment(0xda, body), bits]),
			EOI,
		]);
	const webp = (body: Buffer) => {
		const size = Buffer.alloc(4);
		size.writeUInt32LE(body.length + 4);
		return Buffer.concat([Buffer.from('RIFF'), size, Buffer.from('WEBP'), body]);
	};
	const filled = content.filter(({ length }) => length > 0);

	test.each<[string, fc.Arbitrary<Buffer>]>([
		['image/png', content.map(png)],
		[
			'image/jpeg',
			fc.tuple(content, fc.array(scan, { maxLength: 3 })).map(([body, scans]) => jpeg(body, scans)),
		],
		['image/webp', filled.map(webp)],
	])('%s cut off at any byte is not whole; whatever follows its end does no harm', (mimeType, pictures) => {
		always(pictures, content, (picture, after) => {
			const edges = new Set(Array.from({ length: after.length + 1 }, (_, more) => picture.length + more));
			expectEdges(mimeType, { bytes: Buffer.concat([picture, after]), edges });
		});
	});

	test.each([
		['image/png', png(Buffer.from('body'))],
		['image/jpeg', jpeg(Buffer.from('body'), [Buffer.from('a\xff\0b', 'latin1'), Buffer.from('cd')])],
		['image/webp', webp(Buffer.from('VP8 body'))],
	])('%s in chunks of any size is judged the same', (mimeType, picture) => {
		expectSameInChunks(mimeType, picture);
	});

	test('a WebP of no size is not whole', () => {
		expect(isWhole('image/webp', Buffer.from('RIFF\0\0\0\0WEBPVP8 '))).toBe(false);
		expect(isWhole('image/webp', Buffer.from('RIFF\x04\0\0\0WEBPVP8 '))).toBe(false);
	});
});

describe('real files', () => {
	const asset = (name: string) => readFileSync(join(__dirname, '../../../../stand-in/assets', name));

	test.each([
		['clip.mp4', 'video/mp4'],
		['profile.jpg', 'image/jpeg'],
	])('%s is whole, and no cut of it is', (name, mimeType) => {
		const bytes = asset(name);
		expectEdges(mimeType, { bytes, edges: new Set([bytes.length]) });
	});

	test.each([
		['clip.mp4', 'video/mp4'],
		['profile.jpg', 'image/jpeg'],
	])('%s in chunks of any size is judged the same', (name, mimeType) => {
		expectSameInChunks(mimeType, asset(name));
	});
});

test('bytes of any kind never make it throw, and a type that it does not know is whole', () => {
	const types = fc.constantFrom(
		'video/mp4',
		'video/webm',
		'image/png',
		'image/jpeg',
		'image/webp',
		'image/gif',
	);
	always(types, fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }), (type, chunks) => {
		const whole = isWhole(type, ...chunks.map((chunk) => Buffer.from(chunk)));
		if (type === 'image/gif') expect(whole).toBe(true);
	});
});
