import type { IDataObject } from 'n8n-workflow';

import { OTHER_MODELS, type OtherModel } from './generated/otherModels.gen';
import { checkHttpUrl } from './urls';
import { isObject } from './json';

/** A field of a body that cannot be sent: its path in the body, and what is allowed there. */
export interface BodyIssue {
	field: string;
	given: unknown;
	allowed: string;
}

/**
 * A request field as `spec/models.json` describes it; its `source.keys` says what is only told and never enforced. `description`,
 * `enumDescriptions`, `pattern` and `allowed` come from the OpenAPI file alone.
 */
export interface ModelField {
	readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'string[]' | 'object[]';
	readonly required?: boolean;
	readonly description?: string;
	readonly enum?: ReadonlyArray<string | number>;
	readonly enumDescriptions?: Readonly<Record<string, string>>;
	readonly min?: number;
	readonly max?: number;
	/** Allowed beside the range. */
	readonly also?: ReadonlyArray<string | number>;
	readonly default?: string | number | boolean;
	/** In characters (code points), as JSON Schema counts them: an emoji is one. */
	readonly minLength?: number;
	readonly maxLength?: number;
	readonly minItems?: number;
	readonly maxItems?: number;
	readonly format?: 'uri';
	/** Of a text, or of each text of a list. */
	readonly pattern?: string;
	/** In words, where the general ones for its kind would say less. */
	readonly allowed?: string;
	/** What it is for, where its name does not say so. */
	readonly meaning?: string;
	readonly prose?: {
		readonly enum?: ReadonlyArray<string | number>;
		readonly default?: string | number | boolean;
		readonly min?: number;
		readonly max?: string | number;
		readonly maxItems?: number;
	};
	readonly fields?: ModelFields;
	readonly itemFields?: ModelFields;
}

export type ModelFields = Readonly<Record<string, ModelField>>;

/** What the node sets itself. */
export const OWN_FIELDS: readonly string[] = ['model', 'callback_url'];

const parsed = new Map<string, ModelFields>();

/** The models that have an entry: those asked for most first, then those of a family together. */
export const MODEL_ENTRIES: ReadonlyArray<{ id: string } & OtherModel> = Object.entries(OTHER_MODELS).map(
	([id, entry]) => ({ id, ...entry }),
);

/** The request fields of a model; `undefined` if no entry knows it. */
export function fieldsOf(id: string): ModelFields | undefined {
	const text = entryOf(id)?.fields;
	if (text === undefined) return undefined;
	const fields = parsed.get(id) ?? (JSON.parse(text) as ModelFields);
	parsed.set(id, fields);
	return fields;
}

/** `undefined` for a model of which nothing is known. */
export function entryOf(id: string): OtherModel | undefined {
	return Object.hasOwn(OTHER_MODELS, id) ? OTHER_MODELS[id] : undefined;
}

/** The values that a field offers, those that only the manual names included, and what each means. */
export function choicesOf({ enum: values, enumDescriptions, also = [], prose }: ModelField) {
	return [...(values ?? prose?.enum ?? []), ...also].map((value) => ({
		value,
		note: enumDescriptions?.[String(value)],
	}));
}

/** `image_urls` as people read it. */
export function fieldTitle(name: string): string {
	const words = name.split(/[_.]/).map((word) => {
		if (/^(urls?|id|pe)$/.test(word)) return word.replace(/url|id|pe/, (known) => known.toUpperCase());
		return word.charAt(0).toUpperCase() + word.slice(1);
	});
	return words.join(' ');
}

/** The same for a field of a model. What takes URLs takes files, too, and is named by what they hold. */
export function titleOf(name: string, field: ModelField | undefined): string {
	const title = fieldTitle(name);
	return field?.format === 'uri' ? title.replace(/ URLs?$/, '') : title;
}

/**
 * Checks a whole request body by the entry of its model.
 *
 * @returns the first issue, or nothing
 */
export function checkEntry(id: string, fields: ModelFields, body: IDataObject): BodyIssue | undefined {
	const known = Object.keys(fields).join(', ');
	for (const [field, given] of Object.entries(body)) {
		if (OWN_FIELDS.includes(field) || Object.hasOwn(fields, field)) continue;
		return { field, given, allowed: `nothing: ${id} has no such field; it takes ${known}` };
	}
	return firstIssue(id, fields, body);
}

/** The first field that its entry does not allow; what it does not name passes. */
export function firstIssue(
	id: string,
	fields: ModelFields,
	object: IDataObject,
	path = '',
): BodyIssue | undefined {
	for (const [name, field] of Object.entries(fields)) {
		const given = object[name];
		const place = `${path}${name}`;
		if (given === undefined) {
			if (field.required) return { field: place, given, allowed: allowedBy(field, id) };
			continue;
		}
		if (!fits(field, given)) return { field: place, given, allowed: allowedBy(field, id) };
		const inner = innerIssue(field, given, id, place);
		if (inner !== undefined) return inner;
	}
	return undefined;
}

/** Members that the entry does not name pass: EvoLink's table is cut there. */
function innerIssue(field: ModelField, given: unknown, id: string, place: string): BodyIssue | undefined {
	const { fields, itemFields } = field;
	if (fields && isObject(given)) return firstIssue(id, fields, given, `${place}.`);
	if (!itemFields || !Array.isArray(given)) return undefined;
	const items = given as IDataObject[];
	for (const [at, item] of items.entries()) {
		const issue = firstIssue(id, itemFields, item, `${place}.${at}.`);
		if (issue !== undefined) return issue;
	}
	return undefined;
}

function fits(field: ModelField, given: unknown): boolean {
	if (field.also?.some((value) => value === given)) return true;
	if (field.enum) return field.enum.some((value) => value === given);
	switch (field.type) {
		case 'integer':
			return Number.isInteger(given) && inRange(field, given as number);
		case 'number':
			return Number.isFinite(given) && inRange(field, given as number);
		case 'boolean':
			return typeof given === 'boolean';
		case 'object':
			return isObject(given);
		case 'string[]':
			return isList(field, given, (item) => isText(field, item));
		case 'object[]':
			return isList(field, given, isObject);
		default:
			return isText(field, given);
	}
}

const inRange = ({ min = -Infinity, max = Infinity }: ModelField, given: number) =>
	given >= min && given <= max;

function isText(field: ModelField, given: unknown): boolean {
	if (typeof given !== 'string') return false;
	const { format, pattern, required, minLength = required ? 1 : 0, maxLength = Infinity } = field;
	if (pattern !== undefined && !new RegExp(pattern).test(given)) return false;
	// a user name in a URL that has a pattern is told with its own words, see `checkUrls`
	if (format === 'uri' && !(pattern === undefined ? checkHttpUrl(given).ok : URL.canParse(given)))
		return false;
	const { length } = [...given];
	return length >= minLength && length <= maxLength;
}

function isList(field: ModelField, given: unknown, isItem: (item: unknown) => boolean): boolean {
	const { minItems = 0, maxItems = Infinity } = field;
	return Array.isArray(given) && given.length >= minItems && given.length <= maxItems && given.every(isItem);
}

const URLS = 'http or https URLs without a user name or password';

/** What a field takes, in words. */
function allowedBy(field: ModelField, id: string): string {
	if (field.allowed !== undefined) return field.allowed;
	const also = (field.also ?? []).map((value) => `, or ${value}`).join('');
	return `${withoutAlso(field)}${also} for ${id}`;
}

function withoutAlso(field: ModelField): string {
	if (field.enum) return field.enum.join(', ');
	switch (field.type) {
		case 'integer':
			return `whole numbers${rangeOf(field)}`;
		case 'number':
			return `numbers${rangeOf(field)}`;
		case 'boolean':
			return 'true, false';
		case 'object':
			return `an object${field.fields ? ` of ${Object.keys(field.fields).join(', ')}` : ''}`;
		case 'string[]':
			return `a list of ${countOf(field)}${field.format === 'uri' ? URLS : 'texts'}`;
		case 'object[]':
			return `a list of ${countOf(field)}objects`;
		default:
			if (field.format === 'uri') return 'an http or https URL without a user name or password';
			return field.required || field.minLength ? 'text that is not empty' : 'text';
	}
}

/** ` from 2 to 12`; fields have both limits or none. */
function rangeOf({ min, max }: ModelField): string {
	return min === undefined ? '' : ` from ${min} to ${max}`;
}

/** `1 to 9 `, as far as there are limits; no list has a lower one alone. */
function countOf({ minItems, maxItems }: ModelField): string {
	if (maxItems === undefined) return '';
	if (minItems === undefined) return `at most ${maxItems} `;
	return minItems === maxItems ? `exactly ${maxItems} ` : `${minItems} to ${maxItems} `;
}
