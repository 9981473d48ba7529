import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import mapValues from 'lodash/mapValues';
import partition from 'lodash/partition';
import sum from 'lodash/sum';
import sumBy from 'lodash/sumBy';
import uniq from 'lodash/uniq';

import { creditsAvailable, getCredits, getPricingRules } from '../../evolink/api';
import type { Failure } from '../../evolink/failure';
import { fieldsOf } from '../../evolink/modelEntries';
import { creditsByRules } from '../../evolink/priceRules';
import { estimateCredits, roundCredits } from '../../evolink/prices';
import { creditsReserved } from '../../evolink/task';
import { goesOnAfterErrors, hint } from '../../host/context';
import { told, type Problem } from '../../host/errors';
import { balanceTooLow, balanceUnchecked, overBudget, priceUnknown } from '../../host/messages';
import type { RunSettings } from '../settings';
import type { ItemOrder } from './itemOrder';
import type { Order } from '../items';

/** What a run is about to order, before anything is sent. */
export interface Estimate {
	/** How many orders. */
	orders: number;
	/** Of all orders whose price is known. */
	credits: number;
	/** The first order without a known price. */
	unpriced?: { item: number; model: string };
}

/** By model: EvoLink's price rules, in whatever form. */
type Rules = ReadonlyMap<string, IDataObject>;

export function estimateOf(
	orders: ReadonlyArray<Pick<ItemOrder, 'item' | 'pending'>>,
	rules: Rules = new Map(),
): Estimate {
	const estimates = orders.map(({ item, pending = {} }) => ({
		item,
		model: String(pending.model),
		credits: estimateCredits(pending) ?? creditsToday(pending, rules),
	}));
	const unpriced = estimates.find(({ credits }) => credits === undefined);
	return {
		orders: orders.length,
		credits: roundCredits(sumBy(estimates, ({ credits = 0 }) => credits)),
		...(unpriced && { unpriced: { item: unpriced.item, model: unpriced.model } }),
	};
}

function creditsToday(body: IDataObject, rules: Rules): number | undefined {
	const model = String(body.model);
	const answer = rules.get(model);
	const defaults = mapValues(fieldsOf(model), (field) => field.default);
	return answer && creditsByRules(answer, body, defaults);
}

/** More different models than this in one run have no price. */
const MODELS_ASKED = 20;

/** Asks EvoLink for what the price list of this package lacks. */
async function rulesFor(ctx: IExecuteFunctions, orders: readonly ItemOrder[]): Promise<Rules> {
	const unpriced = orders.filter(({ pending = {} }) => estimateCredits(pending) === undefined);
	const models = uniq(unpriced.map(({ pending }) => String(pending?.model))).slice(0, MODELS_ASKED);
	const answers = await Promise.all(
		models.map(async (model): Promise<Array<[string, IDataObject]>> => {
			const answer = await getPricingRules(ctx, model);
			return answer ? [[model, answer]] : [];
		}),
	);
	return new Map(answers.flat());
}

/**
 * Holds all orders of a run back where its options 'Max Credits' and 'Check Balance First' do not let it pay for them.
 *
 * 'Max Credits' is a promise, so what cannot be estimated is held back. 'Check Balance First' only spares a run that EvoLink
 * would refuse in its midst, at no charge: where the balance or a price is not known, it says so and goes on.
 *
 * @param orders those that would be sent
 * @param isBlind whether an earlier try may have placed them without a trace: EvoLink then charges nothing anew
 */
export async function holdToBudget(
	ctx: IExecuteFunctions,
	{ maxCredits, checkBalance }: Pick<RunSettings, 'maxCredits' | 'checkBalance'>,
	orders: readonly ItemOrder[],
	isBlind: boolean,
): Promise<void> {
	if (orders.length === 0 || (maxCredits === undefined && !checkBalance)) return;
	const estimate = estimateOf(orders, await rulesFor(ctx, orders));
	const refusal =
		refusalByLimit(estimate, maxCredits) ??
		(checkBalance ? await refusalByBalance(ctx, estimate, isBlind) : undefined);
	if (refusal === undefined) return;
	const [doubtful, fresh] = partition(orders, 'isDoubtful');
	// in a run that stops, one item tells it for all
	const tellers = goesOnAfterErrors(ctx) ? fresh : fresh.slice(0, 1);
	for (const order of [...doubtful, ...tellers]) order.hold(refusal);
}

function refusalByLimit(estimate: Estimate, maxCredits: number | undefined): Problem | undefined {
	if (maxCredits === undefined) return undefined;
	if (estimate.unpriced) return priceUnknown(estimate.unpriced, maxCredits);
	return estimate.credits > maxCredits ? overBudget(estimate, maxCredits) : undefined;
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
	const unchecked = (why: string | Failure) => hint(ctx, told(balanceUnchecked(why)), 'warning');
	if (left === undefined) {
		unchecked(answer.ok ? 'EvoLink did not say how many credits are left' : answer.failure);
	} else if (estimate.unpriced) {
		unchecked(`the price of item ${estimate.unpriced.item} is not known`);
	}
	return undefined;
}

/** What EvoLink has reserved for the tasks that this run ordered, in words; `undefined` if it does not say. */
export function reservedInWords(orders: readonly Order[]): string | undefined {
	const reserved = orders.flatMap((order) =>
		'watch' in order && order.task && !order.watch.replayed ? (creditsReserved(order.task) ?? []) : [],
	);
	if (reserved.length === 0) return undefined;
	const tasks = reserved.length === 1 ? 'the task' : `${reserved.length} tasks`;
	return `EvoLink reserved ${roundCredits(sum(reserved))} credits for ${tasks}.`;
}
