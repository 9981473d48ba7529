import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { type StandIn } from '../../../stand-in';
import { listen, shut } from '../../../tools/loopback';
import { type Client } from '../../../tools/n8n-server/client';
import { sleep } from '../../../tools/n8n-server/poll';
import { type CredentialRef } from '../../../tools/n8n-server/workflows';

export interface Asked {
	/** Without the lane's own part. */
	path: string;
	/** What EvoLink itself answers; asks it. */
	honest: () => Promise<{ status: number; body: string }>;
}

export interface Lie {
	status?: number;
	headers?: Record<string, string | string[]>;
	body?: string | Buffer;
	/** One byte a second, headers at once. */
	drips?: boolean;
}

/** What a lane answers to a request; nothing = what EvoLink answers. */
export type Rule = (asked: Asked) => Lie | undefined | Promise<Lie | undefined>;

/** A base URL of its own, which n8n takes for an EvoLink that no other test has spoilt. */
export class Lane {
	/** May be changed at any time; without one the lane is honest. */
	rule: Rule | undefined;
	/** Requests that the rule has answered. */
	hits = 0;

	constructor(
		readonly url: string,
		readonly credential: CredentialRef,
	) {}
}

/** Stands between n8n and the stand-in, and lies as a lane's rule says. For what a fault of the stand-in cannot do. */
export class Mischief {
	private readonly lanes: Lane[] = [];
	private readonly server = createServer((request, response) => {
		this.serve(request, response).catch(() => response.destroy());
	});

	private origin = '';

	private constructor(private readonly evolink: StandIn) {}

	static async open(evolink: StandIn): Promise<Mischief> {
		const mischief = new Mischief(evolink);
		mischief.origin = await listen(mischief.server);
		return mischief;
	}

	async lane(client: Client, rule?: Rule): Promise<Lane> {
		const url = `${this.origin}/lane-${this.lanes.length}`;
		const credential = await client.request<CredentialRef>('POST', '/rest/credentials', {
			name: url,
			type: 'evoLinkApi',
			data: { ...this.evolink.credential, baseUrl: url },
		});
		const lane = new Lane(url, credential);
		lane.rule = rule;
		this.lanes.push(lane);
		return lane;
	}

	async close(): Promise<void> {
		await shut(this.server);
	}

	private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const [, at, path = '/'] = /^\/lane-(\d+)(.*)$/s.exec(request.url ?? '') ?? [];
		const lane = this.lanes.at(Number(at));
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk as Buffer);
		const body = Buffer.concat(chunks);
		const { method = 'GET', headers } = request;
		const honest = async () => {
			const sent = Object.entries(headers).filter(
				([name]) => !/^(host|connection|content-length)$/.test(name),
			);
			const answer = await fetch(this.evolink.url + path, {
				method,
				headers: sent.map(([name, value]): [string, string] => [name, String(value)]),
				...(body.length > 0 && { body }),
			});
			return { status: answer.status, body: await answer.text() };
		};
		const lie = await lane?.rule?.({ path, honest });
		if (lie === undefined) {
			const truth = await honest();
			response.writeHead(truth.status, { 'content-type': 'application/json' }).end(truth.body);
			return;
		}
		if (lane) lane.hits += 1;
		response.writeHead(lie.status ?? 200, { 'content-type': 'application/json', ...lie.headers });
		if (!lie.drips) {
			response.end(lie.body);
			return;
		}
		for (const byte of Buffer.from(lie.body ?? '')) {
			if (response.destroyed) return;
			response.write(Buffer.of(byte));
			await sleep(1000);
		}
		response.end();
	}
}
