import { request } from 'node:http';
import { startStandIn, type TaskScript } from '../../stand-in';
import { client, evolink, misfit, standInForEachTest } from './stand-in-client';

const CREATE = '/v1/videos/generations';
const STREAM = '/api/v1/files/upload/stream';
const BASE64 = '/api/v1/files/upload/base64';
const CAT = JSON.stringify({ model: 'sora-2-preview', prompt: 'a cat' });
const FORM = 'multipart/form-data; boundary=b';
const JSON_TYPE = 'application/json';

const part = (name: string, text: string, file = '') =>
	`--b\r\nContent-Disposition: form-data; name="${name}"${file && `; filename="${file}"`}\r\n\r\n${text}`;

standInForEachTest();

/** As it is written: fetch would tidy up paths and headers. */
function ask(method: string, path: string, type?: string, body = ''): Promise<number | undefined> {
	const headers = {
		authorization: `Bearer ${evolink.apiKey}`,
		'content-length': Buffer.byteLength(body),
		...(type === undefined ? {} : { 'content-type': type }),
	};
	const { port } = new URL(evolink.url);
	return new Promise((resolve, reject) => {
		request({ port, method, path, headers, agent: false }, (response) => {
			response.resume().on('end', () => resolve(response.statusCode));
		})
			.on('error', reject)
			.end(body);
	});
}

describe('whatever is sent, the answer is a refusal, nothing is charged and nothing breaks', () => {
	test.each<[string, number, [method: string, path: string, type?: string, body?: string]]>([
		['a path of two slashes', 404, ['GET', '//']],
		['a task id that is not well-formed', 400, ['GET', '/v1/tasks/%zz']],
		['a media link that is not well-formed', 403, ['GET', '/media/stand-in/%zz']],
		['a prompt that is an object', 400, ['POST', CREATE, JSON_TYPE, '{"prompt":{"toString":1}}']],
		['null', 400, ['POST', CREATE, JSON_TYPE, 'null']],
		['JSON that never ends nesting', 400, ['POST', CREATE, JSON_TYPE, nested(100_000)]],
		['no content type', 400, ['POST', CREATE, undefined, CAT]],
		['an order as form data', 400, ['POST', CREATE, FORM, `${part('model', 'sora-2-preview')}\r\n--b--\r\n`]],
		['an upload as JSON', 400, ['POST', STREAM, JSON_TYPE, CAT]],
		['an upload that ends inside the file', 400, ['POST', STREAM, FORM, part('file', 'half', 'a.png')]],
		[
			'two files in one upload',
			400,
			['POST', STREAM, FORM, `${part('file', 'x', 'a.png')}\r\n${part('file', 'y', 'b.png')}\r\n--b--\r\n`],
		],
		['base64 that is none', 400, ['POST', BASE64, JSON_TYPE, '{"base64_data":"*** not base64 ***"}']],
	])('%s', async (_name, status, [method, path, type, body]) => {
		expect(await ask(method, path, type, body)).toBe(status);
		expect(evolink.charges).toEqual([]);
		expect(evolink.files.size).toBe(0);
		expect((await client.call('GET', '/v1/credits')).status).toBe(200);
	});
});

describe('orders in the prompt that make no sense are free text', () => {
	test.each(['refuse 1000', 'refuse 499.5', 'seconds 1e308', 'seconds -1', 'media megabytes x'])(
		'%s',
		async (order) => {
			const created = await client.create({ model: 'sora-2-preview', prompt: `[stand-in: ${order}]` });
			expect(misfit('createVideoTask', created)).toBeUndefined();
			expect(created.json?.task_info).toMatchObject({ estimated_time: 20 });
			const id = String(created.json?.id);
			evolink.finish(id);
			const read = await client.read(id);
			expect(misfit('getTask', read)).toBeUndefined();
			expect((await fetch((read.json?.results as string[])[0])).headers.get('content-type')).toBe(
				'video/mp4',
			);
		},
	);
});

describe('a script that would break an answer is refused when it is given, by name', () => {
	test.each<TaskScript>([{ estimatedTime: 1.5 }, { seconds: NaN }, { media: { sizeBytes: 0.5 } }])(
		'%p',
		async (script) => {
			const name = new RegExp(script.media ? 'sizeBytes' : Object.keys(script)[0]);
			expect(() => evolink.script('', script)).toThrow(name);
			await expect(startStandIn({ defaults: script })).rejects.toThrow(name);
			const id = await client.start('a cat');
			expect(() => evolink.finish(id, script)).toThrow(name);
			expect(evolink.tasks.get(id)?.terminal).toBe(false);
		},
	);
});

test.each([1000, 100, 499.5, NaN])('a fault with the status %d is refused when it is set', (status) => {
	expect(() => evolink.fault('create', { kind: 'http', status })).toThrow(/status/);
});

function nested(depth: number): string {
	return `{"prompt":${'['.repeat(depth)}${']'.repeat(depth)}}`;
}
