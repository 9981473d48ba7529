import type { IDataObject, INodeProperties } from 'n8n-workflow';
import memoize from 'lodash/memoize';

import { getPricingRules } from '../../evolink/api';
import { estimateCredits, inUsd, PRICES_AS_OF } from '../../evolink/prices';
import { ProblemError } from '../../host/errors';
import { costUnknown } from '../../host/messages';
import { forEachItem, type Operation } from '../items';
import { priceToday } from '../order/budget';
import { draftGenerate } from './generate';

const OPERATION = 'estimateCost';

/** The fields of an order, which this operation makes and does not send. */
export function alsoForEstimates(fields: readonly INodeProperties[]): INodeProperties[] {
	return fields.map((field) => {
		const { show = {} } = field.displayOptions ?? {};
		const { operation = [] } = show as { operation?: string[] };
		if (!operation.includes('generate')) return field;
		return {
			...field,
			displayOptions: { ...field.displayOptions, show: { ...show, operation: [...operation, OPERATION] } },
		};
	});
}

/** `{ model, credits, usd, source }` for each item. It is checked as an order is, and neither it nor its files are sent. */
export const executeEstimateCost: Operation = async (ctx, parametersOf) => {
	const rulesOf = memoize(async (model: string) => await getPricingRules(ctx, model));
	return await forEachItem(ctx, async (item) => {
		const { body } = await draftGenerate(ctx, parametersOf(item));
		return [await estimate(body, item, rulesOf)];
	});
};

/** @throws ProblemError where the price is not known */
async function estimate(
	body: IDataObject,
	item: number,
	rulesOf: (model: string) => Promise<IDataObject | undefined>,
): Promise<IDataObject> {
	const model = String(body.model);
	const listed = estimateCredits(body);
	if (listed !== undefined) return outcome(model, listed, `EvoLink's price list of ${PRICES_AS_OF}`);
	const rules = await rulesOf(model);
	const price = rules && priceToday(body, rules);
	if (price === undefined) throw new ProblemError(costUnknown(model, rules !== undefined), item);
	return outcome(model, price.credits, "EvoLink's price rules of today");
}

function outcome(model: string, credits: number, source: string): IDataObject {
	return { model, credits, usd: inUsd(credits), source };
}
