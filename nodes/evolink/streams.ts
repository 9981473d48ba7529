import type { BinaryHelperFunctions } from 'n8n-workflow';

import { abortAfter } from './async';

/** Node's Readable, named through n8n's own types: community nodes may not import `stream`. */
export type ByteStream = Exclude<
	Parameters<BinaryHelperFunctions['prepareBinaryData']>[0],
	Buffer | Uint8Array
>;

type ReadableClass = {
	from(chunks: AsyncIterable<Buffer>, options: { objectMode: boolean; highWaterMark: number }): ByteStream;
};

/** How far reading may run ahead of writing, in bytes: n8n's own streams hand over one chunk at a time, which is slow. */
const READ_AHEAD = 1024 * 1024;

/** A stream over `chunks`, made by the class of a stream at hand, since the class itself cannot be imported. */
export function streamOf(sample: ByteStream, chunks: AsyncIterable<Buffer>): ByteStream {
	const { from } = sample.constructor as unknown as ReadableClass;
	return from(chunks, { objectMode: false, highWaterMark: READ_AHEAD });
}

/**
 * The bytes of a stream, or `undefined` if there are more than `limit`.
 * @param timeoutMs bound for the whole body: HTTP timeouts end with the headers
 * @throws the stream's own error, and a TimeoutError
 */
export async function readCapped(
	stream: ByteStream,
	limit: number,
	timeoutMs: number,
): Promise<Buffer | undefined> {
	const release = destroyAfter(stream, timeoutMs);
	const chunks: Buffer[] = [];
	let size = 0;
	try {
		for await (const chunk of stream) {
			size += (chunk as Buffer).length;
			if (size > limit) return undefined;
			chunks.push(chunk as Buffer);
		}
		return Buffer.concat(chunks);
	} finally {
		release();
	}
}

/** Destroys a stream that is still flowing after `ms`; call what it returns once the stream is done with. */
export function destroyAfter(stream: ByteStream, ms: number, signal?: AbortSignal): () => void {
	const limit = abortAfter(ms, signal);
	const destroy = () => {
		const { reason } = limit as { reason: unknown };
		stream.destroy(reason instanceof Error ? reason : undefined);
	};
	if (limit.aborted) destroy();
	limit.addEventListener('abort', destroy, { once: true });
	return () => limit.removeEventListener('abort', destroy);
}
