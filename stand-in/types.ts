import type { EventEmitter } from 'node:events';
import type {
	ApiFault,
	ApiFaultContext,
	CallbackFault,
	FaultHandle,
	FaultOptions,
	MediaFault,
	StandInTask,
	TaskFaultContext,
	TaskMatch,
	TaskScript,
} from './script-types';

import type {
	Account,
	CallbackAttempt,
	Charge,
	ErrorGeneration,
	Json,
	MediaStats,
	RefusedOrder,
	SeenRequest,
	StoredFile,
} from './records';

export type * from './records';
export type * from './script-types';

// ---------------------------------------------------------------- starting

export interface StandInOptions extends Partial<Modes> {
	/** TCP port on 127.0.0.1; 0 (default) takes a free one. */
	port?: number;
	/** The only key that is accepted; default `sk-evo-stand-in`. */
	apiKey?: string;
	/** API seconds per real second; default 1. All `seconds` in scripts and faults are API seconds. */
	timeScale?: number;
	/** Keep EvoLink's 10 s callback timeout in real seconds although `timeScale` is higher; default true. */
	realCallbackTimeout?: boolean;
	/** Public-looking host name → loopback origin that its callbacks are delivered to. */
	callbackHosts?: Record<string, string>;
	/** Models this key may call; default: every model of `spec/`. Any other: see `unservedModel`. */
	models?: string[];
	/** Seeds task ids, file ids and fault probabilities; default 1. */
	seed?: number;
	/** Credits on the account; default 10000. */
	balance?: number;
	/** Defaults for every task; `script()` and prompt directives override it. */
	defaults?: TaskScript;
}

/** How EvoLink behaves; may be changed at any time. */
export interface Modes {
	/** Default `honoured`. */
	idempotency: Idempotency;
	/**
	 * A key whose order was refused, when it comes again. `forgotten` (default): as if for the first time. `replayed`: the same body gets
	 * the refusal once more, with `idempotency-replayed: true`, another body 409 `idempotency_conflict`. `conflict`: another body gets 409,
	 * the same body is taken. Which of them the real EvoLink does is not known.
	 */
	refusedKeys: 'forgotten' | 'replayed' | 'conflict';
	/** The account's room; default undefined: for any number of tasks. */
	room: Room | undefined;
	/** Default `new`. */
	errorGeneration: ErrorGeneration;
	/** Default 403. Which of the three the real EvoLink answers is not known. */
	unservedModel: UnservedModel;
	/** Default `offered`. The manual does not have `POST /v1/tasks/batch`, so it may be missing. */
	batchRead: Offer;
	/** Default `offered`. The manual does not have `GET /v1/tasks`, so it may be missing. */
	taskList: Offer;
	/** Default `offered`: the lists of models, of their state and of prices. The manual has none of them. */
	catalogue: Offer;
	/** Which models the price list has: EvoLink's published entries (default), or made-up ones of the same form for all others, too. */
	prices: 'published' | 'all';
}

/** `ignored`: the header has no effect, so a repeat is charged again. */
export type Idempotency = 'honoured' | 'ignored';

/** How many tasks of the account may be under way, and what an order beyond them meets. */
export interface Room {
	/** 0 lets no order in. */
	tasks: number;
	/** Default `429`. */
	full?: FullAnswer;
	/** Seconds that `429-retry-after` asks for; default 5. */
	retryAfter?: number;
}

/**
 * `429`: in words, "retry after 60 seconds". `429-retry-after`: with the header. `500`: "Failed to create video generation task", nothing
 * taken. `500-taken`: the same, although the task was made and charged.
 */
export type FullAnswer = '429' | '429-retry-after' | '500' | '500-taken';

/**
 * How a model is refused that is not in `models`: 403 `model_access_denied`, 404 `Specified model not found` (from the
 * older generation), 503 `no_available_channel`. Each comes in the body that `errorGeneration` says.
 */
export type UnservedModel = 403 | 404 | 503;

/** Whether there is such a path, or the status that it answers as an unknown one. */
export type Offer = 'offered' | 404 | 405;

export interface StandInEvents {
	/** Every request once it is answered or dropped. */
	request: [SeenRequest];
	create: [StandInTask];
	read: [StandInTask];
	terminal: [StandInTask];
	charge: [Charge];
	refused: [RefusedOrder];
	callback: [CallbackAttempt];
	/** A media body ended; `bytes` as sent. */
	media: [{ taskId: string | undefined; path: string; status: number; bytes: number }];
}

export interface StandIn extends Modes {
	/** Base URL of API, files host and media host: `http://127.0.0.1:<port>`. */
	readonly url: string;
	readonly apiKey: string;
	/** What n8n's credential `evoLinkApi` holds to reach it. */
	readonly credential: { apiKey: string; baseUrl: string; filesUrl: string };
	readonly requests: SeenRequest[];
	readonly tasks: Map<string, StandInTask>;
	readonly files: Map<string, StoredFile>;
	readonly charges: Charge[];
	/** Orders that were answered with an error and made no task. */
	readonly refused: RefusedOrder[];
	readonly callbacks: CallbackAttempt[];
	readonly mediaStats: MediaStats;
	/** Own answers that did not fit the OpenAPI file, and bugs in the stand-in. Must stay empty. */
	readonly violations: string[];
	readonly events: EventEmitter<StandInEvents>;
	/** May be changed at any time. */
	readonly callbackHosts: Record<string, string>;
	/** May be changed at any time. */
	readonly account: Account;
	readonly models: string[];

	chargesFor(filter: { prompt?: string; idempotencyKey?: string; taskId?: string }): Charge[];
	/** Applies to tasks created from now on; later scripts win field by field. Returns a function that removes it. */
	script(match: TaskMatch, script: TaskScript): () => void;
	fault(where: 'media', fault: MediaFault, options?: FaultOptions<TaskFaultContext>): FaultHandle;
	fault(where: 'callback', fault: CallbackFault, options?: FaultOptions<TaskFaultContext>): FaultHandle;
	fault(
		where: 'create' | 'read' | 'batch' | 'list' | 'catalogue' | 'credits' | 'upload' | 'files',
		fault: ApiFault,
		options?: FaultOptions<ApiFaultContext>,
	): FaultHandle;
	/** Makes a task as another user of the account would, whatever the room: it takes a place in it, is listed and charged. */
	order(request: Json, script?: TaskScript): Promise<StandInTask>;
	/** Ends a running task now. Throws for an unknown id or a task that has ended. */
	finish(taskId: string, script?: TaskScript): StandInTask;
	/** Moves the API clock: pending ends, retries and expiries (24 h, 72 h) come due. */
	advance(seconds: number): void;
	/** POSTs any body as EvoLink would (same host table), once, and returns the answer. */
	forgeCallback(url: string, body: unknown): Promise<{ status: number; body: string }>;
	/**
	 * Resolves with the first truthy value; asks after every event and ten times a second. Rejects after
	 * `timeoutMs` (default 50000 real ms) with the last requests in the message.
	 */
	until<T>(predicate: () => T, timeoutMs?: number): Promise<Exclude<T, false | null | undefined | 0 | ''>>;
	/** Stops listening (connection refused) and starts again on the same port; all state stays. */
	offline(): Promise<void>;
	online(): Promise<void>;
	/** Ends everything within a second, open sockets included. Safe to call twice. */
	close(): Promise<void>;
}
