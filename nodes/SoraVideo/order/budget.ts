import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import mapValues from 'lodash/mapValues';
import omit from 'lodash/omit';
import sum from 'lodash/sum';
import sumBy from 'lodash/sumBy';
import uniq from 'lodash/uniq';

import { creditsAvailable, getCredits, getPricingRules } from '../../evolink/api';
import type { Failure } from '../../evolink/failure';
import { fieldsOf } from '../../evolink/modelEntries';
import { priceByRules, type RulePrice } from '../../evolink/priceRules';
import { estimateCredits, extraIn, roundCredits } from '../../evolink/prices';
import { creditsReserved } from '../../evolink/task';
import { hint } from '../../host/context';
import { textOf, type Problem } from '../../host/errors';
import {
	balanceTooLow,
	balanceUnchecked,
	overBudget,
	priceUnknown,
	type Estimate,
} from '../../host/messages';
import type { RunSettings } from '../settings';
import { taskOf } from '../watch';
import { isTask, type Entry, type QueuedEntry } from '../entries';

/** By model: EvoLink's price rules, in whatever form. */
type Rules = ReadonlyMap<string, IDataObject | undefined>;

function estimateOf(orders: readonly QueuedEntry[], rules: Rules): Estimate {
	const estimates = orders.map(({ item, draft: { body } }) => {
		const model = String(body.model);
		return { item, model, ...(priceListed(body) ?? priceToday(body, rules.get(model))) };
	});
	const unpriced = estimates.find(({ credits, extra }) => credits === undefined || extra !== undefined);
	return {
		orders: orders.length,
		credits: roundCredits(sumBy(estimates, ({ credits = 0 }) => credits)),
		...(unpriced && { unpriced: omit(unpriced, 'credits', 'seconds') }),
	};
}

function priceListed(body: IDataObject): Pick<RulePrice, 'credits' | 'extra'> | undefined {
	const credits = estimateCredits(body);
	return credits === undefined ? undefined : { credits, extra: extraIn(body, () => false) };
}

/** @param rules EvoLink's for the model, in whatever form */
export function priceToday(body: IDataObject, rules: IDataObject | undefined): RulePrice | undefined {
	const defaults = mapValues(fieldsOf(String(body.model)), (field) => field.default);
	return priceByRules(rules, body, defaults);
}

/** More different models than this in one run have no price. */
const MODELS_ASKED = 20;

async function rulesFor(ctx: IExecuteFunctions, orders: readonly QueuedEntry[]): Promise<Rules> {
	const unpriced = orders.filter(({ draft }) => estimateCredits(draft.body) === undefined);
	const models = uniq(unpriced.map(({ draft }) => String(draft.body.model))).slice(0, MODELS_ASKED);
	const answers = await Promise.all(
		models.map(async (model) => [model, await getPricingRules(ctx, model)] as const),
	);
	return new Map(answers);
}

/**
 * 'Max Credits' is a promise, so what cannot be estimated is held back. 'Check Balance First' only spares a run that EvoLink
 * would refuse in its midst, at no charge: where the balance or a price is not known, it says so and goes on.
 * @param isBlind whether an earlier try may have placed them without a trace: EvoLink then charges nothing anew
 */
export async function overBudgetOf(
	ctx: IExecuteFunctions,
	{ maxCredits, checkBalance }: Pick<RunSettings, 'maxCredits' | 'checkBalance'>,
	orders: readonly QueuedEntry[],
	isBlind: boolean,
): Promise<Problem | undefined> {
	if (orders.length === 0 || (maxCredits === undefined && !checkBalance)) return undefined;
	const estimate = estimateOf(orders, await rulesFor(ctx, orders));
	const refusal = refusalByLimit(estimate, maxCredits);
	if (refusal !== undefined || !checkBalance) return refusal;
	return await refusalByBalance(ctx, estimate, isBlind);
}

function refusalByLimit(estimate: Estimate, maxCredits: number | undefined): Problem | undefined {
	if (maxCredits === undefined) return undefined;
	if (estimate.credits > maxCredits) return overBudget(estimate, maxCredits);
	return estimate.unpriced && priceUnknown(estimate.unpriced, maxCredits);
}

async function refusalByBalance(
	ctx: IExecuteFunctions,
	estimate: Estimate,
	isBlind: boolean,
): Promise<Problem | undefined> {
	const answer = await getCredits(ctx);
	const left = answer.ok ? creditsAvailable(answer.body) : undefined;
	if (left !== undefined && (left <= 0 || left < estimate.credits))
		return balanceTooLow(estimate, left, isBlind);
	const unchecked = (why: string | Failure) => hint(ctx, textOf(balanceUnchecked(why)), 'warning');
	if (left === undefined) {
		unchecked(answer.ok ? 'EvoLink did not say how many credits are left' : answer.failure);
	} else if (estimate.unpriced) {
		unchecked(
			`the price of item ${estimate.unpriced.item} is not known${estimate.unpriced.extra ? ' in full' : ''}`,
		);
	}
	return undefined;
}

/** `undefined` if EvoLink does not say. */
export function reservedInWords(entries: readonly Entry[]): string | undefined {
	const reserved = entries.filter(isTask).flatMap(({ watch }) => {
		const isOwn = watch.orderedAt !== undefined && !watch.replayed;
		const task = isOwn ? taskOf(watch) : undefined;
		return (task && creditsReserved(task)) ?? [];
	});
	if (reserved.length === 0) return undefined;
	const tasks = reserved.length === 1 ? 'the task' : `${reserved.length} tasks`;
	return `EvoLink reserved ${roundCredits(sum(reserved))} credits for ${tasks}.`;
}
