import type {
	FieldType,
	ILoadOptionsFunctions,
	ResourceMapperField,
	ResourceMapperFields,
} from 'n8n-workflow';

import { fieldTitle, fieldsOf, type ModelField } from '../../evolink/modelEntries';
import { isObject } from '../../evolink/json';

/** Shown at once, beside what a model needs and its media; the others can be added. */
const USUAL = ['aspect_ratio', 'duration', 'quality'];

/** The form has these of its own. */
const ELSEWHERE = ['prompt'];

/** The fields of the chosen model, as its entry describes them. Their defaults are told and not filled in: EvoLink has them. */
export async function getModelFields(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
	const chosen: unknown = this.getCurrentNodeParameter('modelId');
	const id = String((isObject(chosen) ? chosen.value : chosen) ?? '').trim();
	const fields = Object.entries(fieldsOf(id) ?? {}).filter(([name]) => !ELSEWHERE.includes(name));
	const notice =
		id === ''
			? "Choose a model in 'Model ID' first."
			: `No fields of ${id} are known here. Enter what it takes in the option 'Additional Fields (JSON)'.`;
	return { fields: fields.map(([name, field]) => formField(name, field)), emptyFieldsNotice: notice };
}

function formField(id: string, field: ModelField): ResourceMapperField {
	const { required = false, default: usual = field.prose?.default } = field;
	const choices = choicesOf(field);
	return {
		id,
		displayName: labelOf(id, field),
		required,
		defaultMatch: false,
		display: true,
		removed: !required && !USUAL.includes(id) && field.format !== 'uri',
		type: choices ? 'options' : TYPES[field.type],
		...(choices && {
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

/** What the manual lists is offered, even where only EvoLink itself enforces it. */
function choicesOf({
	enum: choices,
	prose,
	also,
	min,
	max,
}: ModelField): ReadonlyArray<string | number> | undefined {
	if (choices) return choices;
	if (prose?.enum) return prose.enum;
	// a word beside numbers fits no number field
	if (!also?.some((value) => typeof value === 'string') || min === undefined || max === undefined)
		return undefined;
	return [...Array.from({ length: max - min + 1 }, (_, at) => min + at), ...also];
}

/** `Duration (4–30 or -1; default 5)`. The editor cuts labels after some thirty characters. */
function labelOf(name: string, field: ModelField): string {
	const title = `${fieldTitle(name)}${field.format === 'uri' ? '/Binary' : ''}`;
	const facts = [limitsOf(field), defaultOf(field)].filter((fact) => fact !== '');
	return `${title}${facts.length > 0 ? ` (${facts.join('; ')})` : ''}`;
}

/** Lists mark theirs, switches show it, and an empty one says nothing. */
function defaultOf(field: ModelField): string {
	const usual = field.default ?? field.prose?.default;
	if (choicesOf(field) || field.type === 'boolean' || usual === undefined) return '';
	return String(usual) === '' ? '' : `default ${usual}`;
}

function limitsOf(field: ModelField): string {
	const { type, also = [], minItems, maxItems = field.prose?.maxItems } = field;
	if (choicesOf(field)) return '';
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
