import { Agent, createServer, request, type Server } from 'node:http';
import { listen, shut } from '../../tools/loopback';
import { png } from './media-files';
import { labForEachTest } from './lab';
import { linkTo } from './media-support';
import { SORA } from './support';

/**
 * A forward proxy as companies have them. What is asked for by http it fetches and hands back; a tunnel for https is
 * noted and refused, so nothing leaves the machine.
 */
class Proxy {
	/** Method and path of what was asked for by http. */
	readonly forwarded: string[] = [];
	/** Hosts that https tunnels were wanted to. */
	readonly tunnels: string[] = [];

	url = '';

	private constructor(private readonly server: Server) {}

	static async open(): Promise<Proxy> {
		const server = createServer((incoming, response) => {
			const { method, headers } = incoming;
			const url = new URL(incoming.url!);
			proxy.forwarded.push(`${method} ${url.pathname}`);
			// an agent of its own: n8n's global one would lead back here
			const outgoing = request(url, { method, headers, agent: new Agent() }, (answer) => {
				response.writeHead(answer.statusCode!, answer.headers);
				answer.pipe(response);
			});
			incoming.pipe(outgoing);
		});
		const proxy = new Proxy(server);
		server.on('connect', ({ url }, socket) => {
			proxy.tunnels.push(url!);
			socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
		});
		proxy.url = await listen(server);
		return proxy;
	}

	async close(): Promise<void> {
		await shut(this.server);
	}
}

const lab = labForEachTest({ defaults: { seconds: 0 } });
let proxy: Proxy;
const before = { ...process.env };

beforeEach(async () => {
	proxy = await Proxy.open();
});
afterEach(async () => {
	for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']) {
		if (before[name] === undefined) delete process.env[name];
		else process.env[name] = before[name];
	}
	await proxy.close();
});

const picture = { data: png(1280, 720).toString('base64'), mimeType: 'image/png', fileName: 'a.png' };
const withPicture = { items: [{ json: {}, binary: { data: picture } }] };

describe('where n8n is told of a proxy by HTTP_PROXY or HTTPS_PROXY', () => {
	test('the upload, the order, every status check and the download go through it', async () => {
		process.env.HTTP_PROXY = proxy.url;
		const run = await lab.make({ prompt: 'through a proxy', startImage: 'binary' }, withPicture);
		expect(run.status).toBe('success');
		expect(run.output(SORA)[0]!.binary).toHaveProperty('data');
		const { id } = lab.taskOf('through a proxy');
		expect(proxy.forwarded).toEqual(
			expect.arrayContaining([
				expect.stringMatching(/^POST .*\/upload\/stream$/),
				'POST /v1/videos/generations',
				`GET /v1/tasks/${id}`,
				expect.stringMatching(/^GET .*\.mp4$/),
			]),
		);
		expect(proxy.forwarded).toEqual(lab.evolink.requests.map(({ method, path }) => `${method} ${path}`));
	});

	test("EvoLink's own hosts are asked for by a tunnel, not directly", async () => {
		process.env.HTTPS_PROXY = proxy.url;
		const credential = { baseUrl: 'https://api.evolink.ai', filesUrl: 'https://files-api.evolink.ai' };
		await lab.make({ operation: 'getCredits' }, { credential });
		expect(new Set(proxy.tunnels)).toEqual(new Set(['api.evolink.ai:443']));
		await lab.make({ prompt: 'x', startImage: 'binary' }, { ...withPicture, credential });
		expect(new Set(proxy.tunnels)).toEqual(new Set(['api.evolink.ai:443', 'files-api.evolink.ai:443']));
		expect(lab.evolink.requests).toEqual([]);
	});

	test('so is the host of the video', async () => {
		process.env.HTTPS_PROXY = proxy.url;
		linkTo(lab.evolink, 'https://media.example.test', 'elsewhere');
		const run = await lab.make({ prompt: 'elsewhere' });
		expect(run.status).toBe('error');
		expect(new Set(proxy.tunnels)).toEqual(new Set(['media.example.test:443']));
	});

	test('a host in NO_PROXY is asked directly', async () => {
		Object.assign(process.env, { HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' });
		const run = await lab.make({ prompt: 'direct' });
		expect(run.status).toBe('success');
		expect(proxy.forwarded).toEqual([]);
	});
});
