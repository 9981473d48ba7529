import { createHash } from 'node:crypto';

import type { IDataObject } from 'n8n-workflow';
import min from 'lodash/min';

import { readCatalogue, type Catalogue } from './catalogue';
import {
	readCredential,
	requestEvoLink,
	type EvoLinkAnswer,
	type EvoLinkContext,
	type EvoLinkRequest,
} from './client';
import { malformedAnswer, type Failure } from './failure';
import { evolinkFacts } from './generated/spec.gen';
import { hostClock } from './clock';
import { TaskReader, type BatchReading, type BatchState, type ReadTasks, type TaskReading } from './reader';
import { roundCredits } from './prices';
import { Recent } from './recent';
import { hasResult, readTask, type Task } from './task';
import type { PageReading, TaskQuery } from './taskList';
import { amount, finite, isObject } from './json';

const { requestHeader, runIdHeader, replayedHeader } = evolinkFacts.idempotency;

/** EvoLink's own client waits as long as this for a create and for a read. */
const CREATE_TIMEOUT_MS = 30_000;
const READ_TIMEOUT_MS = 15_000;
/** EvoLink asks its provider about each unfinished task that is read, here up to fifty. */
const BATCH_TIMEOUT_MS = 30_000;

/** `replayed`: the task is that of an earlier order under the same key, and nothing was charged for this one. */
type OrderAnswer = { ok: true; task: Task; replayed: boolean } | { ok: false; failure: Failure };

/** The headers in which an order carries its Idempotency-Key. */
export const keyHeaders = (key: string) => ({ [requestHeader]: key, [runIdHeader]: key });

/** Sends one paid order. Never repeats itself. */
export async function createTask(
	ctx: EvoLinkContext,
	body: IDataObject,
	idempotencyKey: string,
): Promise<OrderAnswer> {
	const answer = await requestEvoLink(ctx, {
		operation: 'createVideoTask',
		body,
		headers: keyHeaders(idempotencyKey),
		timeoutMs: CREATE_TIMEOUT_MS,
	});
	const reading = asTask(answer);
	if (!reading.ok) return reading;
	return { ...reading, replayed: answer.ok && answer.headers[replayedHeader.toLowerCase()] === 'true' };
}

/** Reads one task with the key. A task of another id than asked for is not taken as an answer. */
export async function getTask(
	ctx: EvoLinkContext,
	id: string,
	timeoutMs = READ_TIMEOUT_MS,
): Promise<TaskReading> {
	const answer = await requestEvoLink(ctx, {
		operation: 'getTask',
		pathParameters: { task_id: id },
		timeoutMs,
	});
	const reading = asTask(answer);
	if (!reading.ok || reading.task.id === id) return reading;
	return { ok: false, failure: malformedAnswer({ status: 200 }, `another task (${reading.task.id})`) };
}

/** Reads many tasks, as many as the spec allows, in one request. What is not asked for or says too little is left out. */
export async function getTasks(
	ctx: EvoLinkContext,
	ids: readonly string[],
	timeoutMs = BATCH_TIMEOUT_MS,
): Promise<BatchReading> {
	const answer = await requestEvoLink(ctx, {
		operation: 'getTasks',
		body: { task_ids: [...ids] },
		timeoutMs,
	});
	if (!answer.ok) return answer;
	const entries: unknown = answer.body.data;
	if (!Array.isArray(entries)) {
		return { ok: false, failure: malformedAnswer(answer, 'no list of tasks') };
	}
	const tasks = new Map<string, Task>();
	for (const entry of entries) {
		const task = readTask(entry);
		if (task !== undefined && ids.includes(task.id) && saysHowItEnded(task)) tasks.set(task.id, task);
	}
	return { ok: true, tasks };
}

/** EvoLink's lists name ended tasks without links and reasons; a batch read that did the same would lose the video. */
function saysHowItEnded(task: Task): boolean {
	if (task.phase === 'completed') return hasResult(task);
	return task.phase !== 'failed' || task.error !== undefined;
}

/** By base URL: whether tasks can be read many at once there. Each wake-up has a new reader; EvoLink may mend it meanwhile. */
const batchStates = new Recent<BatchState & { until: number }>(20);
const BATCH_STATE_LIFE_MS = 600_000;

/** Reads the tasks of one wait. `timeoutMs`: of each request. The credential is read with the first of them. */
export function readerFor(ctx: EvoLinkContext, timeoutMs?: number): ReadTasks {
	let reader: Promise<TaskReader> | undefined;
	return async (...asked) => {
		reader ??= taskReader(ctx, hostClock.ticks(), timeoutMs);
		await (await reader).read(...asked);
	};
}

/** @param now ms of any clock that the process uses for all readers */
export async function taskReader(ctx: EvoLinkContext, now: number, timeoutMs?: number): Promise<TaskReader> {
	// a credential that cannot be read is what each read will say
	const api = await readCredential(ctx).then(
		(credential) => credential.api,
		() => '',
	);
	let state = batchStates.get(api);
	if (state === undefined || now >= state.until) {
		state = { isUsable: true, until: now + BATCH_STATE_LIFE_MS };
		batchStates.set(api, state);
	}
	return new TaskReader(
		async (id) => await getTask(ctx, id, timeoutMs),
		async (ids) => await getTasks(ctx, ids, timeoutMs),
		state,
	);
}

/** Reads one page of the account's videos, newest first. What is no task is left out. */
export async function listTasks(
	ctx: EvoLinkContext,
	{ status, model }: Pick<TaskQuery, 'status' | 'model'>,
	page: number,
): Promise<PageReading> {
	const size = evolinkFacts.task.perPage;
	const answer = await requestEvoLink(ctx, {
		operation: 'listTasks',
		query: { ...(status && { status }), type: 'video', ...(model && { model }), page, page_size: size },
		timeoutMs: READ_TIMEOUT_MS,
	});
	if (!answer.ok) return answer;
	const { data: entries, page: answered = page, page_size: answeredSize, total: answeredTotal } = answer.body;
	const malformed = (what: string) => ({ ok: false as const, failure: malformedAnswer(answer, what) });
	if (!Array.isArray(entries)) return malformed('no list of tasks');
	if (finite(answered) !== page) return malformed(`another page of its tasks than ${page}`);
	const total = amount(answeredTotal);
	// a page may be short because a filter came after it was cut
	const perPage = amount(answeredSize) ?? Math.min(entries.length, size);
	const isLast =
		entries.length === 0 || (total === undefined ? entries.length < size : page * perPage >= total);
	return { ok: true, tasks: (entries as unknown[]).flatMap(readListed), isLast };
}

/** An entry of the list, with the names that its parts have in a read by id. */
function readListed(entry: unknown): Task | [] {
	if (!isObject(entry)) return [];
	const { created_at: created } = entry;
	return readTask({ ...(created !== undefined && { created }), ...entry }) ?? [];
}

/** As EvoLink sends it. */
export async function getCredits(ctx: EvoLinkContext): Promise<EvoLinkAnswer> {
	return await requestEvoLink(ctx, { operation: 'getCredits', timeoutMs: READ_TIMEOUT_MS });
}

/** What new orders can be paid from: the balance, or less where the key has a limit of its own; `undefined` if neither is named. */
export function creditsAvailable({ data }: IDataObject): number | undefined {
	const { token, user } = isObject(data) ? data : {};
	const key = isObject(token) ? token : {};
	const [limit, used] = [finite(key.daily_limit_credits), finite(key.daily_used_credits)];
	const known = [
		isObject(user) ? finite(user.remaining_credits) : undefined,
		key.unlimited_credits === true ? undefined : finite(key.remaining_credits),
		// where no daily limit is set, EvoLink may say 0
		limit !== undefined && limit > 0 && used !== undefined ? roundCredits(limit - used) : undefined,
	];
	return min(known);
}

/** Neither a list in the editor nor an estimate waits longer than this. */
const CATALOGUE_TIMEOUT_MS = 5000;

/** By base URL and key: what EvoLink said of its models. The editor asks anew with every letter of a search. */
const catalogues = new Recent<{ until: number; catalogue: Promise<Catalogue> }>(20);
const CATALOGUE_LIFE_MS = 60_000;

/** What EvoLink says of its models, as far as it answers; never an error. @param now ms of any clock */
export async function getCatalogue(ctx: EvoLinkContext, now: number): Promise<Catalogue> {
	const credential = await readCredential(ctx).catch(() => undefined);
	if (credential === undefined) return {};
	const cacheKey = createHash('sha256').update(`${credential.api} ${credential.apiKey}`).digest('hex');
	const known = catalogues.get(cacheKey);
	if (known !== undefined && now < known.until) return await known.catalogue;
	const catalogue = askForCatalogue(ctx);
	catalogues.set(cacheKey, { until: now + CATALOGUE_LIFE_MS, catalogue });
	return await catalogue;
}

/** EvoLink's price rules for a model, perhaps listed under another of its names; `undefined` if it does not answer. */
export async function getPricingRules(ctx: EvoLinkContext, model: string): Promise<IDataObject | undefined> {
	const name = model.toLowerCase();
	const rules = await askForRules(ctx, model);
	if (hasName(rules, [name])) return rules;
	const { models = [] } = await getCatalogue(ctx, hostClock.ticks());
	const entry = models.find(({ id, names }) => id.toLowerCase() !== name && names.includes(name));
	if (entry === undefined) return undefined;
	const found = hasName(rules, entry.names) ? rules : await askForRules(ctx, entry.id);
	return hasName(found, entry.names) ? found : undefined;
}

function hasName(rules: IDataObject | undefined, names: readonly string[]): boolean {
	return names.includes(String(rules?.model_id).toLowerCase());
}

async function askForRules(ctx: EvoLinkContext, model: string): Promise<IDataObject | undefined> {
	const answer = await requestEvoLink(ctx, {
		operation: 'getPricingRules',
		pathParameters: { model_id: model },
		query: { view: 'full' },
		timeoutMs: CATALOGUE_TIMEOUT_MS,
	});
	return answer.ok && isObject(answer.body.model) ? answer.body.model : undefined;
}

async function askForCatalogue(ctx: EvoLinkContext): Promise<Catalogue> {
	const ask = async (request: Pick<EvoLinkRequest, 'operation' | 'query'>) => {
		const answer = await requestEvoLink(ctx, { ...request, timeoutMs: CATALOGUE_TIMEOUT_MS });
		return answer.ok ? answer.body : undefined;
	};
	const [models, catalogue, health, prices] = await Promise.all([
		ask({ operation: 'listModels' }),
		ask({ operation: 'listCatalogueModels' }),
		ask({ operation: 'listModelHealth' }),
		ask({ operation: 'listPricingRules', query: { modality: 'video', view: 'full' } }),
	]);
	return readCatalogue({ models, catalogue, health, prices });
}

function asTask(answer: EvoLinkAnswer): TaskReading {
	if (!answer.ok) return answer;
	const task = readTask(answer.body);
	if (task) return { ok: true, task };
	return { ok: false, failure: malformedAnswer(answer, 'no task id in it') };
}
