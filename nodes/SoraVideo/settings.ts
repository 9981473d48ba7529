import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import clamp from 'lodash/clamp';

import { evolinkFacts } from '../evolink/generated/spec.gen';
import { isObject, isTooDeep, parseJson } from '../evolink/json';
import { OWN_FIELDS } from '../evolink/modelEntries';
import { checkPublicHttpsUrl } from '../evolink/urls';
import { isToolRun } from '../host/context';
import { MAX_DOWNLOAD_MB, type NumberRule, type ItemParameters } from '../host/parameters';

export type WaitMode = 'auto' | 'poll' | 'suspend' | 'none';

/** What is settled before anything is ordered, and holds until the run is over, however often it parks. */
export interface RunSettings extends IDataObject {
	wait: WaitMode;
	/** As the user set it; if absent, by EvoLink's estimate. */
	timeoutMs?: number;
	/** In a tool run alone: it waits no longer, and what is unfinished then is data. */
	toolWaitMs?: number;
	pollMs: number;
	onTaskFailure: 'error' | 'output';
	maxDownloadBytes: number;
	simplify: boolean;
	/** Send an order whose outcome is unknown once more, under the same key. */
	resendUnknown: boolean;
	/** What all new orders of this run may cost together, by estimate; absent: no limit. */
	maxCredits?: number;
	/** At most so many tasks of this run are under way; absent: as many as EvoLink takes. */
	tasksAtOnce?: number;
	/** Order nothing that the balance cannot pay. */
	checkBalance: boolean;
}

/** In rules of what is shown: 'Additional Fields (JSON)'. */
export const FURTHER_FIELDS = '/options.additionalFields';

export const TIMEOUT_MINUTES: NumberRule = { min: 0.01, max: 1440, fallback: 30, unit: 'minutes' };

/** EvoLink asks its upstream on every read of an unfinished task, so even an eager schedule leaves room between reads. */
export const MIN_SPACING_MS = 250;

export const POLL_SECONDS: NumberRule = {
	min: MIN_SPACING_MS / 1000,
	max: 600,
	fallback: 8,
	unit: 'seconds',
};

export const TOOL_WAIT_SECONDS: NumberRule = { min: 0, max: 3600, fallback: 45, unit: 'seconds' };

export const MAX_CREDITS: NumberRule = { min: 0.01, max: 1_000_000, fallback: 100, unit: 'credits' };

export const TASKS_AT_ONCE: NumberRule = { min: 1, max: 1000, fallback: 5, unit: 'tasks', isCount: true };

/** EvoLink's result links live no longer, whatever it estimates. */
const LONGEST_TIMEOUT_MS = 24 * 3_600_000;

/** How long a wait lasts where the user set no 'Timeout Minutes'. */
export function defaultTimeoutMs(estimatedSeconds = 0): number {
	return clamp(2 * estimatedSeconds * 1000, TIMEOUT_MINUTES.fallback * 60_000, LONGEST_TIMEOUT_MS);
}

/** 'Wait' says whether, 'How to Wait' how. */
function readWait(parameters: ItemParameters, fallback: 'auto' | 'none'): WaitMode {
	const wait = parameters.choice('wait', parameters.value('wait', fallback), ['auto', 'none']);
	if (wait === 'none') return wait;
	return parameters.choice('waitMode', parameters.option('waitMode') ?? 'auto', ['auto', 'poll', 'suspend']);
}

/** @throws ProblemError for the first setting that cannot be used */
export function readSettings(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	byDefault: { wait: 'auto' | 'none' },
): RunSettings {
	const option = (name: string) => parameters.option(name);
	const number = (name: string, rule: NumberRule) => parameters.number(name, option(name), rule);
	const choice = <T extends string>(name: string, allowed: [T, ...T[]]) =>
		parameters.choice(name, option(name) ?? allowed[0], allowed);
	const boolean = (name: string) => parameters.boolean(name, option(name) ?? false);
	return {
		wait: readWait(parameters, byDefault.wait),
		...(option('timeoutMinutes') !== undefined && {
			timeoutMs: number('timeoutMinutes', TIMEOUT_MINUTES) * 60_000,
		}),
		...(isToolRun(ctx) && { toolWaitMs: number('toolWaitSeconds', TOOL_WAIT_SECONDS) * 1000 }),
		pollMs: number('pollSeconds', POLL_SECONDS) * 1000,
		onTaskFailure: choice('onTaskFailure', ['error', 'output']),
		maxDownloadBytes: number('maxDownloadMb', MAX_DOWNLOAD_MB) * 1_000_000,
		simplify: readSimplify(parameters),
		resendUnknown: boolean('resendUnknown'),
		...(option('maxCredits') !== undefined && { maxCredits: number('maxCredits', MAX_CREDITS) }),
		...(option('tasksAtOnce') !== undefined && { tasksAtOnce: number('tasksAtOnce', TASKS_AT_ONCE) }),
		checkBalance: boolean('checkBalance'),
	};
}

/** As it stands now, for a Retry of a run that keeps its other settings. */
export function readResend(ctx: IExecuteFunctions): boolean {
	return [true, 'true'].includes(ctx.getNodeParameter('options.resendUnknown', 0, false) as boolean);
}

export function readSimplify(parameters: ItemParameters): boolean {
	return parameters.boolean('simplify', parameters.value('simplify', true));
}

/** Null where no file is wanted. A tool run gives links only. @throws ProblemError */
export function readFileField(
	ctx: IExecuteFunctions,
	parameters: ItemParameters,
	byDefault: boolean,
): string | null {
	const isWanted = parameters.boolean('download', parameters.value('download', byDefault));
	if (!isWanted || isToolRun(ctx)) return null;
	return parameters.outputField('binaryField', 'data');
}

export function readImageCheck(parameters: ItemParameters): boolean {
	return parameters.boolean('checkImageSize', parameters.option('checkImageSize') ?? true);
}

export function readCallbackUrl(parameters: ItemParameters): string | undefined {
	const given = parameters.value('callbackUrl', '');
	if (given === undefined || given === null || given === '') return undefined;
	const { maxLength } = evolinkFacts.callback;
	const allowed = `a public https URL of at most ${maxLength} characters, because EvoLink calls no other`;
	const checked = typeof given === 'string' ? checkPublicHttpsUrl(given) : undefined;
	if (checked?.ok && checked.url.href.length <= maxLength) return checked.url.href;
	const reason = checked && !checked.ok ? ` (it ${checked.reason})` : '';
	throw parameters.refuse('callbackUrl', given, `${allowed}${reason}`);
}

/** Numbers and objects are written out. */
export function readReference(parameters: ItemParameters): string | undefined {
	const given = parameters.value('reference', '');
	if (given === undefined || given === null || given === '') return undefined;
	return typeof given === 'object' ? JSON.stringify(given) : String(given as string | number);
}

export function readAdditionalFields(parameters: ItemParameters): IDataObject {
	const given = parameters.option('additionalFields');
	if (given === undefined || given === '' || given === null) return {};
	const fields = typeof given === 'string' ? parseJson(given) : given;
	if (!isObject(fields) || isTooDeep(fields))
		throw parameters.refuse('additionalFields', given, 'a JSON object such as {"seed": 1}');
	refuseOwnFields(parameters, 'additionalFields', given, fields);
	return { ...fields };
}

/** @throws ProblemError where fields for the request would replace what was checked and priced */
export function refuseOwnFields(
	parameters: ItemParameters,
	parameter: string,
	given: unknown,
	fields: IDataObject,
): void {
	const fixed = Object.keys(fields).filter((name) => OWN_FIELDS.includes(name.toLowerCase()));
	if (fixed.length === 0) return;
	const names = fixed.map((name) => `'${name}'`).join(' and ');
	throw parameters.refuse(parameter, given, `a JSON object without ${names}, which the node sets itself`);
}
