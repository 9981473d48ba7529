import { completenessOf, type Completeness, type Extent } from './completeness';
import { HEAD_BYTES, detectMedia, type DetectedMedia } from './mediaType';

/** Keeps none of the bytes but the first. */
export async function inspect(
	chunks: AsyncIterable<Buffer>,
): Promise<{ media: DetectedMedia | undefined; extent: Extent }> {
	let head = Buffer.alloc(0);
	let completeness: Completeness | undefined;
	const begin = () => {
		completeness = completenessOf(detectMedia(head)?.mimeType);
		completeness.take(head);
		return completeness;
	};
	for await (const chunk of chunks) {
		if (completeness !== undefined) completeness.take(chunk);
		else {
			head = Buffer.concat([head, chunk]);
			if (head.length >= HEAD_BYTES) begin();
		}
	}
	return { media: detectMedia(head), extent: (completeness ?? begin()).extent() };
}
