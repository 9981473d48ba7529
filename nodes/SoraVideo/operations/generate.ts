import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { DOCUMENTED_FIELDS, evolinkFacts } from '../../evolink/generated/spec.gen';
import {
	CUSTOM,
	DOCUMENTED_MODELS,
	optionGroups,
	type optionsOf,
	rulesFor,
	rulesOf,
	takesField,
} from '../../evolink/models';
import { choicesOf, type ModelFields } from '../../evolink/modelEntries';
import { inMoney, PRICES_AS_OF } from '../../evolink/prices';
import { isBlank, meant } from '../../host/cells';
import { FILLED_IN, shown, type Shown } from '../../host/description';
import type { ItemParameters } from '../../host/parameters';
import type { Draft } from '../entries';
import { FURTHER_FIELDS, readAdditionalFields } from '../settings';
import { assertBody } from './draft';
import { imageFields, placeFrames } from './frames';
import { takeBinaryFields } from './inputFiles';
import { readInputImage } from './inputImage';
import { forGenerate, modelField, MODEL_IDS, readModel } from './model';
import { mapperFields, readModelFields } from './modelFields';

const {
	prompt: PROMPT,
	aspect_ratio: RATIO,
	duration: DURATION,
} = DOCUMENTED_FIELDS[evolinkFacts.defaultModel];
const { quality: QUALITY } = DOCUMENTED_FIELDS['sora-2-pro-preview'];
const { standard: STANDARD_QUALITY } = evolinkFacts.quality;
const [DEFAULT_RATIO] = RATIO.enum;
const { default: DEFAULT_DURATION } = DURATION;

type Options = ReturnType<typeof optionsOf>;

const withPrices = (options: Options, models: readonly string[]) =>
	options.map(({ value, credits }) => {
		const name = `${value} Seconds`;
		if (credits === undefined) return { name, value };
		const description = `Price of ${models.join(', ')} in EvoLink's list of ${PRICES_AS_OF}`;
		return { name: `${name} (${inMoney(credits)})`, value, description };
	});

/**
 * One property for each option list of the documented models, and one for each model of a later list: only the first serves an
 * expression in 'Model'.
 */
function perModel(
	field: string,
	property: (options: Options, models: readonly string[]) => INodeProperties,
): INodeProperties[] {
	return optionGroups(field).flatMap(({ models, options }, at) => {
		const others = MODEL_IDS.filter((model) => !models.includes(model));
		const rules: Shown[] =
			at > 0
				? models.map((model) => ({ in: forGenerate, only: { model } }))
				: [{ in: forGenerate, not: { model: others } }];
		return rules.flatMap((when) => shown(property(options, models), when));
	});
}

const promptDescription = `What the video shows; for Sora, 1 to ${PROMPT.maxLength} characters. ${evolinkFacts.moderationNote}`;

const prompt: INodeProperties = {
	displayName: 'Prompt',
	name: 'prompt',
	type: 'string',
	typeOptions: { rows: 4 },
	default: '',
	placeholder: 'e.g. A cat playing the piano in a jazz club',
	description: promptDescription,
};

/** Required by the documented models alone, and not beside further fields, which may hold one. */
const promptFields: INodeProperties[] = [
	...DOCUMENTED_MODELS.flatMap((model) =>
		shown(
			{ ...prompt, required: true },
			{ in: forGenerate, only: { model }, not: { [FURTHER_FIELDS]: FILLED_IN } },
		),
	),
	...shown(prompt, {
		in: forGenerate,
		not: { model: [...DOCUMENTED_MODELS], [FURTHER_FIELDS]: FILLED_IN },
	}),
	...shown(prompt, { in: { ...forGenerate, [FURTHER_FIELDS]: FILLED_IN } }),
];

export const generateFields: INodeProperties[] = [
	...modelField,
	...promptFields,
	...perModel('aspect_ratio', (options) => ({
		displayName: 'Aspect Ratio',
		name: 'aspectRatio',
		type: 'options',
		options,
		default: DEFAULT_RATIO,
		description: 'Shape of the video. If it is given in pixels, a start image must have exactly that size.',
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
		description: QUALITY.description,
	})),
	...imageFields,
	...mapperFields,
];

/** Numbers are written out. Anything else that is no text is a mistake, such as a whole item for one of its fields. */
function readPrompt(parameters: ItemParameters): unknown {
	const given = parameters.value('prompt', '');
	if (isBlank(given)) return '';
	return typeof given === 'number' && Number.isFinite(given) ? String(given) : given;
}

/** A blank cell is the field's default, and what means one value alone is taken for it. */
const TYPED = {
	aspect_ratio: { name: 'aspectRatio', fallback: DEFAULT_RATIO },
	duration: { name: 'duration', fallback: DEFAULT_DURATION },
	quality: { name: 'quality', fallback: STANDARD_QUALITY },
};

function readTyped(parameters: ItemParameters, model: string): IDataObject {
	const fields = Object.entries(TYPED).filter(([field]) => takesField(model, field));
	return Object.fromEntries(
		fields.map(([field, { name, fallback }]) => {
			const given = parameters.value(name, fallback);
			const choices = choicesOf(rulesFor(model)[field]);
			return [field, isBlank(given) ? fallback : (meant(given, choices) ?? given)];
		}),
	) as IDataObject;
}

/** Where a file may go in the body of a model that is not known. */
const UNKNOWN: ModelFields = { image_urls: { type: 'string[]', format: 'uri' } };

/** Sends nothing. */
export async function draftGenerate(ctx: IExecuteFunctions, parameters: ItemParameters): Promise<Draft> {
	const id = readModel(parameters);
	const rules = rulesOf(id);
	const isDocumented = DOCUMENTED_MODELS.includes(id);
	const { body, startField } = await placeFrames(ctx, parameters, id, {
		model: id,
		prompt: readPrompt(parameters) as string,
		...(isDocumented ? readTyped(parameters, id) : readModelFields(parameters, id)),
		...readAdditionalFields(parameters),
	});
	if (typeof body.prompt === 'string') body.prompt = body.prompt.trim();
	// only the documented models are known to need one
	if (body.prompt === '' && !isDocumented) delete body.prompt;
	const fields = rules === CUSTOM ? UNKNOWN : rulesFor(id);
	const sourceOf =
		isDocumented && startField !== undefined
			? async () => await readInputImage(ctx, parameters, id, String(body.aspect_ratio))
			: undefined;
	const files = await takeBinaryFields(ctx, parameters, fields, body, sourceOf);
	assertBody(ctx, parameters, rules, body);
	return files.length > 0 ? { body, files } : { body };
}
