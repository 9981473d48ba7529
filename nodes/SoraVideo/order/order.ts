import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import mapValues from 'lodash/mapValues';
import omit from 'lodash/omit';
import truncate from 'lodash/truncate';

import { createTask, listTasks } from '../../evolink/api';
import { retry } from '../../evolink/async';
import type { Clock } from '../../evolink/clock';
import { isRefusedCreation, type Failure } from '../../evolink/failure';
import { isObject } from '../../evolink/json';
import { uploadFile } from '../../evolink/media/upload';
import { collectTasks, type TaskListing } from '../../evolink/taskList';
import { isToolRun, trace } from '../../host/context';
import { problemOf, textOf, type Problem } from '../../host/errors';
import {
	fileLost,
	fileRefused,
	keyInUse,
	orderRefused,
	outcomeUnknown,
	unknownBefore,
} from '../../host/messages';
import {
	isQueued,
	isRefused,
	refusedEntry,
	type AskedEntry,
	type Doubt,
	type Draft,
	type Entry,
	type QueuedEntry,
	type RefusedEntry,
} from '../entries';
import { deleteUploads, isOutOfRoom } from '../uploads';
import { accountOf, ordersOfThisProcess } from './inFlight';
import { slotOf, toolSlotOf, type RunIntent } from './intent';
import type { Ledger } from './ledger';

/* Each function takes an entry and says what has become of it. What goes wrong becomes the item's problem. */

/** What the orders of a run have in common. */
export interface OrderRun {
	ctx: IExecuteFunctions;
	ledger: Ledger;
	intent: RunIntent;
	resendUnknown: boolean;
	callbackUrl?: string;
	/** ms that the run has lasted. */
	now(): number;
	clock: Clock;
	signal?: AbortSignal;
}

/** `noRoom`: EvoLink took nothing and can be asked again. */
export interface Step {
	entry: Entry;
	noRoom?: Failure;
	key?: string;
	/** Whether it was taken anew, not found under its key. */
	isNew?: boolean;
}

/** Pauses before an order is sent again for which no connection was made. */
const RESEND_PAUSES_MS = [1000, 2000];

/** Where EvoLink keeps the refusals of the ones before. */
const KEYS_TRIED = 20;

/** Takes an item's order from the ledger, or checks the item. Sends nothing. */
export async function draftEntry(
	run: OrderRun,
	item: number,
	fieldOf: () => string | null,
	check: () => Promise<Draft>,
): Promise<Entry> {
	const slot = slotOf(item);
	const known = recall(run, { item, field: fieldOrNull(fieldOf), slot });
	if (known !== undefined) return known;
	try {
		const field = fieldOf();
		const draft = await check();
		const entry = { phase: 'queued' as const, item, field, slot, draft };
		if (!isToolRun(run.ctx)) return entry;
		// told apart by what they order
		const { body, reference } = draft;
		const ofCall = {
			...entry,
			slot: toolSlotOf(item, { ...body, ...(reference !== undefined && { reference }) }),
		};
		return recall(run, ofCall) ?? ofCall;
	} catch (error) {
		return refusedEntry({ item, field: null }, problemOf(error));
	}
}

/** A task that an earlier try ordered is not lost for a field that cannot be read this time. */
function fieldOrNull(fieldOf: () => string | null): string | null {
	try {
		return fieldOf();
	} catch {
		return null;
	}
}

type Place = Pick<QueuedEntry, 'item' | 'field' | 'slot'>;

function recall({ ledger, resendUnknown, now }: OrderRun, { item, field, slot }: Place): Entry | undefined {
	const known = ledger.get(slot);
	if (known === undefined || known.state === 'refused') return undefined;
	const { at, fileIds } = known;
	if (known.state === 'accepted') {
		const { id, request } = known;
		return { phase: 'task', item, field, watch: { id, orderedAt: at, fileIds, request }, from: now() };
	}
	const doubt = omit(known, 'state');
	if (!resendUnknown) return refusedEntry({ item, field }, sentBefore(doubt));
	return { phase: 'queued', item, field, slot, draft: { body: known.body, doubt } };
}

/** What a Retry of a suspended run makes of an item without a task: the ledger knows better. */
export function requeue(run: OrderRun, entry: QueuedEntry | RefusedEntry): Entry {
	const { item, field } = entry;
	const known = recall(run, { item, field, slot: slotOf(item) });
	if (known !== undefined) return known;
	const isDoubtful = isRefused(entry) && entry.problem.idempotencyKey !== undefined && !run.resendUnknown;
	const order = isQueued(entry) ? entry : isDoubtful ? undefined : entry.again;
	if (order === undefined) return entry;
	const queued = { phase: 'queued' as const, item, field, slot: order.slot, draft: order.draft };
	return isVolatile(queued) ? refusedEntry(queued, fileLost()) : queued;
}

/** One that an earlier try may have placed keeps its key; a Retry of a suspended run finds the order again. */
export async function refuse({ ctx }: OrderRun, entry: QueuedEntry, problem: Problem): Promise<RefusedEntry> {
	const { doubt, uploads, ...again } = entry.draft;
	if (doubt !== undefined) {
		const before = sentBefore(doubt);
		return refusedEntry(entry, { ...before, description: `${textOf(problem)} ${before.description}` });
	}
	await deleteUploads(ctx, uploads?.ids ?? []);
	return { ...refusedEntry(entry, problem), again: { slot: entry.slot, draft: again } };
}

/** Whether an order waits for files that EvoLink must be given first. */
export const hasFiles = ({ draft }: QueuedEntry) => draft.files !== undefined && draft.uploads === undefined;

/** Whether n8n holds a file of it in the item alone, which is lost when the run is suspended. */
export const isVolatile = (entry: QueuedEntry) =>
	hasFiles(entry) && entry.draft.files!.some(({ source }) => 'item' in source.content);

export async function upload(run: OrderRun, entry: QueuedEntry): Promise<Step> {
	if (!hasFiles(entry)) return { entry };
	const { ctx, intent, signal } = run;
	const uploads = { urls: {} as Record<string, string>, ids: [] as string[] };
	const whole = { ...entry, draft: { ...entry.draft, uploads } };
	try {
		for (const [at, { source, standIn }] of entry.draft.files!.entries()) {
			const name = `${intent.fileName(entry.item)}${at === 0 ? '' : `-${at + 1}`}${source.extension}`;
			const result = await uploadFile(ctx, source, name, signal);
			if ('url' in result) {
				uploads.urls[standIn] = result.url;
				if (result.fileId !== undefined) uploads.ids.push(result.fileId);
				continue;
			}
			const { failure } = result;
			if (!isOutOfRoom(failure)) return { entry: await refuse(run, whole, fileRefused(failure)) };
			// of an order that cannot be sent now, no file stays
			await deleteUploads(ctx, uploads.ids);
			return { entry, noRoom: failure };
		}
		return { entry: whole };
	} catch (error) {
		return { entry: await refuse(run, whole, problemOf(error)) };
	}
}

export async function send(run: OrderRun, entry: QueuedEntry): Promise<Step> {
	try {
		const attempt = async () => {
			const result = await sendOnce(run, entry);
			return { result, againInMs: result.noRoom?.kind === 'network' ? 0 : undefined };
		};
		const step = await retry(RESEND_PAUSES_MS, attempt, run.signal, run.clock);
		const { noRoom: failure } = step;
		if (failure === undefined || failure.kind === 'rateLimited') return step;
		return { entry: await refuseBy(run, entry, failure, step.key) };
	} catch (error) {
		return { entry: await refuse(run, entry, problemOf(error)) };
	}
}

function bodyOf({ draft }: QueuedEntry, callbackUrl: string | undefined): IDataObject {
	const { doubt, body, uploads, isCalledBack = true } = draft;
	if (doubt !== undefined) return doubt.body;
	const whole = mapValues(body, (value) => withUrls(value, uploads?.urls ?? {})) as IDataObject;
	return callbackUrl === undefined || !isCalledBack ? whole : { ...whole, callback_url: callbackUrl };
}

/** A body with the URLs of files in place of what stood for them. */
function withUrls(value: unknown, urls: Readonly<Record<string, string>>): unknown {
	if (typeof value === 'string') return Object.hasOwn(urls, value) ? urls[value] : value;
	if (Array.isArray(value)) return value.map((inner) => withUrls(inner, urls));
	return isObject(value) ? mapValues(value, (inner) => withUrls(inner, urls)) : value;
}

/** `noRoom`: why EvoLink cannot have taken it. */
async function sendOnce(run: OrderRun, entry: QueuedEntry): Promise<Step> {
	const { ctx, ledger, intent, resendUnknown } = run;
	const { item, field, slot, draft } = entry;
	const { doubt, callbackUrl = run.callbackUrl } = draft;
	const body = bodyOf(entry, callbackUrl);
	const fileIds = doubt?.fileIds ?? draft.uploads?.ids;
	const begunAt = doubt?.at ?? run.clock.now();
	for (let attempt = 0; ; attempt += 1) {
		const key = doubt?.key ?? intent.key(slot, attempt);
		const isRefusedKey = ledger.refusedKeys(slot).includes(key);
		const sending = ledger.begin(slot, { key, body, at: begunAt, fileIds });
		const { at, answer } = await ordersOfThisProcess.once(key, resendUnknown, async () => {
			const created = await createTask(ctx, body, key);
			const account = await accountOf(ctx);
			const prompt = startOf(body.prompt);
			const answer = created.ok ? { ...created, id: created.task.id } : created;
			return { at: begunAt, account, prompt, answer };
		});
		if (answer.ok) {
			const { id, task } = answer;
			// what is sent once more is what was sent before
			const isReplayed = answer.replayed && doubt === undefined;
			const request = isReplayed ? undefined : omit(body, 'callback_url');
			sending.accept(id, at, request);
			trace(ctx, answer.replayed ? 'found an order under its key' : 'ordered a video', [id]);
			const isRunning = task?.phase === 'running';
			const watch = {
				id,
				orderedAt: at,
				fileIds,
				replayed: isReplayed ? (true as const) : undefined,
				request,
				...(isRunning && { seen: task.raw, unfinishedAt: at }),
			};
			const isCalledBack =
				!isReplayed && run.callbackUrl !== undefined && body.callback_url === run.callbackUrl;
			return {
				entry: { phase: 'task', item, field, watch, from: run.now(), isCalledBack },
				isNew: !answer.replayed,
			};
		}
		const { failure } = answer;
		const isTold = isRefusedKey || (failure.kind === 'rateLimited' && failure.replayed === true);
		// it kept its refusal under this key; or it has another body for it, perhaps of an order that it took from another retry
		const isKept =
			failure.replayed === true ||
			(failure.kind === 'submission' && (await isFree(run, slot, String(body.model))));
		if (isTold && isKept && attempt < KEYS_TRIED) {
			sending.withdraw();
			ordersOfThisProcess.forgetOrder(key);
			continue;
		}
		if (failure.charge !== 'unknown') {
			sending.withdraw();
			return { entry, noRoom: failure, key };
		}
		sending.doubt(failure.kind === 'modelUnavailable');
		if (doubt === undefined && canBeLookedUp(failure)) {
			const since = takenSince(failure, begunAt, run.clock.now());
			return { entry: { phase: 'asked', item, field, slot, draft, key, since, failure } };
		}
		return { entry: refusedEntry(entry, notTaken(failure, String(body.model), key)) };
	}
}

/** Enough of a prompt to know it by. */
function startOf(prompt: unknown): string | undefined {
	return typeof prompt === 'string' ? truncate(prompt, { length: 80, omission: '…' }) : undefined;
}

const LOOKED_THROUGH = 500;

/** The account's tasks. @param since ms since 1970 */
export async function listSince({ ctx, signal }: OrderRun, since: number): Promise<TaskListing> {
	const readPage = async (page: number) => await listTasks(ctx, {}, page);
	return await collectTasks(readPage, { since, limit: LOOKED_THROUGH }, signal);
}

/** Whether the account has no task since the order was refused that another retry of it can have made. */
async function isFree(run: OrderRun, slot: string, model: string): Promise<boolean> {
	const since = run.ledger.refusedAt(slot) - CLOCKS_APART_MS;
	if (since === Infinity) return false;
	const listing = await listSince(run, since);
	if (!listing.ok || listing.isCut) return false;
	const account = await accountOf(run.ctx);
	const keys = Array.from({ length: KEYS_TRIED }, (_, attempt) => run.intent.key(slot, attempt));
	return listing.tasks.every(({ id, raw }) => {
		const own = ordersOfThisProcess.orderOf(account, id);
		return own === undefined ? raw.model !== model : !keys.includes(own.key);
	});
}

/** An answer of EvoLink's own to which its list may tell the rest: not a timeout, not a proxy's page. */
function canBeLookedUp(failure: Failure): boolean {
	return failure.kind === 'server' && isRefusedCreation(failure);
}

/** EvoLink tells whole seconds. */
const CLOCK_MARGIN_MS = 2000;

/** Where EvoLink tells no time, its clock may differ from this machine's. */
export const CLOCKS_APART_MS = 120_000;

function takenSince({ answeredAt }: Failure, begunAt: number, now: number): number {
	return answeredAt === undefined
		? begunAt - CLOCKS_APART_MS
		: answeredAt - (now - begunAt) - CLOCK_MARGIN_MS;
}

/** `isFree`: it is certain that EvoLink did not take it, and its turn comes again. */
export function answered({ ledger }: OrderRun, entry: AskedEntry, isFree: boolean): Entry {
	const { item, field, slot, draft, key, failure } = entry;
	if (!isFree) return refusedEntry(entry, notTaken(failure, String(draft.body.model), key));
	ledger.withdraw(slot);
	ordersOfThisProcess.forgetOrder(key);
	return { phase: 'queued', item, field, slot, draft };
}

/** EvoLink cannot have taken it, and it is not sent again. */
async function refuseBy(run: OrderRun, entry: QueuedEntry, failure: Failure, key = ''): Promise<Entry> {
	const { ctx, ledger } = run;
	const { slot, draft } = entry;
	// what was unknown before stays unknown: this refusal says nothing about the first sending
	const { doubt } = draft;
	if (doubt !== undefined) return await refuse(run, entry, sentBefore(doubt));
	// a proxy or a network that is down cannot speak for EvoLink
	const isEvoLinks = failure.kind !== 'network' && !failure.fromProxy;
	// the ledger of a Retry may be lost, and an order that was taken with it: it keeps its key
	const isFirst = ctx.getMode() !== 'retry' || ledger.get(slot) !== undefined;
	if (isEvoLinks && isFirst) ledger.refuse(slot, key, run.clock.now());
	const isForCallback = failure.param === 'callback_url' && draft.callbackUrl === undefined;
	if (isForCallback && draft.isCalledBack !== false)
		return { ...entry, draft: { ...draft, isCalledBack: false } };
	return await refuse(run, entry, orderRefused(failure, String(draft.body.model)));
}

function sentBefore({ key, at, body, isModelClosed }: Doubt): Problem {
	return unknownBefore(key, at, isModelClosed && String(body.model));
}

function notTaken(failure: Failure, model: string, key: string): Problem {
	return failure.kind === 'submission' ? keyInUse(failure, key) : outcomeUnknown(failure, model, key);
}
