import type { IDataObject } from 'n8n-workflow';
import sortBy from 'lodash/sortBy';

import { CUSTOM_FIELDS, DOCUMENTED_FIELDS, evolinkFacts } from './generated/spec.gen';
import { checkEntry, fieldsOf, firstIssue, type BodyIssue, type ModelFields } from './modelEntries';
import { estimateCredits } from './prices';

/** The `model` field's value for every other model: one with an entry in `spec/models.json`, or none that the spec knows. */
export const CUSTOM = 'custom';

const MODELS: Readonly<Record<string, ModelFields>> = { ...DOCUMENTED_FIELDS, [CUSTOM]: CUSTOM_FIELDS };

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

export function modelOptions(): Array<{ name: string; value: string; description?: string }> {
	return DOCUMENTED_MODELS.map((id) => {
		const { label, description } = notes[id];
		return { name: label, value: id, ...(description && { description }) };
	});
}

/** Every field that some documented model takes. */
const DOCUMENTED = new Set(Object.values(MODELS).flatMap((fields) => Object.keys(fields)));

/** Whose rules a model's requests follow: its own, as far as the spec knows it, or those of every other model. */
export function rulesOf(id: string): string {
	return Object.hasOwn(MODELS, id) || fieldsOf(id) !== undefined ? id : CUSTOM;
}

/** Whether requests of a documented model may hold a field. Here and below a model is a value of `GENERATE_MODELS` or the character's. */
export function takesField(model: string, field: string): boolean {
	return Object.hasOwn(MODELS[model], field);
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
	const ofOtherModel =
		model === CUSTOM
			? undefined
			: Object.keys(body).find((field) => DOCUMENTED.has(field) && !takesField(model, field));
	if (ofOtherModel !== undefined)
		return { field: ofOtherModel, given: body[ofOtherModel], allowed: `nothing: ${model} has no such field` };
	return firstIssue(model, MODELS[model], body);
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
	const { enum: values = [], enumDescriptions: descriptions } = MODELS[model][field];
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
