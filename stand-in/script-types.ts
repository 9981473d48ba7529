import type { ErrorGeneration, Json, SeenRequest } from './records';

// ---------------------------------------------------------------- tasks

/**
 * How a task ends. `failed` takes a `code`; `request-cancelled` is `failed` with that code; `stuck` never ends;
 * `no-results` completes with an empty list; `unknown-status` stays at a status no document lists; `expired`
 * answers 404 from then on.
 */
export type Outcome =
	| 'completed'
	| 'failed'
	| 'cancelled'
	| 'canceled'
	| 'request-cancelled'
	| 'stuck'
	| 'no-results'
	| 'unknown-status'
	| 'expired';

export interface TaskScript {
	/** API seconds from the create to the end; default 20. 0 ends it before the create answer is sent. */
	seconds?: number;
	/** Default `completed`. */
	outcome?: Outcome;
	/** `error.code` of a failed task; default `service_error`. */
	code?: string;
	/** `error.message` of a failed task; default: the meaning that the OpenAPI file gives the code. */
	message?: string;
	/** What `unknown-status` reports; default `queued_upstream`. */
	status?: string;
	/** `result_data` of a completed task: default `object` for characters, `none` for videos. */
	resultData?: 'none' | 'object' | 'array';
	/** `task_info.estimated_time` of the create answer; default: real seconds to the end, rounded up. */
	estimatedTime?: number;
	/** Replaces the result links (they need not lead to the stand-in); default: one for each video that `n` orders. */
	results?: string[];
	/** Where the links stand instead of `results[]`: a path such as `results[].url`, `output.video_url`, `video_url`, `videos[].url`. */
	resultsAt?: string;
	/** API seconds for which a completed task still has an empty `results`; default 0. */
	resultsLate?: number;
	/** Other words for statuses, such as `{ completed: 'succeeded' }`. */
	words?: Record<string, string>;
	/** Reads answer `{ code, message, data: task }`; default false. */
	envelope?: boolean;
	/** How the media host serves the result. */
	media?: MediaScript;
	/** `usage` on reads, with `credits_used` and `cost` once it has ended; default true. */
	usage?: boolean;
	/** `duration` (seconds the job took) on reads; default true. */
	duration?: boolean;
	/** `billing` ledger object on reads, with the refund of a failed task; default true. */
	billing?: boolean;
	/** Merged last into every read of the task and into its callback; may break the schema on purpose. */
	extra?: Json;
}

/** Fields combine; nothing set = the real clip (or profile picture) with its content length, at full speed. */
export interface MediaScript {
	/** A generated body of this many bytes, in the boxes of an mp4, streamed as the reader takes it. */
	sizeBytes?: number;
	/** These bytes instead of the clip or picture. */
	bytes?: Buffer;
	/** Never ends: bytes flow as long as the reader takes them (no content length). */
	endless?: boolean;
	/** Body bytes per API second. */
	bytesPerSecond?: number;
	/** API seconds before the answer starts. */
	delaySeconds?: number;
	/** An error answer instead of the file. */
	status?: 403 | 404 | 410 | 429 | 500 | 503;
	/** Send this many redirects to itself first. */
	redirects?: number;
	/** After `redirects` hops, redirect here (for example to a private host). */
	redirectTo?: string;
	/** Answer 200 with a page or a JSON error instead of a video. */
	body?: 'html' | 'json';
	/**
	 * `true`: announce the full length, send half, drop the socket. `fin`, `rst`: announce no length, send half, close or reset
	 * the connection. `shorter`: announce and send half. `gzip`: compressed, without the last 20 bytes.
	 */
	truncated?: boolean | 'fin' | 'rst' | 'shorter' | 'gzip';
	/** false: chunked, without a content length. */
	contentLength?: boolean;
	/** Default `video/mp4` or `image/jpeg`. */
	contentType?: string;
}

export interface StandInTask {
	readonly id: string;
	readonly model: string;
	/** The request body as received. */
	readonly request: Json;
	readonly idempotencyKey: string | undefined;
	/** Real time, ms since 1970. */
	readonly createdAt: number;
	/** Resolved script: defaults, matching scripts and prompt directives merged. */
	script: TaskScript;
	/** As EvoLink would report it now. */
	readonly status: string;
	readonly progress: number;
	/** True once nothing changes any more (never for a stuck task). */
	readonly terminal: boolean;
	/** Real time of the end, ms since 1970. */
	readonly endedAt: number | undefined;
	/** How often it was read over the API. */
	readonly reads: number;
}

/** Substring or pattern of the prompt, or any question about the request. */
export type TaskMatch =
	string | RegExp | ((request: Json, info: { idempotencyKey: string | undefined; index: number }) => boolean);

// ---------------------------------------------------------------- faults

/** `read`: of one task; `batch`: of many at once; `list`: of the account's tasks; `catalogue`: of models, their state, their prices; `upload`: the three uploads; `files`: list, quota, delete. */
export type FaultPlace =
	'create' | 'read' | 'batch' | 'list' | 'catalogue' | 'credits' | 'upload' | 'files' | 'media' | 'callback';

interface FaultCommon {
	/** API seconds to wait before the fault acts. */
	delaySeconds?: number;
	/**
	 * Create and upload: does EvoLink accept (and charge) the request anyway? Default true for `drop-after`,
	 * `no-id`, `odd-id`, `truncated-json`, `huge-body` and `html` with a status below 400; false otherwise.
	 */
	accepted?: boolean;
}

/** An answer of one of EvoLink's error shapes; code, type and message default to the documented ones. */
export interface HttpFault extends FaultCommon {
	kind: 'http';
	status: number;
	code?: string | number;
	message?: string;
	type?: string;
	param?: string;
	/** Seconds, an HTTP date that many real seconds ahead (`{ date: n }`), or any raw text. */
	retryAfter?: number | string | { date: number };
	/** Overrides `errorGeneration` for this answer. */
	generation?: ErrorGeneration;
	/** More fields inside `error` (`request_id`, `min`, `max`, `allowed_values`, …). */
	extra?: Json;
	headers?: Record<string, string>;
}

export type ApiFault =
	| HttpFault
	/** A normal answer, late. */
	| (FaultCommon & { kind: 'slow'; seconds: number })
	/** Socket destroyed, nothing accepted. */
	| (FaultCommon & { kind: 'drop-before' })
	/** Accepted and charged, then the socket is destroyed. */
	| (FaultCommon & { kind: 'drop-after' })
	/** 200 with a task object that has no id. */
	| (FaultCommon & { kind: 'no-id' })
	/** 200 with this id; the task is stored under it. */
	| (FaultCommon & { kind: 'odd-id'; id: string })
	/** An HTML page; status default 200. */
	| (FaultCommon & { kind: 'html'; status?: number })
	/** The normal JSON cut in half, with a matching content length; status default 200. */
	| (FaultCommon & { kind: 'truncated-json' })
	/** The normal JSON with one giant extra string; default 32 MiB. */
	| (FaultCommon & { kind: 'huge-body'; bytes?: number })
	/** Any JSON or text with any status; undefined is an empty body. */
	| (FaultCommon & { kind: 'body'; body: unknown; status?: number; contentType?: string })
	/** Reads, batch and list: a replica that lags, the answer as it was so many API seconds ago. */
	| (FaultCommon & { kind: 'stale'; seconds: number })
	/** The list without some tasks, in shorter pages than asked for, or with another `total` (undefined: none). */
	| (FaultCommon & {
			kind: 'lacking';
			hide?: (task: StandInTask) => boolean;
			pageSize?: number;
			total?: unknown;
	  })
	/** Uploads: `{ success: false, code, msg }`; HTTP status default 200. */
	| (FaultCommon & { kind: 'refused'; code: number; msg?: string; status?: number });

export type MediaFault =
	| { kind: 'http'; status: number; retryAfter?: number | string }
	| { kind: 'drop-before' }
	| { kind: 'media'; media: MediaScript };

export type CallbackFault =
	/** No delivery at all (a lost callback). */
	| { kind: 'never' }
	/** The whole delivery happens this often; default 2. */
	| { kind: 'duplicate'; times?: number }
	/** The task ends at once and its callback is sent before the create answer. */
	| { kind: 'early' }
	/** API seconds after the end. */
	| { kind: 'late'; seconds: number }
	/** Right id, but a made-up completed task whose link leads elsewhere. */
	| { kind: 'forged'; body?: Json }
	/** A well-formed task under another id. */
	| { kind: 'wrong-id'; id?: string }
	/** Text that is not JSON. */
	| { kind: 'non-json'; body?: string }
	/** The normal JSON under another content type; without `value` under none. */
	| { kind: 'content-type'; value?: string }
	/** The task inside `{ data: … }`, with `task_id` for `id`. */
	| { kind: 'wrapped' };

export interface FaultOptions<Context> {
	/** How many requests it hits; default: all until `remove()`. */
	times?: number;
	/** Let this many matching requests pass first; default 0. */
	skip?: number;
	match?: (context: Context) => boolean;
}

export interface ApiFaultContext {
	request: SeenRequest;
	/** The task that is read, at `read`. */
	task: StandInTask | undefined;
}

/** What a task-related fault (`media`, `callback`) may be matched on. */
export interface TaskFaultContext {
	task: StandInTask;
	/** At `media`: which of its results, from 1. */
	result?: number;
}

export interface FaultHandle {
	readonly hits: number;
	remove(): void;
}
