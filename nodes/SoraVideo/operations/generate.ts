import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { DOCUMENTED_FIELDS, evolinkFacts } from '../../evolink/generated/spec.gen';
import {
	CHARACTER_MODEL,
	CUSTOM,
	DEFAULT_MODEL,
	DOCUMENTED_MODELS,
	GENERATE_MODELS,
	modelOptions,
	optionGroups,
	type optionsOf,
	rulesOf,
	takesField,
} from '../../evolink/models';
import { fieldsOf } from '../../evolink/modelEntries';
import { PRICES_AS_OF } from '../../evolink/prices';
import { FURTHER_FIELDS, readAdditionalFields } from '../settings';
import { assertBody, megabytes } from './draft';
import { FILLED_IN, requiredWith, type Rules } from '../../host/description';
import { standInFor, takeBinaryFields } from './inputFiles';
import { PIXELS_RULE, readInputImage } from './inputImage';
import {
	documentedOnly,
	modelFieldsMapper,
	otherModelFields,
	readModelFields,
	readModelId,
} from './otherModel';
import type { ItemParameters } from '../../host/parameters';
import type { Draft } from '../entries';

const {
	prompt: PROMPT,
	aspect_ratio: RATIO,
	duration: DURATION,
} = DOCUMENTED_FIELDS[evolinkFacts.defaultModel];
const IMAGE = evolinkFacts.imageInput;
const { standard: STANDARD_QUALITY } = evolinkFacts.quality;
const [DEFAULT_RATIO] = RATIO.enum;
const { default: DEFAULT_DURATION } = DURATION;

const forGenerate = { operation: ['generate'] };

const promptDescription = `What the video shows; for Sora, 1 to ${PROMPT.maxLength} characters. ${evolinkFacts.moderationNote}`;

type Options = ReturnType<typeof optionsOf>;

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

const prompt: INodeProperties = {
	displayName: 'Prompt',
	name: 'prompt',
	type: 'string',
	typeOptions: { rows: 4 },
	default: '',
	placeholder: 'e.g. A cat playing the piano in a jazz club',
	description: promptDescription,
};

const withoutFurther = (hide: Rules): INodeProperties['displayOptions'] => ({
	show: forGenerate,
	hide: { ...hide, [FURTHER_FIELDS]: FILLED_IN },
});

/** Required by the documented models alone, and not beside further fields, which may hold one. */
const promptFields: INodeProperties[] = [
	...DOCUMENTED_MODELS.map((model) => ({
		...prompt,
		required: true,
		displayOptions: withoutFurther(only(model).hide),
	})),
	{ ...prompt, displayOptions: withoutFurther({ model: [...DOCUMENTED_MODELS] }) },
	{ ...prompt, displayOptions: { show: { ...forGenerate, [FURTHER_FIELDS]: FILLED_IN } } },
];

export const generateFields: INodeProperties[] = [
	{
		displayName: 'Model',
		name: 'model',
		type: 'options',
		options: [
			...modelOptions(),
			{
				name: 'Other EvoLink Model',
				value: CUSTOM,
				description: 'Any other video model of EvoLink, from a list or by its ID',
			},
		],
		default: DEFAULT_MODEL,
		displayOptions: { show: forGenerate },
		description: evolinkFacts.standingNote,
	},
	...otherModelFields,
	...promptFields,
	modelFieldsMapper,
	...perModel('aspect_ratio', (options) => ({
		displayName: 'Aspect Ratio',
		name: 'aspectRatio',
		type: 'options',
		options,
		default: DEFAULT_RATIO,
		description: 'Shape of the video. If it is given in pixels, an input image must have exactly that size.',
	})),
	...perModel('duration', (options, models) => ({
		displayName: 'Duration',
		name: 'duration',
		type: 'options',
		options: withPrices(options, models),
		default: DEFAULT_DURATION,
		description: DURATION.description,
	})),
	...perModel('quality', (options) => ({
		displayName: 'Quality',
		name: 'quality',
		type: 'options',
		options,
		default: STANDARD_QUALITY,
		description: DOCUMENTED_FIELDS['sora-2-pro-preview'].quality.description,
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
		displayOptions: documentedOnly,
		description:
			"Image that the video starts from. n8n's Edit Image node brings it to the size that the model needs. Images of real people are refused.",
	},
	...requiredWith(
		{
			displayName: 'Image URL',
			name: 'imageUrl',
			type: 'string',
			default: '',
			placeholder: 'e.g. https://example.com/first-frame.png',
			description: `Image that EvoLink can fetch (${IMAGE.extensions.join(', ')}, at most ${megabytes(IMAGE.maxBytes)}), with the exact pixels that its model needs (${PIXELS_RULE}). An image behind a URL is not checked before the order: if it does not fit, the task fails.`,
		},
		{ show: forGenerate, choice: 'image', value: 'url' },
	),
	{
		displayName: 'Input Data Field Name',
		name: 'imageField',
		type: 'string',
		default: 'data',
		placeholder: 'e.g. data',
		displayOptions: { show: { ...forGenerate, image: ['binary'] } },
		hint: 'The name of the binary field that holds the image',
		description: `Checked first (${IMAGE.extensions.join(', ')}, at most ${megabytes(IMAGE.maxBytes)}), then uploaded to EvoLink`,
	},
];

interface ChosenModel {
	/** Sent as `model`. */
	id: string;
	/** Whose rules apply, as `checkBody` knows them. */
	rules: string;
	/** Whether it was chosen as another model, which has its fields in 'Model Fields'. */
	isOther: boolean;
}

function readModel(parameters: ItemParameters): ChosenModel {
	const model = parameters.text('model', DEFAULT_MODEL);
	if (!GENERATE_MODELS.includes(model)) {
		const allowed = `${GENERATE_MODELS.join(', ')}; other models are named in 'Model ID' of Other EvoLink Model`;
		throw parameters.refuse('model', model, allowed);
	}
	if (model !== CUSTOM) return { id: model, rules: model, isOther: false };
	const id = readModelId(parameters);
	if (id === '') throw parameters.refuse('modelId', id, 'the ID of a model');
	if (id === CHARACTER_MODEL) {
		const allowed = "a video model; characters are made with the operation 'Create Character'";
		throw parameters.refuse('modelId', id, allowed);
	}
	return { id, rules: rulesOf(id), isOther: true };
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

/** What a documented model needs, however its ID was given. */
function defaultsOf(rules: string): IDataObject {
	if (!DOCUMENTED_MODELS.includes(rules)) return {};
	return {
		aspect_ratio: DEFAULT_RATIO,
		duration: DEFAULT_DURATION,
		...(takesField(rules, 'quality') && { quality: STANDARD_QUALITY }),
	};
}

function choices(parameters: ItemParameters, { id, rules, isOther }: ChosenModel): IDataObject {
	if (isOther) return { ...defaultsOf(rules), ...readModelFields(parameters, id) };
	return {
		aspect_ratio: parameters.text('aspectRatio', DEFAULT_RATIO),
		duration: readDuration(parameters) as number,
		...(takesField(rules, 'quality') && { quality: parameters.text('quality', STANDARD_QUALITY) }),
	};
}

/** Checks one item's fields and image. Sends nothing. */
export async function draftGenerate(ctx: IExecuteFunctions, parameters: ItemParameters): Promise<Draft> {
	const model = readModel(parameters);
	const { id, rules } = model;
	const given = model.isOther ? 'none' : parameters.text('image', 'none');
	const image = parameters.choice('image', given, ['none', 'url', 'binary']);
	const body: IDataObject = {
		model: id,
		prompt: readPrompt(parameters) as string,
		...choices(parameters, model),
		...(image === 'url' && { image_urls: [parameters.url('imageUrl')] }),
		...readAdditionalFields(parameters),
	};
	if (typeof body.prompt === 'string') body.prompt = body.prompt.trim();
	// only the documented models are known to need one
	if (body.prompt === '' && !DOCUMENTED_MODELS.includes(rules)) delete body.prompt;
	const files = await takeBinaryFields(ctx, parameters, fieldsOf(rules) ?? {}, body);
	assertBody(ctx, parameters, rules, body);
	if (files.length > 0) return { body, files };
	if (image !== 'binary') return { body };
	if (body.image_urls !== undefined) {
		const allowed = "no 'image_urls' beside an input image from a binary field";
		throw parameters.refuse('additionalFields', body.image_urls, allowed);
	}
	const source = await readInputImage(ctx, parameters, rules, String(body.aspect_ratio));
	const standIn = standInFor('image');
	return { body: { ...body, image_urls: [standIn] }, files: [{ source, standIn }] };
}
