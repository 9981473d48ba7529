import type { IDataObject } from 'n8n-workflow';

import { evolinkFacts } from './generated/spec.gen';
import { isObject } from './json';
import { extraIn } from './prices';

const { available } = evolinkFacts.catalogue;
const { unitsPerCredit } = evolinkFacts.pricing;

type Value = number | string | boolean;

/** Whatever is not understood makes the whole price unknown: half a sum would look like a price. */
function unknown(what: string): never {
	throw new RangeError(what);
}

/** What one order may cost at most to be believed. */
const MOST_CREDITS = 1_000_000;
const MOST_STEPS = 10_000;

/** Names that rules have for what the request calls otherwise. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
	duration_seconds: ['duration'],
	output_seconds: ['duration'],
	image_count: ['n'],
	video_count: ['n'],
	resolution: ['quality'],
};

/** What only EvoLink can measure, such as the length of a video that is given. */
const MEASURED = /tokens$|seconds$|search_count$/;

export const MEASURABLE = ['video_urls', 'video_url', 'audio_urls', 'audio_url', 'source_task_id'];

export interface RulePrice {
	credits: number;
	/** The length that it is for, where the rules know one. */
	seconds?: number;
	/** The field that costs more than this. */
	extra?: string;
}

/**
 * What an order costs by EvoLink's own price rules.
 * @param model EvoLink's rules for one model, in any form
 * @param defaults what counts for a field that the body leaves out
 * @returns `undefined` if the rules are not understood, or need what only EvoLink can measure. Never throws.
 */
export function priceByRules(
	model: unknown,
	body: IDataObject,
	defaults: IDataObject,
): RulePrice | undefined {
	try {
		if (!isObject(model) || model.pricing_status !== available) return undefined;
		const components = listOf(model.components);
		if (components.length === 0) return undefined;
		const known = parametersOf(model, body, defaults);
		const calculation = new Calculation(known);
		const units = components.reduce((sum, component) => sum + calculation.charge(component), 0);
		const credits = Math.round(units) / unitsPerCredit;
		if (!(credits > 0 && credits <= MOST_CREDITS)) return undefined;
		const seconds = [...LENGTHS].map((name) => Number(known.get(name))).find((each) => each > 0);
		const extra = extraIn(body, (field) => [...known.keys()].some((name) => namesOf(name).includes(field)));
		return { credits, seconds, extra };
	} catch {
		return undefined;
	}
}

function listOf(list: unknown): IDataObject[] {
	if (list === undefined) return [];
	if (!Array.isArray(list) || list.length > 200 || !list.every(isObject)) return unknown('a list');
	return list;
}

/** Values of the parameters that the rules declare, as far as they are known before the order. */
function parametersOf(model: IDataObject, body: IDataObject, defaults: IDataObject): Map<string, Value> {
	const hasInput = MEASURABLE.some((field) => body[field] !== undefined);
	const known = new Map<string, Value>();
	for (const { name, default: usual, required } of listOf(model.parameters)) {
		if (typeof name !== 'string') return unknown('a name');
		const names = namesOf(name);
		const given = [...names.map((each) => body[each]), ...names.map((each) => defaults[each])];
		const isMeasured = MEASURED.test(name) && (required === true || hasInput);
		const value =
			given.find((each) => each !== undefined) ??
			(name === 'input_images' ? imagesIn(body) : isMeasured ? undefined : usual);
		// a length that the model chooses, or that takes another word
		if (LENGTHS.has(name) && value !== undefined && !(Number(value) > 0)) return unknown('a length');
		if (isValue(value)) known.set(name, value);
	}
	return known;
}

const namesOf = (name: string) => [name, ...(Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : [])];

const LENGTHS: ReadonlySet<string> = new Set(['duration', 'duration_seconds', 'output_seconds']);

const isValue = (value: unknown): value is Value => ['number', 'string', 'boolean'].includes(typeof value);

function imagesIn({ image_urls: images }: IDataObject): number {
	return Array.isArray(images) ? images.length : 0;
}

class Calculation {
	private steps = 0;

	constructor(private readonly known: ReadonlyMap<string, Value>) {}

	/** What one part of the price comes to, in units. */
	charge(component: IDataObject): number {
		const { condition, quantity_rule: rule, rounding } = component;
		if (condition !== undefined && !truth(this.evaluate(condition))) return 0;
		const tiers = listOf(component.tiers).filter(({ when }) => truth(this.evaluate(when)));
		if (tiers.length > 1) return unknown('two prices');
		const [tier] = tiers;
		const price = tier ?? component;
		if (price.pricing_status !== available) return unknown('no price');
		const quantity = number(this.evaluate(rule));
		if (quantity < 0) return unknown('a quantity');
		const rate = unitsOf(price.rate);
		// the rate of a tier has its multiplier in it
		const multiplier = tier ? decimal(tier.multiplier) : 1;
		const charge = rounded({ quantity, rate, multiplier }, isObject(rounding) ? rounding : {});
		return Math.max(charge, unitsOf(price.minimum_charge));
	}

	private evaluate(given: unknown): Value {
		this.steps += 1;
		if (!isObject(given) || this.steps > MOST_STEPS) return unknown('a rule');
		const { op, name, value, key, values } = given;
		const args = given.args ?? [];
		if (!Array.isArray(args)) return unknown('arguments');
		const at = (index: number) => this.evaluate(args[index]);
		switch (op) {
			case 'constant':
				return value === 'true' || value === 'false'
					? value === 'true'
					: isValue(value)
						? value
						: unknown('a constant');
			case 'variable':
				return this.known.get(String(name)) ?? unknown('a value');
			case 'lookup': {
				const text = String(this.evaluate(key));
				return isObject(values) && Object.hasOwn(values, text) ? decimal(values[text]) : unknown('a key');
			}
			case 'if':
				return truth(at(0)) ? at(1) : at(2);
			case 'and':
				return args.every((arg) => truth(this.evaluate(arg)));
			case 'or':
				return args.some((arg) => truth(this.evaluate(arg)));
			case 'not':
				return !truth(at(0));
			case 'eq':
				return isSame(at(0), at(1));
			case 'neq':
				return !isSame(at(0), at(1));
			default:
				if (typeof op !== 'string' || !Object.hasOwn(ARITHMETIC, op)) return unknown('an operation');
				return ARITHMETIC[op](...args.map((arg) => number(this.evaluate(arg))));
		}
	}
}

const ARITHMETIC: Readonly<Record<string, (...numbers: number[]) => Value>> = {
	add: (...numbers) => numbers.reduce((sum, each) => sum + each, 0),
	multiply: (...numbers) => numbers.reduce((product, each) => product * each, 1),
	subtract: (first, second) => first - second,
	divide: (first, second) => first / second,
	min: Math.min,
	max: Math.max,
	clamp: (value, least, most) => Math.min(Math.max(value, least), most),
	ceil: (value) => whole(value, 'ceil'),
	floor: (value) => whole(value, 'floor'),
	lt: (first, second) => first < second,
	lte: (first, second) => first <= second,
	gt: (first, second) => first > second,
	gte: (first, second) => first >= second,
};

/** EvoLink reckons with fractions; what is off by a hair in floating point must not become one more. */
const HAIR = 1e-9;

function whole(value: number, mode: unknown): number {
	switch (mode) {
		case 'ceil':
			return Math.ceil(value - HAIR);
		case 'floor':
			return Math.floor(value + HAIR);
		case 'half_up':
			return Math.floor(value + 0.5 + HAIR);
		default:
			return unknown('rounding');
	}
}

function rounded(
	{ quantity, rate, multiplier }: { quantity: number; rate: number; multiplier: number },
	{ point, mode }: IDataObject,
): number {
	switch (point) {
		case 'per_quantity':
			return whole(quantity * multiplier, mode) * (rate / multiplier);
		case 'per_tier':
			return quantity * whole(rate, mode);
		case 'per_component_subtotal':
			return whole(quantity * rate, mode);
		default:
			return unknown('rounding');
	}
}

function unitsOf(amount: unknown): number {
	const units = isObject(amount) ? decimal(amount.uc) : -1;
	return units >= 0 ? units : unknown('an amount');
}

function decimal(given: unknown): number {
	const isDecimal = typeof given === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(given);
	return isDecimal ? Number(given) : unknown('a decimal');
}

function number(value: Value): number {
	const result = typeof value === 'string' ? decimal(value) : value;
	return typeof result === 'number' && Number.isFinite(result) ? result : unknown('a number');
}

function truth(value: Value): boolean {
	return typeof value === 'boolean' ? value : unknown('a condition');
}

function isSame(one: Value, other: Value): boolean {
	const isNumber = (value: Value) =>
		typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));
	return isNumber(one) && isNumber(other) ? Number(one) === Number(other) : one === other;
}
