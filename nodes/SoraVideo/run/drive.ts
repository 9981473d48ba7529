import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { taskNamed } from '../../evolink/task';
import { hint, isToolRun, trace, warn } from '../../host/context';
import { noteInExecution } from '../../host/customData';
import { textOf } from '../../host/errors';
import { notOrdered, orderedEarlier, stopped } from '../../host/messages';
import { emit, outcomeOf } from '../deliver';
import { isQueued, isRefused, isTask, openTasks, runningIds, watchesOf, type Entry } from '../entries';
import { emitProblem, stopOnProblem, type Outcome } from '../items';
import { reservedInWords } from '../order/budget';
import { taskOf } from '../watch';
import type { WaitDecision } from './mode';
import type { RunState } from './state';
import { dropFiles, step, timeoutOf, type RunIo } from './step';
import { suspend } from './suspend';

/** EvoLink repeats a callback for 7 s, and none reaches a run that is not suspended. */
const CALLBACKS_REPEATED_MS = 5000;

/** Steps until the run is done or suspended. @param silent why EvoLink calls nobody back, where that is known */
export async function drive(
	ctx: IExecuteFunctions,
	state: RunState,
	io: RunIo,
	mode: WaitDecision['mode'],
	silent?: string,
): Promise<INodeExecutionData[]> {
	let suspends = mode === 'suspend';
	for (;;) {
		const at = await step(state, io);
		if (io.signal?.aborted || at === undefined) await dropFiles(state, io);
		if (io.signal?.aborted) return emitStopped(ctx, state.items);
		const ids = watchesOf(state.items).map(({ id }) => id);
		noteInExecution(ctx, ids);
		if (at === undefined) {
			trace(ctx, 'done', ids);
			if (state.parkedAt === 0) tellOrders(ctx, state.items, mode);
			return await deliver(ctx, state, mode);
		}
		if (suspends && state.lookup === undefined) {
			if (mayHaveMissed(state, io.now())) {
				state.readAt = io.now();
				continue;
			}
			try {
				if (state.parkedAt === 0) tellOrders(ctx, state.items, mode);
				return await suspend(ctx, state, io, silent);
			} catch (error) {
				const why = error instanceof Error ? error.message : String(error);
				const text = `Waited by polling, because n8n could not suspend the execution: ${why}`;
				ctx.logger.warn(text, { taskIds: runningIds(state.items) });
				hint(ctx, text, 'warning');
				suspends = false;
			}
		}
		await io.clock.sleep(Math.max(at - io.now(), 0), io.signal);
	}
}

/** Whether callbacks may have come, in vain, since the tasks were last read. */
function mayHaveMissed({ items, observedAt = -Infinity }: RunState, now: number): boolean {
	const orderedAt = Math.min(...openTasks(items).map(({ from }) => from));
	return now - Math.max(orderedAt, observedAt) > CALLBACKS_REPEATED_MS;
}

function tellOrders(ctx: IExecuteFunctions, items: readonly Entry[], mode: WaitDecision['mode']): void {
	// elsewhere the receipt says what they cost
	const reserved = mode === 'none' ? reservedInWords(items) : undefined;
	if (reserved !== undefined) hint(ctx, reserved);
	const earlier = watchesOf(items).flatMap(({ id, replayed }) => (replayed ? [id] : []));
	if (earlier.length === 0) return;
	warn(ctx, textOf(orderedEarlier(earlier)));
}

async function deliver(
	ctx: IExecuteFunctions,
	state: RunState,
	mode: WaitDecision['mode'],
): Promise<INodeExecutionData[]> {
	const untouched = state.items.filter(isQueued).map(({ item }) => item);
	const open = new Set<Entry>(openTasks(state.items));
	const touched = state.items.filter((entry) => !isQueued(entry));
	const known = touched.map((entry) =>
		isTask(entry) && open.has(entry) ? entry : outcomeFor(ctx, state, entry, mode),
	);
	stopOnProblem(ctx, known, untouched);
	const outcomes = state.items.map((entry) => outcomeFor(ctx, state, entry, mode));
	return await emit(ctx, outcomes, state.settings);
}

function outcomeFor(
	ctx: IExecuteFunctions,
	state: RunState,
	entry: Entry,
	mode: WaitDecision['mode'],
): Outcome {
	const { item } = entry;
	if (isRefused(entry)) return { item, problem: entry.problem };
	if (!isTask(entry)) return { item, problem: notOrdered() };
	const { field, watch } = entry;
	const task = taskOf(watch);
	const isUnread = task === undefined && watch.failure !== undefined;
	const hasFile = field !== null && task?.phase === 'completed';
	// unfinished and failed tasks are data where nothing is waited for
	if (mode === 'none' && !isUnread && !hasFile)
		return { item, field: null, task: task ?? taskNamed(watch.id), watch };
	const settings = { ...state.settings, toolWaitMs: isToolRun(ctx) ? 0 : undefined };
	return outcomeOf({ item, field, watch }, { settings, timeoutMs: timeoutOf(state) });
}

/** Returned, not thrown: n8n shows in the editor what a node returns after a stop, but drops what it throws. */
function emitStopped(ctx: IExecuteFunctions, items: readonly Entry[]): INodeExecutionData[] {
	const keys = items.filter(isRefused).flatMap(({ problem }) => problem.idempotencyKey ?? []);
	const problem = stopped(runningIds(items), keys);
	warn(ctx, textOf(problem));
	return items.map((entry) => {
		const taskId = isTask(entry) ? entry.watch.id : undefined;
		const idempotencyKey = isRefused(entry) ? entry.problem.idempotencyKey : undefined;
		return emitProblem(ctx, { ...problem, taskId, idempotencyKey }, entry.item);
	});
}
