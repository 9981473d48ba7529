export type MediaKind = 'video' | 'image';

export interface DetectedMedia {
	kind: MediaKind;
	mimeType: string;
	extension: string;
}

/** How many bytes of a file decide what it is. */
export const HEAD_BYTES = 16;

/**
 * In order: HEIC and AVIF images and sound alone come in the same kind of box as MP4, told apart by its brand (ISO/IEC
 * 14496-12, 4.3).
 */
const SIGNATURES: ReadonlyArray<{ head: RegExp; media?: DetectedMedia }> = [
	{ head: /^.{4}ftypqt {2}/s, media: { kind: 'video', mimeType: 'video/quicktime', extension: 'mov' } },
	{
		head: /^.{4}ftyp(hei[cx]|hev[cx]|mif1|msf1)/s,
		media: { kind: 'image', mimeType: 'image/heic', extension: 'heic' },
	},
	{ head: /^.{4}ftypavi[fs]/s, media: { kind: 'image', mimeType: 'image/avif', extension: 'avif' } },
	{ head: /^.{4}ftypM4[AB] /s },
	{ head: /^.{4}ftyp/s, media: { kind: 'video', mimeType: 'video/mp4', extension: 'mp4' } },
	{ head: /^\p{Cc}E\xdf\xa3/u, media: { kind: 'video', mimeType: 'video/webm', extension: 'webm' } },
	{ head: /^\x89PNG/, media: { kind: 'image', mimeType: 'image/png', extension: 'png' } },
	{ head: /^\xff\xd8\xff/, media: { kind: 'image', mimeType: 'image/jpeg', extension: 'jpg' } },
	{ head: /^RIFF.{4}WEBP/s, media: { kind: 'image', mimeType: 'image/webp', extension: 'webp' } },
	{ head: /^GIF8/, media: { kind: 'image', mimeType: 'image/gif', extension: 'gif' } },
];

/** What a file's first bytes say it is; `undefined` for a page, JSON, or anything else that is neither video nor image. */
export function detectMedia(bytes: Buffer): DetectedMedia | undefined {
	const text = bytes.toString('latin1', 0, HEAD_BYTES);
	return SIGNATURES.find(({ head }) => head.test(text))?.media;
}
