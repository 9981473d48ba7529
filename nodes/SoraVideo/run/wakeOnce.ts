import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { hostClock } from '../../evolink/clock';
import { Recent } from '../../evolink/recent';
import { wake } from '../../host/park';
import type { ParkedRun } from './parkedRun';
import { isLeftToTimer } from './schedule';

/** More than this many are forgotten, the oldest first: only calls that are under way at the same time matter. */
const WOKEN_KEPT = 2000;

/**
 * The parkings that were woken in this process. n8n lets everybody go on who finds the execution waiting, at whatever node: a
 * callback that was still being checked would run this node, and all behind it, again from data that is older.
 */
const woken = new Recent<true>(WOKEN_KEPT);

/**
 * Lets a parked run go on, whose tasks have been seen to have ended just now: once for each parking, and not when its timer is
 * near.
 *
 * @returns what `webhook()` has to return for that; `undefined` where the run is left to its timer, or goes on already
 */
export function wakeOnce(
	ctx: IWebhookFunctions,
	{ token, parkedAt, wakesAt }: ParkedRun,
): IWebhookResponseData | undefined {
	const parking = `${token} ${parkedAt}`;
	if (woken.has(parking) || isLeftToTimer(wakesAt, hostClock.now())) return undefined;
	const way = wake(ctx);
	if (way === undefined) return undefined;
	woken.set(parking, true);
	return way;
}
