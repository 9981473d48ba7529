import type { IExecuteFunctions } from 'n8n-workflow';

import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { readImageHeader, type ImageHeader } from '../../evolink/media/imageHeader';
import { contentOf, type UploadableFile } from '../../evolink/media/upload';
import { CUSTOM } from '../../evolink/models';
import { readImageCheck } from '../settings';
import { assertSize, readBinary } from './draft';
import { hint } from '../../host/context';
import { ProblemError } from '../../host/errors';
import { wrongPixels } from '../../host/messages';
import type { ItemParameters } from '../../host/parameters';

const IMAGE = evolinkFacts.imageInput;

const EXTENSIONS: Record<ImageHeader['mimeType'], string> = {
	'image/jpeg': '.jpg',
	'image/png': '.png',
	'image/webp': '.webp',
};

const exactModels = IMAGE.exactPixels.models.map((model) => evolinkFacts.models[model].label);
const exactSizes = Object.entries(IMAGE.exactPixels.sizes)
	.filter(([ratio]) => ratio.includes(':'))
	.map(([ratio, { width, height }]) => `${width}x${height} for ${ratio}`);

/** Which model needs which pixels, for people; the pixel ratios say it themselves. */
export const PIXELS_RULE = `${exactModels.join(', ')}: ${exactSizes.join(', ')}`;

/**
 * The image in an item's binary field, checked by its content: type, size, and pixels against the aspect ratio.
 *
 * @throws ProblemError before anything is sent, when EvoLink would fail the task for it
 */
export async function readInputImage(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	rules: string,
	ratio: string,
): Promise<UploadableFile> {
	const { header, size, content } = await readImage(ctx, parameters);
	checkPixels(ctx, parameters, rules, ratio, header);
	return { content, size, mimeType: header.mimeType, extension: EXTENSIONS[header.mimeType] };
}

async function readImage(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
): Promise<{ header: ImageHeader } & Pick<UploadableFile, 'size' | 'content'>> {
	const { item } = parameters;
	const { binary, field, size } = await readBinary(ctx, parameters, 'imageField');
	assertSize(parameters, 'imageField', { field, size }, { what: 'an image', maxBytes: IMAGE.maxBytes });
	const header = readImageHeader(await ctx.helpers.getBinaryDataBuffer(item, field));
	if (header === undefined) {
		throw parameters.refuse(
			'imageField',
			field,
			`an image in one of these formats: ${IMAGE.mimeTypes.join(', ')}; the content of this field is none`,
		);
	}
	return { header, size, content: contentOf(item, binary, field) };
}

/** The pixels that an image must have, as far as the model asks for any. */
function exactPixels(rules: string, ratio: string): { width: number; height: number } | undefined {
	const { models, sizes } = IMAGE.exactPixels;
	if (!models.some((model) => model === rules)) return undefined;
	return new Map<string, { width: number; height: number }>(Object.entries(sizes)).get(ratio);
}

/** EvoLink fails a task whose image does not have exactly the pixels of its ratio, after a wait. */
function checkPixels(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	rules: string,
	ratio: string,
	{ width, height }: ImageHeader,
): void {
	const wanted = exactPixels(rules, ratio);
	if (wanted === undefined) {
		const [across, down] = ratio.split(/[:x]/).map(Number);
		if (rules !== CUSTOM && across < down !== width < height) {
			const told = `The image of item ${parameters.item} is ${width}x${height}, which does not match 'Aspect Ratio' ${ratio}.`;
			hint(ctx, told, 'warning');
		}
		return;
	}
	if (wanted.width === width && wanted.height === height) return;
	const pixels = `${wanted.width}x${wanted.height}`;
	if (readImageCheck(parameters)) {
		const field = parameters.text('imageField', 'data');
		throw new ProblemError(wrongPixels(field, `${width}x${height}`, pixels, ratio), parameters.item);
	}
	hint(
		ctx,
		`The image of item ${parameters.item} is ${width}x${height}; EvoLink may want exactly ${pixels} pixels for 'Aspect Ratio' ${ratio}.`,
		'warning',
	);
}
