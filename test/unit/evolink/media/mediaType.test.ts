import { readImageHeader } from '../../../../nodes/evolink/media/imageHeader';

/** The shortest files that still say what they are, 300 × 200. */
const hex = (text: string) => Buffer.from(text.replace(/ /g, ''), 'hex');
const PNG = hex('89504e47 0d0a1a0a 0000000d 49484452 0000012c 000000c8');
const JPEG = hex('ffd8 ffc0 0011 08 00c8 012c');
const riff = (kind: string, body: string) => hex(`52494646 00000000 57454250 ${kind} 00000000 ${body}`);
const LOSSY = riff('56503820', '000000 9d012a 2c01 c800');
const LOSSLESS = riff('5650384c', '2f 2bc1 3100 0000000000');
const EXTENDED = riff('56503858', '00000000 2b0100 c70000');

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
