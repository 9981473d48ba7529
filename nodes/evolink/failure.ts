import type { IDataObject } from 'n8n-workflow';
import truncate from 'lodash/truncate';
import { z } from 'zod';

import { evolinkFacts } from './generated/spec.gen';
import { excerptOf, tidy } from './redact';
import { suggestionIn } from './task';
import { isObject, scalar } from './json';

/** What went wrong between us and EvoLink, in one form for all hosts and both generations of error bodies. */
export const failureSchema = z.object({
	// of another version: told by its message, and n8n is given no cause
	kind: z.custom<FailureKind>((kind) => typeof kind === 'string'),
	message: z.string(),
	/** Absent where no answer came. */
	status: z.number().optional(),
	/** EvoLink's own code, or the network's. */
	code: z.string().optional(),
	requestId: z.string().optional(),
	suggestion: z.string().optional(),
	/** Milliseconds to wait, from Retry-After, or from words such as "retry after 60 seconds". */
	retryAfterMs: z.number().optional(),
	param: z.string().optional(),
	/** ms since 1970, by the clock of whoever answered. */
	answeredAt: z.number().optional(),
	/** EvoLink's answer to an earlier request under the same Idempotency-Key. */
	replayed: z.literal(true).optional(),
	/** EvoLink itself answered with a 5xx; other 5xx may be pages of something between. */
	answered: z.literal(true).optional(),
	/** Whether the same read may succeed a moment later. */
	transient: z.boolean(),
	/** A 3xx or 4xx that is no error of EvoLink's: something between may have answered. */
	fromProxy: z.literal(true).optional(),
	/**
	 * For a create: `none` = nothing was charged, for certain; `unlikely` = EvoLink refused it, which its pages and users take
	 * for free, and its own client does not; `unknown` = it may have been taken, so it must not simply be sent again.
	 */
	charge: z.enum(['none', 'unlikely', 'unknown']),
});

export type Failure = z.infer<typeof failureSchema>;

export type FailureKind =
	| 'badRequest'
	| 'unauthorized'
	| 'balance'
	| 'keyLimit'
	| 'keyState'
	| 'content'
	| 'modelUnavailable'
	| 'forbidden'
	| 'notFound'
	| 'tooLarge'
	| 'rateLimited'
	| 'submission'
	| 'server'
	| 'unexpected'
	| 'network';

const groups: Readonly<Record<keyof typeof evolinkFacts.httpErrorCodes, readonly string[]>> =
	evolinkFacts.httpErrorCodes;
const inGroup = (name: keyof typeof groups, code: string) => groups[name].includes(code);

const uncharged: ReadonlySet<string> = new Set([
	...evolinkFacts.uncharged.codes,
	...evolinkFacts.uncharged.groups.flatMap((name) => groups[name]),
]);

type ErrorBody = Partial<Record<'code' | 'param' | 'message' | 'hint' | 'requestId', string>>;

/** Both generations (`error.code` text or number), the file host's flat form, and OAuth's `error: "text"`. */
function readErrorBody(body: unknown): ErrorBody {
	if (!isObject(body)) return {};
	const { error } = body;
	const inner = isObject(error) ? error : body;
	return {
		code: scalar(isObject(error) ? error.code : (body.code ?? error)),
		param: scalar(inner.param),
		message: scalar(inner.message) ?? scalar(body.msg) ?? scalar(body.error_description) ?? scalar(error),
		hint: suggestionIn(inner),
		requestId: scalar(body.request_id) ?? scalar(inner.request_id),
	};
}

/** `error` with a code or a message, the file host's `code` and `msg`, or OAuth's text and description: no page of a proxy. */
function isEvoLinks(body: unknown): boolean {
	if (!isObject(body)) return false;
	const { error, code, msg, message, error_description: description } = body;
	if (isObject(error)) return [error.code, error.message].some((part) => scalar(part) !== undefined);
	if (scalar(error) !== undefined) return scalar(description) !== undefined;
	if (scalar(code) === undefined) return false;
	return body.success === false || [msg, message].some((part) => scalar(part) !== undefined);
}

/** Whether EvoLink refuses an order for lack of room, in the form that it has for a wrong field. */
function isLackOfRoom(status: number, { message = '' }: ErrorBody): boolean {
	return status === 400 && message.toLowerCase().includes(evolinkFacts.capacity.words);
}

function kindOf(status: number, said: ErrorBody, namesTask: boolean): FailureKind {
	const { code = '', param } = said;
	if (inGroup('submission', code)) return 'submission';
	if (isLackOfRoom(status, said)) return 'rateLimited';
	if (inGroup('keyLimit', code) || inGroup('keyDailyLimit', code)) return 'keyLimit';
	if (inGroup('balance', code) || status === 402) return 'balance';
	if (inGroup('content', code)) return 'content';
	if (inGroup('availability', code) || inGroup('modelAccess', code)) return 'modelUnavailable';
	// the older bodies have no word for it, only the field at fault
	if (param === 'model' && [400, 403, 404].includes(status)) return 'modelUnavailable';
	if (inGroup('keyState', code)) return status === 401 ? 'unauthorized' : 'keyState';
	if (status === 404) return namesTask ? 'notFound' : 'unexpected';
	if (status >= 500) return 'server';
	return KIND_OF[status] ?? (status >= 400 ? 'badRequest' : 'unexpected');
}

const KIND_OF: Readonly<Record<number, FailureKind>> = {
	401: 'unauthorized',
	403: 'forbidden',
	408: 'server',
	409: 'submission',
	413: 'tooLarge',
	425: 'server',
	429: 'rateLimited',
};

const RETRY_IN_WORDS = /\b(?:retry|try again) (?:after|in) (\d+(?:\.\d+)?) ?(?:s|secs?|seconds?)\b/i;

function retryInWords({ message, hint }: ErrorBody): string | undefined {
	return RETRY_IN_WORDS.exec(`${hint ?? ''}; ${message ?? ''}`)?.[1];
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3) to milliseconds from `now`; `undefined` if it is neither. */
export function retryAfterMs(header: unknown, now: number): number | undefined {
	const value = scalar(header);
	if (value === undefined) return undefined;
	if (/^\d+(\.\d+)?$/.test(value)) return Math.min(Number(value) * 1000, Number.MAX_SAFE_INTEGER);
	// names a day; Date.parse alone takes "-5" and "soon 1" for dates, too
	const date = /^[A-Za-z]+, /.test(value) ? Date.parse(value) : NaN;
	return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}

const EXCERPT = 120;

const replayedHeader = evolinkFacts.idempotency.replayedHeader.toLowerCase();
const tidied = (given: string | undefined) => (given === undefined ? undefined : tidy(given));

/** Codes with which EvoLink refuses before anything can be charged. */
const REFUSALS = [
	'balance',
	'keyLimit',
	'keyDailyLimit',
	'keyState',
	'modelAccess',
	'content',
	'input',
] as const;

/** The HTTP status that a refusal inside a 2xx stands for, by its code: 404 is 404, 40001 is 400, 50001 is 500; or nothing. */
export function statusOfRefusal(body: IDataObject): number | undefined {
	return statusOfCode(readErrorBody(body).code) ?? statusOfCode(scalar(body.code));
}

function statusOfCode(code = ''): number | undefined {
	if (inGroup('task', code)) return 404;
	if (REFUSALS.some((group) => inGroup(group, code))) return 400;
	const number = Number(code);
	if (Number.isInteger(number) && number >= 400 && number < 600) return number;
	const family = Math.floor(number / 10_000);
	return family === 4 || family === 5 ? family * 100 : undefined;
}

export function httpFailure(
	answer: {
		status: number;
		body: unknown;
		headers: Record<string, unknown>;
		/** Whether the request named a task: without one, 404 is about the address or the model. */
		namesTask: boolean;
	},
	now: number,
): Failure {
	const { status, headers } = answer;
	const said = readErrorBody(answer.body);
	const { code, message, hint, requestId } = said;
	const kind = kindOf(status, said, answer.namesTask);
	const isOwn = isEvoLinks(answer.body);
	const fromProxy = status >= 300 && status < 500 && !isOwn;
	const excerpt = typeof answer.body === 'string' ? excerptOf(answer.body, EXCERPT) : '';
	const fallback =
		excerpt === '' ? `EvoLink answered ${status} without a reason` : `EvoLink answered: ${excerpt}`;
	const wait = retryAfterMs(headers['retry-after'], now) ?? retryAfterMs(retryInWords(said), now);
	const id = requestId ?? requestIdIn(headers);
	const answeredAt = Date.parse(scalar(headers.date) ?? '');
	const isUncharged = status >= 400 && uncharged.has((code ?? '').toLowerCase());
	const undecided =
		kind === 'submission' || status < 400 || status === 408 || status === 409 || status >= 500;
	return {
		kind,
		message: tidy(message ?? '') || fallback,
		status,
		code: code ? tidy(code) : undefined,
		param: said.param && tidy(said.param),
		replayed: scalar(headers[replayedHeader]) === 'true' || undefined,
		answeredAt: answeredAt > 0 ? answeredAt : undefined,
		requestId: id && tidy(id),
		suggestion: hint && tidy(hint),
		retryAfterMs: wait,
		fromProxy: fromProxy || undefined,
		answered: (status >= 500 && isOwn) || undefined,
		transient: [408, 425, 429].includes(status) || status >= 500 || isLackOfRoom(status, said),
		charge: isUncharged ? 'none' : undecided ? 'unknown' : 'unlikely',
	};
}

/** Whether EvoLink itself says that it failed to create a task: it may still have made one. */
export function isRefusedCreation({ answered, kind, charge }: Failure): boolean {
	return answered === true && charge === 'unknown' && kind !== 'submission';
}

function requestIdIn(headers: Record<string, unknown>): string | undefined {
	return evolinkFacts.requestIdHeaders.map((name) => scalar(headers[name])).find(Boolean);
}

/** A 2xx that cannot be used: not JSON, cut off, too large, or without what was asked for. */
export function malformedAnswer(
	answer: { status: number; headers?: Record<string, unknown>; body?: unknown },
	what: string,
): Failure {
	const { status, headers = {} } = answer;
	const { code, message, requestId = requestIdIn(headers) } = readErrorBody(answer.body);
	const said = message === undefined ? '' : `; it says: ${message}`;
	return {
		kind: 'unexpected',
		message: tidy(`EvoLink answered ${status} with ${what}${said}`),
		status,
		code: tidied(code),
		requestId: tidied(requestId),
		transient: true,
		charge: 'unknown',
	};
}

/** Nothing can have reached EvoLink: no connection was made, or no secure one. */
const NOTHING_SENT =
	/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EAI_FAIL|EAI_NODATA|ENETUNREACH|CERT_.*|.*_CERT.*|UNABLE_TO_.*|SELF_SIGNED.*|ERR_TLS_CERT.*|DEPTH_ZERO.*|ERR_INVALID_URL|ERR_INVALID_CHAR|BLOCKED_BY_N8N)$/;

/** Whether a network code says that the connection was never made. */
export function nothingSent(code: string | undefined): boolean {
	return code !== undefined && NOTHING_SENT.test(code);
}

export function networkFailure(code: string | undefined, message: string): Failure {
	return {
		kind: 'network',
		message: tidy(message),
		code,
		transient: true,
		charge: nothingSent(code) ? 'none' : 'unknown',
	};
}

/** Nothing was sent, and sending again changes nothing. */
export function credentialFailure(reason: string): Failure {
	return {
		kind: 'unauthorized',
		message: tidy(`The credential cannot be used: ${reason}`),
		transient: false,
		charge: 'none',
	};
}

/** Codes and request ids are short; what a server writes there instead must not push our own words out of sight. */
const shorten = (text: string) => truncate(text, { length: 60, omission: '…' });

/** `(402 insufficient_quota, request req_1)`. @param key the Idempotency-Key of an order that may have been taken */
export function failureReference(failure: Failure, key?: string): string {
	const { status, code, requestId } = failure;
	// the older bodies repeat the status as their code
	const first = [status, code === undefined || code === String(status) ? undefined : shorten(code)]
		.filter((part) => part !== undefined)
		.join(' ');
	const request = requestId === undefined ? '' : `request ${shorten(requestId)}`;
	const parts = [first, request, key === undefined ? '' : `Idempotency-Key ${key}`].filter(Boolean);
	return parts.length === 0 ? '' : `(${parts.join(', ')})`;
}
