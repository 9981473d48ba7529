import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { choicesOf, titleOf, type BodyIssue } from '../../evolink/modelEntries';
import { checkBody, CUSTOM, framesOf, isDocumented, rulesFor } from '../../evolink/models';
import { isBlank, nearest } from '../../host/cells';
import { hint } from '../../host/context';
import type { ItemParameters } from '../../host/parameters';
import { checkGivenUrl, pageAdvice } from './links';

const PARAMETERS: Record<string, string> = {
	aspect_ratio: 'aspectRatio',
	video_url: 'videoUrl',
};

const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
	image_urls: evolinkFacts.imageInput.extensions,
	video_url: evolinkFacts.characterVideo.extensions,
};

/** Endings that tell what is behind a URL. Without one of them nothing can be said: many links have none. */
const TELLING =
	/\.(jpe?g|png|webp|gif|bmp|tiff?|svg|heic|avif|psd|mp4|m4v|mov|webm|avi|mkv|mpe?g|wmv|flv|mp3|m4a|wav|ogg|pdf|zip|html?|php|aspx?|jsp)$/i;

/** Hints where EvoLink can hardly use what a URL leads to. @throws ProblemError naming the first field that is wrong */
export function assertBody(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	model: string,
	body: IDataObject,
): void {
	const issue = badText(body) ?? checkBody(model, body) ?? checkUrls(ctx, parameters, body, model);
	if (issue !== undefined) throw refusal(parameters, model, issue);
}

/** What templates and expressions write where they found nothing, or an object instead of one of its fields. */
const NO_PROMPT = /^(undefined|null|NaN)$|\[object \w+\]/;

function badText({ prompt }: IDataObject): BodyIssue | undefined {
	if (typeof prompt !== 'string' || !NO_PROMPT.test(prompt)) return undefined;
	return { field: 'prompt', given: prompt, allowed: 'a text; an expression put something else here' };
}

function refusal(parameters: ItemParameters, model: string, { field, given, allowed }: BodyIssue): Error {
	const entry = rulesFor(model)[field];
	const name = parameterOf(model, field);
	const isFrame = name === 'startImage' || name === 'endImage';
	if (isFrame && given === undefined) {
		return parameters.refuse(name, 'None', `From URL, From Binary Field, because ${model} needs an image`);
	}
	const { length } = typeof given === 'string' ? [...given] : [];
	if (entry?.type === 'string' && !entry.enum && length > (entry.maxLength ?? Infinity)) {
		return parameters.refuseFor(name, `has ${length.toLocaleString('en-US')} characters`, allowed);
	}
	const near = entry?.enum && nearest(given, choicesOf(entry));
	return parameters.refuse(
		name,
		isBlank(given) ? '' : given,
		near === undefined ? allowed : `${allowed}; ${near}`,
	);
}

/** The parameter that a field of the body comes from, or how the form calls it. */
function parameterOf(model: string, field: string): string {
	const frames = framesOf(model);
	if (frames && field === frames.first && !frames.alsoReferences) return 'startImage';
	if (frames && field === frames.last && !frames.alsoReferences) return 'endImage';
	if (field === 'prompt' || isDocumented(model)) return PARAMETERS[field] ?? field;
	const { [field]: entry } = rulesFor(model);
	return entry === undefined ? field : titleOf(field, entry);
}

function linksOf(model: string): string[] {
	if (model === CUSTOM) return ['image_urls'];
	return Object.entries(rulesFor(model)).flatMap(([name, { format }]) =>
		format === 'uri' && name !== 'callback_url' ? [name] : [],
	);
}

/** What the rules of a field let pass: two URLs in one, a private host, a user name. */
function checkUrls(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	body: IDataObject,
	model: string,
): BodyIssue | undefined {
	for (const field of linksOf(model)) {
		for (const given of [body[field]].flat()) {
			if (typeof given !== 'string') continue;
			const checked = checkGivenUrl(given);
			if (!checked.ok) return { field, given, allowed: `an http or https URL (this one ${checked.reason})` };
			const which = `'${parameters.displayName(parameterOf(model, field))}' of item ${parameters.item}`;
			warnOfUrl(ctx, which, isDocumented(model) ? EXTENSIONS[field] : undefined, checked.url);
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
	const advice = pageAdvice(url);
	if (advice !== undefined) hintFew(ctx, `${which} ${advice}`);
	const [ending] = TELLING.exec(url.pathname.toLowerCase()) ?? [];
	if (ending !== undefined && extensions && !extensions.includes(ending)) {
		const text = `${which} ends in ${ending}: EvoLink takes ${extensions.join(', ')}, and fails the task if it finds anything else there.`;
		hintFew(ctx, text);
	}
}

/** Of a thousand items alike, this many are named. */
const MOST_HINTS = 5;

const hinted = new WeakMap<IExecuteFunctions, number>();

function hintFew(ctx: IExecuteFunctions, message: string): void {
	const count = hinted.get(ctx) ?? 0;
	if (count >= MOST_HINTS) return;
	hinted.set(ctx, count + 1);
	hint(ctx, message, 'warning');
}

/** The limits that EvoLink states for uploads of any kind. */
export const UPLOAD_MAX_BYTES = evolinkFacts.upload.clientMaxBytes;

/** A size in the units of EvoLink's limits for input files, where 1 MB is 1024 x 1024 bytes. */
export function megabytes(bytes: number): string {
	return `${Math.round((bytes * 10) / 2 ** 20) / 10} MB`;
}
