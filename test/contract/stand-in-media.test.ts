import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import type { MediaScript } from '../../stand-in';
import { client, evolink, standInForEachTest } from './stand-in-client';

const MEGABYTE = 2 ** 20;

standInForEachTest();

async function linkWith(media: MediaScript): Promise<string> {
	evolink.script('a cat', { media });
	return client.finishedLink();
}

async function bytesOf(response: Response): Promise<Buffer> {
	return Buffer.from(await response.arrayBuffer());
}

test('an Authorization header is recorded, without its secret', async () => {
	const link = await client.finishedLink();
	await fetch(link);
	expect(evolink.mediaStats.authorizations).toEqual([]);
	await fetch(link, { headers: { authorization: 'Bearer sk-secret' } });
	expect(evolink.mediaStats.authorizations).toEqual(['Bearer']);
});

test('no link before the end, none after 24 hours, none without a User-Agent', async () => {
	const id = await client.start('a cat');
	const link = `${evolink.url}/media/stand-in/${id}.mp4`;
	const early = (await fetch(link)).status;
	evolink.finish(id);
	const bare = await new Promise((resolve) => request(link, ({ statusCode }) => resolve(statusCode)).end());
	evolink.advance(24 * 3600 - 10);
	const fresh = (await fetch(link)).status;
	evolink.advance(11);
	const late = (await fetch(link)).status;
	expect([early, bare, fresh, late]).toEqual([404, 403, 200, 410]);
});

test.each([
	['n8n', 403],
	['axios/1.7.2', 403],
	['Python-urllib/3.12', 403],
	['n8n-nodes-evolink-sora', 200],
	['Mozilla/5.0 (compatible; n8n/2.41.0; +https://n8n.io/)', 200],
])('who downloads as %s gets %d', async (agent, status) => {
	const response = await fetch(await client.finishedLink(), { headers: { 'user-agent': agent } });
	expect(response.status).toBe(status);
});

test('a large body passes in chunks, no faster than it is read', async () => {
	const response = await fetch(await linkWith({ sizeBytes: 64 * MEGABYTE }));
	const reader = response.body!.getReader();
	let size = (await reader.read()).value!.length;
	await new Promise((resolve) => setTimeout(resolve, 100));
	expect(evolink.mediaStats.bytesSent).toBeLessThan(32 * MEGABYTE);
	for (let part = await reader.read(); !part.done; part = await reader.read()) size += part.value.length;
	expect(size).toBe(64 * MEGABYTE);
	expect(evolink.mediaStats.bytesSent).toBe(64 * MEGABYTE);
	expect(evolink.mediaStats.maxBytesInFlight).toBeLessThan(MEGABYTE);
});

test.each(['fin', 'shorter'] as const)(
	'half a body that ends as if it were whole (%s)',
	async (truncated) => {
		const response = await fetch(await linkWith({ truncated, sizeBytes: 100_000 }));
		expect(response.headers.get('content-length')).toBe(truncated === 'fin' ? null : '50000');
		expect(response.headers.get('transfer-encoding')).toBeNull();
		expect((await bytesOf(response)).length).toBe(50_000);
	},
);

/** On a bare socket, because `fetch` takes a reset for the end of a body that has no length. */
test('half a body, then a reset', async () => {
	const link = new URL(await linkWith({ truncated: 'rst', sizeBytes: 100_000 }));
	const socket = connect(Number(link.port), link.hostname);
	socket.write(`GET ${link.pathname} HTTP/1.1\r\nHost: ${link.host}\r\nUser-Agent: test\r\n\r\n`);
	const received: Buffer[] = [];
	socket.on('data', (chunk) => received.push(chunk));
	const [error] = (await once(socket, 'close').catch((reason: unknown) => [reason])) as [Error];
	expect(error).toMatchObject({ code: 'ECONNRESET' });
	const [head, body] = Buffer.concat(received).toString('latin1').split('\r\n\r\n');
	expect(head).not.toMatch(/content-length|transfer-encoding/i);
	expect(body.length).toBeLessThanOrEqual(50_000);
});

test('a body without a content length is whole all the same', async () => {
	const response = await fetch(await linkWith({ contentLength: false }));
	expect(response.headers.get('content-length')).toBeNull();
	expect((await bytesOf(response)).toString('latin1', 4, 8)).toBe('ftyp');
});
