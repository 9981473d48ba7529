import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { CHARACTER_MODEL, CHARACTER_NOTE } from '../../evolink/models';
import { readAdditionalFields } from '../settings';
import { standInFor } from './inputFiles';
import type { UploadableFile } from '../../evolink/media/upload';
import { readBinary } from './binaryFile';
import { assertBody, megabytes, UPLOAD_MAX_BYTES } from './draft';
import { isBlank, meant } from '../../host/cells';
import { shown } from '../../host/description';
import type { ItemParameters } from '../../host/parameters';
import type { Draft } from '../entries';
import { readUrl } from './links';

const { extensions, mimeTypes, timestamps: TIMESTAMPS } = evolinkFacts.characterVideo;

const { default: DEFAULT_TIMESTAMPS } = TIMESTAMPS;

const FROM = [
	{ name: 'From URL', value: 'url' },
	{ name: 'From Binary Field', value: 'binary' },
];

const forCharacter = { operation: ['character'] };

export const characterFields: INodeProperties[] = [
	{
		displayName: `${CHARACTER_NOTE}.`,
		name: 'characterNotice',
		type: 'notice',
		default: '',
		displayOptions: { show: forCharacter },
	},
	{
		displayName: 'Input Video',
		name: 'video',
		type: 'options',
		options: FROM,
		default: 'url',
		displayOptions: { show: forCharacter },
		description: 'Video that shows the character',
	},
	...shown(
		{
			displayName: 'Video URL',
			name: 'videoUrl',
			type: 'string',
			default: '',
			placeholder: 'e.g. https://example.com/video.mp4',
			description: `Video that EvoLink can fetch (${extensions.join(', ')})`,
		},
		{ in: forCharacter, chosen: { video: 'url' } },
	),
	{
		displayName: 'Input Data Field Name',
		name: 'videoField',
		type: 'string',
		default: 'data',
		placeholder: 'e.g. data',
		displayOptions: { show: { ...forCharacter, video: ['binary'] } },
		hint: 'The name of the binary field that holds the video',
		description: `Checked first (${extensions.join(', ')}, at most ${megabytes(UPLOAD_MAX_BYTES)}), then uploaded to EvoLink`,
	},
	{
		displayName: 'Timestamps',
		name: 'timestamps',
		type: 'string',
		default: DEFAULT_TIMESTAMPS,
		placeholder: 'e.g. 1,3',
		displayOptions: { show: forCharacter },
		hint: `In seconds, separated by commas, at most ${TIMESTAMPS.maxSpanSeconds} seconds from first to last`,
		description: 'Moments in the video at which the character can be seen',
	},
];

/** Two or more seconds in rising order, close enough together; written the way EvoLink's page does. */
export function readTimestamps(given: string): string | undefined {
	const parts = given.split(',').map((part) => part.trim());
	if (parts.length < TIMESTAMPS.minPoints || parts.some((part) => !/^\d{1,6}(\.\d{1,6})?$/.test(part)))
		return undefined;
	const seconds = parts.map(Number);
	const rising = seconds.every((second, at) => at === 0 || second > seconds[at - 1]);
	const span = seconds[seconds.length - 1] - seconds[0];
	// 0.1 + 2 is a little more than 2.1 in floating point
	return rising && span <= TIMESTAMPS.maxSpanSeconds + 1e-9 ? seconds.join(',') : undefined;
}

/** Sends nothing. */
export async function draftCharacter(ctx: IExecuteFunctions, parameters: ItemParameters): Promise<Draft> {
	const chosen = parameters.value('video', 'url');
	const from = isBlank(chosen) ? 'url' : (meant(chosen, FROM) ?? chosen);
	const video = parameters.choice('video', from, ['url', 'binary']);
	const body: IDataObject = {
		model: CHARACTER_MODEL,
		timestamps: parameters.textOr('timestamps', TIMESTAMPS.default),
		...(video === 'url' && { video_url: readUrl(parameters, 'videoUrl') }),
		...readAdditionalFields(parameters),
	};
	const given = body.timestamps;
	const timestamps = typeof given === 'string' ? readTimestamps(given) : undefined;
	if (timestamps === undefined) {
		const allowed = `seconds of 0 or more in rising order, such as ${TIMESTAMPS.default}, at most ${TIMESTAMPS.maxSpanSeconds} seconds from first to last`;
		throw parameters.refuse('timestamps', given, allowed);
	}
	body.timestamps = timestamps;
	if (video === 'url') {
		assertBody(ctx, parameters, CHARACTER_MODEL, body);
		return { body };
	}
	if (body.video_url !== undefined) {
		const allowed = "no 'video_url' beside an input video from a binary field";
		throw parameters.refuse('additionalFields', body.video_url, allowed);
	}
	const source = await readVideo(ctx, parameters);
	const standIn = standInFor('video');
	body.video_url = standIn;
	assertBody(ctx, parameters, CHARACTER_MODEL, body);
	return { body, files: [{ source, standIn }] };
}

async function readVideo(ctx: IExecuteFunctions, parameters: ItemParameters): Promise<UploadableFile> {
	const wanted = { what: 'video', mimeTypes, maxBytes: UPLOAD_MAX_BYTES } as const;
	const { content, size, media } = await readBinary(ctx, parameters, 'videoField', wanted);
	return { content, size, mimeType: media!.mimeType!, extension: `.${media!.extension}` };
}
