import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';

/** What other fields must or must not be. */
export type Rules = NonNullable<NonNullable<INodeProperties['displayOptions']>['show']>;

/** Any value but none. */
export const FILLED_IN = [{ _cnd: { exists: true } } as const];

const anythingBut = (value: string) => [{ _cnd: { not: value } } as const];

/** A rule that only expressions meet: n8n shows a field as soon as one of its `show` rules, in their order, meets one. */
const EXPRESSION = ['={{ }}'];

/**
 * A required field that is shown for one value of a choice. n8n refuses to run a whole workflow for a required field that is
 * shown and empty. Where an expression decides it may be shown without being needed, so there it is not required. Nor may a
 * field be that has a default: a saved workflow lacks what is left at its default, and n8n refuses to publish it then.
 */
export function requiredWith(
	property: INodeProperties,
	{ show, choice, value, hide = {} }: { show: Rules; choice: string; value: string; hide?: Rules },
): INodeProperties[] {
	const chosen = { show, hide: { ...hide, [choice]: anythingBut(value) } };
	const perhaps = { show: { ...show, [choice]: EXPRESSION } };
	return [
		{ ...property, required: true, displayOptions: chosen },
		{ ...property, displayOptions: perhaps },
	];
}

/** What n8n tells an AI that configures the node about a field. Before n8n 2.20 or so it was called `message`. */
export function propertyHint(text: string): { propertyHint: string; message: string } {
	return { propertyHint: text, message: text };
}

/** The same about the whole node. */
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

/** As n8n's guide words it. */
export const simplifyField: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	noDataExpression: true,
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};
