import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { API_SERVERS } from '../../evolink/generated/spec.gen';
import type { UploadableFile } from '../../evolink/media/upload';
import { titleOf, type ModelFields } from '../../evolink/modelEntries';
import { checkHttpUrl } from '../../evolink/urls';
import { ProblemError } from '../../host/errors';
import { noFile } from '../../host/messages';
import type { ItemParameters } from '../../host/parameters';
import type { InputFile } from '../entries';
import { checkFile } from './binaryFile';
import { UPLOAD_MAX_BYTES } from './draft';

/** Stands in a body for the URL of a file that is not uploaded yet. */
export const standInFor = (name: string) => `${API_SERVERS.files}/?n8n=${encodeURIComponent(name)}`;

/**
 * Binary fields of the item whose names stand where the model takes URLs. Sends nothing.
 * @param body its names are replaced by stand-ins, so that it can be checked
 * @param checked the file of a model that takes one alone, where more than its size is checked
 * @throws ProblemError for a name that is neither a URL nor a file of the item
 */
export async function takeBinaryFields(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	fields: ModelFields,
	body: IDataObject,
	checked?: () => Promise<UploadableFile>,
): Promise<InputFile[]> {
	const names = Object.keys(ctx.getInputData()[parameters.item].binary ?? {});
	const files: InputFile[] = [];
	for (const [field, entry] of Object.entries(fields)) {
		if (entry.format !== 'uri') continue;
		const title = titleOf(field, entry);
		for (const given of new Set([body[field]].flat())) {
			if (typeof given !== 'string' || checkHttpUrl(given).ok) continue;
			if (!names.includes(given)) {
				// what looks like a URL is told by the check of URLs
				if (/[/:]|^$/.test(given)) continue;
				throw new ProblemError(noFile(title, given, names), parameters.item);
			}
			const standIn = standInFor(given);
			body[field] = replaced(body[field], given, standIn);
			const source = await (checked?.() ?? sourceOf(ctx, parameters.item, given));
			files.push({ source, standIn });
		}
	}
	return files;
}

function replaced(value: IDataObject[string], old: string, by: string): IDataObject[string] {
	if (!Array.isArray(value)) return value === old ? by : value;
	return value.map((each) => (each === old ? by : each)) as IDataObject[string];
}

/** @throws ProblemError when EvoLink would not take it */
export async function sourceOf(ctx: IExecuteFunctions, item: number, name: string): Promise<UploadableFile> {
	const binary = ctx.helpers.assertBinaryData(item, name);
	const wanted = { what: 'file', maxBytes: UPLOAD_MAX_BYTES } as const;
	const { content, size } = await checkFile(ctx, item, binary, name, wanted);
	const { mimeType, fileName = '', fileExtension } = binary;
	return {
		content,
		size,
		// both go into the head of the upload
		mimeType: /^[\w.+-]+\/[\w.+-]+$/.test(mimeType) ? mimeType : 'application/octet-stream',
		extension: /\.\w{1,8}$/.exec(fileExtension ? `.${fileExtension}` : fileName)?.[0] ?? '',
	};
}
