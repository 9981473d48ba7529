import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resumeByWebhook, type Engine, type Run, type WebhookAnswer } from '../../tools/n8n-engine';

/**
 * n8n's `webhook-waiting` address for many engines in one process: the stand-in posts its callbacks here, and what they
 * wake up can be taken with `woken`.
 */
export class Bridge {
	private readonly engines = new Map<string, Engine>();
	private readonly runs = new Map<string, Run[]>();
	private readonly server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const url = new URL(request.url ?? '/', 'http://n8n');
			const answer = ({ statusCode, body }: WebhookAnswer) => {
				if (!response.headersSent) response.writeHead(statusCode).end(JSON.stringify(body ?? null));
			};
			const headers = { 'content-type': request.headers['content-type'] ?? '' };
			const query = Object.fromEntries(url.searchParams);
			this.call(url.pathname, { body: Buffer.concat(chunks).toString(), headers, query, onAnswer: answer })
				.then(answer)
				.catch((error: unknown) => answer({ statusCode: 500, body: String(error), headers: {} }));
		});
	});

	static async open(): Promise<Bridge> {
		const bridge = new Bridge();
		await new Promise<void>((resolve) => bridge.server.listen(0, '127.0.0.1', resolve));
		return bridge;
	}

	get origin(): string {
		return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
	}

	/** Callbacks for this execution are let in from now on. */
	admit(engine: Engine, executionId: string): void {
		this.engines.set(executionId, engine);
	}

	/** The next run that a callback started, if there is one. */
	woken(executionId: string): Run | undefined {
		return this.runs.get(executionId)?.shift();
	}

	async close(): Promise<void> {
		await new Promise((resolve) => {
			this.server.close(resolve);
			this.server.closeAllConnections();
		});
	}

	private async call(path: string, call: Parameters<typeof resumeByWebhook>[2]): Promise<WebhookAnswer> {
		const [executionId = '', suffix] = path.split('/').slice(-2);
		const engine = this.engines.get(executionId);
		if (engine === undefined) return { statusCode: 404, body: { message: 'no such execution' }, headers: {} };
		const outcome = await resumeByWebhook(engine, executionId, { suffix, ...call });
		if (outcome.run) this.runs.set(executionId, [...(this.runs.get(executionId) ?? []), outcome.run]);
		return outcome;
	}
}
