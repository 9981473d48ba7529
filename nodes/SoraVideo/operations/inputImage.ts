import type { IExecuteFunctions } from 'n8n-workflow';

import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { readImageHeader, type ImageHeader } from '../../evolink/media/images';
import { contentOf, type UploadableFile } from '../../evolink/media/upload';
import { CUSTOM } from '../../evolink/models';
import { hint } from '../../evolink/run/errors';
import { refuseParameter } from '../../evolink/run/settings';
import { assertSize, readBinary } from './draft';

const IMAGE = evolinkFacts.imageInput;

const EXTENSIONS: Record<ImageHeader['mimeType'], string> = {
	'image/jpeg': '.jpg',
	'image/png': '.png',
	'image/webp': '.webp',
};

/**
 * The picture in an item's binary field, checked by its content: type, size, and pixels against the aspect ratio.
 *
 * @throws NodeOperationError before anything is sent, when EvoLink would fail the task for it
 */
export async function readInputImage(
	ctx: IExecuteFunctions,
	item: number,
	rules: string,
	ratio: string,
): Promise<UploadableFile> {
	const { header, size, content } = await readImage(ctx, item);
	checkPixels(ctx, item, rules, ratio, header);
	return { content, size, mimeType: header.mimeType, extension: EXTENSIONS[header.mimeType] };
}

async function readImage(
	ctx: IExecuteFunctions,
	item: number,
): Promise<{ header: ImageHeader } & Pick<UploadableFile, 'size' | 'content'>> {
	const { binary, field, size } = await readBinary(ctx, 'imageField', item);
	assertSize(ctx, item, { field, size }, { what: 'a picture', maxBytes: IMAGE.maxBytes });
	const header = readImageHeader(await ctx.helpers.getBinaryDataBuffer(item, field));
	if (header === undefined) {
		throw refuseParameter(
			ctx,
			item,
			'Input Data Field Name',
			field,
			`a picture in one of these formats: ${IMAGE.mimeTypes.join(', ')}; the content of this field is none`,
		);
	}
	return { header, size, content: contentOf(ctx, item, binary, field) };
}

/** EvoLink fails a task whose picture does not have exactly the pixels of an explicit ratio, after a wait. */
function checkPixels(
	ctx: IExecuteFunctions,
	item: number,
	rules: string,
	ratio: string,
	header: ImageHeader,
): void {
	const { models, sizes } = IMAGE.exactPixels;
	const known: Readonly<Record<string, { width: number; height: number; inferred: boolean }>> = sizes;
	if (!models.some((model) => model === rules) || !Object.hasOwn(known, ratio)) {
		const [width, height] = ratio.split(/[:x]/).map(Number);
		if (rules !== CUSTOM && width < height !== header.width < header.height) {
			hint(
				ctx,
				`The picture of item ${item} is ${header.width}x${header.height}, which does not suit 'Aspect Ratio' ${ratio}.`,
				'warning',
			);
		}
		return;
	}
	const wanted = known[ratio];
	if (wanted.width === header.width && wanted.height === header.height) return;
	const size = `${header.width}x${header.height} pixels`;
	if (!wanted.inferred) {
		throw refuseParameter(
			ctx,
			item,
			'Input Data Field Name',
			`a picture of ${size}`,
			`exactly ${wanted.width}x${wanted.height} pixels for 'Aspect Ratio' ${ratio}`,
		);
	}
	hint(
		ctx,
		`The picture of item ${item} is ${size}; EvoLink may want exactly ${wanted.width}x${wanted.height} for 'Aspect Ratio' ${ratio}.`,
		'warning',
	);
}
