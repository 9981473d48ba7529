import type {
	FieldType,
	ILoadOptionsFunctions,
	ResourceMapperField,
	ResourceMapperFields,
} from 'n8n-workflow';

import { choicesOf, fieldsOf, titleOf, type ModelField } from '../../evolink/modelEntries';
import { framesOf } from '../../evolink/models';

/** Shown at once, beside what a model needs and its media; the others can be added. */
const USUAL = ['aspect_ratio', 'duration', 'quality'];

/** Their defaults are told and not filled in: EvoLink has them. */
export async function getModelFields(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
	// an expression comes as its text
	const given = String(this.getCurrentNodeParameter('model') ?? '').trim();
	const { first, last, alsoReferences = false } = framesOf(given) ?? {};
	const inForm = ['prompt', ...(alsoReferences ? [] : [first, last])];
	const fields = Object.entries(fieldsOf(given) ?? {}).filter(([name]) => !inForm.includes(name));
	const whose = given.startsWith('=') ? 'a model that an expression names' : given;
	return {
		fields: fields.map(([name, field]) => formField(name, field, alsoReferences && name === first)),
		emptyFieldsNotice:
			fieldsOf(given) === undefined
				? `The fields of ${whose} are not known here. Enter what it takes in the option 'Additional Fields (JSON)'.`
				: `${whose} takes no other fields.`,
	};
}

/** @param isReference an image that is no frame, in a field that takes both: frames have fields of their own */
function formField(id: string, field: ModelField, isReference: boolean): ResourceMapperField {
	const { required = false, default: usual = field.prose?.default } = field;
	const choices = offered(field);
	return {
		id,
		displayName: isReference ? `Reference ${labelOf(id, field)}` : labelOf(id, field),
		required,
		defaultMatch: false,
		display: true,
		removed: isReference || (!required && !USUAL.includes(id) && field.format !== 'uri'),
		type: choices.length > 0 ? 'options' : TYPES[field.type],
		...(choices.length > 0 && {
			options: choices.map((value) => ({ name: `${value}${value === usual ? ' (Default)' : ''}`, value })),
		}),
		// a switch shows something in any case
		...(field.type === 'boolean' && { defaultValue: usual === true }),
	};
}

const TYPES: Record<ModelField['type'], FieldType> = {
	string: 'string',
	integer: 'number',
	number: 'number',
	boolean: 'boolean',
	object: 'object',
	'object[]': 'array',
	// a single link needs no brackets
	'string[]': 'string',
};

/** What a list offers: all values of a field that has some, and of a range where a word beside it fits no number field. */
function offered(field: ModelField): ReadonlyArray<string | number> {
	const { also = [], min, max } = field;
	const choices = choicesOf(field).map(({ value }) => value);
	if (choices.length > also.length) return choices;
	if (!also.some((value) => typeof value === 'string') || min === undefined || max === undefined) return [];
	return [...Array.from({ length: max - min + 1 }, (_, at) => min + at), ...also];
}

/** `Audio (URLs or Binary, 1–10)`, `Seed (1–9; default 5): Fixed seed`. The editor cuts labels after some thirty characters. */
function labelOf(name: string, field: ModelField): string {
	const kind = field.type === 'string[]' ? 'URLs or Binary' : 'URL or Binary';
	const facts = [field.format === 'uri' && kind, limitsOf(field)].filter(Boolean).join(', ');
	const about = [facts, defaultOf(field)].filter((fact) => fact !== '').join('; ');
	const title = `${titleOf(name, field)}${about === '' ? '' : ` (${about})`}`;
	return field.meaning === undefined ? title : `${title}: ${field.meaning}`;
}

/** Lists mark theirs, switches show it, and an empty one says nothing. */
function defaultOf(field: ModelField): string {
	const usual = field.default ?? field.prose?.default;
	if (offered(field).length > 0 || field.type === 'boolean' || usual === undefined) return '';
	return String(usual) === '' ? '' : `default ${usual}`;
}

function limitsOf(field: ModelField): string {
	const { type, also = [], minItems, maxItems = field.prose?.maxItems } = field;
	if (offered(field).length > 0) return '';
	if (type === 'string[]') return span(minItems, maxItems);
	if (type === 'object') return Object.keys(field.fields ?? {}).join(', ');
	if (type !== 'integer' && type !== 'number') return '';
	const range = span(field.min ?? field.prose?.min, field.max ?? field.prose?.max);
	return [range, ...also].filter((part) => part !== '').join(' or ');
}

function span(from: string | number | undefined, to: string | number | undefined): string {
	if (to === undefined) return '';
	if (from === undefined) return `max ${to}`;
	return from === to ? String(to) : `${from}–${to}`;
}
