import type { IBinaryData, IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { binarySize } from '../../evolink/media/upload';
import { checkBody, type BodyIssue } from '../../evolink/models';
import { hint } from '../../evolink/run/errors';
import { refuseParameter } from '../../evolink/run/settings';
import { checkHttpUrl, isPrivateHost } from '../../evolink/urls';

/** Body fields as the user knows them. */
const DISPLAY_NAMES: Record<string, string> = {
	model: 'Model',
	prompt: 'Prompt',
	aspect_ratio: 'Aspect Ratio',
	duration: 'Duration',
	quality: 'Quality',
	image_urls: 'Image URL',
	video_url: 'Video URL',
	timestamps: 'Timestamps',
};

/** @throws NodeOperationError naming the first field that the model does not take */
export function assertBody(ctx: IExecuteFunctions, item: number, model: string, body: IDataObject): void {
	const issue = checkBody(model, body) ?? urlIssue(body);
	if (issue === undefined) return;
	throw refuseParameter(ctx, item, DISPLAY_NAMES[issue.field] ?? issue.field, issue.given, issue.allowed);
}

/** What the schema's pattern lets pass: user names and passwords in a URL that goes to EvoLink. */
function urlIssue(body: IDataObject): BodyIssue | undefined {
	for (const [field, given] of Object.entries({ image_urls: body.image_urls, video_url: body.video_url })) {
		for (const url of [given].flat()) {
			const checked = typeof url === 'string' ? checkHttpUrl(url) : undefined;
			if (checked?.ok === false)
				return { field, given: url, allowed: `an http or https URL (this one ${checked.reason})` };
		}
	}
	return undefined;
}

/** A text field of one item; numbers and the like from expressions are written out. */
export function readText(ctx: IExecuteFunctions, name: string, item: number, fallback = ''): string {
	const value: unknown = ctx.getNodeParameter(name, item, fallback);
	if (value === null || value === undefined) return '';
	return typeof value === 'object' ? JSON.stringify(value) : String(value).trim();
}

/** An http(s) URL that EvoLink is to fetch. */
export function readUrl(ctx: IExecuteFunctions, name: string, displayName: string, item: number): string {
	const given = readText(ctx, name, item);
	const checked = checkHttpUrl(given);
	if (checked.ok) {
		if (isPrivateHost(checked.url)) warnOfPrivateHost(ctx, displayName, item, checked.url);
		return checked.url.href;
	}
	throw refuseParameter(
		ctx,
		item,
		displayName,
		given,
		`an http or https URL that EvoLink can fetch${given === '' ? '' : ` (this one ${checked.reason})`}`,
	);
}

/** Said once for a run, however many items are like that. */
const warned = new WeakSet<IExecuteFunctions>();

function warnOfPrivateHost(ctx: IExecuteFunctions, displayName: string, item: number, url: URL): void {
	if (warned.has(ctx)) return;
	warned.add(ctx);
	hint(
		ctx,
		`'${displayName}' of item ${item} names the private host '${url.hostname}': EvoLink can hardly fetch it, and then fails the task. Give the file in a binary field instead.`,
		'warning',
	);
}

/** A binary field of one item, with its size in bytes. */
export async function readBinary(
	ctx: IExecuteFunctions,
	name: string,
	item: number,
): Promise<{ binary: IBinaryData; field: string; size: number }> {
	const field = readText(ctx, name, item, 'data');
	if (field === '')
		throw refuseParameter(ctx, item, 'Input Data Field Name', '', 'the name of a binary field');
	const binary = findBinary(ctx, item, field);
	return { binary, field, size: await binarySize(ctx, binary) };
}

function findBinary(ctx: IExecuteFunctions, item: number, field: string): IBinaryData {
	try {
		return ctx.helpers.assertBinaryData(item, field);
	} catch {
		const names = Object.keys(ctx.getInputData()[item].binary ?? {});
		const has = names.length === 0 ? 'this item has none' : `this item has ${names.join(', ')}`;
		const allowed = `the name of a binary field; ${has}`;
		throw refuseParameter(ctx, item, 'Input Data Field Name', field, allowed);
	}
}

/** The limits that EvoLink states for uploads of any kind. */
export const UPLOAD_MAX_BYTES = evolinkFacts.upload.clientMaxBytes;

/** A size in the units of EvoLink's limits for input files, where 1 MB is 1024 x 1024 bytes. */
export function megabytes(bytes: number): string {
	return `${Math.round((bytes * 10) / 2 ** 20) / 10} MB`;
}

/** @throws NodeOperationError when a file is larger than EvoLink takes */
export function assertSize(
	ctx: IExecuteFunctions,
	item: number,
	{ field, size }: { field: string; size: number },
	{ what, maxBytes }: { what: string; maxBytes: number },
): void {
	if (size <= maxBytes) return;
	// a few bytes too many would read like the limit itself
	const given = megabytes(size) === megabytes(maxBytes) ? `${size} bytes` : megabytes(size);
	throw refuseParameter(
		ctx,
		item,
		'Input Data Field Name',
		`${field} (${given})`,
		`${what} of at most ${megabytes(maxBytes)} (${maxBytes} bytes)`,
	);
}
