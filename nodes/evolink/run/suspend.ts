import { randomUUID } from 'node:crypto';

import type { IDataObject, IExecuteFunctions, INodeExecutionData, IWebhookDescription } from 'n8n-workflow';
import pLimit from 'p-limit';

import { getTask } from '../api';
import type { Failure } from '../failure';
import { runIndexOf } from '../ledger';
import { readTask, type Task } from '../task';
import { hostClock } from '../wait/clock';
import { READS_AT_ONCE, type TaskReading, type WaitResult } from '../wait/poll';
import { hint, knownReport, nodeError, reportOf, type Report } from './errors';
import { CALLBACK_PATH, cancelSignal } from './host';
import type { Order } from './orders';
import { park, parkedToken } from './park';
import { brokenRun, stopped } from './report';
import { emit, emitBroken, outcomeOf, type Outcome } from './settle';
import type { RunSettings } from './settings';

/**
 * EvoLink's callback comes in here, on n8n's own resume URL with a path of ours behind it: the bare URL belongs to whatever
 * node the execution waits at, and a late callback would wake that. `responseData` keeps n8n from answering with a stray text.
 */
export const resumeWebhooks: IWebhookDescription[] = [
	{
		name: 'default',
		httpMethod: 'POST',
		responseMode: 'onReceived',
		responseData: '',
		path: CALLBACK_PATH,
		isFullPath: true,
		restartWebhook: true,
	},
];

/** n8n's timer looks for due executions once a minute, 70 s ahead: this is the shortest wait that it keeps exactly. */
const ROUND_MS = 66_000;

/** A bad moment of EvoLink must not be what the last look of a wait meets. */
const LAST_LOOK_PAUSES_MS = [1000, 3000];

/** One item of a parked run. Plain data: it goes through n8n's database. */
export interface ParkedItem extends IDataObject {
	item: number;
	/** Absent where the item has no task. */
	id?: string;
	/** Why the item has no task, or why its task cannot be read. */
	report?: Report & IDataObject;
	/** EvoLink's body once the task is terminal. */
	ended?: IDataObject;
	/** ms since 1970, when this run last knew the task unfinished; absent for tasks that were there before it. */
	unfinishedAt?: number;
	lastStatus?: IDataObject;
	lastFailure?: Failure & IDataObject;
}

/** A parked run, kept in the node's context. What was sent is what is waited for: no field is read again. */
export interface ParkedRun extends IDataObject {
	token: string;
	/** A retry runs under another id and waits anew. */
	executionId: string;
	runIndex: number;
	settings: RunSettings;
	/** ms since 1970. */
	deadline: number;
	/** ms since 1970, when n8n's timer comes for the run. */
	wakesAt?: number;
	items: ParkedItem[];
}

export const CONTEXT_KEY = 'wait';

/** Whether n8n came back to a parked run. Without its record, too: what is on the stack then is no input. */
export function isParked(ctx: IExecuteFunctions): boolean {
	return parkedToken(ctx) !== undefined;
}

function recordOf(ctx: IExecuteFunctions): ParkedRun | undefined {
	const token = parkedToken(ctx);
	const record = ctx.getContext('node')[CONTEXT_KEY] as ParkedRun | undefined;
	return token !== undefined && record?.token === token ? record : undefined;
}

/** Parks a run whose orders are placed. What it returns is shown in the editor meanwhile. */
export async function suspend(
	ctx: IExecuteFunctions,
	orders: Order[],
	settings: RunSettings,
	existing: boolean,
): Promise<INodeExecutionData[]> {
	const record: ParkedRun = {
		token: randomUUID(),
		executionId: ctx.getExecutionId(),
		runIndex: runIndexOf(ctx),
		settings,
		deadline: hostClock.now() + settings.timeoutMs,
		items: orders.map((order) =>
			'id' in order
				? {
						item: order.item,
						id: order.id,
						...(!existing && order.task && { unfinishedAt: order.submittedAt }),
					}
				: { item: order.item, report: { ...order.report } as ParkedItem['report'] },
		),
	};
	ctx.getContext('node')[CONTEXT_KEY] = record;
	return await parkUntilNextRound(ctx, record);
}

async function parkUntilNextRound(ctx: IExecuteFunctions, record: ParkedRun): Promise<INodeExecutionData[]> {
	const open = record.items.filter(isOpen);
	const ids = openIds(record).join(', ');
	const at = Math.min(hostClock.now() + ROUND_MS, Math.max(record.deadline, hostClock.now()));
	record.wakesAt = at;
	await park(ctx, at, record.token, record.runIndex, {
		error: `n8n went on before these tasks were done: ${ids}. They go on at EvoLink; fetch them with the operation Get Task.`,
	});
	// no `error` key here: with Retry On Fail the engine would run the node again at once
	return open.map(({ item, id, lastStatus }) => ({
		json: { status: 'waiting', taskId: id, ...(lastStatus && { lastStatus }) },
		pairedItem: { item },
	}));
}

function isOpen(entry: ParkedItem): boolean {
	return entry.id !== undefined && entry.ended === undefined && entry.report === undefined;
}

function openIds({ items }: ParkedRun): string[] {
	return items.filter(isOpen).map(({ id }) => id as string);
}

/** Before the timer comes, so that what a callback began is over by then; a callback in the last second is left to it. */
const TIMER_MARGIN_MS = 1000;

/**
 * A timer that is this late does not run at all: queue mode while the main process is down. One for less than a round, as
 * the last before the deadline, may be a minute late, because n8n looks once a minute.
 */
const TIMER_LOST_MS = 70_000;

/**
 * How long a callback may work on a run, in ms; 0 when it has to be left to the timer. A callback works on what n8n had
 * stored when it came in. If the timer finished the run meanwhile, and a later node parked the execution again, n8n would
 * take the callback's result all the same and put the execution back to where it was.
 */
export function timeForCallback({ wakesAt = 0 }: Pick<ParkedRun, 'wakesAt'>, now: number): number {
	const left = wakesAt - now;
	if (left > TIMER_MARGIN_MS) return left - TIMER_MARGIN_MS;
	return left < -TIMER_LOST_MS ? ROUND_MS : 0;
}

/**
 * Runs that a callback is looking into in this process. `again`: another one came meanwhile; tasks that end together would
 * otherwise fetch every file of the run once for each callback. `timer`: aborted when n8n's timer came meanwhile, which may
 * be early (one left over from an earlier wait of the execution) or late (a wait of less than a round).
 */
export const looking = new Map<string, { again: boolean; timer: AbortController }>();

/**
 * The timer came: reads what still runs, then finishes, fails, or parks again.
 *
 * @throws NodeApiError or NodeOperationError naming the tasks
 */
export async function resume(ctx: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const record = recordOf(ctx);
	try {
		if (record === undefined) throw new Error('n8n has lost what it kept of the run');
		looking.get(record.token)?.timer.abort();
		return await goOn(ctx, record);
	} catch (error) {
		const entries = [record?.items ?? []].flat();
		const items = record && entries.map(({ item }) => item);
		if (knownReport(error) !== undefined) return emitBroken(ctx, error, items);
		const ids = entries.flatMap(({ id }) => id ?? []);
		return emitBroken(ctx, nodeError(ctx.getNode(), brokenRun(reportOf(error), ids), 0), items);
	}
}

async function goOn(ctx: IExecuteFunctions, record: ParkedRun): Promise<INodeExecutionData[]> {
	const isRetry = record.executionId !== ctx.getExecutionId();
	if (isRetry) {
		record.executionId = ctx.getExecutionId();
		record.deadline = hostClock.now() + record.settings.timeoutMs;
	}
	const isLast = hostClock.now() >= record.deadline;
	const limit = pLimit(READS_AT_ONCE);
	const refused = new Map<string, WaitResult>();
	await Promise.all(
		// a retry may come when the links that are known have expired: what EvoLink says now is newer
		record.items
			.filter((entry) => isOpen(entry) || (isRetry && entry.ended !== undefined))
			.map(
				async (entry) =>
					await limit(async () => {
						const failure = await look(ctx, entry, isLast ? LAST_LOOK_PAUSES_MS : []);
						if (failure && !failure.transient && isOpen(entry))
							refused.set(entry.id as string, { kind: 'refused', failure });
					}),
			),
	);
	if (cancelSignal(ctx)?.aborted) throw nodeError(ctx.getNode(), stopped(openIds(record), []), 0);
	const waiting = record.items.filter((entry) => isOpen(entry) && !refused.has(entry.id as string));
	if (waiting.length > 0 && !isLast) return await parkUntilNextRound(ctx, record);
	hint(ctx, 'The execution was parked while EvoLink worked, and went on by its timer.');
	return await emit(
		ctx,
		record.items.map((entry) => outcome(entry, record, refused)),
		record.settings,
	);
}

/** Looks at a task, again after each pause while EvoLink cannot be asked. @returns why it could not be read */
async function look(
	ctx: IExecuteFunctions,
	entry: ParkedItem,
	pauses: readonly number[],
): Promise<Failure | undefined> {
	const lookedAt = hostClock.now();
	const failure = note(entry, await getTask(ctx, entry.id as string), lookedAt);
	const [pause, ...later] = pauses;
	if (!failure?.transient || pause === undefined) return failure;
	await hostClock.sleep(pause, cancelSignal(ctx));
	return cancelSignal(ctx)?.aborted ? failure : await look(ctx, entry, later);
}

/** Writes one look at a task into its entry. @returns why it could not be read */
function note(entry: ParkedItem, reading: TaskReading, lookedAt: number): Failure | undefined {
	if (!reading.ok) {
		entry.lastFailure = { ...reading.failure };
		return reading.failure;
	}
	const { task } = reading;
	delete entry.lastFailure;
	if (task.phase === 'running') {
		entry.lastStatus = { id: task.id, status: task.status, progress: task.raw.progress ?? null };
		entry.unfinishedAt = lookedAt;
		return undefined;
	}
	entry.ended = task.raw;
	return undefined;
}

/** What an item comes to about which nothing has to be asked: it has no task, or its task is known to have ended. */
export function knownOutcome(entry: ParkedItem, settings: RunSettings): Outcome | undefined {
	const { item, id, report, ended } = entry;
	if (report !== undefined) return { item, report };
	return ended && outcomeOf(item, id as string, resultOf(entry), settings);
}

function outcome(entry: ParkedItem, { settings }: ParkedRun, refused: Map<string, WaitResult>): Outcome {
	const id = entry.id as string;
	const result = refused.get(id) ?? resultOf(entry);
	return knownOutcome(entry, settings) ?? outcomeOf(entry.item, id, result, settings);
}

function resultOf(entry: ParkedItem): WaitResult {
	const { ended, unfinishedAt, lastStatus, lastFailure } = entry;
	const task = ended && readTask(ended);
	if (task) return { kind: 'ended', task, ...(unfinishedAt !== undefined && { unfinishedAt }) };
	const last: Task | undefined = lastStatus && readTask(lastStatus);
	return { kind: 'timedOut', ...(last && { last }), ...(lastFailure && { failure: lastFailure }) };
}
