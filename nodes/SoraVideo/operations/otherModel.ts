import type { IDataObject, INodeProperties } from 'n8n-workflow';

import { parseJson, isObject } from '../../evolink/json';
import { fieldsOf, type ModelField } from '../../evolink/modelEntries';
import { CUSTOM } from '../../evolink/models';
import { checkHttpUrl } from '../../evolink/urls';
import { requiredWith } from '../../host/description';
import type { ItemParameters } from '../../host/parameters';

/** Shown for the documented models; also where an expression says which. */
export const documentedOnly: INodeProperties['displayOptions'] = {
	show: { operation: ['generate'] },
	hide: { model: [CUSTOM] },
};

export const otherModelFields: INodeProperties[] = [
	...requiredWith(
		{
			displayName: 'Model ID',
			name: 'modelId',
			type: 'resourceLocator',
			default: { mode: 'list', value: '' },
			description: "One of EvoLink's video models, https://evolink.ai/models",
			modes: [
				{
					displayName: 'From List',
					name: 'list',
					type: 'list',
					typeOptions: { searchListMethod: 'searchModels', searchable: true },
				},
				{
					displayName: 'By ID',
					name: 'id',
					type: 'string',
					placeholder: 'e.g. seedance-2.0-text-to-video',
				},
			],
		},
		{
			show: { operation: ['generate'] },
			choice: 'model',
			value: CUSTOM,
		},
	),
];

export const modelFieldsMapper: INodeProperties = {
	displayName: 'Model Fields',
	name: 'modelFields',
	type: 'resourceMapper',
	noDataExpression: true,
	default: { mappingMode: 'defineBelow', value: null },
	typeOptions: {
		loadOptionsDependsOn: ['modelId.value'],
		resourceMapper: {
			resourceMapperMethod: 'getModelFields',
			mode: 'add',
			valuesLabel: 'Model Fields',
			fieldWords: { singular: 'field', plural: 'fields' },
			addAllFields: true,
			supportAutoMap: false,
		},
	},
	displayOptions: { show: { operation: ['generate'], model: [CUSTOM] } },
};

/** The ID of 'Other EvoLink Model'. Empty when there is none. */
export function readModelId(parameters: ItemParameters): string {
	return String(parameters.located('modelId') ?? '').trim();
}

/** What the form holds for the model's fields, as the model takes it. A field that is left empty is not sent. */
export function readModelFields(parameters: ItemParameters, id: string): IDataObject {
	const given = parameters.mapped('modelFields');
	const fields = fieldsOf(id);
	if (fields === undefined || !isObject(given)) return {};
	const values = Object.entries(given).filter(
		([, value]) => value !== null && value !== undefined && value !== '',
	);
	return Object.fromEntries(
		values.map(([name, value]) => [name, Object.hasOwn(fields, name) ? valueOf(fields[name], value) : value]),
	) as IDataObject;
}

/** Texts of forms and expressions as what they stand for; what stands for nothing goes on to the check as it is. */
function valueOf(field: ModelField, given: unknown): unknown {
	const { type } = field;
	if (type === 'string[]') return listOf(field, given);
	if (type === 'string') {
		if (typeof given === 'number') return String(given);
		return field.format === 'uri' ? urlOf(given) : given;
	}
	if (typeof given !== 'string') return given;
	const text = given.trim();
	if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : given;
	if (type === 'integer' || type === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : given;
	return parseJson(text) ?? given;
}

/** A list may be a JSON array, or the items with commas or blanks between them. */
function listOf({ format }: ModelField, given: unknown): unknown {
	const isText = typeof given === 'string';
	const parsed = isText && given.trim().startsWith('[') ? parseJson(given) : given;
	const items = typeof parsed === 'string' ? split(parsed) : parsed;
	return Array.isArray(items) && format === 'uri' ? items.map(urlOf) : items;
}

/** A comma may be part of a URL: one ends only where the next begins. In names of binary fields it is none. */
function split(text: string): string[] {
	const parts = text.split(/,?\s+|,(?=https?:)/).filter((part) => part !== '');
	return parts.flatMap((part) => (part.includes(':') ? [part] : part.split(',')));
}

function urlOf(given: unknown): unknown {
	const checked = typeof given === 'string' ? checkHttpUrl(given) : undefined;
	return checked?.ok ? checked.url.href : given;
}
