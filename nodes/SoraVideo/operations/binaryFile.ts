import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';

import { trustIn } from '../../evolink/media/completeness';
import { inspect } from '../../evolink/media/inspect';
import { EMPTY, formatNames, type DetectedMedia } from '../../evolink/media/mediaType';
import { binarySize, chunksOf, contentOf, type UploadableFile } from '../../evolink/media/upload';
import { hint } from '../../host/context';
import { ProblemError, textOf } from '../../host/errors';
import { fileTooLarge, noFile, unmarkedEnd, wrongFile } from '../../host/messages';
import type { ItemParameters } from '../../host/parameters';
import { megabytes } from './draft';

interface WantedFile {
	what: 'image' | 'video' | 'file';
	mimeTypes?: readonly string[];
	maxBytes: number;
}

type CheckedFile = Pick<UploadableFile, 'content' | 'size'> & { media?: DetectedMedia };

/** @throws ProblemError when the item has no binary field of the name that a parameter holds */
export function namedBinary(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	name: string,
	isOptional = false,
): { field: string; binary: IBinaryData } {
	const { item } = parameters;
	const field = parameters.text(name, 'data');
	if (field === '') throw parameters.refuse(name, '', 'the name of a binary field');
	const { binary = {} } = ctx.getInputData()[item];
	if (Object.hasOwn(binary, field)) return { field, binary: binary[field] };
	const names = Object.keys(binary);
	throw new ProblemError(noFile(parameters.displayName(name), field, names, isOptional), item);
}

/** Judged by its content. @throws ProblemError when there is no such file, or EvoLink would not take it */
export async function readBinary(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	name: string,
	wanted: WantedFile,
): Promise<CheckedFile & { field: string }> {
	const { field, binary } = namedBinary(ctx, parameters, name, wanted.what === 'image');
	return { field, ...(await checkFile(ctx, parameters.item, binary, field, wanted)) };
}

/** What is no file of any model, however it came into a binary field. */
const NO_FILES: readonly unknown[] = [EMPTY, 'a web page', 'text in base64'];

/** @throws ProblemError when EvoLink would not take the file, or not all of it is there */
export async function checkFile(
	ctx: IExecuteFunctions,
	item: number,
	binary: IBinaryData,
	field: string,
	{ what, mimeTypes, maxBytes }: WantedFile,
): Promise<CheckedFile> {
	const size = await binarySize(ctx, binary);
	if (size > maxBytes) {
		// a few bytes too many would read like the limit itself
		const given = megabytes(size) === megabytes(maxBytes) ? `${size} bytes` : megabytes(size);
		const limit = `${megabytes(maxBytes)} (${maxBytes} bytes)`;
		throw new ProblemError(fileTooLarge(what, field, given, limit), item);
	}
	const content = contentOf(item, binary, field);
	const { media, extent } = await inspect(chunksOf(ctx, content));
	const isSound = extent === 'sound' && what === 'video';
	const fits = mimeTypes?.some((type) => type === media?.mimeType) ?? !NO_FILES.includes(media?.name);
	if (!fits || isSound) {
		const found = isSound ? 'sound alone' : (media?.name ?? 'of an unknown format');
		throw new ProblemError(wrongFile(field, found, mimeTypes && formatNames(mimeTypes)), item);
	}
	const trust = trustIn(extent);
	if (trust === 'none') throw new ProblemError(wrongFile(field, 'incomplete'), item);
	if (trust === 'some') hint(ctx, textOf(unmarkedEnd(`in '${field}' of item ${item}`)), 'warning');
	return { content, size, media };
}
