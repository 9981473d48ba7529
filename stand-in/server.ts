import type { IncomingMessage, ServerResponse } from 'node:http';
import { PLACES, type Api } from './api';
import type { Call } from './handler';
import type { Clock } from './clock';
import type { Answer } from './answer';
import { isAccepted, type Faults } from './faults';
import { FILES_PATH, type FileStore } from './file-store';
import { MEDIA_PATH, type MediaHost } from './media';
import type { Random } from './random';
import { receive } from './request-body';
import { directives } from './scripts';
import type { Facts } from './spec';
import type { Emit, TaskStore } from './task-store';
import { decodable, decoded } from './text';
import type { ApiFault, Json, SeenRequest } from './types';

const HUGE_BODY = 8 * 2 ** 20;

/** One request from the socket to the answer, faults included. */
export class Server {
	readonly requests: SeenRequest[] = [];

	constructor(
		private readonly parts: {
			api: Api;
			store: TaskStore;
			faults: Faults;
			files: FileStore;
			media: MediaHost;
			clock: Clock;
			random: Random;
			facts: Facts;
			apiKey: string;
			emit: Emit;
			violation: (text: string) => void;
		},
	) {}

	readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
		this.serve(request, response).catch((error: unknown) => {
			if (response.destroyed) return;
			this.parts.violation(error instanceof Error ? (error.stack ?? error.message) : String(error));
			response.destroy();
		});
	};

	private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const seen = this.record(request, response);
		const url = target(seen.path);
		if (url?.pathname.startsWith(`${MEDIA_PATH}/`)) {
			seen.operationId = 'media';
			const done = await this.parts.media.serve(request, response, url);
			this.parts.emit('media', { ...done, path: seen.path });
		} else if (url?.pathname.startsWith(`${FILES_PATH}/`)) {
			const file = this.parts.files.find(url.pathname);
			response.writeHead(file?.content ? 200 : 404, file ? { 'content-type': file.mimeType } : {});
			response.end(file?.content);
		} else {
			await this.serveApi(request, response, seen);
		}
	}

	private async serveApi(
		request: IncomingMessage,
		response: ServerResponse,
		seen: SeenRequest,
	): Promise<void> {
		const { api, clock, facts, faults, store } = this.parts;
		const received = await receive(request, facts.upload.filesPerRequest);
		seen.body = received.shown;
		const incoming = {
			method: seen.method,
			path: decodable(seen.path),
			headers: request.headers as Record<string, string | string[]>,
			body: received.body,
		};
		seen.operationId = api.operationId(incoming);
		const place = PLACES[seen.operationId ?? ''];
		const repeated = place === 'create' ? api.refusedBefore(incoming) : undefined;
		if (repeated) {
			api.noteRefusal(incoming, repeated);
			return this.send(response, repeated);
		}
		const task = place === 'read' ? store.tasks.get(lastSegment(seen.path)) : undefined;
		const fault =
			(place && faults.at(place).take({ request: seen, task })) ??
			(place === 'create' ? directives((received.body ?? {}) as Json).fault : undefined);

		if (fault?.delaySeconds) await clock.sleep(fault.delaySeconds);
		if (fault?.kind === 'slow' && !isAccepted(fault)) await clock.sleep(fault.seconds);
		if (response.destroyed) return;

		const { upload, unreadable } = received;
		const call: Call = {
			upload,
			unreadable,
			taskId: fault?.kind === 'odd-id' ? fault.id : undefined,
			ago: fault?.kind === 'stale' ? fault.seconds : undefined,
			lacking: fault?.kind === 'lacking' ? fault : undefined,
			unchecked: fault?.kind === 'lacking',
		};
		let answer: Answer | undefined;
		if (received.tooLarge) answer = api.error({ status: 413 }, seen.operationId);
		else if (!fault || fault.kind === 'slow' || isAccepted(fault)) answer = await api.handle(incoming, call);
		if (fault?.kind === 'slow' && isAccepted(fault)) await clock.sleep(fault.seconds);
		const refused = answer !== undefined && answer.status >= 300;
		if (fault && !refused) answer = this.spoil(fault, answer, seen.operationId);
		if (answer) this.send(response, answer);
		else response.destroy();
		if (place === 'create' && !call.taken && answer && answer.status >= 400)
			api.noteRefusal(incoming, answer);
	}

	/** What the fault makes of a good answer (undefined if the request was not accepted). @returns undefined for no answer */
	private spoil(
		fault: ApiFault,
		good: Answer | undefined,
		operationId: string | undefined,
	): Answer | undefined {
		const json = (good?.json ?? {}) as Json;
		const headers = good?.headers ?? {};
		switch (fault.kind) {
			case 'slow':
			case 'stale':
			case 'lacking':
			case 'odd-id':
				return good;
			case 'drop-before':
			case 'drop-after':
				return undefined;
			case 'http':
				return this.parts.api.error(fault, operationId);
			case 'no-id': {
				const { id: _, ...rest } = json;
				return { status: 200, headers, json: rest };
			}
			case 'html': {
				const page =
					'<!doctype html><html><head><title>EvoLink</title></head><body><h1>Gateway</h1></body></html>';
				return { status: fault.status ?? 200, headers: { 'content-type': 'text/html' }, text: page };
			}
			case 'truncated-json': {
				const text = JSON.stringify(json);
				return { status: 200, headers, text: text.slice(0, Math.floor(text.length / 2)) };
			}
			case 'huge-body':
				return { status: 200, headers, json: { ...json, padding: 'x'.repeat(fault.bytes ?? HUGE_BODY) } };
			case 'body': {
				const text = typeof fault.body === 'string' ? fault.body : (JSON.stringify(fault.body) ?? '');
				const contentType = fault.contentType ?? 'application/json';
				return { status: fault.status ?? 200, headers: { ...headers, 'content-type': contentType }, text };
			}
			case 'refused':
				return {
					status: fault.status ?? 200,
					headers,
					json: {
						success: false,
						code: fault.code,
						msg: fault.msg ?? this.parts.files.refusal(fault.code).message,
					},
				};
		}
	}

	private send(response: ServerResponse, answer: Answer): void {
		const text = answer.text ?? JSON.stringify(answer.json) ?? '';
		response.writeHead(answer.status, {
			'content-type': 'application/json',
			'content-length': Buffer.byteLength(text),
			[this.parts.facts.requestIdHeaders[0]]: `req_${this.parts.random.text(12)}`,
			...answer.headers,
		});
		response.end(text);
	}

	private record(request: IncomingMessage, response: ServerResponse): SeenRequest {
		const { authorization } = request.headers;
		const headers: Record<string, string> = {};
		for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
		headers.authorization =
			authorization === undefined
				? 'missing'
				: authorization === `Bearer ${this.parts.apiKey}`
					? 'ok'
					: 'wrong';
		const seen: SeenRequest = {
			at: Date.now(),
			method: request.method ?? '',
			path: request.url ?? '/',
			operationId: undefined,
			headers,
			body: undefined,
			status: undefined,
		};
		this.requests.push(seen);
		response.once('close', () => {
			seen.status = response.writableFinished ? response.statusCode : 'dropped';
			this.parts.emit('request', seen);
		});
		return seen;
	}
}

/** A path, or a whole URL as sent to a proxy; undefined if it is neither. */
function target(path: string): URL | undefined {
	// not as a relative reference: in one, `//` would be the start of a host
	const text = path.startsWith('/') ? `http://stand-in${path}` : path;
	return URL.canParse(text) ? new URL(text) : undefined;
}

function lastSegment(path: string): string {
	return decoded(path.split('?')[0].split('/').at(-1) ?? '');
}
