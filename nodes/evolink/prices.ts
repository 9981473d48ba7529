import type { IDataObject } from 'n8n-workflow';

import { DOCUMENTED_FIELDS, evolinkFacts } from './generated/spec.gen';
import { isObject } from './json';
import type { ModelFields } from './modelEntries';

interface Price {
	readonly creditsPerSecond?: number;
	readonly minimumCredits?: number;
	readonly creditsPerCall?: number;
}

const { pricing, quality } = evolinkFacts;
const prices: Readonly<Record<string, Price>> = pricing.models;
const factors: Readonly<Record<string, number>> = quality.priceFactors;
const documented: Readonly<Record<string, ModelFields>> = DOCUMENTED_FIELDS;

/** The day of the price list that estimates are made from. */
export const PRICES_AS_OF: string = pricing.asOf;

/** Credits by the price list of `PRICES_AS_OF`; `undefined` if the list lacks the model, or the body says too little. */
export function estimateCredits(body: IDataObject): number | undefined {
	const model = String(body.model);
	if (!Object.hasOwn(prices, model)) return undefined;
	const { creditsPerCall, creditsPerSecond, minimumCredits = 0 } = prices[model];
	const count = resultsIn(body);
	if (creditsPerSecond === undefined) return creditsPerCall && roundCredits(creditsPerCall * count);
	const seconds = body.duration ?? documented[model].duration?.default;
	const factor = factorOf(body.quality ?? quality.standard);
	if (typeof seconds !== 'number' || !(seconds > 0) || factor === undefined) return undefined;
	return roundCredits(Math.max(creditsPerSecond * seconds, minimumCredits) * factor * count);
}

function resultsIn({ n }: IDataObject): number {
	return Math.max(Number(n ?? 1) || 1, 1);
}

/** The first field of a body that costs extra and is not counted in an estimate: it is too low then. */
export function extraIn(body: IDataObject, isCounted: (field: string) => boolean): string | undefined {
	const parts = [body, body.model_params].filter(isObject);
	const extra = pricing.extras.find(
		({ field, usual }) => !isCounted(field) && parts.some(({ [field]: given = usual }) => given !== usual),
	);
	return extra?.field;
}

function factorOf(given: unknown): number | undefined {
	return typeof given === 'string' && Object.hasOwn(factors, given) ? factors[given] : undefined;
}

/** `23 credits, about 0.34 USD` */
export function inMoney(credits: number): string {
	const rounded = credits < 10 ? roundCredits(credits) : Math.round(credits);
	return `${rounded} credits, about ${inUsd(credits).toFixed(2)} USD`;
}

/** EvoLink counts in ten-thousandths of a credit. */
export function roundCredits(credits: number): number {
	return Math.round(credits * 10_000) / 10_000;
}

/** `23.04 credits (about 0.34 USD)` */
export function creditsInWords(credits: number): string {
	return `${roundCredits(credits)} credits (about ${inUsd(credits).toFixed(2)} USD)`;
}

/** In USD, to the cent. */
export function inUsd(credits: number): number {
	return Math.round((credits / pricing.creditsPerUsd) * 100) / 100;
}
