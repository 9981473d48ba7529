import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { fieldTitle, fieldsOf, type BodyIssue } from '../../evolink/modelEntries';
import { checkBody, takesField } from '../../evolink/models';
import { checkHttpUrl, isPrivateHost } from '../../evolink/urls';
import { hint } from '../../host/context';
import type { ItemParameters } from '../../host/parameters';

/** Body fields that are parameters under another name. */
const PARAMETERS: Record<string, string> = {
	aspect_ratio: 'aspectRatio',
	image_urls: 'imageUrl',
	video_url: 'videoUrl',
};

/** What EvoLink takes behind the URLs of a body. */
const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
	image_urls: evolinkFacts.imageInput.extensions,
	video_url: evolinkFacts.characterVideo.extensions,
};

/** Endings that tell what is behind a URL. Without one of them nothing can be said: many links have none. */
const TELLING =
	/\.(jpe?g|png|webp|gif|bmp|tiff?|svg|heic|avif|psd|mp4|m4v|mov|webm|avi|mkv|mpe?g|wmv|flv|mp3|m4a|wav|ogg|pdf|zip|html?|php|aspx?|jsp)$/i;

/**
 * Gives a hint where EvoLink can hardly use what a URL leads to.
 *
 * @throws ProblemError naming the first field that the model does not take
 */
export function assertBody(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	model: string,
	body: IDataObject,
): void {
	const issue = checkBody(model, body) ?? checkUrls(ctx, parameters, body, model);
	if (issue === undefined) return;
	throw parameters.refuse(parameterOf(model, issue.field), issue.given, issue.allowed);
}

/** The parameter that a field of the body comes from, or how the form calls it. */
function parameterOf(model: string, field: string): string {
	if (field === 'prompt' || fieldsOf(model) === undefined) return PARAMETERS[field] ?? field;
	return fieldTitle(field);
}

/** Fields of a model that hold URLs, and what may be behind them, as far as that is known. */
function linksOf(model: string): Array<[field: string, extensions?: readonly string[]]> {
	const fields = fieldsOf(model);
	if (fields === undefined) return Object.entries(EXTENSIONS).filter(([name]) => takesField(model, name));
	return Object.keys(fields).flatMap((name) => (fields[name].format === 'uri' ? [[name]] : []));
}

/** What the schema's pattern lets pass: user names and passwords in a URL that goes to EvoLink. */
function checkUrls(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	body: IDataObject,
	model: string,
): BodyIssue | undefined {
	for (const [field, extensions] of linksOf(model)) {
		for (const given of [body[field]].flat()) {
			if (typeof given !== 'string') continue;
			const checked = checkHttpUrl(given);
			if (!checked.ok) return { field, given, allowed: `an http or https URL (this one ${checked.reason})` };
			const which = `'${parameters.displayName(parameterOf(model, field))}' of item ${parameters.item}`;
			warnOfUrl(ctx, which, extensions, checked.url);
		}
	}
	return undefined;
}

function warnOfUrl(
	ctx: IExecuteFunctions,
	which: string,
	extensions: readonly string[] | undefined,
	url: URL,
): void {
	if (isPrivateHost(url)) {
		const told = `${which} names the private host '${url.hostname}': EvoLink probably cannot fetch it and will then fail the task. Give the file in a binary field instead.`;
		hintOnce(ctx, 'host', told);
	}
	const [ending] = TELLING.exec(url.pathname.toLowerCase()) ?? [];
	if (ending !== undefined && extensions && !extensions.includes(ending)) {
		const told = `${which} ends in ${ending}: EvoLink takes ${extensions.join(', ')}, and fails the task if it finds anything else there.`;
		hintOnce(ctx, 'ending', told);
	}
}

const hinted = new WeakMap<IExecuteFunctions, Set<string>>();

/** Said once for a run, however many items are like that. */
function hintOnce(ctx: IExecuteFunctions, topic: string, message: string): void {
	const topics = hinted.get(ctx) ?? new Set();
	if (topics.has(topic)) return;
	hinted.set(ctx, topics.add(topic));
	hint(ctx, message, 'warning');
}

/** The limits that EvoLink states for uploads of any kind. */
export const UPLOAD_MAX_BYTES = evolinkFacts.upload.clientMaxBytes;

/** A size in the units of EvoLink's limits for input files, where 1 MB is 1024 x 1024 bytes. */
export function megabytes(bytes: number): string {
	return `${Math.round((bytes * 10) / 2 ** 20) / 10} MB`;
}
