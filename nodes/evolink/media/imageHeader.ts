/** What an image's own header says. Pixels are as stored: EXIF rotation is not applied, as EvoLink compares stored pixels. */
export interface ImageHeader {
	mimeType: 'image/png' | 'image/jpeg' | 'image/webp';
	width: number;
	height: number;
}

const ascii = (bytes: Buffer, start: number, end: number) => bytes.toString('latin1', start, end);

function png(bytes: Buffer): ImageHeader | undefined {
	if (
		bytes.length < 24 ||
		ascii(bytes, 1, 4) !== 'PNG' ||
		bytes[0] !== 0x89 ||
		ascii(bytes, 12, 16) !== 'IHDR'
	)
		return;
	return { mimeType: 'image/png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** Start-of-frame markers carry the size; C4, C8 and CC share their range but are tables (ITU-T T.81, table B.1). */
function isFrameMarker(marker: number): boolean {
	return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

function jpeg(bytes: Buffer): ImageHeader | undefined {
	if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return;
	let at = 2;
	while (at + 9 <= bytes.length) {
		if (bytes[at] !== 0xff) return;
		const marker = bytes[at + 1];
		if (marker === 0xff) {
			at += 1;
			continue;
		}
		if (isFrameMarker(marker)) {
			return {
				mimeType: 'image/jpeg',
				width: bytes.readUInt16BE(at + 7),
				height: bytes.readUInt16BE(at + 5),
			};
		}
		const standsAlone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
		// A length below 2 would be wrong: it leads to its own bytes, which begin no segment.
		at += standsAlone ? 2 : 2 + bytes.readUInt16BE(at + 2);
	}
	return;
}

function webp(bytes: Buffer): ImageHeader | undefined {
	if (bytes.length < 30 || ascii(bytes, 0, 4) !== 'RIFF' || ascii(bytes, 8, 12) !== 'WEBP') return;
	const size = (width: number, height: number): ImageHeader => ({ mimeType: 'image/webp', width, height });
	switch (ascii(bytes, 12, 16)) {
		case 'VP8 ':
			if (bytes.readUIntLE(23, 3) !== 0x2a019d) return;
			return size(bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff);
		case 'VP8L': {
			if (bytes[20] !== 0x2f) return;
			const bits = bytes.readUInt32LE(21);
			return size((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
		}
		case 'VP8X':
			return size(bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1);
	}
	return;
}

/** Type and pixels by magic bytes, never by file name. Nothing for any other or broken file. */
export function readImageHeader(bytes: Buffer): ImageHeader | undefined {
	const header = png(bytes) ?? jpeg(bytes) ?? webp(bytes);
	return header && header.width > 0 && header.height > 0 ? header : undefined;
}
