import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { hostClock } from '../../evolink/clock';
import { defined } from '../../evolink/json';
import { uploadFile } from '../../evolink/media/upload';
import { cancelSignal } from '../../host/context';
import { ProblemError } from '../../host/errors';
import { fileRefused } from '../../host/messages';
import type { ItemParameters } from '../../host/parameters';
import { forEachItem, type Operation } from '../items';
import { RunIntent } from '../order/intent';
import { namedBinary } from './binaryFile';
import { megabytes, UPLOAD_MAX_BYTES } from './draft';
import { sourceOf } from './inputFiles';

const { lifetimeHours, maxFiles } = evolinkFacts.upload;

const show = { operation: ['uploadFile'] };

export const uploadFileFields: INodeProperties[] = [
	{
		displayName: 'Input Data Field Name',
		name: 'fileField',
		type: 'string',
		required: true,
		default: 'data',
		placeholder: 'e.g. data',
		displayOptions: { show },
		hint: 'The name of the binary field with the file to upload',
		description: `An image, a video or a sound of at most ${megabytes(UPLOAD_MAX_BYTES)}. EvoLink keeps it for ${lifetimeHours} hours, and at most ${maxFiles.default} files of an account (VIP accounts ${maxFiles.vip}).`,
	},
];

/** `{ url, expiresAt, fileName, mimeType, size, fileId }`: everybody who is given the link can fetch the file. Free of charge. */
export const executeUploadFile: Operation = async (ctx, parametersOf) => {
	const intent = new RunIntent(ctx);
	return await forEachItem(ctx, async (item) => [
		await upload(ctx, parametersOf(item), intent.fileName(item)),
	]);
};

/** @param name without an extension; the same on every try, so that a retry takes no second place */
async function upload(ctx: IExecuteFunctions, parameters: ItemParameters, name: string) {
	const { field, binary } = namedBinary(ctx, parameters, 'fileField');
	const source = await sourceOf(ctx, parameters.item, field);
	const { mimeType, size, extension } = source;
	const result = await uploadFile(ctx, source, `${name}${extension}`, cancelSignal(ctx));
	if ('failure' in result) {
		throw new ProblemError(fileRefused(result.failure, 'Nothing was charged.'), parameters.item);
	}
	const { url, fileId } = result;
	const expiresAt = new Date(hostClock.now() + lifetimeHours * 3_600_000).toISOString();
	const { fileName = null } = binary;
	return defined({ url, expiresAt, fileName, mimeType, size, fileId });
}
