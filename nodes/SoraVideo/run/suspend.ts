import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { hostClock } from '../../evolink/clock';
import { defined } from '../../evolink/json';
import { hint, tellResumeUrl, trace } from '../../host/context';
import { park } from '../../host/park';
import { isQueued, openTasks, runningIds } from '../entries';
import { isVolatile } from '../order/order';
import { parkedNote } from './parkedNote';
import { CONTEXT_KEY, statusUrl } from './parkedRun';
import { turnAt } from './room';
import { SHORTEST_TIMER_MS, timerDelay } from './schedule';
import type { RunState } from './state';
import { deadlineOf, type RunIo } from './step';

/** Tasks whose time is up within the shortest time that n8n keeps are given up by one timer. */
function firstDue(left: readonly number[]): number {
	const first = Math.min(...left);
	return Math.max(...left.filter((ms) => ms <= first + SHORTEST_TIMER_MS), first, 0);
}

/** What it returns is shown in the editor meanwhile. @param silent why EvoLink calls nobody back, where that is known */
export async function suspend(
	ctx: IExecuteFunctions,
	state: RunState,
	io: RunIo,
	silent?: string,
): Promise<INodeExecutionData[]> {
	// the item that holds them is not there any more when the run goes on
	for (const entry of state.items.filter(isQueued).filter(isVolatile)) {
		const { entry: uploaded, noRoom } = await io.upload(entry);
		if (noRoom !== undefined)
			throw new Error('EvoLink has no room yet for a file that n8n keeps in the execution alone');
		state.items[entry.item] = uploaded;
	}
	const open = openTasks(state.items);
	// the callback may have come already, while EvoLink could not be read
	const callbackExpected =
		open.length > 0 &&
		open.every(({ watch, isCalledBack }) => isCalledBack === true && watch.failure === undefined);
	const now = io.now();
	const ages = open.map(({ from }) => now - from);
	state.lastedMs = now;
	state.parkedAt = hostClock.now();
	state.wakesAt =
		state.parkedAt +
		timerDelay({
			oldestMs: Math.max(0, ...ages),
			youngestMs: Math.min(...ages),
			leftMs: firstDue(open.map((entry) => deadlineOf(state, entry) - now)),
			estimatedSeconds: state.estimatedSeconds,
			callbackExpected,
			turnMs: state.items.some(isQueued)
				? turnAt(state.room, open.length, state.settings.tasksAtOnce) - now
				: Infinity,
		});
	state.isAwake = false;
	ctx.getContext('node')[CONTEXT_KEY] = state;
	const ids = runningIds(state.items);
	await park(ctx, state.wakesAt, state.token, state.runIndex, {
		error: {
			message: `n8n continued before these tasks had ended: ${ids.join(', ')}. They are still running at EvoLink; fetch them with the operation Get Task.`,
		},
	});
	tellResumeUrl(ctx);
	const queued = state.items.filter(isQueued).length;
	trace(ctx, `suspended until ${new Date(state.wakesAt).toISOString()}, ${queued} not ordered yet`, ids);
	const note = { ids, queued, of: state.items.length, callbackExpected, silent };
	hint(ctx, parkedNote({ ...note, url: statusUrl(ctx), estimatedSeconds: state.estimatedSeconds }).text);
	// no `error` key here: with Retry On Fail the engine would run the node again at once
	return state.items.flatMap((entry) => {
		const pairedItem = { item: entry.item };
		if (isQueued(entry)) return [{ json: { status: 'queued' }, pairedItem }];
		if (!open.some((task) => task === entry)) return [];
		const { id, seen } = (entry as (typeof open)[number]).watch;
		const lastStatus = seen && { id, status: seen.status, progress: seen.progress ?? null };
		return [{ json: defined({ status: 'waiting', taskId: id, lastStatus }), pairedItem }];
	});
}
