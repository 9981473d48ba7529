import type { INodeProperties } from 'n8n-workflow';

import { listModels, type Catalogue, type ListedModel } from '../../evolink/catalogue';
import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { MODEL_ENTRIES } from '../../evolink/modelEntries';
import { CHARACTER_MODEL, DEFAULT_MODEL, modelOptions } from '../../evolink/models';
import { isBlank, meant } from '../../host/cells';
import { shown } from '../../host/description';
import type { ItemParameters } from '../../host/parameters';

/** What the spec and `spec/models.json` know, the spec's own first; the editor loads the same list with prices. */
const OPTIONS = [
	...modelOptions(),
	...MODEL_ENTRIES.map(({ id, label, tasks }) => ({
		name: label,
		value: id,
		description: `${id} · ${tasks}`,
	})),
];

export const MODEL_IDS: readonly string[] = OPTIONS.map(({ value }) => value);

const SHIPPED = OPTIONS.map(({ name, value }) => ({ id: value, label: name }));

/** Made by another operation, or no video models. */
const HIDDEN = [CHARACTER_MODEL, ...evolinkFacts.catalogue.noVideo];

/** Those of the form, and those that EvoLink's catalogue has beside them. */
export function videoModels(catalogue: Catalogue): ListedModel[] {
	return listModels(SHIPPED, catalogue, HIDDEN);
}

export const forGenerate = { operation: ['generate'] };

export const modelField: INodeProperties[] = [
	{
		displayName: 'Model Name or ID',
		name: 'model',
		type: 'options',
		typeOptions: { loadOptionsMethod: 'getModels' },
		options: OPTIONS,
		default: DEFAULT_MODEL,
		displayOptions: { show: forGenerate },
		description:
			'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
	},
	...shown(
		{ displayName: evolinkFacts.standingNote, name: 'standingNotice', type: 'notice', default: '' },
		{ in: forGenerate, not: { model: MODEL_ENTRIES.map(({ id }) => id) } },
	),
];

/** As EvoLink writes the IDs of its models, and as it may write new ones. */
const ID = /^[A-Za-z0-9][\w.:/-]{0,199}$/;

const NO_ID = ['undefined', 'null', 'NaN', 'true', 'false'];

/** By its name or ID; what no list knows is EvoLink's to refuse. @throws ProblemError for what names no model, or makes no video */
export function readModel(parameters: ItemParameters): string {
	const given = parameters.value('model', DEFAULT_MODEL);
	const example = `the name or ID of a model, such as ${DEFAULT_MODEL}`;
	if (isBlank(given)) throw parameters.refuse('model', '', example);
	if (typeof given !== 'string') throw parameters.refuse('model', given, example);
	const id = String(meant(given, OPTIONS) ?? given.trim());
	if (id === CHARACTER_MODEL) {
		const allowed = "a video model; characters are made with the operation 'Create Character'";
		throw parameters.refuse('model', id, allowed);
	}
	if (!ID.test(id) || NO_ID.includes(id)) throw parameters.refuse('model', given, example);
	return id;
}
