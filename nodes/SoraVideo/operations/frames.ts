import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { MODEL_ENTRIES } from '../../evolink/modelEntries';
import { DOCUMENTED_MODELS, framesOf } from '../../evolink/models';
import { isBlank, meant } from '../../host/cells';
import { shown, type Shown } from '../../host/description';
import type { ItemParameters } from '../../host/parameters';
import { namedBinary } from './binaryFile';
import { megabytes } from './draft';
import { PIXELS_RULE } from './inputImage';
import { readUrl } from './links';

const IMAGE = evolinkFacts.imageInput;

const FROM = [
	{ name: 'None', value: 'none' },
	{ name: 'From URL', value: 'url' },
	{ name: 'From Binary Field', value: 'binary' },
];

/** The others and unknown models show its field, an expression as well. */
const lacking = (frame: 'first' | 'last') =>
	[...DOCUMENTED_MODELS, ...MODEL_ENTRIES.map(({ id }) => id)].filter(
		(id) => framesOf(id)?.[frame] === undefined,
	);

function frameFields(
	name: 'startImage' | 'endImage',
	displayName: string,
	{ description, when }: { description: string; when: Shown },
): INodeProperties[] {
	const choice: INodeProperties = {
		displayName,
		name,
		type: 'options',
		options: FROM,
		default: 'none',
		description,
	};
	const url: INodeProperties = {
		displayName: `${displayName} URL`,
		name: `${name}Url`,
		type: 'string',
		default: '',
		placeholder: 'e.g. https://example.com/frame.png',
		description: `Image that EvoLink can fetch (for Sora ${IMAGE.extensions.join(', ')}, at most ${megabytes(IMAGE.maxBytes)}). It is not checked before the order: if it does not fit, the task fails.`,
	};
	const field: INodeProperties = {
		displayName: `${displayName} Field Name`,
		name: `${name}Field`,
		type: 'string',
		default: 'data',
		placeholder: 'e.g. data',
		hint: 'The name of the binary field that holds the image',
		description: 'Checked first, then uploaded to EvoLink',
	};
	return [
		...shown(choice, when),
		...shown(url, { ...when, chosen: { [name]: 'url' } }),
		...shown(field, { ...when, in: { ...when.in, [name]: ['binary'] } }),
	];
}

const forGenerate = { operation: ['generate'] };

export const imageFields: INodeProperties[] = [
	...frameFields('startImage', 'Start Image', {
		description: `Image that the video starts from. n8n's Edit Image node brings it to the exact pixels that some models need (${PIXELS_RULE}). Images of real people are refused.`,
		when: { in: forGenerate, not: { model: lacking('first') } },
	}),
	...frameFields('endImage', 'End Image', {
		description: 'Image that the video ends with',
		when: { in: forGenerate, not: { model: lacking('last') } },
	}),
];

/**
 * Puts the frames where the model takes them: URLs, and names of binary fields, whose files are uploaded later. `startField`: the
 * one that holds the first frame.
 *
 * @throws ProblemError for a frame that the model does not take, or that is not there
 */
export async function placeFrames(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	id: string,
	body: IDataObject,
): Promise<{ body: IDataObject; startField?: string }> {
	const { first, last, set } = framesOf(id) ?? {};
	const start = await readFrame(ctx, parameters, 'startImage', first !== undefined, id);
	const end = await readFrame(ctx, parameters, 'endImage', last !== undefined, id);
	if (start === undefined && end === undefined) return { body };
	if (start === undefined && first === last) {
		throw parameters.refuse('startImage', 'None', `an image beside 'End Image' for ${id}`);
	}
	const places: IDataObject = {};
	for (const [field, frame] of [
		[first, start],
		[last, end],
	] as const) {
		if (field === undefined || frame === undefined) continue;
		if (body[field] !== undefined) {
			throw parameters.refuse(field, body[field], "nothing beside 'Start Image' or 'End Image'");
		}
		places[field] = field.endsWith('s')
			? [...((places[field] ?? []) as string[]), frame.source]
			: frame.source;
	}
	return { body: { ...set, ...body, ...places }, startField: start?.isField ? start.source : undefined };
}

async function readFrame(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	name: 'startImage' | 'endImage',
	isTaken: boolean,
	id: string,
): Promise<{ source: string; isField: boolean } | undefined> {
	const given = parameters.value(name, 'none');
	const from = isBlank(given) ? 'none' : (meant(given, FROM) ?? given);
	const chosen = parameters.choice(name, from, ['none', 'url', 'binary']);
	if (chosen === 'none') return undefined;
	if (!isTaken) throw parameters.refuse(name, given, `None, because ${id} takes no image there`);
	if (chosen === 'url') return { source: readUrl(parameters, `${name}Url`), isField: false };
	return { source: namedBinary(ctx, parameters, `${name}Field`, true).field, isField: true };
}
