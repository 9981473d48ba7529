import { createServer, type RequestListener, type Server } from 'node:http';

import { openInstallation } from '../lib/installation';
import { listen, shut } from '../../../tools/loopback';
import { HOST } from '../../../tools/n8n-server/paths';

const n8n = openInstallation({ name: 'credential' });
/** What reached the host that redirects lead to, as its Authorization headers. */
const elsewhere: Array<string | undefined> = [];
const servers: Server[] = [];

async function open(listener: RequestListener): Promise<string> {
	const server = createServer(listener);
	servers.push(server);
	return await listen(server);
}

afterAll(async () => await Promise.all(servers.map(shut)));

/** Older n8n has words of its own for every refusal. */
const told = (words: string) => expect.stringContaining(HOST === 'oldest' ? '' : words) as string;

/** The editor's test of a credential that is being edited. */
const test = async (data: object) =>
	await n8n.client.request<{ status: string; message: string }>('POST', '/rest/credentials/test', {
		credentials: { ...n8n.credential, type: 'evoLinkApi', data: { ...n8n.evolink.credential, ...data } },
	});

it.each([
	['ok', 'text/plain'],
	['<html></html>', 'text/html'],
	['{"data":{"token":{}}}', 'application/json'],
	['[{}]', 'application/json'],
])('a server that is not EvoLink and answers %s does not pass', async (body, type) => {
	const baseUrl = await open((_, response) => response.writeHead(200, { 'content-type': type }).end(body));
	expect(await test({ baseUrl })).toEqual({
		status: 'Error',
		message: 'What answers at this Base URL is not EvoLink. Check the address.',
	});
});

it.each([
	['Base URL', 'baseUrl', 'garbage', 'is not a URL'],
	['Base URL', 'baseUrl', '', 'is not a URL'],
	['Files URL', 'filesUrl', 'garbage', 'is not a URL'],
	[
		'Files URL',
		'filesUrl',
		'ftp://files-api.evolink.ai',
		"starts with 'ftp:' where http:// or https:// is needed",
	],
])('%s (%s) %s is told before anything is asked', async (label, field, value, reason) => {
	const asked = n8n.evolink.requests.length;
	expect(await test({ [field]: value })).toEqual({
		status: 'Error',
		message: `The credential cannot be used: its '${label}' ${reason}`,
	});
	expect(n8n.evolink.requests).toHaveLength(asked);
});

it.each([301, 302, 303, 307, 308])(
	'a Base URL that answers %i is refused, and the key is not sent to where it leads',
	async (status) => {
		const target = await open((request, response) => {
			elsewhere.push(request.headers.authorization);
			response.end('{"success":true,"data":{"user":{},"token":{}}}');
		});
		const asked: string[] = [];
		const baseUrl = await open((request, response) => {
			asked.push(String(request.headers.authorization));
			response.writeHead(status, { location: `${target}/v1/credits` }).end();
		});
		const answer = await test({ baseUrl });
		expect(asked).toEqual([`Bearer ${n8n.evolink.apiKey}`]);
		expect(elsewhere).toEqual([]);
		expect(answer).toEqual({ status: 'Error', message: told('leads to another address') });
	},
);
