/** A JSON object. */
export type Json = Record<string, unknown>;

/** `new`: `error.code` is a string; `old`: it is the HTTP status as a number (two documented generations). */
export type ErrorGeneration = 'new' | 'old';

export interface SeenRequest {
	/** Real time, ms since 1970. */
	at: number;
	method: string;
	/** Path with query. */
	path: string;
	/** As in the OpenAPI file; `media` for the media host, undefined for unknown routes. */
	operationId: string | undefined;
	/** Lower-case names. `authorization` is reduced to `ok`, `wrong` or `missing`: the key is not kept. */
	headers: Record<string, string>;
	/** Parsed JSON; for multipart the fields, with `file: { name, type, size }`. Large strings are cut. */
	body: unknown;
	/** Of the answer, or `dropped` when there was none; undefined while it is being answered. */
	status: number | 'dropped' | undefined;
}

/** In credits; null = no limit. */
export interface Account {
	remaining: number;
	used: number;
	/** Of this key, in all and for the day. */
	tokenLimit: number | null;
	dailyLimit: number | null;
}

/** One entry per task that was really created. */
export interface Charge {
	at: number;
	taskId: string;
	model: string;
	/** Empty for characters. */
	prompt: string;
	idempotencyKey: string | undefined;
	credits: number;
	/** The idempotency key, or a hash of the body without `callback_url` if none was sent. */
	intent: string;
	/** Credits given back because the task failed or was cancelled. */
	refunded: number;
}

/** One entry per order that was answered with an error and made no task. */
export interface RefusedOrder {
	at: number;
	status: number;
	/** `error.code` */
	code: unknown;
	/** Empty for characters. */
	prompt: string;
	idempotencyKey: string | undefined;
}

/** One entry per attempt; an undeliverable one has `attempt` 0 and `error`. */
export interface CallbackAttempt {
	at: number;
	taskId: string | undefined;
	url: string;
	attempt: number;
	status?: number;
	error?: string;
	body: string;
}

export interface MediaStats {
	requests: number;
	bytesSent: number;
	openConnections: number;
	/** The most bytes buffered in a socket at any time. */
	maxBytesInFlight: number;
	/** Every Authorization header that reached the media host, reduced to its scheme. Must stay empty. */
	authorizations: string[];
}

export interface StoredFile {
	fileId: string;
	/** `upload_path/file_name`: the same path overwrites the older file. */
	path: string;
	mimeType: string;
	size: number;
	url: string;
}
