/**
 * What a walk through a file needs next: `read` so many bytes to look at, `skip` so many, or pass all bytes up to and with
 * the next `seek`. Where `mayEnd` is true, a file that ends before the next byte is whole.
 */
type Step = ({ read: number } | { skip: number } | { seek: number }) & { mayEnd?: boolean };

/** Gets the bytes that it reads. Returns whether the file is whole, whatever may still follow. */
type Walk = Generator<Step, boolean, Buffer>;

/**
 * Top-level boxes of mp4 and mov (ISO/IEC 14496-12, 4.2): sizes of 32 or 64 bits, 0 = to the end of the file. Only an index
 * and the frames together are a video; each `moof` of a fragmented file announces an `mdat` (8.8.4).
 */
function* boxes(): Walk {
	let [hasIndex, hasPictures] = [false, false];
	for (;;) {
		const head = yield { read: 8, mayEnd: hasIndex && hasPictures };
		const type = head.toString('latin1', 4);
		let [size, passed] = [head.readUInt32BE(), 8];
		if (size === 1) {
			const large = yield { read: 8 };
			[size, passed] = [large.readUInt32BE() * 2 ** 32 + large.readUInt32BE(4), 16];
		}
		if (type === 'moov') hasIndex = true;
		if (type === 'mdat') hasPictures = true;
		if (type === 'moof') hasPictures = false;
		if (size === 0) yield { skip: Infinity, mayEnd: hasIndex && hasPictures };
		if (size < passed) return false;
		yield { skip: size - passed };
	}
}

/** The bits after the marker, and how many bytes they took in all; `unknown` when all are set (RFC 8794, 4 and 6). */
function* variableInteger(
	mayEnd = false,
): Generator<Step, { value: number; length: number; unknown: boolean }, Buffer> {
	const [first] = yield { read: 1, mayEnd };
	const length = Math.clz32(first) - 23;
	const mask = 0xff >> length;
	const rest = yield { read: Math.min(length, 8) - 1 };
	const value = rest.reduce((sum, byte) => sum * 256 + byte, first & mask);
	return { value, length, unknown: (first & mask) === mask && rest.every((byte) => byte === 0xff) };
}

/** IDs without their length marker (RFC 9559, 5.1). */
const SEGMENT = 0x8538067;
const CLUSTER = 0xf43b675;

/** WebM: elements of a known size are passed over, into those of an unknown size, as live recorders write them, we go. */
function* elements(): Walk {
	let hasCluster = false;
	for (;;) {
		const id = yield* variableInteger(hasCluster);
		const size = yield* variableInteger();
		if (id.length > 4 || size.length > 8) return false;
		if (id.value === CLUSTER) hasCluster = true;
		if (size.unknown) continue;
		yield { skip: size.value };
		if (id.value === SEGMENT) return true;
	}
}

/** PNG (ISO/IEC 15948, 5.3). */
function* pngChunks(): Walk {
	yield { skip: 8 };
	for (;;) {
		const head = yield { read: 8 };
		yield { skip: head.readUInt32BE() + 4 };
		if (head.toString('latin1', 4) === 'IEND') return true;
	}
}

/** JPEG (ITU-T T.81, B.1.1): thumbnails end inside their segment; in the scans 0xff stands before 0 or a restart marker. */
function* jpegMarkers(): Walk {
	for (;;) {
		yield { seek: 0xff };
		let [marker] = yield { read: 1 };
		while (marker === 0xff) [marker] = yield { read: 1 };
		if (marker === 0xd9) return true;
		if (marker > 0x01 && (marker < 0xd0 || marker > 0xd8)) {
			const length = yield { read: 2 };
			yield { skip: length.readUInt16BE() - 2 };
		}
	}
}

/** WebP: one RIFF chunk, whose size counts from its name on. */
function* riff(): Walk {
	const head = yield { read: 12 };
	const size = head.readUInt32LE(4) - 4;
	yield { skip: size };
	return size > 0;
}

const WALKS: Readonly<Record<string, () => Walk>> = {
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
	/** Whether the file may end here, as far as its format tells. */
	isWhole(): boolean;
}

/** Follows a file of this type as it passes. Of types that it does not know every file counts as whole. */
export function completenessOf(mimeType: string): Completeness {
	const walk = WALKS[mimeType]?.();
	if (walk === undefined) return { take: () => undefined, isWhole: () => true };
	let state: ReturnType<Walk['next']>;
	let read = Buffer.alloc(0);
	let left = 0;

	/** Begins the next step, and those after it that need no bytes. */
	const begin = (next: ReturnType<Walk['next']>) => {
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
				at = end;
				if (left <= 0) begin(walk.next(read));
			}
		},
		isWhole: () => (state.done ? state.value : state.value.mayEnd === true && read.length === 0),
	};
}
