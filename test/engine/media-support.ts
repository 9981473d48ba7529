import { randomUUID } from 'node:crypto';
import * as https from 'node:https';
import * as net from 'node:net';
import { BinaryDataService } from 'n8n-core';
import { Container } from '@n8n/di';
import type { IBinaryData } from 'n8n-workflow';
import type { StandIn } from '../../stand-in';

/** A file in n8n's binary store, as an item's binary field refers to it. */
export async function storedFile(bytes: Buffer, fileName: string, mimeType: string): Promise<IBinaryData> {
	const location = { type: 'execution', workflowId: 'workflow-1', executionId: randomUUID() } as const;
	return await Container.get(BinaryDataService).store(location, bytes, { data: '', mimeType, fileName });
}

/**
 * Lets the stand-in answer for a public https host, as EvoLink's media host is one: sockets to that name end at the
 * stand-in, without TLS and name lookup. n8n's request layer and all of the node's rules stay as they are.
 */
export function answerFor(evolink: StandIn, ...hosts: string[]): { contacted: string[]; restore(): void } {
	const contacted: string[] = [];
	const spy = jest.spyOn(
		https.Agent.prototype as never,
		'createConnection' as never,
	) as unknown as jest.SpyInstance;
	spy.mockImplementation((options: { host?: string }) => {
		contacted.push(String(options.host));
		if (!hosts.includes(String(options.host)))
			throw new Error(`${options.host} is out of bounds for this test`);
		return net.connect(Number(new URL(evolink.url).port), '127.0.0.1');
	});
	return { contacted, restore: () => spy.mockRestore() };
}

/** Gives the tasks of matching prompts result links at another origin, which may be a public one. */
export function linkTo(evolink: StandIn, origin: string, part: string): void {
	evolink.events.on('create', (task) => {
		if (!String(task.request.prompt).includes(part)) return;
		task.script.results = [`${origin}/media/stand-in/${task.id}.mp4`];
	});
}
