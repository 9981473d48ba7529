import { inWords, markup, type Html } from '../../host/html';

/** A run of hundreds would fill the panel; the status page names all. */
const NAMED = 3;

const LINK = 'See how far they are';

/** What n8n shows beside a parked execution. @param silent why EvoLink calls nobody back, where that is known */
export function parkedNote({
	ids,
	queued = 0,
	of = ids.length,
	callbackExpected,
	silent,
	url,
	estimatedSeconds,
}: {
	ids: readonly string[];
	/** Items that wait for a turn, and how many items there are. */
	queued?: number;
	of?: number;
	callbackExpected: boolean;
	silent?: string;
	url?: string;
	estimatedSeconds?: number;
}): Html {
	const how = callbackExpected
		? markup`EvoLink's callback wakes it, or a timer if the callback is lost`
		: silent === undefined
			? markup`a timer checks them`
			: markup`a timer checks them, because ${silent}`;
	const parts = [
		markup`The execution is suspended until the tasks have ended: ${how}.`,
		url !== undefined && markup` <a href="${url}" target="_blank">${LINK}</a>.`,
		estimatedSeconds !== undefined && ` EvoLink estimates ${inWords(estimatedSeconds * 1000)}.`,
		queued > 0 && ` ${queued} of ${of} items wait for a turn at EvoLink: nothing is ordered for them yet.`,
		ids.length > 0 && ` Tasks: ${ids.slice(0, NAMED).join(', ')}`,
		ids.length > NAMED && ` and ${ids.length - NAMED} more`,
	];
	return markup`${parts}.`;
}
