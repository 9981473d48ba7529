import fc from 'fast-check';

import { readImageHeader } from '../../../../nodes/evolink/media/imageHeader';
import { always, PROPERTY_TIMEOUT_MS } from '../../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const u16be = (value: number) => [value >> 8, value & 0xff];
const u32be = (value: number) => [...u16be(value >>> 16), ...u16be(value & 0xffff)];
const u24le = (value: number) => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff];
const u32le = (value: number) => [...u24le(value), value >>> 24];
const latin = (text: string) => [...Buffer.from(text, 'latin1')];

function png(width: number, height: number): Buffer {
	const header = [...u32be(13), ...latin('IHDR'), ...u32be(width), ...u32be(height), 8, 2, 0, 0, 0];
	return Buffer.from([...latin('\x89PNG\r\n\x1a\n'), ...header, 0, 0, 0, 0]);
}

const segment = (marker: number, body: number[]) => [0xff, marker, ...u16be(body.length + 2), ...body];

/** @param before segments between the start of the image and its frame */
function jpeg(width: number, height: number, before: number[] = [], frame = 0xc0): Buffer {
	const sof = segment(frame, [8, ...u16be(height), ...u16be(width), 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
	return Buffer.from([0xff, 0xd8, ...before, ...sof, 0xff, 0xd9]);
}

function riff(kind: string, body: number[]): Buffer {
	const chunk = [...latin(kind), ...u32le(body.length), ...body];
	return Buffer.from([...latin('RIFF'), ...u32le(chunk.length + 4), ...latin('WEBP'), ...chunk]);
}

const lossy = (width: number, height: number, scale = 0) =>
	riff('VP8 ', [
		0x10,
		0,
		0,
		0x9d,
		0x01,
		0x2a,
		...u32le(((height | (scale << 14)) << 16) | width | (scale << 14)),
	]);
const lossless = (width: number, height: number) =>
	riff('VP8L', [0x2f, ...u32le((width - 1) | ((height - 1) << 14)), ...Array<number>(8).fill(0)]);
const extended = (width: number, height: number) =>
	riff('VP8X', [0x10, 0, 0, 0, ...u24le(width - 1), ...u24le(height - 1)]);

const side = (max: number) => fc.integer({ min: 1, max });

describe('the header of an image', () => {
	test('of a PNG gives its pixels', () => {
		always(side(2 ** 31 - 1), side(2 ** 31 - 1), (width, height) => {
			expect(readImageHeader(png(width, height))).toEqual({ mimeType: 'image/png', width, height });
		});
	});

	test('of a JPEG gives its pixels, whatever stands before the frame', () => {
		const application = fc
			.tuple(
				fc.integer({ min: 0xe0, max: 0xef }),
				fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 }),
			)
			.map(([marker, body]) => segment(marker, body));
		const tables = fc
			.tuple(
				fc.constantFrom(0xc4, 0xc8, 0xcc, 0xdb, 0xdd, 0xfe),
				fc.array(fc.constant(0xff), { maxLength: 20 }),
			)
			.map(([marker, body]) => segment(marker, body));
		const odd = fc.constantFrom([0xff], [0xff, 0xff, 0xff], [0xff, 0x01], [0xff, 0xd0], [0xff, 0xd7]);
		const before = fc
			.array(fc.oneof(application, tables, odd), { maxLength: 6 })
			.map((parts) => parts.flat());
		const frames = fc.constantFrom(0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc9, 0xca, 0xcf);
		always(side(65_535), side(65_535), before, frames, (width, height, segments, frame) => {
			const header = readImageHeader(jpeg(width, height, segments, frame));
			expect(header).toEqual({ mimeType: 'image/jpeg', width, height });
		});
	});

	test('of a WebP of each kind gives its pixels', () => {
		always(side(16_383), side(16_383), fc.nat(3), (width, height, scale) => {
			const wanted = { mimeType: 'image/webp', width, height };
			expect(readImageHeader(lossy(width, height, scale))).toEqual(wanted);
			expect(readImageHeader(lossless(width, height))).toEqual(wanted);
		});
		always(side(2 ** 24), side(2 ** 24), (width, height) => {
			expect(readImageHeader(extended(width, height))).toEqual({ mimeType: 'image/webp', width, height });
		});
	});

	const whole: Array<[string, Buffer]> = [
		['PNG', png(1280, 720)],
		['JPEG', jpeg(1280, 720, segment(0xe1, Array<number>(40).fill(7)))],
		['WebP (VP8)', lossy(1280, 720)],
		['WebP (VP8L)', lossless(1280, 720)],
		['WebP (VP8X)', extended(1280, 720)],
	];

	test.each(whole)('of a %s cut off at any byte is right or nothing', (_, bytes) => {
		const header = readImageHeader(bytes);
		expect(header).toMatchObject({ width: 1280, height: 720 });
		let missing = 0;
		for (let length = 0; length < bytes.length; length += 1) {
			const cut = readImageHeader(bytes.subarray(0, length));
			if (cut === undefined) missing += 1;
			else expect(cut).toEqual(header);
		}
		expect(missing).toBeGreaterThan(20);
	});

	test.each(whole)('of a %s with any byte changed never throws and never has empty sides', (_, bytes) => {
		always(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
			const changed = Buffer.from(bytes);
			changed[at] = value;
			const header = readImageHeader(changed);
			if (header !== undefined) expect(Math.min(header.width, header.height)).toBeGreaterThan(0);
		});
	});

	test('of any bytes, with or without a known start, never throws', () => {
		const starts = fc.constantFrom(
			'',
			'\xff\xd8',
			'\xff\xd8\xff',
			'\x89PNG\r\n\x1a\n',
			'RIFF....WEBPVP8 ',
			'GIF89a',
		);
		always(starts, fc.uint8Array({ maxLength: 80 }), (start, bytes) => {
			readImageHeader(Buffer.concat([Buffer.from(start, 'latin1'), bytes]));
		});
	});

	test('of an image without pixels is nothing', () => {
		for (const bytes of [png(0, 720), png(1280, 0), jpeg(0, 720), jpeg(1280, 0), lossy(0, 720)]) {
			expect(readImageHeader(bytes)).toBeUndefined();
		}
	});

	test('of other files is nothing', () => {
		for (const text of ['GIF89a', '<svg width="1" height="1">', 'RIFF....WAVEfmt ', '%PDF-1.7', 'BM']) {
			expect(readImageHeader(Buffer.from(text.padEnd(64)))).toBeUndefined();
		}
	});
});

/** The shortest files that still say what they are, 300 × 200. */
const hex = (text: string) => Buffer.from(text.replace(/ /g, ''), 'hex');
const PNG = hex('89504e47 0d0a1a0a 0000000d 49484452 0000012c 000000c8');
const JPEG = hex('ffd8 ffc0 0011 08 00c8 012c');
const shortest = (kind: string, body: string) => hex(`52494646 00000000 57454250 ${kind} 00000000 ${body}`);
const LOSSY = shortest('56503820', '000000 9d012a 2c01 c800');
const LOSSLESS = shortest('5650384c', '2f 2bc1 3100 0000000000');
const EXTENDED = shortest('56503858', '00000000 2b0100 c70000');

test.each([
	['a PNG', PNG, [0, 1, 2, 3, 12, 13, 14, 15]],
	['a JPEG', JPEG, [0, 1, 2]],
	['a lossy WebP', LOSSY, [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 23, 24, 25]],
	['a lossless WebP', LOSSLESS, [0, 3, 8, 11, 12, 15, 20]],
	['an extended WebP', EXTENDED, [0, 3, 8, 11, 12, 15]],
])(
	'%s is one in its shortest form, and none with one byte missing or one magic byte wrong',
	(_, bytes, magic) => {
		expect(readImageHeader(bytes)).toMatchObject({ width: 300, height: 200 });
		expect(readImageHeader(bytes.subarray(0, -1))).toBeUndefined();
		for (const at of magic) {
			const broken = Buffer.from(bytes);
			broken[at] ^= 0x80;
			expect(readImageHeader(broken)).toBeUndefined();
		}
	},
);

test.each([
	['a second start of image', 'ffd8 ffd8 ffc0 0011 08 00c8 012c', { width: 300, height: 200 }],
	['stray bytes between segments', 'ffd8 0000 ffc0 0011 08 00c8 012c', undefined],
	['stray bytes that look like a segment', 'ffd8 00e0 0002 ffc0 0011 08 00c8 012c', undefined],
])('a JPEG with %s', (_, bytes, header) => {
	if (header === undefined) expect(readImageHeader(hex(bytes))).toBeUndefined();
	else expect(readImageHeader(hex(bytes))).toMatchObject(header);
});
