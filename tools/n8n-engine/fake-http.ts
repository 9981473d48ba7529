import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { IHttpRequestMethods } from 'n8n-workflow';
import type { Request, Response } from 'express';

export interface WebhookCall {
	/** Default POST. */
	method?: IHttpRequestMethods;
	/** A string is sent as it is, everything else as JSON. */
	body?: unknown;
	headers?: Record<string, string>;
	query?: Record<string, string>;
	/** Path below the webhook's own path. */
	suffix?: string;
	/** Called at the moment when a node itself sends the answer, which may be long before the call is through. */
	onAnswer?: (answer: WebhookAnswer) => void;
}

/** An answer to a webhook call. `body` is parsed when it is JSON. */
export interface WebhookAnswer {
	statusCode: number;
	body: unknown;
	headers: Record<string, unknown>;
}

/** The express request that n8n hands to a node's `webhook()`: body parsed, raw body kept. */
export function expressRequest(call: WebhookCall, path: string): Request {
	const raw = typeof call.body === 'string' ? call.body : JSON.stringify(call.body ?? {});
	const headers = { 'content-type': 'application/json', host: 'n8n.example.test', ...call.headers };
	const request = new IncomingMessage(new Socket());
	const query = new URLSearchParams(call.query).toString();
	const lowerCased = Object.fromEntries(
		Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
	);
	const contentType = lowerCased['content-type'] ?? '';
	let body: unknown = raw;
	if (contentType.startsWith('application/json')) body = raw === '' ? {} : (JSON.parse(raw) as unknown);
	return Object.assign(request, {
		method: call.method ?? 'POST',
		url: `${path}${query && `?${query}`}`,
		headers: lowerCased,
		query: { ...call.query },
		params: {},
		body,
		rawBody: Buffer.from(raw),
		contentType: contentType.split(';')[0],
		readRawBody: async () => {},
	}) as unknown as Request;
}

/** An express response that records what a node writes to it by itself. */
export class RecordedResponse extends ServerResponse {
	private text = '';
	private onAnswer?: WebhookCall['onAnswer'];

	static for(request: Request, { onAnswer }: WebhookCall): RecordedResponse {
		const response = new RecordedResponse(request);
		response.onAnswer = onAnswer;
		return response;
	}

	status(code: number): this {
		this.statusCode = code;
		return this;
	}

	json(body: unknown): this {
		return this.send(JSON.stringify(body));
	}

	send(body: unknown): this {
		this.text += typeof body === 'string' ? body : JSON.stringify(body);
		this.onAnswer?.(this.answer());
		return super.end() as this;
	}

	end(...args: unknown[]): this {
		if (typeof args[0] === 'string' || Buffer.isBuffer(args[0])) this.text += String(args[0]);
		return super.end() as this;
	}

	asExpress(): Response {
		return this as unknown as Response;
	}

	answer(): WebhookAnswer {
		return answerOf(this.statusCode, this.text, this.getHeaders());
	}
}

export function answerOf(
	statusCode: number,
	text: unknown,
	headers: Record<string, unknown> = {},
): WebhookAnswer {
	let body = text;
	if (typeof text === 'string' && /^[[{]/.test(text)) {
		try {
			body = JSON.parse(text);
		} catch {
			// not JSON after all: the text is the body
		}
	}
	return { statusCode, body, headers: { ...headers } };
}
