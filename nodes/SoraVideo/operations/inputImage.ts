import type { IExecuteFunctions } from 'n8n-workflow';

import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { readImageHeader, type ImageHeader } from '../../evolink/media/imageHeader';
import type { UploadableFile } from '../../evolink/media/upload';
import { CUSTOM } from '../../evolink/models';
import { readImageCheck } from '../settings';
import { readBinary } from './binaryFile';
import { hint } from '../../host/context';
import { ProblemError } from '../../host/errors';
import { wrongFile, wrongPixels } from '../../host/messages';
import type { ItemParameters } from '../../host/parameters';

const IMAGE = evolinkFacts.imageInput;

const WANTED = { what: 'image', mimeTypes: IMAGE.mimeTypes, maxBytes: IMAGE.maxBytes } as const;

const exactModels = IMAGE.exactPixels.models.map((model) => evolinkFacts.models[model].label);
const exactSizes = Object.entries(IMAGE.exactPixels.sizes)
	.filter(([ratio]) => ratio.includes(':'))
	.map(([ratio, { width, height }]) => `${width}x${height} for ${ratio}`);

/** Which model needs which pixels, for people; the pixel ratios say it themselves. */
export const PIXELS_RULE = `${exactModels.join(', ')}: ${exactSizes.join(', ')}`;

/** Checked by its content: type, size, pixels against the ratio. @throws ProblemError where EvoLink would fail the task for it */
export async function readInputImage(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	rules: string,
	ratio: string,
): Promise<UploadableFile> {
	const { field, size, content, media } = await readBinary(ctx, parameters, 'startImageField', WANTED);
	const header = readImageHeader(await ctx.helpers.getBinaryDataBuffer(parameters.item, field));
	if (header === undefined) {
		const found = `${media?.name} without a size in pixels`;
		throw new ProblemError(wrongFile(field, found), parameters.item);
	}
	checkPixels(ctx, parameters, rules, ratio, header);
	return { content, size, mimeType: header.mimeType, extension: `.${media?.extension}` };
}

/** EvoLink fails a task whose image does not have exactly the pixels of its ratio, after a wait. */
function checkPixels(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	rules: string,
	ratio: string,
	{ width, height }: ImageHeader,
): void {
	const { models, sizes } = IMAGE.exactPixels;
	const isExact = models.some((model) => model === rules);
	const wanted = isExact ? Object.entries(sizes).find(([name]) => name === ratio)?.[1] : undefined;
	if (wanted === undefined) {
		const [across, down] = ratio.split(/[:x]/).map(Number);
		if (rules !== CUSTOM && across < down !== width < height) {
			const text = `The image of item ${parameters.item} is ${width}x${height}, which does not match 'Aspect Ratio' ${ratio}.`;
			hint(ctx, text, 'warning');
		}
		return;
	}
	if (wanted.width === width && wanted.height === height) return;
	const pixels = `${wanted.width}x${wanted.height}`;
	if (readImageCheck(parameters)) {
		const field = parameters.textOr('startImageField', 'data');
		throw new ProblemError(wrongPixels(field, `${width}x${height}`, pixels, ratio), parameters.item);
	}
	hint(
		ctx,
		`The image of item ${parameters.item} is ${width}x${height}; EvoLink may want exactly ${pixels} pixels for 'Aspect Ratio' ${ratio}.`,
		'warning',
	);
}
