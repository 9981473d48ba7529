/**
 * How much of a file is there, as far as its format tells:
 *
 * - `whole`: all of it, whatever may still follow
 * - `endless`: it may end here or go on, as live recordings do: nothing marks their end
 * - `unended`: the mark of its end is missing, and maybe more
 * - `cut`: a part is missing
 * - `sound`: all of it, and there are no pictures in it
 */
export type Extent = 'whole' | 'endless' | 'unended' | 'cut' | 'sound';

/** What a walk needs next: `read` or `skip` so many bytes, or all up to the next `seek`. A file that ends before is `ifEnds`. */
type Step = ({ read: number } | { skip: number } | { seek: number }) & { ifEnds?: Extent };

type Part<T> = Generator<Step, T, Buffer>;

/** Gets the bytes that it reads, and `at`: how many have passed. Returns once it does not matter what follows. */
type Walk = (at: () => number) => Part<Extent>;

interface Film {
	hasIndex: boolean;
	isFragmented: boolean;
	handlers: Set<string>;
	/** Where the last chunk of samples begins. */
	lastChunk: number;
}

/** Where a box ends, Infinity where it has no end of its own; `undefined` where there is no box. */
function* boxHead(at: () => number, ifEnds?: Extent): Part<{ type: string; end: number } | undefined> {
	const start = at();
	const head = yield { read: 8, ifEnds };
	const type = head.toString('latin1', 4);
	let size = head.readUInt32BE();
	if (size === 1) {
		const large = yield { read: 8, ifEnds };
		size = large.readUInt32BE() * 2 ** 32 + large.readUInt32BE(4);
	}
	const end = size === 0 ? Infinity : start + size;
	return end < at() || !/^[\x20-\x7e\xa9]{4}$/.test(type) ? undefined : { type, end };
}

/** The boxes that lead to the tables of a track, each inside the one before it. */
const TO_TABLES = ['trak', 'mdia', 'minf', 'stbl'];

function* readIndex(at: () => number, end: number, film: Film, depth = 0): Part<void> {
	while (end - at() >= 8) {
		const box = yield* boxHead(at);
		if (box === undefined) break;
		const boxEnd = Math.min(box.end, end);
		const hasBody = boxEnd - at() >= 12;
		const wide = box.type === 'co64' ? 8 : 4;
		if (box.type === TO_TABLES[depth]) yield* readIndex(at, boxEnd, film, depth + 1);
		if (box.type === 'mvex') film.isFragmented = true;
		if (box.type === 'hdlr' && hasBody) film.handlers.add((yield { read: 12 }).toString('latin1', 8));
		if ((box.type === 'stco' || box.type === 'co64') && hasBody) {
			const count = (yield { read: 8 }).readUInt32BE(4);
			if (count > 0 && count <= (boxEnd - at()) / wide) {
				yield { skip: (count - 1) * wide };
				const last = yield { read: wide };
				film.lastChunk = Math.max(film.lastChunk, Number(`0x${last.toString('hex')}`));
			}
		}
		yield { skip: boxEnd - at() };
	}
	yield { skip: end - at() };
}

/**
 * mp4 and mov (ISO/IEC 14496-12, 4.2): boxes in any order. Only an index and the pictures that it speaks of are a video; each
 * `moof` of a fragmented file announces an `mdat` (8.8.4), and `mfra` follows the last one.
 */
const boxes: Walk = function* (at) {
	const film: Film = { hasIndex: false, isFragmented: false, handlers: new Set(), lastChunk: 0 };
	let hasPictures = false;
	const extent = (isLast = !film.isFragmented): Extent => {
		if (!film.hasIndex || !hasPictures || at() < film.lastChunk) return 'cut';
		if (film.handlers.has('soun') && !film.handlers.has('vide')) return 'sound';
		return isLast ? 'whole' : 'endless';
	};
	while (extent() === 'cut' || film.isFragmented) {
		const box = yield* boxHead(at, extent());
		if (box === undefined) return extent();
		const { type, end } = box;
		if (type === 'mfra' && hasPictures) return extent(true);
		if (type === 'moof') [film.isFragmented, hasPictures] = [true, false];
		if (end === Infinity) {
			film.hasIndex ||= type === 'moov';
			hasPictures ||= type === 'mdat';
			yield { skip: Infinity, ifEnds: film.hasIndex && hasPictures ? 'endless' : 'cut' };
		}
		if (type === 'moov') yield* readIndex(at, end, film);
		yield { skip: end - at(), ifEnds: type === 'mdat' ? 'cut' : extent() };
		film.hasIndex ||= type === 'moov';
		hasPictures ||= type === 'mdat';
	}
	return extent();
};

/** The bits after the marker, and how many bytes they took in all; `unknown` when all are set (RFC 8794, 4 and 6). */
function* variableInteger(ifEnds?: Extent): Part<{ value: number; length: number; unknown: boolean }> {
	const [first] = yield { read: 1, ifEnds };
	const length = Math.clz32(first) - 23;
	const mask = 0xff >> length;
	const rest = yield { read: Math.min(length, 8) - 1, ifEnds };
	const value = rest.reduce((sum, byte) => sum * 256 + byte, first & mask);
	return { value, length, unknown: (first & mask) === mask && rest.every((byte) => byte === 0xff) };
}

/** IDs without their length marker (RFC 9559, 5.1). */
const SEGMENT = 0x8538067;
const TRACKS = 0x654ae6b;
const TRACK_ENTRY = 0x2e;
const TRACK_TYPE = 0x03;
const CLUSTER = 0xf43b675;
const SIMPLE_BLOCK = 0x23;
const BLOCK_GROUP = 0x20;
const VIDEO_TRACK = 1;
const SOUND_TRACK = 2;

/** WebM: a segment of a known size ends there; one of an unknown size, as live recorders write it, has no end. */
const elements: Walk = function* (at) {
	let [end, hasPictures] = [Infinity, false];
	const tracks = new Set<number>();
	const extent = (): Extent => {
		if (end > at() && (end < Infinity || !hasPictures)) return 'cut';
		if (tracks.has(SOUND_TRACK) && !tracks.has(VIDEO_TRACK)) return 'sound';
		return end === Infinity ? 'endless' : 'whole';
	};
	while (at() < end) {
		const id = yield* variableInteger(extent());
		if (id.length > 4) break;
		const size = yield* variableInteger();
		if (size.length > 8) break;
		if (id.value === SEGMENT && !size.unknown) end = at() + size.value;
		if (size.unknown || [SEGMENT, TRACKS, TRACK_ENTRY].includes(id.value)) continue;
		if (id.value === TRACK_TYPE && size.value === 1) tracks.add((yield { read: 1 })[0]);
		else yield { skip: Math.min(size.value, end - at()) };
		hasPictures ||= [CLUSTER, SIMPLE_BLOCK, BLOCK_GROUP].includes(id.value);
	}
	if (end < Infinity) yield { skip: end - at() };
	return extent();
};

/** PNG (ISO/IEC 15948, 5.3). */
const pngChunks: Walk = function* () {
	yield { skip: 8 };
	for (;;) {
		const head = yield { read: 8 };
		yield { skip: head.readUInt32BE() + 4 };
		if (head.toString('latin1', 4) === 'IEND') return 'whole';
	}
};

/** JPEG (ITU-T T.81, B.1.1): thumbnails end inside their segment; in the scans 0xff stands before 0 or a restart marker. */
const jpegMarkers: Walk = function* () {
	let ifEnds: Extent = 'cut';
	for (;;) {
		yield { seek: 0xff, ifEnds };
		let [marker]: Buffer = yield { read: 1, ifEnds };
		while (marker === 0xff) [marker] = yield { read: 1, ifEnds };
		if (marker === 0xd9) return 'whole';
		if (marker > 0x01 && (marker < 0xd0 || marker > 0xd8)) {
			const length = yield { read: 2 };
			yield { skip: length.readUInt16BE() - 2 };
		}
		if (marker === 0xda) ifEnds = 'unended';
	}
};

/** WebP: one RIFF chunk, whose size counts from its name on. */
const riff: Walk = function* () {
	const head = yield { read: 12 };
	const size = head.readUInt32LE(4) - 4;
	yield { skip: size };
	return size > 0 ? 'whole' : 'cut';
};

const WALKS: Readonly<Record<string, Walk>> = {
	'video/mp4': boxes,
	'video/quicktime': boxes,
	'video/webm': elements,
	'image/png': pngChunks,
	'image/jpeg': jpegMarkers,
	'image/webp': riff,
};

export interface Completeness {
	/** Takes the file's next bytes, in chunks of any size. Keeps none of them. */
	take(chunk: Buffer): void;
	extent(): Extent;
}

/** Follows a file of this type as it passes. Of types that it does not know every file counts as whole. */
export function completenessOf(mimeType = ''): Completeness {
	let [passed, left] = [0, 0];
	const walk = WALKS[mimeType]?.(() => passed);
	if (walk === undefined) return { take: () => undefined, extent: () => 'whole' };
	let state: ReturnType<typeof walk.next>;
	let read = Buffer.alloc(0);

	const begin = (next: ReturnType<typeof walk.next>) => {
		for (state = next; !state.done; state = walk.next(read)) {
			read = Buffer.alloc(0);
			const step = state.value;
			left = 'read' in step ? step.read : 'skip' in step ? step.skip : 1;
			if (left > 0) return;
		}
	};
	begin(walk.next());

	return {
		take(chunk) {
			for (let at = 0; at < chunk.length && !state.done;) {
				const step = state.value;
				let end = Math.min(at + left, chunk.length);
				if ('seek' in step) {
					const found = chunk.indexOf(step.seek, at);
					if (found < 0) return;
					end = found + 1;
				} else if ('read' in step) read = Buffer.concat([read, chunk.subarray(at, end)]);
				left -= end - at;
				passed += end - at;
				at = end;
				if (left <= 0) begin(walk.next(read));
			}
		},
		extent: () => (state.done ? state.value : (state.value.ifEnds ?? 'cut')),
	};
}

/** Whether a file may be taken. @param isLengthMet as many bytes came as HTTP had announced: the transfer did not break off */
export function trustIn(extent: Extent, isLengthMet = false): 'full' | 'some' | 'none' {
	const points = { whole: 3, sound: 3, endless: 2, unended: 1, cut: 0 }[extent];
	const wanted = isLengthMet && points > 0 ? points + 1 : points;
	return wanted > 2 ? 'full' : wanted > 1 ? 'some' : 'none';
}
