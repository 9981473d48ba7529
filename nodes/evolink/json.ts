import type { IDataObject } from 'n8n-workflow';
import isUndefined from 'lodash/isUndefined';
import omitBy from 'lodash/omitBy';
import { z } from 'zod';

export function parseJson(text: string): unknown {
	try {
		// some servers begin with a byte order mark, which JSON.parse refuses
		return JSON.parse(text.replace(/^\uFEFF/, ''));
	} catch {
		return undefined;
	}
}

/** EvoLink's answers are five levels deep; n8n can neither store nor show what is nested thousands of levels deep. */
export const MAX_DEPTH = 100;

/** Level by level: a call for each would overflow the stack. */
export function isTooDeep(value: unknown): boolean {
	let level = [value];
	for (let depth = 0; depth <= MAX_DEPTH; depth += 1) {
		level = level.filter((entry) => typeof entry === 'object' && entry !== null);
		if (level.length === 0) return false;
		level = level.flatMap((entry) => Object.values(entry as object) as unknown[]);
	}
	return true;
}

export function isObject(value: unknown): value is IDataObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const plainObject = z.custom<IDataObject>(isObject);

/** Without the fields that are undefined: an item's data has none. */
export function defined<T extends object>(fields: T): Partial<T> & IDataObject {
	return omitBy(fields, isUndefined) as Partial<T> & IDataObject;
}

/** Trimmed. */
export function text(value: unknown): string | undefined {
	return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** Text, or a number as text. Nothing else is converted: an object's `toString` comes from EvoLink, too. */
export function scalar(value: unknown): string | undefined {
	return typeof value === 'number' ? String(value) : text(value);
}

/** A finite number, as a number or as text. */
export function finite(value: unknown): number | undefined {
	const number = Number(scalar(value) ?? NaN);
	return Number.isFinite(number) ? number : undefined;
}

export function amount(value: unknown): number | undefined {
	const number = finite(value);
	return number !== undefined && number >= 0 ? number : undefined;
}
