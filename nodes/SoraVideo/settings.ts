import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { evolinkFacts } from '../evolink/generated/spec.gen';
import { parseJson } from '../evolink/json';
import { isObject } from '../evolink/task';
import { checkPublicHttpsUrl } from '../evolink/urls';
import { MIN_SPACING_MS } from './wait/schedule';
import { MAX_DOWNLOAD_MB, type NumberRule, refuseParameter } from '../host/parameters';
import { isToolRun } from '../host/context';

export type WaitMode = 'auto' | 'poll' | 'suspend' | 'none';

/** What is settled before anything is ordered, and holds until the run is over, however often it parks. */
export interface RunSettings extends IDataObject {
	wait: WaitMode;
	/** By item: the binary field that its file goes to; null where none is wanted. */
	files: Array<string | null>;
	/** As the user set it; nothing: from EvoLink's estimate. */
	timeoutMs?: number;
	/** In a tool run alone: it waits no longer, and what is unfinished then is data. */
	toolWaitMs?: number;
	pollMs: number;
	onTaskFailure: 'error' | 'output';
	maxDownloadBytes: number;
	/** Send an order whose outcome is unknown once more, under the same key. */
	resendUnknown: boolean;
	/** What all new orders of this run may cost together, by estimate; nothing: no limit. */
	maxCredits?: number;
	/** Order nothing that the balance cannot pay. */
	checkBalance: boolean;
}

const TIMEOUT: NumberRule = {
	displayName: 'Timeout Minutes',
	min: 0.01,
	max: 1440,
	fallback: 30,
	unit: 'minutes',
};
const POLL: NumberRule = {
	displayName: 'Poll Seconds',
	min: MIN_SPACING_MS / 1000,
	max: 600,
	fallback: 8,
	unit: 'seconds',
};
const CREDITS: NumberRule = {
	displayName: 'Max Credits',
	min: 0.01,
	max: 1_000_000,
	fallback: 100,
	unit: 'credits',
};
const TOOL_WAIT: NumberRule = {
	displayName: 'Tool Wait Seconds',
	min: 0,
	max: 3600,
	fallback: 45,
	unit: 'seconds',
};
export const OPTION_RULES = {
	timeoutMinutes: TIMEOUT,
	pollSeconds: POLL,
	toolWaitSeconds: TOOL_WAIT,
	maxDownloadMb: MAX_DOWNLOAD_MB,
	maxCredits: CREDITS,
} as const;

function readNumber(ctx: IExecuteFunctions, options: IDataObject, name: keyof typeof OPTION_RULES): number {
	const rule = OPTION_RULES[name];
	const given = options[name] ?? rule.fallback;
	const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
	if (typeof value === 'number' && value >= rule.min && value <= rule.max) return value;
	throw refuseParameter(ctx, 0, rule.displayName, given, `${rule.min} to ${rule.max} ${rule.unit}`);
}

function readChoice<T extends string>(
	ctx: IExecuteFunctions,
	name: string,
	given: unknown,
	allowed: readonly T[],
): T {
	const match = allowed.find((value) => value === given);
	if (match !== undefined) return match;
	throw refuseParameter(ctx, 0, name, given, allowed.join(', '));
}

/** Expressions may give the words as text; anything else would silently mean no. */
export function readBoolean(ctx: IExecuteFunctions, displayName: string, given: unknown, item = 0): boolean {
	if (given === true || given === 'true') return true;
	if (given === false || given === 'false') return false;
	throw refuseParameter(ctx, item, displayName, given, 'true, false');
}

/**
 * The binary field that an item's file goes to; null where none is wanted. A tool run gives links only.
 *
 * @throws NodeOperationError when 'Download' or the field's name cannot be used
 */
export function readFileField(ctx: IExecuteFunctions, item: number, byDefault: boolean): string | null {
	const given: unknown = ctx.getNodeParameter('download', item, byDefault);
	if (!readBoolean(ctx, 'Download', given, item) || isToolRun(ctx)) return null;
	const field = String(ctx.getNodeParameter('binaryField', item, 'data') ?? '').trim();
	if (field === '') throw refuseParameter(ctx, item, 'Output Data Field Name', '', 'a field name');
	return field;
}

/** @throws NodeOperationError for the first setting that cannot be used */
export function readSettings(
	ctx: IExecuteFunctions,
	defaults: { wait: WaitMode; download: boolean },
): RunSettings {
	const options = readOptions(ctx);
	const wait = ctx.getNodeParameter('wait', 0, defaults.wait);
	const fileField = (item: number) => {
		try {
			return readFileField(ctx, item, defaults.download);
		} catch {
			// told when the item's other fields are read
			return null;
		}
	};
	return {
		wait: readChoice(ctx, 'Wait', wait, ['auto', 'poll', 'suspend', 'none']),
		files: ctx.getInputData().map((_, item) => fileField(item)),
		...(options.timeoutMinutes !== undefined && {
			timeoutMs: readNumber(ctx, options, 'timeoutMinutes') * 60_000,
		}),
		...(isToolRun(ctx) && { toolWaitMs: readNumber(ctx, options, 'toolWaitSeconds') * 1000 }),
		pollMs: readNumber(ctx, options, 'pollSeconds') * 1000,
		onTaskFailure: readChoice(ctx, 'On Task Failure', options.onTaskFailure ?? 'error', ['error', 'output']),
		maxDownloadBytes: readNumber(ctx, options, 'maxDownloadMb') * 1_000_000,
		resendUnknown: readBoolean(ctx, 'Resend When Outcome Is Unknown', options.resendUnknown ?? false),
		...(options.maxCredits !== undefined && { maxCredits: readNumber(ctx, options, 'maxCredits') }),
		checkBalance: readBoolean(ctx, 'Check Balance First', options.checkBalance ?? false),
	};
}

function readOptions(ctx: IExecuteFunctions): IDataObject {
	const options = ctx.getNodeParameter('options', 0, {});
	return isObject(options) ? options : {};
}

/** Whether a picture is refused whose pixels EvoLink would not take. */
export function readImageCheck(ctx: IExecuteFunctions): boolean {
	return readBoolean(ctx, 'Check Image Size', readOptions(ctx).checkImageSize ?? true);
}

/** The callback URL of a run that does not wait; nothing when none was given. */
export function readCallbackUrl(ctx: IExecuteFunctions): string | undefined {
	const given = readOptions(ctx).callbackUrl;
	if (given === undefined || given === '') return undefined;
	const { maxLength } = evolinkFacts.callback;
	const allowed = `a public https URL of at most ${maxLength} characters, because EvoLink calls no other`;
	const checked = typeof given === 'string' ? checkPublicHttpsUrl(given) : undefined;
	if (checked?.ok && checked.url.href.length <= maxLength) return checked.url.href;
	const reason = checked && !checked.ok ? ` (it ${checked.reason})` : '';
	throw refuseParameter(ctx, 0, 'Callback URL', given, `${allowed}${reason}`);
}

/** The fields of 'Additional Fields (JSON)', as an object of their own. */
export function readAdditionalFields(ctx: IExecuteFunctions, itemIndex: number): IDataObject {
	const given = readOptions(ctx).additionalFields;
	if (given === undefined || given === '' || given === null) return {};
	const refuse = (allowed: string) =>
		refuseParameter(ctx, itemIndex, 'Additional Fields (JSON)', given, allowed);
	const fields = typeof given === 'string' ? parseJson(given) : given;
	if (!isObject(fields)) throw refuse('a JSON object such as {"seed": 1}');
	const fixed = Object.keys(fields).filter((name) => ['model', 'callback_url'].includes(name.toLowerCase()));
	if (fixed.length > 0)
		throw refuse(
			`a JSON object without ${fixed.map((name) => `'${name}'`).join(' and ')}, which the node sets itself`,
		);
	return { ...fields };
}
