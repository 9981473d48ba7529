import type { Json } from './types';

export interface Rule {
	op: string;
	name?: string;
	value?: string;
	args?: Rule[];
	key?: Rule;
	values?: Record<string, string>;
}

type Money = { uc: string };

interface Rated {
	rate: Money;
	minimum_charge: Money;
	pricing_status: string;
}

/** An entry of EvoLink's price list. */
export interface Priced extends Json {
	model_id: string;
	parameters: Array<{ name: string; default?: unknown } & Json>;
	components: Array<
		Rated & {
			unit: string;
			condition?: Rule;
			quantity_rule?: Rule;
			rounding?: Json;
			tiers: Array<Rated & { when?: Rule; multiplier?: string }>;
		} & Json
	>;
}

type Value = number | string | boolean;

/** Names that rules have for what requests call otherwise. */
const NAMES: Record<string, string> = {
	duration_seconds: 'duration',
	output_seconds: 'duration',
	video_count: 'n',
};

const ARITHMETIC: Record<string, (values: number[]) => number> = {
	multiply: (values) => values.reduce((product, value) => product * value, 1),
	add: (values) => values.reduce((sum, value) => sum + value, 0),
	subtract: ([from, what]) => from - what,
	divide: ([what, by]) => what / by,
	ceil: ([value]) => Math.ceil(value - 1e-9),
	max: (values) => Math.max(...values),
	min: (values) => Math.min(...values),
	clamp: ([value, least, most]) => Math.min(Math.max(value, least), most),
};

const COMPARISONS: Record<string, (left: Value, right: Value) => boolean> = {
	eq: (left, right) => String(left) === String(right),
	gt: (left, right) => Number(left) > Number(right),
	gte: (left, right) => Number(left) >= Number(right),
	lt: (left, right) => Number(left) < Number(right),
	lte: (left, right) => Number(left) <= Number(right),
};

/** What an order costs by its model's rules, in ten-thousandths of a credit; undefined where a parameter has no value. */
export function unitsOf({ parameters, components }: Priced, request: Json): number | undefined {
	const known = new Map<string, Value>();
	for (const { name, default: usual } of parameters) {
		const value = request[name] ?? request[NAMES[name] ?? ''] ?? usual;
		if (value === undefined) return undefined;
		known.set(name, value as Value);
	}
	const charges = components.map(({ condition, quantity_rule: quantity, rate, minimum_charge: least }) => {
		if (!quantity || (condition && !valueOf(condition, known))) return 0;
		return Math.max(Number(valueOf(quantity, known)) * Number(rate.uc), Number(least.uc));
	});
	const units = Math.round(charges.reduce((sum, charge) => sum + charge, 0));
	return Number.isFinite(units) ? units : undefined;
}

function valueOf(rule: Rule, known: ReadonlyMap<string, Value>): Value {
	const { op, args = [] } = rule;
	const of = (one: Rule) => valueOf(one, known);
	if (op === 'constant') return rule.value!;
	if (op === 'variable') return known.get(rule.name!)!;
	if (op === 'lookup') return rule.values![String(of(rule.key!))];
	if (op === 'if') return of(args[0]) === true || of(args[0]) === 'true' ? of(args[1]) : of(args[2]);
	if (op === 'or') return args.some(of);
	if (op === 'and') return args.every(of);
	if (op in COMPARISONS) return COMPARISONS[op](of(args[0]), of(args[1]));
	return ARITHMETIC[op](args.map((one) => Number(of(one))));
}
