import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import {
	Sora2PreviewRequestSchema,
	Sora2ProPreviewRequestSchema,
	evolinkFacts,
} from '../../evolink/generated/spec.gen';
import {
	CHARACTER_MODEL,
	CUSTOM,
	DEFAULT_MODEL,
	GENERATE_MODELS,
	modelOptions,
	optionGroups,
	optionsOf,
	takesField,
} from '../../evolink/models';
import { PRICES_AS_OF } from '../../evolink/prices';
import type { Draft } from '../order/place';
import { readAdditionalFields } from '../settings';
import { assertBody, megabytes } from './draft';
import { PIXELS_RULE, readInputImage } from './inputImage';
import type { ItemParameters } from '../../host/parameters';

const { prompt: PROMPT, aspect_ratio: RATIO, duration: DURATION } = Sora2PreviewRequestSchema.properties;
const IMAGE = evolinkFacts.imageInput;
const { standard: STANDARD_QUALITY } = evolinkFacts.quality;
const [DEFAULT_RATIO] = RATIO.enum;
const { default: DEFAULT_DURATION } = DURATION;

const forGenerate = { operation: ['generate'] };

const promptDescription = `What the video shows, 1 to ${PROMPT.maxLength} characters. ${evolinkFacts.moderationNote}`;

type Options = ReturnType<typeof optionsOf>;

const inSeconds = (options: Options) => options.map(({ value }) => ({ name: `${value} Seconds`, value }));

const withPrices = (options: Options, models: readonly string[]) =>
	options.map(({ value, credits }) => {
		const name = `${value} Seconds`;
		if (credits === undefined) return { name, value };
		const description = `Price of ${models.join(', ')} in EvoLink's list of ${PRICES_AS_OF}`;
		return { name: `${name} (${credits} Credits)`, value, description };
	});

/**
 * Only when this model is chosen, by its own name: an expression in 'Model' is none. Not as a regular expression: n8n gives
 * those 250 ms on the clock and fails the execution after that, which a busy machine can exceed.
 */
const only = (model: string) => ({ show: forGenerate, hide: { model: [{ _cnd: { not: model } }] } });

/**
 * One property for each different option list that the models have for a field; a later list that several models share
 * has one for each of them. The first one also serves an expression in 'Model': the editor judges by the expression's
 * value, which may be none yet, the engine by its text, and `show` would let any text pass.
 */
function perModel(
	field: string,
	property: (options: Options, models: readonly string[]) => INodeProperties,
): INodeProperties[] {
	return optionGroups(field).flatMap(({ models, options }, at) => {
		const others = GENERATE_MODELS.filter((model) => !models.includes(model));
		const rules = at > 0 ? models.map(only) : [{ show: forGenerate, hide: { model: others } }];
		return rules.map((displayOptions) => ({ ...property(options, models), displayOptions }));
	});
}

export const generateFields: INodeProperties[] = [
	{
		displayName: 'Model',
		name: 'model',
		type: 'options',
		options: [
			...modelOptions(),
			{
				name: 'Custom',
				value: CUSTOM,
				description: 'Any other model of EvoLink, by its ID',
			},
		],
		default: DEFAULT_MODEL,
		displayOptions: { show: forGenerate },
		description: evolinkFacts.standingNote,
	},
	{
		displayName: 'Model ID',
		name: 'customModel',
		type: 'string',
		default: '',
		placeholder: 'e.g. seedance-2.5',
		displayOptions: { show: { ...forGenerate, model: [CUSTOM] } },
		description: "ID from EvoLink's model list, https://evolink.ai/models",
	},
	{
		displayName: 'Prompt',
		name: 'prompt',
		type: 'string',
		typeOptions: { rows: 4 },
		default: '',
		placeholder: 'e.g. A cat playing the piano in a jazz club',
		displayOptions: { show: forGenerate },
		description: promptDescription,
	},
	...perModel('aspect_ratio', (options) => ({
		displayName: 'Aspect Ratio',
		name: 'aspectRatio',
		type: 'options',
		options,
		default: DEFAULT_RATIO,
		description: 'Shape of the video. In a pixel form, an input image must have exactly those pixels.',
	})),
	{
		displayName: 'Aspect Ratio',
		name: 'aspectRatio',
		type: 'options',
		options: [
			{ name: 'Model Default', value: '', description: 'Send nothing' },
			...optionsOf(DEFAULT_MODEL, 'aspect_ratio'),
		],
		default: '',
		displayOptions: only(CUSTOM),
		description: 'Shape of the video, if the model takes it',
	},
	...perModel('duration', (options, models) => ({
		displayName: 'Duration',
		name: 'duration',
		type: 'options',
		options: withPrices(options, models),
		default: DEFAULT_DURATION,
		description: DURATION.description,
	})),
	{
		displayName: 'Duration',
		name: 'duration',
		type: 'options',
		options: [
			{ name: 'Model Default', value: 0, description: 'Send nothing' },
			...inSeconds(optionsOf(DEFAULT_MODEL, 'duration')),
		],
		default: 0,
		displayOptions: only(CUSTOM),
		description: 'Length of the video in seconds, if the model takes it',
	},
	...perModel('quality', (options) => ({
		displayName: 'Quality',
		name: 'quality',
		type: 'options',
		options,
		default: STANDARD_QUALITY,
		description: Sora2ProPreviewRequestSchema.properties.quality.description,
	})),
	{
		displayName: 'Input Image',
		name: 'image',
		type: 'options',
		options: [
			{ name: 'None', value: 'none' },
			{ name: 'From URL', value: 'url' },
			{ name: 'From Binary Field', value: 'binary' },
		],
		default: 'none',
		displayOptions: { show: forGenerate },
		description: 'Picture that the video starts from. Pictures of real people are refused.',
	},
	{
		displayName: 'Image URL',
		name: 'imageUrl',
		type: 'string',
		default: '',
		placeholder: 'e.g. https://example.com/first-frame.png',
		displayOptions: { show: { ...forGenerate, image: ['url'] } },
		description: `Picture that EvoLink can fetch (${IMAGE.extensions.join(', ')}, at most ${megabytes(IMAGE.maxBytes)}), with the exact pixels that its model needs (${PIXELS_RULE}). Nobody checks a picture behind a URL before the order: if it does not fit, the task fails after the wait.`,
	},
	{
		displayName: 'Input Data Field Name',
		name: 'imageField',
		type: 'string',
		default: 'data',
		placeholder: 'e.g. data',
		displayOptions: { show: { ...forGenerate, image: ['binary'] } },
		hint: 'The name of the binary field that holds the picture',
		description: `Checked first (${IMAGE.extensions.join(', ')}, at most ${megabytes(IMAGE.maxBytes)}), then uploaded to EvoLink`,
	},
];

interface ChosenModel {
	/** Sent as `model`. */
	id: string;
	/** Whose rules apply: a documented model's or the custom ones. */
	rules: string;
	/** Typed as a custom model: the fields shown are those of 'Custom', whatever model it is. */
	isTyped: boolean;
}

function readModel(parameters: ItemParameters): ChosenModel {
	const model = parameters.text('model', DEFAULT_MODEL);
	if (!GENERATE_MODELS.includes(model)) {
		const allowed = `${GENERATE_MODELS.join(', ')}; choose Custom and name other models in 'Model ID'`;
		throw parameters.refuse('model', model, allowed);
	}
	if (model !== CUSTOM) return { id: model, rules: model, isTyped: false };
	const id = parameters.text('customModel');
	if (id === '') throw parameters.refuse('customModel', id, 'the ID of a model');
	if (id === CHARACTER_MODEL) {
		const allowed = "a video model; characters are made with the operation 'Create Character'";
		throw parameters.refuse('customModel', id, allowed);
	}
	return { id, rules: GENERATE_MODELS.includes(id) ? id : CUSTOM, isTyped: true };
}

/**
 * Whole numbers from expressions may come as text, and what an expression does not find as nothing at all; anything else goes
 * on to the schema as it is.
 */
function readDuration(parameters: ItemParameters): unknown {
	const given = parameters.value('duration', DEFAULT_DURATION) ?? '';
	return typeof given === 'string' && /^\s*\d+\s*$/.test(given) ? Number(given) : given;
}

/** Numbers are written out. Anything else that is no text is a mistake, such as a whole item for one of its fields. */
function readPrompt(parameters: ItemParameters): unknown {
	const given = parameters.value('prompt', '') ?? '';
	return typeof given === 'number' && Number.isFinite(given) ? String(given) : given;
}

/** What 'Custom' offers: nothing is sent for a field that is left to the model. */
function optionalChoices(parameters: ItemParameters): IDataObject {
	const ratio = parameters.text('aspectRatio');
	const duration = readDuration(parameters);
	return {
		...(ratio !== '' && { aspect_ratio: ratio }),
		...(duration !== '' && duration !== 0 && { duration: duration as number }),
	};
}

function choices(parameters: ItemParameters, { rules, isTyped }: ChosenModel): IDataObject {
	if (rules === CUSTOM) return optionalChoices(parameters);
	if (isTyped) {
		return {
			aspect_ratio: DEFAULT_RATIO,
			duration: DEFAULT_DURATION,
			...optionalChoices(parameters),
			...(takesField(rules, 'quality') && { quality: STANDARD_QUALITY }),
		};
	}
	return {
		aspect_ratio: parameters.text('aspectRatio', DEFAULT_RATIO),
		duration: readDuration(parameters) as number,
		...(takesField(rules, 'quality') && { quality: parameters.text('quality', STANDARD_QUALITY) }),
	};
}

/** Checks one item's fields and picture. Sends nothing. */
export async function draftGenerate(ctx: IExecuteFunctions, parameters: ItemParameters): Promise<Draft> {
	const model = readModel(parameters);
	const { id, rules } = model;
	const image = parameters.choice('image', parameters.text('image', 'none'), ['none', 'url', 'binary']);
	const body: IDataObject = {
		model: id,
		prompt: readPrompt(parameters) as string,
		...choices(parameters, model),
		...(image === 'url' && { image_urls: [parameters.url('imageUrl')] }),
		...readAdditionalFields(parameters),
	};
	if (typeof body.prompt === 'string') body.prompt = body.prompt.trim();
	assertBody(ctx, parameters, rules, body);
	if (image !== 'binary') return { body };
	if (body.image_urls !== undefined) {
		const allowed = "no 'image_urls' beside an input image from a binary field";
		throw parameters.refuse('additionalFields', body.image_urls, allowed);
	}
	const source = await readInputImage(ctx, parameters, rules, String(body.aspect_ratio));
	return { body, file: { source, attach: (unfinished, url) => ({ ...unfinished, image_urls: [url] }) } };
}
