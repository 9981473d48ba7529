import type { IDataObject } from 'n8n-workflow';
import sortBy from 'lodash/sortBy';
import type { ZodIssue, ZodTypeAny } from 'zod';

import { MODEL_REQUESTS } from './generated/models.gen';
import { CustomModelRequestSchema, evolinkFacts } from './generated/spec.gen';
import { zCustomModelRequest } from './generated/zod.gen';
import { checkEntry, fieldsOf, type BodyIssue } from './modelEntries';
import { estimateCredits } from './prices';

/** The `model` field's value for every other model: one with an entry in `spec/models.json`, or none that the spec knows. */
export const CUSTOM = 'custom';

/** The JSON schema of a field, as far as the fields of the spec use it. */
interface FieldSchema {
	readonly type?: string;
	readonly description?: string;
	readonly enum?: ReadonlyArray<string | number>;
	readonly 'x-enumDescriptions'?: Readonly<Record<string, string>>;
	readonly minLength?: number;
	readonly maxLength?: number;
	readonly maxItems?: number;
	readonly format?: string;
}

interface Model {
	/** JSON schema of the request, for option lists and limits. */
	schema: { properties: Readonly<Record<string, FieldSchema>> };
	/** Checks a whole body. Fields that no document names pass: they come from 'Additional Fields (JSON)' only. */
	request: ZodTypeAny;
}

const MODELS: Record<string, Model> = {
	...Object.fromEntries(
		Object.entries(MODEL_REQUESTS).map(([id, { schema, request }]) => [
			id,
			{ schema, request: request.passthrough() },
		]),
	),
	[CUSTOM]: { schema: CustomModelRequestSchema, request: zCustomModelRequest },
};

interface ModelNote {
	readonly label: string;
	readonly operation: string;
	readonly description?: string;
}

const notes: Readonly<Record<string, ModelNote>> = evolinkFacts.models;
const idsFor = (operation: string) => Object.keys(notes).filter((id) => notes[id].operation === operation);

export const DEFAULT_MODEL: string = evolinkFacts.defaultModel;

/** Documented models of the operation generate, in the spec's order. */
export const DOCUMENTED_MODELS: readonly string[] = idsFor('generate');

/** Values of the `model` field. */
export const GENERATE_MODELS: readonly string[] = [...DOCUMENTED_MODELS, CUSTOM];

export const [CHARACTER_MODEL] = idsFor('character');

/** What to know before a character is made. */
export const CHARACTER_NOTE = notes[CHARACTER_MODEL].description ?? '';

/** The documented models as options of the editor. */
export function modelOptions(): Array<{ name: string; value: string; description?: string }> {
	return DOCUMENTED_MODELS.map((id) => {
		const { label, description } = notes[id];
		return { name: label, value: id, ...(description && { description }) };
	});
}

/** Every field that some documented model takes. */
const DOCUMENTED = new Set(
	[...Object.values(MODELS)].flatMap(({ schema }) => Object.keys(schema.properties)),
);

/** Whose rules a model's requests follow: its own, as far as the spec knows it, or those of every other model. */
export function rulesOf(id: string): string {
	return Object.hasOwn(MODELS, id) || fieldsOf(id) !== undefined ? id : CUSTOM;
}

/** Whether requests of a documented model may hold a field. Here and below a model is a value of `GENERATE_MODELS` or the character's. */
export function takesField(model: string, field: string): boolean {
	return Object.hasOwn(MODELS[model].schema.properties, field);
}

/**
 * Checks a whole request body by the rules of its model.
 *
 * @param model as `rulesOf` gives it
 * @returns the first issue, or nothing
 */
export function checkBody(model: string, body: IDataObject): BodyIssue | undefined {
	const fields = fieldsOf(model);
	if (fields !== undefined) return checkEntry(model, fields, body);
	const { request } = MODELS[model];
	const foreign =
		model === CUSTOM
			? undefined
			: Object.keys(body).find((field) => DOCUMENTED.has(field) && !takesField(model, field));
	if (foreign !== undefined)
		return { field: foreign, given: body[foreign], allowed: `nothing: ${model} has no such field` };
	const parsed = request.safeParse(body);
	if (parsed.success) return undefined;
	const issue = parsed.error.issues.find((each) => !fitsByCharacters(each, body));
	if (issue === undefined) return undefined;
	const field = String(issue.path[0]);
	return { field, given: body[field], allowed: allowedBy(MODELS[model].schema.properties[field], model) };
}

/** JSON Schema counts characters (RFC 8259 code points) where zod counts UTF-16 units: an emoji is one, not two. */
function fitsByCharacters(issue: ZodIssue, body: IDataObject): boolean {
	if (issue.code !== 'too_big') return false;
	const given = body[String(issue.path[0])] as string | unknown[];
	return [...given].length <= Number(issue.maximum);
}

/** What the spec says is allowed, in words. */
function allowedBy(schema: FieldSchema, model: string): string {
	if (schema.enum) return `${schema.enum.join(', ')} for ${model}`;
	if (schema.type === 'array') return `at most ${schema.maxItems} http or https URL`;
	if (schema.format === 'uri') return 'an http or https URL';
	if (schema.maxLength !== undefined) return `${schema.minLength} to ${schema.maxLength} characters`;
	return schema.description ?? 'text that is not empty';
}

/** A choice of a field; `credits` is its price where it has one. */
interface FieldOption {
	name: string;
	value: string | number;
	description?: string;
	credits?: number;
}

/** The option list of a field, straight from the spec's enum. */
export function optionsOf(model: string, field: string): FieldOption[] {
	const { enum: values = [], 'x-enumDescriptions': descriptions } = MODELS[model].schema.properties[field];
	return values.map((value) => {
		const description = descriptions?.[String(value)];
		const credits = field === 'duration' ? estimateCredits({ model, duration: value }) : undefined;
		return {
			name: String(value),
			value,
			...(description && { description }),
			...(credits !== undefined && { credits }),
		};
	});
}

/**
 * The different option lists of a field, each with the documented models that have it. The default model's list comes first.
 */
export function optionGroups(field: string): Array<{ models: string[]; options: FieldOption[] }> {
	const groups = new Map<string, { models: string[]; options: FieldOption[] }>();
	const ordered = sortBy(DOCUMENTED_MODELS, (model) => model !== DEFAULT_MODEL);
	for (const model of ordered.filter((id) => takesField(id, field))) {
		const options = optionsOf(model, field);
		const key = JSON.stringify(options);
		const group = groups.get(key) ?? { models: [], options };
		group.models.push(model);
		groups.set(key, group);
	}
	return [...groups.values()];
}
