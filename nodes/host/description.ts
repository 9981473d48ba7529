import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';
import mapValues from 'lodash/mapValues';

import type { NumberRule } from './parameters';

type Rules = NonNullable<NonNullable<INodeProperties['displayOptions']>['show']>;

const anythingBut = (value: string) => [{ _cnd: { not: value } } as const];

/** Only expressions meet it. */
const EXPRESSION = ['={{ }}'];

/** Any value but none. */
export const FILLED_IN = [{ _cnd: { exists: true } } as const];

/**
 * When a field is shown, and when it is required, by the values of other fields:
 *
 * | key | shown | required |
 * |---|---|---|
 * | `in` | for these values of fields that take no expression | as the field says |
 * | `not` | but for these values; an expression shows it | as the field says |
 * | `only` | for this value; no expression shows it | as the field says |
 * | `chosen` | for this value of a choice, or where an expression chooses | for the value, not for an expression |
 *
 * Three things about n8n stand behind it:
 *
 * 1. As soon as one `show` rule, in their order, meets an expression, n8n shows the field and looks at no other rule. So what may
 *    be an expression is looked at by `hide` alone. A rule that is a regular expression fails the execution where it takes more
 *    than 250 ms on the clock, so there is none.
 * 2. It does not run a workflow while a required field is shown and empty. Where an expression decides, a field may be shown
 *    without being needed, so there it is not required.
 * 3. A field that has a default is never required: a saved workflow lacks what is left at its default, and n8n does not publish it.
 */
export interface Shown {
	in: Rules;
	not?: Rules;
	only?: Readonly<Record<string, string>>;
	chosen?: Readonly<Record<string, string>>;
}

/** As often as n8n needs it to obey the table. */
export function shown(property: INodeProperties, when: Shown): INodeProperties[] {
	const { in: show, not, only, chosen } = when;
	const hide = { ...not, ...mapValues({ ...only, ...chosen }, anythingBut) };
	const displayOptions = { show, ...(Object.keys(hide).length > 0 && { hide }) };
	if (chosen === undefined) return [{ ...property, displayOptions }];
	const perhaps = { show: { ...show, ...mapValues(chosen, () => EXPRESSION) } };
	return [
		{ ...property, required: true, displayOptions },
		{ ...property, displayOptions: perhaps },
	];
}

/** What n8n tells an AI that configures the node. Before n8n 2.20 or so it was called `message`. */
export function propertyHint(text: string): { propertyHint: string; message: string } {
	return { propertyHint: text, message: text };
}

export function builderHint(
	text: string,
	related: Record<string, string>,
): NonNullable<INodeTypeDescription['builderHint']> {
	const relatedNodes = Object.entries(related).map(([nodeType, relationHint]) => ({
		nodeType,
		relationHint,
	}));
	const hint = { searchHint: text, message: text, relatedNodes };
	return hint;
}

export function numberOption(
	{ min, max, fallback, isCount }: NumberRule,
	field: Pick<INodeProperties, 'displayName' | 'name' | 'description' | 'displayOptions'>,
): INodeProperties {
	return {
		...field,
		type: 'number',
		noDataExpression: true,
		typeOptions: { minValue: min, maxValue: max, ...(isCount && { numberPrecision: 0 }) },
		default: fallback,
	};
}

export const simplifyField: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	noDataExpression: true,
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};
