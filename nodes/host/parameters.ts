import type { IExecuteFunctions } from 'n8n-workflow';

import { nodeError } from './errors';

/** A wrong parameter, told with the field's display name, what was given and what is allowed. */
export function refuseParameter(
	ctx: IExecuteFunctions,
	itemIndex: number,
	displayName: string,
	given: unknown,
	allowed: string,
): Error {
	return nodeError(ctx.getNode(), { message: parameterMessage(displayName, given, allowed) }, itemIndex);
}

export function parameterMessage(displayName: string, given: unknown, allowed: string): string {
	return `'${displayName}' is ${show(given)}. Allowed: ${allowed}`;
}

/** What was given, short enough for a message. */
function show(given: unknown): string {
	if (given === undefined || given === '') return 'empty';
	const text = typeof given === 'string' ? `'${given}'` : (asJson(given) ?? String(given));
	// a surrogate pair is one character to a reader
	const characters = [...text.slice(0, 200)];
	return characters.length > 80 ? `${characters.slice(0, 77).join('')}…` : text;
}

function asJson(given: unknown): string | undefined {
	// NaN and the infinities would be null
	if (typeof given === 'number') return String(given);
	try {
		return JSON.stringify(given);
	} catch {
		// bigints and circles
		return typeof given === 'object' ? 'an object' : undefined;
	}
}

export interface NumberRule {
	displayName: string;
	min: number;
	max: number;
	fallback: number;
	unit: string;
}

/** The option of both nodes. */
export const MAX_DOWNLOAD_MB: NumberRule = {
	displayName: 'Max Download MB',
	min: 0.001,
	max: 10_240,
	fallback: 500,
	unit: 'MB',
};
