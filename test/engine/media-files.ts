/** Files that are real as far as their type, their pixels and where they end can be told. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes that no text encoding survives, so that a file that was handled as text shows. */
const filler = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7 + (index >> 8)) & 0xff));

const u32 = (value: number) => {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
};

export function png(width: number, height: number): Buffer {
	const chunk = (type: string, ...body: Buffer[]) => {
		const content = Buffer.concat(body);
		return Buffer.concat([u32(content.length), Buffer.from(type), content, Buffer.alloc(4)]);
	};
	const signature = Buffer.from('89504e470d0a1a0a', 'hex');
	const header = chunk('IHDR', u32(width), u32(height), Buffer.from('0802000000', 'hex'));
	return Buffer.concat([signature, header, chunk('IDAT', filler), chunk('IEND')]);
}

/** With an APP0 segment and a table before the frame, as cameras write them. */
export function jpeg(width: number, height: number): Buffer {
	const before = Buffer.from('ffd8ffe000104a46494600010100000100010000ffdb0004aabb', 'hex');
	const frame = Buffer.concat([
		Buffer.from('ffc2001108', 'hex'),
		u32((height << 16) | width),
		Buffer.alloc(10),
	]);
	// a comment, whose content may be anything
	const comment = Buffer.from('fffe1002', 'hex');
	return Buffer.concat([before, frame, comment, filler, Buffer.from('ffd9', 'hex')]);
}

export function webp(width: number, height: number, chunk: 'VP8 ' | 'VP8L' | 'VP8X'): Buffer {
	const head = Buffer.alloc(30);
	head.write('RIFF', 0, 'latin1');
	head.writeUInt32LE(22 + filler.length, 4);
	head.write(`WEBP${chunk}`, 8, 'latin1');
	if (chunk === 'VP8 ') {
		head.writeUIntLE(0x2a019d, 23, 3);
		head.writeUInt16LE(width, 26);
		head.writeUInt16LE(height, 28);
	} else if (chunk === 'VP8L') {
		head[20] = 0x2f;
		head.writeUInt32LE(((height - 1) << 14) | (width - 1), 21);
	} else {
		head.writeUIntLE(width - 1, 24, 3);
		head.writeUIntLE(height - 1, 27, 3);
	}
	return Buffer.concat([head, filler]);
}

export const gif = (): Buffer => Buffer.concat([Buffer.from('GIF89a', 'latin1'), filler]);

export const mp4 = (): Buffer =>
	readFileSync(join(__dirname, '../../stand-in/assets/clip.mp4')).subarray(0, 5000);

export const mov = (): Buffer =>
	Buffer.concat([u32(20), Buffer.from('ftypqt  \0\0\0\0qt  ', 'latin1'), filler]);

export const webm = (): Buffer => Buffer.concat([Buffer.from('1a45dfa3', 'hex'), filler]);
