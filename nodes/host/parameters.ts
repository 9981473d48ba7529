import type { INodeProperties } from 'n8n-workflow';
import truncate from 'lodash/truncate';

import { isBlank } from './cells';
import { ProblemError } from './errors';
import { isObject } from '../evolink/json';

export interface NumberRule {
	min: number;
	max: number;
	fallback: number;
	unit: string;
	/** Counts, and takes whole numbers only. */
	isCount?: boolean;
}

export const MAX_DOWNLOAD_MB: NumberRule = { min: 0.001, max: 10_240, fallback: 500, unit: 'MB' };

/** By parameter name, those inside collections included, where no field has that name. */
type DisplayNames = ReadonlyMap<string, string>;

export function displayNamesOf(properties: readonly INodeProperties[]): DisplayNames {
	const names = new Map<string, string>();
	for (const { name, displayName, type, options } of properties) {
		names.set(name, displayName);
		if (type !== 'collection') continue;
		for (const [inner, shown] of displayNamesOf(options as INodeProperties[])) {
			if (!names.has(inner)) names.set(inner, shown);
		}
	}
	return names;
}

type ReadOptions = { extractValue: true } | { skipValidation: true };

/** Of one item. Refuses what cannot be used by the name that the user sees. */
export class ItemParameters {
	/** Collections that were read: n8n resolves every expression in one each time that it is asked for it. */
	private readonly collections = new Map<string, unknown>();

	/** @param read gives a parameter's value, expressions resolved, or the fallback if a saved workflow lacks it */
	constructor(
		private readonly read: (name: string, fallback?: unknown, options?: ReadOptions) => unknown,
		private readonly displayNames: DisplayNames,
		readonly item = 0,
	) {}

	value(name: string, fallback?: unknown): unknown {
		return this.read(name, fallback);
	}

	/** What a resource locator leads to, without its mode. */
	located(name: string): unknown {
		return this.read(name, '', { extractValue: true });
	}

	/** What a resource mapper holds, by field; n8n's own check knows neither ranges nor lists, and is left out. */
	mapped(name: string): unknown {
		return this.read(`${name}.value`, {}, { skipValidation: true });
	}

	/** From a collection; `undefined` if it was not added. */
	option(name: string, collection = 'options'): unknown {
		if (!this.collections.has(collection)) this.collections.set(collection, this.read(collection, {}));
		const options = this.collections.get(collection);
		return isObject(options) ? options[name] : undefined;
	}

	/** Numbers and the like from expressions are written out. */
	text(name: string, fallback = ''): string {
		const value = this.read(name, fallback);
		if (value === null || value === undefined) return '';
		return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number).trim();
	}

	/** A text whose field has a default, which a blank cell leaves as it is. */
	textOr(name: string, fallback: string): string {
		const value = this.read(name, fallback);
		return isBlank(value) ? fallback : this.text(name, fallback);
	}

	/** @throws ProblemError */
	outputField(name: string, fallback: string): string {
		const field = this.textOr(name, fallback);
		// no object keeps a field of that name
		if (field === '__proto__') throw this.refuse(name, field, 'a field name');
		return field;
	}

	/** Expressions may give the words as text; anything else would silently mean no. @throws ProblemError */
	boolean(name: string, given: unknown): boolean {
		if (given === true || given === 'true') return true;
		if (given === false || given === 'false') return false;
		throw this.refuse(name, given, 'true, false');
	}

	/** @throws ProblemError */
	choice<T extends string>(name: string, given: unknown, allowed: readonly T[]): T {
		const match = allowed.find((value) => value === given);
		if (match !== undefined) return match;
		throw this.refuse(name, given, allowed.join(', '));
	}

	/** @throws ProblemError */
	number(name: string, given: unknown, { min, max, fallback, unit, isCount = false }: NumberRule): number {
		const wanted = given ?? fallback;
		const value = typeof wanted === 'string' && wanted.trim() !== '' ? Number(wanted) : wanted;
		const fits = typeof value === 'number' && value >= min && value <= max;
		if (fits && (!isCount || Number.isInteger(value))) return value;
		throw this.refuse(name, wanted, `${min} to ${max} ${unit}${isCount ? ', as a whole number' : ''}`);
	}

	refuse(name: string, given: unknown, allowed: string): ProblemError {
		return new ProblemError({ message: parameterMessage(this.displayName(name), given, allowed) }, this.item);
	}

	/** Where more than the value itself is to be said of it: `has 5,200 characters`. */
	refuseFor(name: string, what: string, allowed: string): ProblemError {
		return new ProblemError(
			{ message: `'${this.displayName(name)}' ${what}. Allowed: ${allowed}` },
			this.item,
		);
	}

	/** The name itself for what is no parameter, such as a field of additional JSON. */
	displayName(name: string): string {
		return this.displayNames.get(name) ?? name;
	}
}

/** @param allowed may repeat a part of what was given */
export function parameterMessage(displayName: string, given: unknown, allowed: string): string {
	return `'${displayName}' is ${show(given)}. Allowed: ${truncate(allowed, { length: 1000, omission: '…' })}`;
}

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
