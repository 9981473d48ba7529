import fc from 'fast-check';

import { HEAD_BYTES, detectMedia, formatNames } from '../../../../nodes/evolink/media/mediaType';
import { always } from '../../support';

const latin = (text: string) => Buffer.from(text, 'latin1');
const box = (brand: string, more = '') => `\0\0\0\x18ftyp${brand}\0\0\0\0${more}`;
const ebml = (type: string) =>
	`\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x88${type}`;
const filler = (type: string, size: number) => `\0\0\0${String.fromCharCode(size)}${type}`.padEnd(size, '\0');

describe('a file is known by its first bytes', () => {
	test.each([
		[box('isom'), 'video/mp4', 'mp4'],
		[box('mp42'), 'video/mp4', 'mp4'],
		[box('qt  '), 'video/quicktime', 'mov'],
		['\0\0\0\x18stypmsdh', 'video/mp4', 'mp4'],
		['\0\0\0\x18sidx', 'video/mp4', 'mp4'],
		[`${filler('free', 12)}${filler('skip', 20)}${box('isom')}`, 'video/mp4', 'mp4'],
		[`${filler('free', 12)}\0\0\0\x0cftypisom`, 'video/mp4', 'mp4'],
		['\0\0\0\x08wide\0\x10\0\0mdat', 'video/quicktime', 'mov'],
		['\x7f\0\0\0mdat', 'video/quicktime', 'mov'],
		['\0\x02\0\0moov\0\0\0\x6cmvhd', 'video/quicktime', 'mov'],
		['\0\0\x10\0free', 'video/quicktime', 'mov'],
		[ebml('webm'), 'video/webm', 'webm'],
		['\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'image/png', 'png'],
		['\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0', 'image/jpeg', 'jpg'],
		['RIFF\x24\0\0\0WEBPVP8 ', 'image/webp', 'webp'],
		['GIF89a\x01\0\x01\0\0\0\0\0\0\0', 'image/gif', 'gif'],
		[box('heic'), 'image/heic', 'heic'],
		[box('mif1'), 'image/heic', 'heic'],
		[box('avif'), 'image/avif', 'avif'],
		[box('mif1', 'miafavif'), 'image/avif', 'avif'],
	])('%j is %s', (head, mimeType, extension) => {
		const media = detectMedia(latin(head));
		expect(media).toMatchObject({ mimeType, extension, kind: mimeType.split('/')[0] });
		expect(detectMedia(Buffer.concat([latin(head), Buffer.alloc(HEAD_BYTES)]))).toEqual(media);
	});

	test('what holds nothing yet is taken for a film', () => {
		expect(detectMedia(latin(filler('free', 12)))).toMatchObject({ name: 'MOV' });
	});

	test.each([
		[ebml('matroska'), 'video', 'MKV'],
		['RIFF\x24\0\0\0AVI LIST', 'video', 'AVI'],
		[`${'G'.padEnd(188)}${'G'.padEnd(188)}G`, 'video', 'MPEG-TS'],
		[`    ${'G'.padEnd(192)}${'G'.padEnd(192)}G`, 'video', 'MPEG-TS'],
		['\0\0\x01\xbaD\0', 'video', 'MPEG'],
		['FLV\x01\x05', 'video', 'FLV'],
		['0&\xb2u\x8ef\xcf\x11', 'video', 'WMV'],
		[`OggS${' '.repeat(25)}theora`, 'video', 'Ogg'],
		[`OggS${' '.repeat(25)}OpusHead`, 'sound', 'sound alone'],
		['ID3\x04', 'sound', 'sound alone'],
		['\xff\xfb\x90\x64', 'sound', 'sound alone'],
		['RIFF\x24\0\0\0WAVEfmt ', 'sound', 'sound alone'],
		['BM\x9a\xa8\0\0\0\0\0\0', 'image', 'BMP'],
		['II*\0\x08\0', 'image', 'TIFF'],
		['MM\0*\0\0', 'image', 'TIFF'],
		['8BPS\0\x01', 'image', 'PSD'],
		['<svg xmlns="http://www.w3.org/2000/svg">', 'image', 'SVG'],
		['\xef\xbb\xbf<?xml version="1.0"?>\n<!-- made by -->\n<svg>', 'image', 'SVG'],
		['<!DOCTYPE html><html><svg>', 'other', 'a web page'],
		['\n<HTML lang="en">', 'other', 'a web page'],
		['<?xml version="1.0"?><Error><Code>AccessDenied', 'other', 'XML'],
		['{"error":{"code":403}}', 'other', 'JSON'],
		['[{"a":1}]', 'other', 'JSON'],
		[Buffer.alloc(3000, 7).toString('base64'), 'other', 'text in base64'],
		[`${Buffer.alloc(60, 7).toString('base64')}\n`, 'other', 'text in base64'],
		['data:image/png;base64,iVBORw0KGgo=', 'other', 'text in base64'],
		['%PDF-1.7 ........', 'other', 'a PDF'],
		['PK\x03\x04............', 'other', 'a ZIP archive'],
		['', 'other', 'empty (0 bytes)'],
	])('%j is %s: %s', (head, kind, name) => {
		expect(detectMedia(latin(head))).toEqual({ kind, name });
	});

	test.each(['\0', 'a letter to my aunt', 'tax-free shopping', 'GGGG', 'AAAAAAAAWEBPVP8 ', '<svgs>', 'RIFF'])(
		'%j is nothing that it knows',
		(head) => expect(detectMedia(latin(head))).toBeUndefined(),
	);

	test('bytes of any kind never make it throw', () => {
		const starts = fc.constantFrom('', '\0\0\0\0free', '\0\0\0\x09skip', '<!--', '{', 'G', '\x1aE\xdf\xa3');
		always(starts, fc.uint8Array({ maxLength: 40 }), (start, bytes) => {
			const media = detectMedia(Buffer.concat([latin(start), bytes]));
			if (media?.mimeType) expect(media.mimeType.startsWith(media.kind)).toBe(true);
		});
	});
});

test('formats are named as people know them', () => {
	expect(formatNames(['image/jpeg', 'image/png', 'video/mp4'])).toBe('MP4, PNG, JPEG');
});
