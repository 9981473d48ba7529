import type { IDataObject, INodeProperties } from 'n8n-workflow';

import { getCatalogue } from '../../evolink/api';
import type { DefaultPrice, ListedModel } from '../../evolink/catalogue';
import { hostClock } from '../../evolink/clock';
import { DOCUMENTED_FIELDS } from '../../evolink/generated/spec.gen';
import { defined } from '../../evolink/json';
import { fieldsOf, type ModelField, type ModelFields } from '../../evolink/modelEntries';
import { tasksOf } from '../../evolink/models';
import { estimateCredits, inUsd } from '../../evolink/prices';
import { hint } from '../../host/context';
import { forEachItem, type Operation } from '../items';
import { videoModels } from './model';

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

const documented: Readonly<Record<string, ModelFields>> = DOCUMENTED_FIELDS;

/**
 * `{ id, name, served, reason?, tasks?, credits?, seconds?, usd?, fields? }` for each model, with the price of the default order.
 * `served` is null where EvoLink does not say. What the package knows comes without EvoLink, too.
 */
export const executeGetManyModels: Operation = async (ctx, parametersOf) => {
	const catalogue = await getCatalogue(ctx, hostClock.now());
	const isSilent = catalogue.callable === undefined && catalogue.models === undefined;
	if (isSilent) hint(ctx, 'EvoLink did not answer: it is not known which models it serves.', 'warning');
	const models = videoModels(catalogue);
	return await forEachItem(ctx, async (item) => {
		const parameters = parametersOf(item);
		const wanted = parameters.text('modelSearch').toLowerCase();
		const withFields = parameters.boolean('includeFields', parameters.value('includeFields', false));
		const found = models.filter(({ id, label }) => `${label} ${id}`.toLowerCase().includes(wanted));
		return found.map((model) => modelJson(model, isSilent, withFields));
	});
};

function modelJson(
	{ id, label, price = shippedPrice(id), unserved }: ListedModel,
	isSilent: boolean,
	withFields: boolean,
): IDataObject {
	const fields = Object.entries(fieldsOf(id) ?? documented[id] ?? {});
	return defined({
		id,
		name: label,
		served: isSilent ? null : unserved === undefined,
		reason: unserved,
		tasks: tasksOf(id),
		...price,
		usd: price && inUsd(price.credits),
		fields: withFields ? fields.map(([name, field]) => fieldJson(name, field)) : undefined,
	});
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
	const allowed = field.enum ?? prose.enum;
	return defined({
		name,
		type,
		required,
		allowed: allowed && [...allowed],
		min: field.min ?? prose.min,
		max: field.max ?? prose.max,
		default: field.default ?? prose.default,
	});
}
