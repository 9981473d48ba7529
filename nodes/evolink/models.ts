import type { IDataObject } from 'n8n-workflow';

import { CUSTOM_FIELDS, DOCUMENTED_FIELDS, evolinkFacts } from './generated/spec.gen';
import type { Frames } from './generated/otherModels.gen';
import { checkEntry, entryOf, fieldsOf, firstIssue, type BodyIssue, type ModelFields } from './modelEntries';
import { estimateCredits } from './prices';

/** Stands for every model whose fields are not known, where rules are asked for. */
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

/** Documented models of the operation generate, in the spec's order: the default one first. */
export const DOCUMENTED_MODELS: readonly string[] = idsFor('generate');

/** Whether the OpenAPI file describes a model, the character's included. */
export function isDocumented(id: string): boolean {
	return Object.hasOwn(DOCUMENTED_FIELDS, id);
}

export const [CHARACTER_MODEL] = idsFor('character');

/** What to know before a character is made. */
export const CHARACTER_NOTE = notes[CHARACTER_MODEL].description ?? '';

/** The documented models as options of the editor. */
export function modelOptions(): Array<{ name: string; value: string; description?: string }> {
	return DOCUMENTED_MODELS.map((id) => {
		const { label, description } = notes[id];
		return { name: label, value: id, description };
	});
}

/** `text, first and last frame`: what a model makes its videos from; `undefined` for one that is not known. */
export function tasksOf(id: string): string | undefined {
	return DOCUMENTED_MODELS.includes(id) ? 'text, image' : entryOf(id)?.tasks;
}

/** Which fields take the first and the last frame; `undefined` for a model that takes none, or where it is not clear. */
export function framesOf(id: string): Frames | undefined {
	if (DOCUMENTED_MODELS.includes(id)) return { first: 'image_urls' };
	const entry = entryOf(id);
	// of a model that is not known: the way of most families
	return entry?.fields === undefined ? { first: 'image_urls', last: 'image_urls' } : entry.frames;
}

/** Every field that some documented model takes. */
const DOCUMENTED = new Set(Object.values(MODELS).flatMap((fields) => Object.keys(fields)));

/** Whose rules a model's requests follow: its own, as far as the spec knows it, or those of every other model. */
export function rulesOf(id: string): string {
	return Object.hasOwn(MODELS, id) || fieldsOf(id) !== undefined ? id : CUSTOM;
}

/** The request fields of a model, as far as they are known. */
export function rulesFor(model: string): ModelFields {
	const rules = rulesOf(model);
	return fieldsOf(rules) ?? MODELS[rules];
}

/** Whether requests of a model may hold a field, as far as its fields are known. */
export function takesField(model: string, field: string): boolean {
	return Object.hasOwn(rulesFor(model), field);
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
		return { name: String(value), value, description, credits };
	});
}

/** The different option lists of a field, each with the documented models that have it. */
export function optionGroups(field: string): Array<{ models: string[]; options: FieldOption[] }> {
	const groups = new Map<string, { models: string[]; options: FieldOption[] }>();
	for (const model of DOCUMENTED_MODELS.filter((id) => takesField(id, field))) {
		const options = optionsOf(model, field);
		const key = JSON.stringify(options);
		const group = groups.get(key) ?? { models: [], options };
		group.models.push(model);
		groups.set(key, group);
	}
	return [...groups.values()];
}
