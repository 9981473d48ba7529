import { createServer, type RequestListener, type Server } from 'node:http';
import type { INodeParameters } from 'n8n-workflow';
import { listen, shut } from '../../tools/loopback';
import { png } from './media-files';
import { labForFile } from './lab';

const lab = labForFile();
const servers: Server[] = [];
/** Whatever reached the host that redirects lead to. */
const elsewhere: string[] = [];

async function open(listener: RequestListener): Promise<string> {
	const server = createServer(listener);
	servers.push(server);
	return await listen(server);
}

afterAll(async () => void (await Promise.all(servers.map(shut))));

/** A host that sends everybody on, and how often it was asked with the key. */
async function redirecting(status: number): Promise<{ url: string; asked: () => number }> {
	const target = await open((request, response) => {
		elsewhere.push(`${request.method} ${request.url} ${request.headers.authorization}`);
		response.end('{}');
	});
	let asked = 0;
	const url = await open((request, response) => {
		if (request.headers.authorization === `Bearer ${lab.evolink.apiKey}`) asked += 1;
		request.resume().on('end', () => response.writeHead(status, { location: `${target}/taken` }).end());
	});
	return { url, asked: () => asked };
}

const picture = { data: png(1280, 720).toString('base64'), mimeType: 'image/png', fileName: 'cat.png' };

describe.each([301, 302, 303, 307, 308])('a host that answers %i', (status) => {
	test.each<[string, 'filesUrl' | 'baseUrl', INodeParameters]>([
		['an upload', 'filesUrl', { prompt: 'a cat', startImage: 'binary', wait: 'none' }],
		['an order', 'baseUrl', { prompt: 'a cat', wait: 'none' }],
		['a read', 'baseUrl', { operation: 'getTask', taskId: 'task-unified-1-abc', wait: 'none' }],
		['the credits', 'baseUrl', { operation: 'getCredits' }],
	])('gets the key of %s, and the one it leads to gets nothing', async (_, field, parameters) => {
		const { url, asked } = await redirecting(status);
		const items = [{ json: {}, binary: { data: picture } }];
		const run = await lab.make(parameters, { items, credential: { [field]: url } });
		expect(run.status).toBe('error');
		expect(run.error?.message).toContain(String(status));
		expect(asked()).toBe(1);
		expect(elsewhere).toEqual([]);
		expect(lab.creates).toEqual([]);
	});
});
