import type { IDataObject, IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import isUndefined from 'lodash/isUndefined';
import omitBy from 'lodash/omitBy';

import { getCatalogue } from '../../evolink/api';
import { listModels, type DefaultPrice, type ListedModel } from '../../evolink/catalogue';
import { hostClock } from '../../evolink/clock';
import { DOCUMENTED_FIELDS, evolinkFacts } from '../../evolink/generated/spec.gen';
import { fieldsOf, MODEL_ENTRIES, type ModelField, type ModelFields } from '../../evolink/modelEntries';
import { CHARACTER_MODEL, modelOptions, tasksOf } from '../../evolink/models';
import { estimateCredits, inUsd } from '../../evolink/prices';
import { hint } from '../../host/context';
import type { ItemParameters } from '../../host/parameters';
import { emitBroken } from '../items';

const show = { operation: ['getManyModels'] };

export const getManyModelsFields: INodeProperties[] = [
	{
		displayName: 'Search',
		name: 'modelSearch',
		type: 'string',
		default: '',
		placeholder: 'e.g. kling',
		displayOptions: { show },
		description: 'Only models whose name or ID holds this text',
	},
	{
		displayName: 'Include Fields',
		name: 'includeFields',
		type: 'boolean',
		default: false,
		displayOptions: { show },
		description: 'Whether to add what each model can be asked for: names, kinds and limits of its fields',
	},
];

/** Made by another operation, or no video models. */
const HIDDEN = [CHARACTER_MODEL, ...evolinkFacts.catalogue.noVideo];

const SHIPPED = [...modelOptions().map(({ name, value }) => ({ id: value, label: name })), ...MODEL_ENTRIES];

const documented: Readonly<Record<string, ModelFields>> = DOCUMENTED_FIELDS;

/**
 * One item for each model: `{ id, name, served, reason?, price?, credits?, usd?, fields? }`, with the price of the default order
 * where it is known. `served` is null where EvoLink does not say. Free of charge; what the package knows comes without EvoLink, too.
 */
export async function executeGetManyModels(
	ctx: IExecuteFunctions,
	parametersOf: (item: number) => ItemParameters,
): Promise<INodeExecutionData[]> {
	const items = ctx.getInputData();
	const catalogue = await getCatalogue(ctx, hostClock.now());
	const isSilent = catalogue.callable === undefined && catalogue.models === undefined;
	if (isSilent) hint(ctx, 'EvoLink did not answer: it is not known which models it serves.', 'warning');
	const models = listModels(SHIPPED, catalogue, HIDDEN);
	const output: INodeExecutionData[] = [];
	for (const item of items.keys()) {
		try {
			const parameters = parametersOf(item);
			const wanted = parameters.text('modelSearch').toLowerCase();
			const withFields = parameters.boolean('includeFields', parameters.value('includeFields', false));
			const found = models.filter(({ id, label }) => `${label} ${id}`.toLowerCase().includes(wanted));
			output.push(
				...found.map((model) => ({
					json: modelJson(model, isSilent, withFields),
					pairedItem: { item },
				})),
			);
		} catch (error) {
			output.push(...emitBroken(ctx, error, [item], items.length > 1));
		}
	}
	return output;
}

function modelJson(
	{ id, label, price = shippedPrice(id), unserved }: ListedModel,
	isSilent: boolean,
	withFields: boolean,
): IDataObject {
	const fields = fieldsOf(id) ?? documented[id];
	const tasks = tasksOf(id);
	return {
		id,
		name: label,
		served: isSilent ? null : unserved === undefined,
		...(unserved !== undefined && { reason: unserved }),
		...(tasks !== undefined && { tasks }),
		...(price && omitBy({ ...price, usd: inUsd(price.credits) }, isUndefined)),
		...(withFields && {
			fields: Object.entries(fields ?? {}).map(([name, field]) => fieldJson(name, field)),
		}),
	};
}

/** Where EvoLink's list of today does not tell: by the one that came with the package. */
function shippedPrice(id: string): DefaultPrice | undefined {
	const credits = estimateCredits({ model: id });
	return credits === undefined
		? undefined
		: { credits, seconds: documented[id]?.duration?.default as number };
}

function fieldJson(name: string, field: ModelField): IDataObject {
	const { type, required = false, prose = {} } = field;
	const {
		enum: allowed = prose.enum,
		min = prose.min,
		max = prose.max,
		default: usual = prose.default,
	} = field;
	return {
		name,
		type,
		required,
		...(allowed && { allowed: [...allowed] }),
		...(min !== undefined && { min }),
		...(max !== undefined && { max }),
		...(usual !== undefined && { default: usual }),
	};
}
