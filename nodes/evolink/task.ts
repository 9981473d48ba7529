import type { IDataObject } from 'n8n-workflow';
import omit from 'lodash/omit';
import pick from 'lodash/pick';
import without from 'lodash/without';

import { evolinkFacts } from './generated/spec.gen';
import { amount, defined, isObject, scalar, text } from './json';
import { roundCredits } from './prices';

/** `running` covers every status that no document lists. */
export type Phase = 'running' | 'completed' | 'failed' | 'cancelled';

/** `code` is always text: the older error generation sends numbers. */
interface TaskError {
	code: string;
	message: string;
	/** Whether EvoLink's own client calls the code worth another (paid) try; nothing here ever buys it by itself. */
	retryable: boolean;
	type?: string;
	param?: string;
	suggestion?: string;
}

export interface Character {
	name?: string;
	profilePictureUrl?: string;
}

/** An answer or a callback, read without trusting its shape. */
export interface Task {
	id: string;
	status: string;
	phase: Phase;
	error?: TaskError;
	/** The first link to a result, whatever it is. */
	resultUrl?: string;
	/** The same, where it is no image and no sound. */
	videoUrl?: string;
	/** All links, where an order made several results. */
	resultUrls?: string[];
	character?: Character;
	/** Seconds, from `task_info.estimated_time`. */
	estimatedSeconds?: number;
	raw: IDataObject;
}

/** EvoLink's result links live this long (every page that says so: 24 h). */
export const RESULT_LIFETIME_MS = evolinkFacts.results.linkLifetimeHours * 3_600_000;

/** The documented form is `task-unified-<unix>-<8>`; dots alone would lead to another path of the API. */
const TASK_ID = /^(?!\.{1,2}$)[\x21-\x7e]{1,256}$/;

function link(value: unknown): string | undefined {
	const candidate = text(value);
	return candidate && /^https?:\/\//i.test(candidate) ? candidate : undefined;
}

const { unitsPerCredit } = evolinkFacts.pricing;

/** EvoLink's newer pages print ten-thousandths of a credit: no task costs ten thousand credits. */
function inCredits(given: unknown): number | undefined {
	const number = amount(given);
	const isUnits = Number.isInteger(number) && Number(number) >= unitsPerCredit;
	return isUnits ? Number(number) / unitsPerCredit : number;
}

function creditsIn({ raw }: Task, field: string): number | undefined {
	return isObject(raw.usage) ? inCredits(raw.usage[field]) : undefined;
}

/** `undefined` if EvoLink does not say. */
export function creditsReserved(task: Task): number | undefined {
	return creditsIn(task, 'credits_reserved');
}

/** Less what EvoLink gave back; `undefined` if it does not say. */
export function creditsCharged(task: Task): number | undefined {
	const billing = isObject(task.raw.billing) ? task.raw.billing : {};
	const used =
		inCredits(billing.charged_credits) ?? creditsIn(task, 'credits_used') ?? inCredits(task.raw.credits_used);
	const refunded = inCredits(billing.refunded_credits) ?? 0;
	if (used !== undefined) return used === refunded ? 0 : used;
	const reserved = creditsReserved(task);
	return refunded > 0 && reserved !== undefined ? roundCredits(Math.max(reserved - refunded, 0)) : undefined;
}

function isId(candidate: string | undefined): candidate is string {
	return candidate !== undefined && TASK_ID.test(candidate);
}

/** The task inside an answer: some see it wrapped in `data`, which may have an id of its own. The prefix or a status tells it. */
function findTask(body: unknown): { raw: IDataObject; id: string } | undefined {
	if (!isObject(body)) return undefined;
	const found = [body, body.data]
		.filter(isObject)
		.flatMap((raw) => [text(raw.id), text(raw.task_id)].filter(isId).map((id) => ({ raw, id })));
	return (
		found.find(({ id }) => id.startsWith(evolinkFacts.task.idPrefix)) ??
		found.find(({ raw }) => text(raw.status) !== undefined) ??
		found[0]
	);
}

/** `undefined` if there is none that could be one. */
export function taskIdOf(body: unknown): string | undefined {
	return findTask(body)?.id;
}

const DOCUMENTED_ID = new RegExp(`${evolinkFacts.task.idPrefix}\\d+(?:-\\w+)+`);

/** Text around an id of the documented form, any id, or a URL whose path ends in one. */
export function taskIdFromInput(input: string): string | undefined {
	const trimmed = input.trim();
	const documented = DOCUMENTED_ID.exec(trimmed)?.[0];
	if (documented !== undefined) return documented;
	const url = /^https?:\/\/[^/?#]*([^?#]*)/i.exec(trimmed);
	const id = url ? decode(lastPart(url[1])) : trimmed;
	return isId(id) ? id : undefined;
}

function lastPart(path: string): string {
	const whole = path.replace(/\/+$/, '');
	return whole.slice(whole.lastIndexOf('/') + 1);
}

function decode(part: string): string | undefined {
	try {
		return decodeURIComponent(part);
	} catch {
		return undefined;
	}
}

function errorOf(raw: IDataObject): TaskError | undefined {
	const { error } = raw;
	if (error === undefined || error === null || error === false || error === '') return undefined;
	const body = isObject(error) ? error : { message: error };
	const code = scalar(body.code) ?? 'unknown_error';
	return {
		code,
		message: scalar(body.message) ?? 'EvoLink gave no reason',
		retryable: failureNote(code)?.retryable ?? false,
		...defined({ type: scalar(body.type), param: scalar(body.param), suggestion: suggestionIn(body) }),
	};
}

/** The name differs between generations of errors. */
export function suggestionIn(error: IDataObject): string | undefined {
	return scalar(error.suggestion) ?? scalar(error.fallback_suggestion);
}

/** What the manual says of a failure code; `undefined` for codes it does not list (the set is open). */
export function failureNote(code: string): { retryable: boolean; advice: string } | undefined {
	const known: Readonly<Record<string, { retryable: boolean; advice: string }>> = evolinkFacts.taskFailures;
	return Object.hasOwn(known, code) ? known[code] : undefined;
}

const { endStatuses, cancelledFailureCode } = evolinkFacts.task;
const { places, videoFields, otherFields } = evolinkFacts.results;

const PHASE_OF: ReadonlyMap<string, Phase> = new Map(
	(['completed', 'failed', 'cancelled'] as const).flatMap((phase) =>
		endStatuses[phase].map((status): [string, Phase] => [status, phase]),
	),
);

const wordOf = (status: string) => status.toLowerCase().replace(/[\s_-]+/g, ' ');

/** One word for each end, the documented one: workflows compare it. Others stay as EvoLink says them. */
function documented(status: string): string {
	const phase = PHASE_OF.get(wordOf(status));
	return phase === undefined || phase === 'running' ? status : endStatuses[phase][0];
}

/** A status that no document lists has ended with all of its progress made and a link. */
function phaseOf(status: string, raw: IDataObject, error: TaskError | undefined): Phase {
	const phase = PHASE_OF.get(wordOf(status));
	if (phase === 'failed' && error?.code === cancelledFailureCode) return 'cancelled';
	return phase ?? (amount(raw.progress) === 100 && firstLink(raw) !== undefined ? 'completed' : 'running');
}

function partsOf(value: unknown): unknown[] {
	return Array.isArray(value) ? value : [value];
}

function characterOf(raw: IDataObject): Character | undefined {
	const data = partsOf(raw.result_data).find(isObject);
	const name = text(data?.character_name);
	const profilePictureUrl = link(data?.profile_picture_url);
	if (name === undefined && profilePictureUrl === undefined) return undefined;
	return defined({ name, profilePictureUrl });
}

function linkIn(part: unknown, fields: readonly string[]): string | undefined {
	return link(part) ?? (isObject(part) ? fields.map((field) => link(part[field])).find(Boolean) : undefined);
}

/** The first link to a result. A video comes before what only accompanies it. */
function firstLink(raw: IDataObject): { url: string; isOther?: true } | undefined {
	const parts = places.flatMap((place) => partsOf(raw[place]));
	const find = (among: unknown[], fields: readonly string[]) =>
		among.map((part) => linkIn(part, fields)).find(Boolean);
	const url = find(parts, videoFields);
	if (url !== undefined) return { url };
	const other = find(parts, otherFields);
	if (other !== undefined) return { url: other, isOther: true };
	const own = find([raw], videoFields);
	return own === undefined ? undefined : { url: own };
}

/** All of them where an order made several results. */
function linksOf(raw: IDataObject): Pick<Task, 'resultUrl' | 'videoUrl' | 'resultUrls'> {
	const first = firstLink(raw);
	if (first === undefined) return {};
	const { url, isOther } = first;
	const urls = partsOf(raw.results).flatMap((part) => linkIn(part, videoFields) ?? []);
	return {
		resultUrl: url,
		videoUrl: !isOther && isVideo(url, raw) ? url : undefined,
		resultUrls: urls.length > 1 && urls[0] === url ? urls : undefined,
	};
}

/** As far as the link and the task tell. */
export function isVideo(url: string, { type }: IDataObject): boolean {
	const path = url.replace(/[?#].*$/s, '');
	return type !== 'image' && type !== 'audio' && !/\.(jpe?g|png|webp|gif|avif|mp3|m4a|wav)$/i.test(path);
}

/** Reads a task out of an answer's body; `undefined` if the body names no task. Never throws. */
export function readTask(body: unknown): Task | undefined {
	const found = findTask(body);
	if (found === undefined) return undefined;
	const { raw, id } = found;
	const status = text(raw.status) ?? 'unknown';
	const error = errorOf(raw);
	const phase = phaseOf(status, raw, error);
	const info = isObject(raw.task_info) ? raw.task_info : {};
	const estimatedSeconds = amount(info.estimated_time);
	const done = phase === 'completed';
	const character = done ? characterOf(raw) : undefined;
	return {
		id,
		status: documented(status),
		phase,
		raw,
		error,
		...(done && linksOf(raw)),
		character,
		estimatedSeconds,
	};
}

export function taskNamed(id: string): Task {
	return { id, status: 'unknown', phase: 'running', raw: { id } };
}

/**
 * The one task shape that is emitted: EvoLink's fields, but `error` becomes `taskError` and is dropped when null, because n8n
 * re-runs a paid node whose first item has a top-level `error`, and `status` has one word for each end.
 * @param unfinishedAt ms since 1970, when this run last knew the task unfinished: its links live at least 24 h from then
 */
export function taskToJson(task: Task, unfinishedAt?: number): IDataObject {
	const { id, status, phase, raw, error, resultUrl, videoUrl, character } = task;
	const created = createdAt(task);
	const expiresAt =
		phase === 'completed' && unfinishedAt !== undefined ? unfinishedAt + RESULT_LIFETIME_MS : undefined;
	const known = defined({
		status: raw.status === undefined ? undefined : status,
		taskError: error && { ...error },
		createdAt: isoOf(created),
		creditsReserved: creditsReserved(task),
		// the list of tasks has it beside the other fields
		creditsUsed: creditsIn(task, 'credits_used') ?? inCredits(raw.credits_used),
		// EvoLink's `duration`, which is read as the length of the video too easily
		processingSeconds: phase === 'running' ? undefined : amount(raw.duration),
		resultUrl,
		videoUrl,
		character: character && { ...character },
		resultExpiresAt: isoOf(expiresAt),
	});
	return { ...omit(raw, 'error'), id, ...known };
}

function isoOf(ms: number | undefined): string | undefined {
	return ms === undefined ? undefined : new Date(ms).toISOString();
}

/** One for each result of a task, because n8n's nodes take items. What it cost is shared out, so that sums are right. */
export function oneForEachResult(json: IDataObject, { resultUrls = [], raw }: Task): IDataObject[] {
	if (resultUrls.length < 2) return [json];
	const { creditsUsed } = json;
	const share =
		typeof creditsUsed === 'number' ? { creditsUsed: roundCredits(creditsUsed / resultUrls.length) } : {};
	return resultUrls.map((resultUrl, at) => ({
		...omit(json, 'videoUrl'),
		...share,
		resultUrl,
		...(isVideo(resultUrl, raw) && { videoUrl: resultUrl }),
		resultNumber: at + 1,
		resultCount: resultUrls.length,
	}));
}

/** The most useful first. n8n's guide allows ten; no task has all of these. */
const SIMPLE_FIELDS = [
	'videoUrl',
	'resultUrl',
	'character',
	'status',
	'taskError',
	'id',
	'model',
	'creditsUsed',
	'createdAt',
	'resultNumber',
	'resultCount',
	'processingSeconds',
	'resultExpiresAt',
];

/** The fields that most workflows need, under the same names: *Simplify* breaks no expression that uses them. */
export function simplified(json: IDataObject): IDataObject {
	return pick(json, json.videoUrl === undefined ? SIMPLE_FIELDS : without(SIMPLE_FIELDS, 'resultUrl'));
}

/** ms since 1970, when EvoLink took the order; `undefined` if it does not say, or says no time. */
export function createdAt({ raw }: Task): number | undefined {
	const seconds = amount(raw.created) ?? 0;
	// more would be a date thousands of years ahead, such as that of milliseconds taken for seconds
	return seconds > 0 && seconds < 1e11 ? seconds * 1000 : undefined;
}

/** The link that a download fetches: the character's image, or the first result. */
export function resultLink(task: Task): string | undefined {
	return task.character?.profilePictureUrl ?? task.resultUrl;
}

/** Whether a completed task brought what was paid for. A character is used by its name: the image only shows it. */
export function hasResult({ character, resultUrl }: Task): boolean {
	return (character === undefined ? resultUrl : character.name) !== undefined;
}
