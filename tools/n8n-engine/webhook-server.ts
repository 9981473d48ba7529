import { createServer, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { listen, shut } from '../loopback';
import type { WebhookAnswer, WebhookCall } from './fake-http';

/** A loopback address whose requests become webhook calls. Each is answered as soon as a node has answered it. */
export class WebhookServer {
	private constructor(
		private readonly server: Server,
		readonly origin: string,
	) {}

	static async open(
		receive: (path: string, call: WebhookCall) => Promise<WebhookAnswer>,
	): Promise<WebhookServer> {
		const server = createServer((request, response) => {
			const url = new URL(request.url ?? '/', 'http://n8n');
			const onAnswer = ({ statusCode, body }: WebhookAnswer) => {
				if (!response.headersSent) response.writeHead(statusCode).end(JSON.stringify(body ?? null));
			};
			const headers = { 'content-type': request.headers['content-type'] ?? '' };
			const query = Object.fromEntries(url.searchParams);
			buffer(request)
				.then(
					async (body) => await receive(url.pathname, { body: body.toString(), headers, query, onAnswer }),
				)
				.then(onAnswer)
				.catch((error: unknown) => onAnswer({ statusCode: 500, body: String(error), headers: {} }));
		});
		return new WebhookServer(server, await listen(server));
	}

	async close(): Promise<void> {
		await shut(this.server);
	}
}
