export type MediaKind = 'video' | 'image';

export interface DetectedMedia {
	kind: MediaKind | 'sound' | 'other';
	/** What it is, for people: completes "the file is …". */
	name: string;
	/** Of formats that a result or an input may have. */
	mimeType?: string;
	extension?: string;
}

/** How many bytes of a file decide what it is. */
export const HEAD_BYTES = 1024;

export const EMPTY = 'empty (0 bytes)';

type Format = [
	head: RegExp,
	kind: DetectedMedia['kind'],
	name: string,
	mimeType?: string,
	extension?: string,
];

/** The first that fits. What is built like mp4 is told apart by its brand (ISO/IEC 14496-12, 4.3); old QuickTime has none. */
const FORMATS: readonly Format[] = [
	[/^.{4}ftyp(avi[fs]|m[is]f1.{4,40}avif)/s, 'image', 'AVIF', 'image/avif', 'avif'],
	[/^.{4}ftyp(hei[cmsx]|hev[cmx]|m[is]f1)/s, 'image', 'HEIC', 'image/heic', 'heic'],
	[/^(.{4}(ftypqt {2}|mdat)|\0.{3}(free|skip|wide|moov|pnot))/s, 'video', 'MOV', 'video/quicktime', 'mov'],
	[/^(.{4}(ftyp|styp)|\0.{3}(sidx|moof))/s, 'video', 'MP4', 'video/mp4', 'mp4'],
	[/^\p{Cc}E\xdf\xa3.{0,60}?B\x82.{1,8}?webm/su, 'video', 'WebM', 'video/webm', 'webm'],
	[/^\p{Cc}E\xdf\xa3/u, 'video', 'MKV'],
	[/^\x89PNG/, 'image', 'PNG', 'image/png', 'png'],
	[/^\xff\xd8\xff/, 'image', 'JPEG', 'image/jpeg', 'jpg'],
	[/^RIFF.{4}WEBP/s, 'image', 'WebP', 'image/webp', 'webp'],
	[/^GIF8/, 'image', 'GIF', 'image/gif', 'gif'],
	[/^BM.{4}\0{4}/s, 'image', 'BMP'],
	[/^(II\*\0|MM\0\*)/, 'image', 'TIFF'],
	[/^8BPS/, 'image', 'PSD'],
	[/^RIFF.{4}AVI /s, 'video', 'AVI'],
	[/^(G.{187}G.{187}G|.{4}G.{191}G.{191}G)/s, 'video', 'MPEG-TS'],
	[/^\0\0\p{Cc}[\xb3\xba]/u, 'video', 'MPEG'],
	[/^FLV\p{Cc}/u, 'video', 'FLV'],
	[/^0&\xb2u\x8ef\xcf/, 'video', 'WMV'],
	[/^OggS.{24,80}theora/s, 'video', 'Ogg'],
	[/^(OggS|ID3|\xff[\xf2\xf3\xfb]|fLaC|RIFF.{4}WAVE)/s, 'sound', 'sound alone'],
	[/^%PDF/, 'other', 'a PDF'],
	[/^PK\p{Cc}{2}/u, 'other', 'a ZIP archive'],
	[/^(\xef\xbb\xbf)?\s*(<[?!][^>]*>\s*)*<svg[\s>]/i, 'image', 'SVG'],
	[/^(\xef\xbb\xbf)?\s*<(!--|!doctype html|html|head|body|title|script|meta)/i, 'other', 'a web page'],
	[/^(\xef\xbb\xbf)?\s*<\?xml/, 'other', 'XML'],
	[/^(\xef\xbb\xbf)?\s*[[{]\s*["[\]{}]/, 'other', 'JSON'],
	[/^(data:[\w+/.-]+;base64,|[\w+/-]{60})[\w+/\r\n-]*={0,2}\s*$/, 'other', 'text in base64'],
	[/^$/, 'other', EMPTY],
];

/** Boxes of mp4 and mov that hold nothing and may stand before all others. */
function withoutFillers(bytes: Buffer): Buffer {
	let at = 0;
	while (/^.{4}(free|skip|wide)/s.test(bytes.toString('latin1', at, at + 8))) {
		const next = at + Math.max(bytes.readUInt32BE(at), 8);
		if (next + 12 > bytes.length) break;
		at = next;
	}
	return bytes.subarray(at);
}

/** By its first bytes, never by its name; nothing where no format fits. */
export function detectMedia(bytes: Buffer): DetectedMedia | undefined {
	const head = withoutFillers(bytes.subarray(0, HEAD_BYTES)).toString('latin1');
	const format = FORMATS.find(([pattern]) => pattern.test(head));
	if (format === undefined) return undefined;
	const [, kind, name, mimeType, extension] = format;
	return { kind, name, mimeType, extension };
}

export function formatNames(mimeTypes: readonly string[]): string {
	return FORMATS.flatMap(([, , name, type]) => (mimeTypes.includes(type ?? '') ? [name] : [])).join(', ');
}
