import { evolinkFacts } from '../evolink/generated/spec.gen';
import { displayNamesOf, MAX_DOWNLOAD_MB, ItemParameters } from '../host/parameters';
import { triggerFields } from './fields';

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
	simplify: boolean;
	/** Empty: every model. */
	models: string[];
	ignoreRepeats: boolean;
}

function words(given: unknown): string[] {
	const list: unknown[] = Array.isArray(given) ? given : String(given ?? '').split(',');
	return list.map((entry) => String(entry).trim()).filter((entry) => entry !== '');
}

const displayNames = displayNamesOf(triggerFields);

/** @throws ProblemError when a parameter cannot be used */
export function readTriggerSettings(read: (name: string, fallback?: unknown) => unknown): TriggerSettings {
	const parameters = new ItemParameters(read, displayNames);
	const events = words(parameters.value('events', []));
	if (events.length === 0 || events.some((event) => !EVENTS.includes(event))) {
		throw parameters.refuse('events', events.join(', '), `one or more of ${EVENTS.join(', ')}`);
	}
	const verify = parameters.value('verify', true) !== false;
	const download = verify && parameters.value('download', false) === true;
	const binaryField = download ? parameters.outputField('binaryField', 'data') : 'data';
	const largest = parameters.option('maxDownloadMb');
	const maxDownloadMb = parameters.number('maxDownloadMb', largest, MAX_DOWNLOAD_MB);
	return {
		events,
		verify,
		download,
		binaryField,
		maxDownloadBytes: maxDownloadMb * 1_000_000,
		simplify: parameters.value('simplify', true) !== false,
		models: words(parameters.option('models')),
		ignoreRepeats: parameters.option('ignoreRepeats') !== false,
	};
}
