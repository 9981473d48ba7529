import type { IDataObject, INodeProperties } from 'n8n-workflow';

import { parseJson, isObject } from '../../evolink/json';
import { choicesOf, fieldsOf, type ModelField } from '../../evolink/modelEntries';
import { DOCUMENTED_MODELS } from '../../evolink/models';
import { amount, isBlank, meant } from '../../host/cells';
import { shown, type Shown } from '../../host/description';
import type { ItemParameters } from '../../host/parameters';
import { refuseOwnFields } from '../settings';

/** For all but the documented models, and where an expression may name any. */
const when: Shown = { in: { operation: ['generate'] }, not: { model: [...DOCUMENTED_MODELS] } };

const mapper: INodeProperties = {
	displayName: 'Model Fields',
	name: 'modelFields',
	type: 'resourceMapper',
	noDataExpression: true,
	default: { mappingMode: 'defineBelow', value: null },
	typeOptions: {
		loadOptionsDependsOn: ['model'],
		resourceMapper: {
			resourceMapperMethod: 'getModelFields',
			mode: 'add',
			valuesLabel: 'Model Fields',
			fieldWords: { singular: 'field', plural: 'fields' },
			addAllFields: true,
			supportAutoMap: false,
		},
	},
};

export const mapperFields: INodeProperties[] = [
	...shown(
		{
			displayName:
				"Images, videos and audio: a public URL, or the name of a binary field of the item, such as 'data', whose file is uploaded. Separate several by commas.",
			name: 'filesNotice',
			type: 'notice',
			default: '',
		},
		when,
	),
	...shown(mapper, when),
];

/** A field that is left empty is not sent. */
export function readModelFields(parameters: ItemParameters, id: string): IDataObject {
	const given = parameters.mapped('modelFields');
	const fields = fieldsOf(id);
	if (fields === undefined || !isObject(given)) return {};
	refuseOwnFields(parameters, 'modelFields', given, given);
	const values = Object.entries(given).filter(([, value]) => !isBlank(value));
	return Object.fromEntries(
		values.map(([name, value]) => [name, Object.hasOwn(fields, name) ? valueOf(fields[name], value) : value]),
	) as IDataObject;
}

/** Texts of forms and expressions as what they stand for; what stands for nothing goes on to the check as it is. */
function valueOf(field: ModelField, given: unknown): unknown {
	const { type, format } = field;
	if (type === 'string[]') return listOf(given);
	const choice = meant(given, choicesOf(field));
	if (choice !== undefined) return choice;
	if (type === 'string') {
		if (typeof given === 'number') return String(given);
		return format === 'uri' && typeof given === 'string' ? given.trim() : given;
	}
	if (typeof given !== 'string') return given;
	const text = given.trim();
	if (type === 'boolean') return { true: true, false: false }[text.toLowerCase()] ?? given;
	if (type === 'integer' || type === 'number') return amount(text) ?? given;
	return parseJson(text) ?? given;
}

/** A list may be a JSON array, or the items with commas or blanks between them. */
function listOf(given: unknown): unknown {
	const parsed = typeof given === 'string' && given.trim().startsWith('[') ? parseJson(given) : given;
	return typeof parsed === 'string' ? split(parsed) : parsed;
}

/** A comma may be part of a URL: one ends only where the next begins. In names of binary fields it is none. */
function split(text: string): string[] {
	const parts = text.split(/[,;]?\s+|[,;](?=https?:)/).filter((part) => part !== '');
	return parts.flatMap((part) => (part.includes(':') ? [part] : part.split(',')));
}
