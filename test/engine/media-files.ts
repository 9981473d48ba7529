/** Files that are real as far as their type, their pixels and where they end can be told. */

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

const box = (type: string, ...body: Buffer[]) => {
	const content = Buffer.concat(body);
	return Buffer.concat([u32(content.length + 8), Buffer.from(type), content]);
};

/** The index of a film with one track. */
const index = (handler: 'vide' | 'soun') =>
	box('moov', box('trak', box('mdia', box('hdlr', Buffer.alloc(8), Buffer.from(`${handler}....`)))));

const ftyp = box('ftyp', Buffer.from('isom\0\0\x02\0isommp41', 'latin1'));

export const mp4 = (handler: 'vide' | 'soun' = 'vide'): Buffer =>
	Buffer.concat([ftyp, index(handler), box('mdat', filler)]);

/** As old cameras write it: no `ftyp`, pictures first, and something behind it. */
export const mov = (): Buffer =>
	Buffer.concat([box('wide'), box('mdat', filler), index('vide'), Buffer.from('\r\n')]);

/** Nothing says that the last fragment is the last one, and nothing marks its end. */
export const fragments = (count: number): Buffer =>
	Buffer.concat([
		ftyp,
		index('vide'),
		...Array<Buffer>(count).fill(Buffer.concat([box('moof'), box('mdat', filler)])),
	]);

const element = (id: string, ...body: Buffer[]) => {
	const content = Buffer.concat(body);
	return Buffer.concat([Buffer.from(id, 'hex'), u32(0x10000000 + content.length), content]);
};

export const webm = (type = 'webm'): Buffer =>
	Buffer.concat([
		element('1a45dfa3', element('4282', Buffer.from(type))),
		element('18538067', element('1f43b675', filler)),
	]);
