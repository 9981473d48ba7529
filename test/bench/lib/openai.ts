import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';

import { listen, shut } from '../../../tools/loopback';
import { ROOT } from './report';

/** OpenAI's video API as far as n8n's node uses it; every video takes `seconds` and is the stand-in's clip. */
export class OpenAiStandIn {
	/** For the credential's Base URL. */
	url = '';

	private readonly created = new Map<string, number>();

	private readonly clip = readFileSync(path.join(ROOT, 'stand-in/assets/clip.mp4'));

	private constructor(
		private readonly seconds: number,
		private readonly server: Server,
	) {}

	static async start(seconds: number): Promise<OpenAiStandIn> {
		const server = createServer();
		const standIn = new OpenAiStandIn(seconds, server);
		server.on('request', (request, response) => {
			request.resume().on('end', () => {
				const [, , id, part] = (request.url ?? '').split('/').slice(1);
				if (part === 'content') {
					response.writeHead(200, { 'content-type': 'video/mp4' }).end(standIn.clip);
					return;
				}
				response.setHeader('content-type', 'application/json');
				response.end(JSON.stringify(request.method === 'POST' ? standIn.create() : standIn.read(id)));
			});
		});
		standIn.url = `${await listen(server)}/v1`;
		return standIn;
	}

	async close(): Promise<void> {
		await shut(this.server);
	}

	private create() {
		const id = `video_${this.created.size + 1}`;
		this.created.set(id, Date.now());
		return { id, object: 'video', model: 'sora-2', status: 'queued', progress: 0, error: null };
	}

	private read(id: string) {
		const age = (Date.now() - (this.created.get(id) ?? NaN)) / 1000;
		const status = age >= this.seconds ? 'completed' : 'in_progress';
		return { id, object: 'video', model: 'sora-2', status, progress: 0, error: null };
	}
}
