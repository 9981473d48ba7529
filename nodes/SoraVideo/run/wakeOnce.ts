import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { hostClock } from '../../evolink/clock';
import { isObject } from '../../evolink/json';
import { Recent } from '../../evolink/recent';
import { isStillParked, wake } from '../../host/park';
import { CONTEXT_KEY } from './parkedRun';
import { isLeftToTimer } from './schedule';
import type { RunState } from './state';

/** Only calls that are under way at the same time matter. */
const WOKEN_KEPT = 2000;

/**
 * n8n lets everybody go on who finds the execution waiting, at whatever node: a callback that was still being checked would
 * run this node, and all behind it, again from data that is older.
 */
const woken = new Recent<true>(WOKEN_KEPT);

/**
 * Wakes a run once for each parking, and not when its timer is near. What is stored is read anew, because another process may
 * have.
 * @returns for `webhook()`; `undefined` where the run is left to its timer, or goes on already
 */
export async function wakeOnce(
	ctx: IWebhookFunctions,
	{ token, parkedAt, wakesAt, executionId }: RunState,
): Promise<IWebhookResponseData | undefined> {
	const parking = `${token} ${parkedAt}`;
	const isSame = ({ [CONTEXT_KEY]: kept }: Record<string, unknown>) =>
		isObject(kept) && kept.parkedAt === parkedAt;
	const isOver = () => woken.has(parking) || isLeftToTimer(wakesAt, hostClock.now());
	if (isOver() || !(await isStillParked(ctx, executionId, token, isSame)) || isOver()) return undefined;
	const response = wake(ctx);
	if (response !== undefined) woken.set(parking, true);
	return response;
}
