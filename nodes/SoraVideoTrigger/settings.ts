import { evolinkFacts } from '../evolink/generated/spec.gen';
import { MAX_DOWNLOAD_MB, parameterMessage } from '../host/parameters';
import { isObject } from '../evolink/task';

/** What a callback can tell. */
export const EVENTS: readonly string[] = evolinkFacts.callback.events;

export interface TriggerSettings {
	/** Of `EVENTS`; what ends otherwise starts nothing. */
	events: string[];
	/** Read the task with the key and believe that instead of the callback. */
	verify: boolean;
	/** Never true without `verify`: no URL out of a callback is fetched. */
	download: boolean;
	binaryField: string;
	maxDownloadBytes: number;
	/** Empty: every model. */
	models: string[];
	ignoreRepeats: boolean;
}

function words(given: unknown): string[] {
	const list: unknown[] = Array.isArray(given) ? given : String(given ?? '').split(',');
	return list.map((entry) => String(entry).trim()).filter((entry) => entry !== '');
}

/**
 * Reads the trigger's parameters.
 *
 * @param parameter gives a parameter's value, or the fallback where it has none
 * @returns a sentence instead where a parameter cannot be used
 */
export function readTriggerSettings(
	parameter: (name: string, fallback: unknown) => unknown,
): TriggerSettings | string {
	const given = parameter('options', {});
	const options = isObject(given) ? given : {};
	const events = words(parameter('events', []));
	const verify = parameter('verify', true) !== false;
	const download = verify && parameter('download', false) === true;
	const binaryField = String(parameter('binaryField', 'data') ?? '').trim();
	const rule = MAX_DOWNLOAD_MB;
	const megabytes = Number(options.maxDownloadMb ?? rule.fallback);

	if (events.length === 0 || events.some((event) => !EVENTS.includes(event))) {
		return parameterMessage('Events', events.join(', '), `one or more of ${EVENTS.join(', ')}`);
	}
	if (download && binaryField === '') {
		return parameterMessage('Output Data Field Name', '', 'a field name');
	}
	if (!(megabytes >= rule.min && megabytes <= rule.max)) {
		const allowed = `${rule.min} to ${rule.max} ${rule.unit}`;
		return parameterMessage(rule.displayName, options.maxDownloadMb, allowed);
	}
	return {
		events,
		verify,
		download,
		binaryField,
		maxDownloadBytes: megabytes * 1_000_000,
		models: words(options.models),
		ignoreRepeats: options.ignoreRepeats !== false,
	};
}
