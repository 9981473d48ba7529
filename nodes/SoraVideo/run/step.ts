import max from 'lodash/max';

import { mapLimit } from '../../evolink/async';
import type { Clock } from '../../evolink/clock';
import type { Failure } from '../../evolink/failure';
import { createdAt, type Task } from '../../evolink/task';
import type { TaskListing } from '../../evolink/taskList';
import type { Problem } from '../../host/errors';
import { fileRefused, noRoom, perhapsOrdered } from '../../host/messages';
import {
	isAsked,
	isQueued,
	isRefused,
	isTask,
	openTasks,
	refusedEntry,
	watchesOf,
	type AskedEntry,
	type Entry,
	type QueuedEntry,
	type TaskEntry,
} from '../entries';
import { outcomeOf } from '../deliver';
import { hasFiles, type Step } from '../order/order';
import { sendPaced } from '../order/pace';
import { defaultTimeoutMs } from '../settings';
import { isSettled, taskOf, type Watch } from '../watch';
import { allowance, refusedFor, tookOne, turnAt } from './room';
import { firstReadAt, nextReadAt } from './schedule';
import type { RunState } from './state';

/** What a run needs of the world. Everything else here is pure. */
export interface RunIo {
	clock: Clock;
	/** ms that the run has lasted. */
	now(): number;
	signal?: AbortSignal;
	/** Whether it waits for its tasks, and not only until all are ordered. */
	waits: boolean;
	/** In a tool run: when its caller has waited long enough, in ms of the run. */
	endsAt?: number;
	/** How long a turn is waited for while EvoLink takes nothing, ms; as long as a task if absent. */
	turnMs?: number;
	/** 'On Error' is to stop: the first problem ends the run. */
	stopsOnError: boolean;
	/** Reads tasks and records what came of it. */
	read(watches: readonly Watch[]): Promise<void>;
	release(watches: readonly Watch[]): Promise<void>;
	drop(fileIds: readonly string[]): Promise<void>;
	upload(entry: QueuedEntry): Promise<Step>;
	send(entry: QueuedEntry): Promise<Step>;
	refuse(entry: QueuedEntry, problem: Problem): Promise<Entry>;
	/** The account's tasks since then (ms since 1970). */
	list(since: number): Promise<TaskListing>;
	/** Whether this process ordered a task on this account, or the node did in this execution. */
	knows(id: string): Promise<boolean>;
	isSending(): boolean;
	/** `isFree`: it was certainly not taken. */
	answered(entry: AskedEntry, isFree: boolean): Entry;
	keyOf(entry: QueuedEntry): string;
}

/** Uploaded before the first of them is sent: more, and a run would take up all the places for files of an account. */
const WINDOW = 25;

const UPLOADS_AT_ONCE = 2;

/** A 429 may be a limit of requests a second: it is waited for on the spot for no longer. */
const ON_THE_SPOT_MS = 2500;

/** After an order that EvoLink answered with a fault of its own. */
const LOOKUPS_AFTER_MS = [5000, 30_000] as const;

/**
 * One step of a run, the same in every mode. `state` is changed in place.
 * @returns when to come back, in ms of the run; `undefined` when the run is done
 */
export async function step(state: RunState, io: RunIo): Promise<number | undefined> {
	await observe(state, io);
	await lookUp(state, io);
	await place(state, io);
	return await decide(state, io);
}

function put(state: RunState, entry: Entry): void {
	state.items[entry.item] = entry;
}

/** How long each task is waited for, ms. */
export function timeoutOf({ settings, estimatedSeconds }: RunState): number {
	return settings.timeoutMs ?? defaultTimeoutMs(estimatedSeconds);
}

/** When the last read of a task begins, in ms of the run. */
export const deadlineOf = (state: RunState, { from }: TaskEntry) => from + timeoutOf(state);

async function observe(state: RunState, io: RunIo): Promise<void> {
	const open = openTasks(state.items);
	const now = io.now();
	if (open.length === 0 || now < nextReadOf(state, open, io.endsAt)) return;
	state.observedAt = now;
	await io.read(open.map(({ watch }) => watch));
	if (io.signal?.aborted) return;
	for (const entry of open) {
		if (!isSettled(entry.watch) && now >= deadlineOf(state, entry)) entry.isOver = true;
	}
	const asked = max(open.map(({ watch }) => watch.failure?.retryAfterMs ?? 0));
	state.readAt = nextReadAt(io.now(), state.settings.pollMs, io.clock.random(), asked);
	await io.release(open.map(({ watch }) => watch));
}

function nextReadOf(state: RunState, open: readonly TaskEntry[], endsAt = Infinity): number {
	return Math.min(state.readAt ?? 0, endsAt, ...open.map((entry) => deadlineOf(state, entry)));
}

/** Nothing else is ordered before. */
async function lookUp(state: RunState, io: RunIo): Promise<void> {
	const asked = state.items.filter(isAsked);
	const { lookup } = state;
	if (asked.length === 0 || lookup === undefined || io.now() < lookup.at) return;
	const isLast = io.now() >= lookup.begunAt + LOOKUPS_AFTER_MS[1];
	const strangers = await strangersSince(state, io, Math.min(...asked.map(({ since }) => since)));
	if (io.signal?.aborted) return;
	const isFree = (entry: AskedEntry) => isNoneOf(strangers, entry, entry.since);
	// what is there is there, unless it is an order whose answer this process still waits for
	const isDecided = strangers === undefined || (!io.isSending() && !asked.some(isFree));
	if (!isLast && !isDecided) {
		lookup.at = lookup.begunAt + LOOKUPS_AFTER_MS[1];
		return;
	}
	delete state.lookup;
	for (const entry of asked) put(state, io.answered(entry, isFree(entry)));
}

/** Tasks of the account that nobody here ordered; `named`: models that the list calls as the orders do. */
type Strangers = Task[] & { named: Set<unknown> };

/** `undefined` where the list is unreadable or hides tasks of this run: then it proves nothing. */
async function strangersSince(state: RunState, io: RunIo, since: number): Promise<Strangers | undefined> {
	const listing = await io.list(since);
	if (!listing.ok || listing.isCut) return undefined;
	const listed = new Set(listing.tasks.map(({ id }) => id));
	const own = watchesOf(state.items);
	const isHidden = own.some((watch) => {
		const task = taskOf(watch);
		const created = task && createdAt(task);
		return created !== undefined && created >= since && !listed.has(watch.id);
	});
	if (isHidden) return undefined;
	const ids = new Set(own.map(({ id }) => id));
	const known = await Promise.all(listing.tasks.map(async ({ id }) => ids.has(id) || (await io.knows(id))));
	const strangers = listing.tasks.filter((_, at) => !known[at]);
	const named = new Set(listing.tasks.filter((_, at) => known[at]).map(({ raw }) => raw.model));
	return Object.assign(strangers, { named });
}

/** Whether certainly none of them is the task of an order. The list may have another name for the model. */
function isNoneOf(
	strangers: Strangers | undefined,
	{ draft }: Pick<QueuedEntry, 'draft'>,
	since: number,
): boolean {
	if (strangers === undefined) return false;
	const { model } = draft.body;
	const isNamed = strangers.named.has(model);
	return strangers.every(
		(task) => (createdAt(task) ?? since) < since || (isNamed && task.raw.model !== model),
	);
}

function isClosed(state: RunState, io: RunIo): boolean {
	if (io.signal?.aborted) return true;
	return io.stopsOnError && state.items.some((entry) => isProblem(state, entry, io.waits));
}

/** Whether an item comes to an error. Where nothing is waited for, what became of a task is data. */
function isProblem(state: RunState, entry: Entry, waits: boolean): boolean {
	if (!isTask(entry)) return isRefused(entry);
	const isDone = entry.isOver === true || isSettled(entry.watch);
	return waits && isDone && 'problem' in outcomeOf(entry, { ...state, timeoutMs: timeoutOf(state) });
}

async function place(state: RunState, io: RunIo): Promise<void> {
	for (;;) {
		if (isClosed(state, io) || state.items.some(isAsked)) return;
		const queue = state.items.filter(isQueued);
		const underWay = openTasks(state.items).length;
		const room = allowance(state.room, underWay, io.now(), state.settings.tasksAtOnce);
		const batch = queue.slice(0, queue.some(hasFiles) ? Math.min(room, WINDOW) : room);
		if (batch.length === 0 || !(await order(state, io, batch))) return;
	}
}

/** @returns whether EvoLink had room for all of them */
async function order(state: RunState, io: RunIo, batch: readonly QueuedEntry[]): Promise<boolean> {
	const refusals: Failure[] = [];
	let outOfPlaces: Failure | undefined;
	await mapLimit(batch, UPLOADS_AT_ONCE, async (entry) => {
		if (isClosed(state, io) || (hasFiles(entry) && outOfPlaces !== undefined)) return;
		const uploaded = await io.upload(entry);
		put(state, uploaded.entry);
		outOfPlaces = uploaded.noRoom ?? outOfPlaces;
	});
	const isReady = (entry: Entry): entry is QueuedEntry => isQueued(entry) && !hasFiles(entry);
	await sendPaced(
		batch.map(({ item }) => state.items[item]).filter(isReady),
		async (entry) => {
			const sent = await io.send(entry);
			put(state, sent.entry);
			if (isTask(sent.entry)) took(state, io, sent.entry, sent.isNew === true);
			return sent.noRoom;
		},
		(_, failure) => refusals.push(failure),
		() => isClosed(state, io) || refusals.length > 0 || state.items.some(isAsked),
		{ patienceMs: ON_THE_SPOT_MS, clock: io.clock, signal: io.signal },
	);
	const underWay = openTasks(state.items).length;
	const isDear = state.items.some(isAsked);
	const now = io.now();
	if (isDear) state.lookup ??= { begunAt: now, at: now + LOOKUPS_AFTER_MS[0] };
	if (outOfPlaces !== undefined && underWay === 0 && refusals.length === 0) {
		const { length } = batch.filter(({ item }) => !isReady(state.items[item]));
		if (length > 0) await giveUp(state, io, fileRefused(outOfPlaces), hasFiles);
		return true;
	}
	if (refusals.length === 0 && !isDear && outOfPlaces === undefined) return true;
	const askedMs = max(refusals.map(({ retryAfterMs = 0 }) => retryAfterMs));
	state.refusal = refusals[0] ?? outOfPlaces;
	state.room = refusedFor(state.room, { underWay, now, chance: io.clock.random(), askedMs, isDear });
	return false;
}

function took(state: RunState, io: RunIo, entry: TaskEntry, isNew: boolean): void {
	const now = io.now();
	const open = openTasks(state.items);
	state.room = tookOne(state.room, open.length);
	state.tookAt = now;
	const estimate = taskOf(entry.watch)?.estimatedSeconds;
	state.estimatedSeconds = max([state.estimatedSeconds, estimate]);
	// a task that was there before may have ended
	if (!isNew) state.readAt = now;
	else state.readAt ??= firstReadAt(now, estimate, state.settings.pollMs);
}

async function giveUp(
	state: RunState,
	io: RunIo,
	problem: Problem,
	which: (entry: QueuedEntry) => boolean = () => true,
): Promise<void> {
	const queue = state.items.filter(isQueued).filter(which);
	await mapLimit(queue, UPLOADS_AT_ONCE, async (entry) => put(state, await io.refuse(entry, problem)));
}

async function decide(state: RunState, io: RunIo): Promise<number | undefined> {
	const now = io.now();
	const { endsAt = Infinity } = io;
	// whoever called a tool gets one look at its tasks, however long it took to order them
	const isUnseen =
		io.waits && endsAt > 0 && state.observedAt === undefined && openTasks(state.items).length > 0;
	if (now >= endsAt && isUnseen && !io.signal?.aborted) return now;
	const hasProblem = state.items.some(isRefused);
	// whatever ends the run early, what is in doubt stays in doubt
	if (io.signal?.aborted || now >= endsAt || (io.stopsOnError && hasProblem)) {
		settleDoubts(state, io);
		if (now >= endsAt) await giveUp(state, io, noRoom(now, state.refusal));
		return undefined;
	}
	const open = openTasks(state.items);
	const turn = await nextTurn(state, io, open.length);
	const readAt =
		open.length > 0 && (io.waits || turn < Infinity) ? nextReadOf(state, open, endsAt) : Infinity;
	const at = Math.min(turn, readAt);
	return at === Infinity ? undefined : at;
}

/** A Retry of a suspended run uploads them again. */
export async function dropFiles(state: RunState, io: RunIo): Promise<void> {
	const idle = state.items.filter(isQueued).filter(({ draft }) => draft.doubt === undefined);
	const ids = idle.flatMap(({ draft }) => draft.uploads?.ids ?? []);
	for (const { draft } of idle) delete draft.uploads;
	await io.drop(ids);
}

function settleDoubts(state: RunState, io: RunIo): void {
	for (const entry of state.items.filter(isAsked)) put(state, io.answered(entry, false));
	delete state.lookup;
}

/** When the queue goes on if no task ends before. Gives it up when it was waited for long enough. */
async function nextTurn(state: RunState, io: RunIo, underWay: number): Promise<number> {
	const lastTurnAt = state.tookAt + (io.turnMs ?? timeoutOf(state));
	if (state.lookup !== undefined && state.lookup.at <= lastTurnAt) return state.lookup.at;
	// nobody waits as long as it takes to look
	settleDoubts(state, io);
	if (isClosed(state, io) || !state.items.some(isQueued)) return Infinity;
	const { endsAt = Infinity } = io;
	const at = turnAt(state.room, underWay, state.settings.tasksAtOnce);
	// an agent is told at once where no turn can come in its time
	const isHopeless = underWay === 0 && at >= endsAt;
	if (io.now() >= lastTurnAt || isHopeless) {
		await giveUp(state, io, noRoom(io.now() - state.tookAt, state.refusal));
		return Infinity;
	}
	return Math.min(at, lastTurnAt);
}

/**
 * A process that was lost while the run was awake may have ordered without a trace: while the account has tasks that nobody
 * here knows, the queued orders that they may be stay in doubt. @param since ms since 1970, when the run was last stored
 */
export async function doubtLost(state: RunState, io: RunIo, since: number): Promise<void> {
	const queue = state.items.filter(isQueued);
	if (queue.length === 0) return;
	const strangers = await strangersSince(state, io, since);
	for (const entry of queue) {
		if (entry.draft.doubt !== undefined || isNoneOf(strangers, entry, since)) continue;
		const { slot, draft } = entry;
		put(state, { ...refusedEntry(entry, perhapsOrdered(io.keyOf(entry))), again: { slot, draft } });
	}
}
