import { PATHS as OURS } from '../../nodes/evolink/generated/spec.gen';
import { USER_AGENT } from '../../nodes/evolink/generated/package.gen';

export type Json = Record<string, unknown>;
/** The calls of the nodes, and those that only others make. */
export const PATHS = {
	...OURS,
	uploadFileBase64: { method: 'POST', server: 'files', path: '/api/v1/files/upload/base64' },
	listFiles: { method: 'GET', server: 'files', path: '/api/v1/files/list' },
	getFileQuota: { method: 'GET', server: 'files', path: '/api/v1/files/quota' },
} as const;
export type Operation = keyof typeof PATHS;

export interface Question {
	path?: Record<string, string>;
	query?: Record<string, string | number>;
	/** Sent as JSON. */
	body?: Json;
	/** Sent as a form, in place of `body`. */
	file?: { name: string; type: string; bytes: Buffer };
	headers?: Record<string, string>;
}

/** `status` 0: no answer, and `body` says why. */
export interface Reply {
	status: number;
	headers: Record<string, string>;
	body: unknown;
}

export interface Exchange {
	/** Method and path, without host. */
	asked: string;
	reply: Reply;
}

/** Nobody may wait longer for one answer. */
const TIMEOUT_MS = 30_000;

/** Headers of an answer that a client goes by; of the others nothing is kept. */
const KEPT_HEADERS = ['content-type', 'retry-after', 'idempotency-replayed', 'etag', 'x-request-id'];

/** One EvoLink that is asked: the real one, or the stand-in. */
export class Side {
	/** What the running probe asked. */
	exchanges: Exchange[] = [];
	requests = 0;
	/** Ids of tasks that were ordered. */
	readonly ordered: string[] = [];

	constructor(
		readonly name: 'EvoLink' | 'stand-in',
		readonly servers: { api: string; files: string },
		private readonly apiKey: string,
		/** Real ms between two reads of a task. */
		readonly pollMs: number,
		readonly signal: AbortSignal,
	) {}

	/** Asks and keeps the answer for the report. */
	async ask(operation: Operation, question: Question = {}): Promise<Reply> {
		const { method, server, path } = PATHS[operation];
		const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
			encodeURIComponent(question.path?.[name] ?? ''),
		);
		const query = new URLSearchParams(
			Object.entries(question.query ?? {}).map(([name, value]) => [name, String(value)]),
		).toString();
		return await this.send(method, this.servers[server], `${filled}${query ? `?${query}` : ''}`, question);
	}

	async send(method: string, server: string, path: string, question: Question = {}): Promise<Reply> {
		const reply = await this.quietly(method, server + path, question);
		this.exchanges.push({ asked: `${method} ${path}`, reply });
		const { id } = (reply.body ?? {}) as Json;
		if (path === PATHS.createVideoTask.path && reply.status === 200 && !this.ordered.includes(String(id)))
			this.ordered.push(String(id));
		return reply;
	}

	/** Asks; the answer is no part of the report. Never throws for what the network does. */
	async quietly(method: string, url: string, question: Question = {}): Promise<Reply> {
		this.signal.throwIfAborted();
		this.requests++;
		const { body, file, headers } = question;
		const form = new FormData();
		if (file) form.set('file', new Blob([Uint8Array.from(file.bytes)], { type: file.type }), file.name);
		try {
			const response = await fetch(url, {
				method,
				redirect: 'manual',
				headers: {
					authorization: `Bearer ${this.apiKey}`,
					'user-agent': USER_AGENT,
					accept: 'application/json',
					...(body && { 'content-type': 'application/json' }),
					...headers,
				},
				body: file ? form : body && JSON.stringify(body),
				signal: AbortSignal.any([this.signal, AbortSignal.timeout(TIMEOUT_MS)]),
			});
			const text = await response.text();
			const kept = KEPT_HEADERS.flatMap((name) => {
				const value = response.headers.get(name);
				return value === null ? [] : [[name, value]];
			});
			return {
				status: response.status,
				headers: Object.fromEntries(kept) as Reply['headers'],
				body: parsed(text),
			};
		} catch (error) {
			this.signal.throwIfAborted();
			return { status: 0, headers: {}, body: reasonOf(error) };
		}
	}

	async sleep(ms: number): Promise<void> {
		await new Promise((resolve) => setTimeout(resolve, ms));
		this.signal.throwIfAborted();
	}
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text) as unknown;
	} catch {
		return `${text.length} bytes that are no JSON`;
	}
}

function reasonOf(error: unknown): string {
	const { cause, message } = error as { cause?: { code?: string }; message: string };
	return cause?.code ?? message;
}
