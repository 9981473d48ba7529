import { client, evolink, misfit, standInForEachTest, type Json, type Reply } from './stand-in-client';

const STREAM = '/api/v1/files/upload/stream';
const BASE64 = '/api/v1/files/upload/base64';
const FROM_URL = '/api/v1/files/upload/url';

standInForEachTest();

const dataOf = (reply: Reply) => reply.json?.data as Json;

test('three ways in; all answers fit the OpenAPI file', async () => {
	const stream = await client.upload(STREAM, {
		name: 'bär.png',
		fields: { fileName: 'a-1.png', uploadPath: 'n8n' },
	});
	const base64 = await client.call('POST', BASE64, {
		base64_data: 'data:image/gif;base64,R0lGODlh',
		file_name: 'b.gif',
	});
	const url = await client.call('POST', FROM_URL, { file_url: 'https://a.example/c.webp' });
	const list = await client.call('GET', '/api/v1/files/list?page=1&pageSize=2');
	const quota = await client.call('GET', '/api/v1/files/quota');
	const gone = await client.call('DELETE', `/api/v1/files/${String(dataOf(url).file_id)}`);
	const operations = [
		'uploadFileStream',
		'uploadFileBase64',
		'uploadFileFromUrl',
		'listFiles',
		'getFileQuota',
		'deleteFile',
	];
	for (const [index, reply] of [stream, base64, url, list, quota, gone].entries()) {
		expect(misfit(operations[index], reply)).toBeUndefined();
		expect(reply.json?.success).toBe(true);
	}
	expect(dataOf(stream)).toMatchObject({
		original_name: 'bär.png',
		file_name: 'a-1.png',
		upload_path: 'n8n',
		file_size: 100,
		mime_type: 'image/png',
		file_url: `${evolink.url}/files/stand-in/n8n/a-1.png`,
	});
	expect(dataOf(list)).toMatchObject({ total: 3, files: [{ file_name: 'c.webp' }, { file_name: 'b.gif' }] });
	expect(dataOf(quota)).toMatchObject({ used_files: 3, max_files: 100, remain_files: 97 });
	expect(evolink.files.size).toBe(2);
});

test('what was uploaded can be fetched for 72 hours', async () => {
	const reply = await client.call('POST', BASE64, {
		base64_data: Buffer.from('bytes').toString('base64'),
		file_name: 'x.png',
	});
	const link = String(dataOf(reply).file_url);
	expect(await (await fetch(link)).text()).toBe('bytes');
	evolink.advance(72 * 3600);
	expect((await fetch(link)).status).toBe(404);
});

test('the same name overwrites the older file', async () => {
	const first = await client.upload(STREAM, { bytes: 10, fields: { file_name: 'same.png' } });
	const second = await client.upload(STREAM, { bytes: 20, fields: { file_name: 'same.png' } });
	expect(dataOf(second).file_url).toBe(dataOf(first).file_url);
	expect((await (await fetch(String(dataOf(first).file_url))).arrayBuffer()).byteLength).toBe(20);
	expect([...evolink.files.values()].map(({ size }) => size)).toEqual([20]);
});

test('refusals come with HTTP 200 and success false', async () => {
	const tooLarge = await client.upload(STREAM, { bytes: 104_857_601 });
	const wrongType = await client.upload(STREAM, { name: 'a.pdf', type: 'application/pdf' });
	const unreachable = await client.call('POST', FROM_URL, { file_url: 'http://192.168.0.1/a.png' });
	for (let i = 0; i < 100; i++)
		await client.call('POST', BASE64, { base64_data: 'AAAA', file_name: `${i}.png` });
	const full = await client.upload(STREAM);
	const replies = [tooLarge, wrongType, unreachable, full];
	expect(replies.map(({ status, json }) => [status, json?.success, json?.code])).toEqual([
		[200, false, 40001],
		[200, false, 40002],
		[200, false, 40004],
		[200, false, 40003],
	]);
	for (const reply of replies) expect(misfit('uploadFileStream', reply)).toBeUndefined();
	expect((await client.upload(STREAM, { fields: { fileName: '7.png' } })).json?.success).toBe(true);
});

test('any refusal can be asked for, with any HTTP status', async () => {
	evolink.fault('upload', { kind: 'refused', code: 50001 }, { times: 1 });
	evolink.fault('upload', { kind: 'refused', code: 40002, status: 400, msg: 'No videos' }, { times: 1 });
	const replies = [await client.upload(STREAM), await client.upload(STREAM)];
	expect(replies.map(({ status, json }) => [status, json])).toEqual([
		[200, { success: false, code: 50001, msg: "EvoLink's storage failed." }],
		[400, { success: false, code: 40002, msg: 'No videos' }],
	]);
	for (const reply of replies) expect(misfit('uploadFileStream', reply)).toBeUndefined();
	expect(evolink.files.size).toBe(0);
});

test('a missing key, a missing file and an unknown file are refused in the form of the files host', async () => {
	const noKey = await client.call('GET', '/api/v1/files/quota', undefined, { authorization: 'Bearer no' });
	const noFile = await client.call('POST', STREAM, new FormData());
	const unknown = await client.call('DELETE', '/api/v1/files/file_none');
	expect([noKey, noFile, unknown].map(({ status, json }) => [status, json?.code])).toEqual([
		[401, 401],
		[400, 400],
		[404, 404],
	]);
	expect(misfit('getFileQuota', noKey)).toBeUndefined();
	expect(misfit('uploadFileStream', noFile)).toBeUndefined();
	expect(misfit('deleteFile', unknown)).toBeUndefined();
});

describe('a task fails for want of an input that EvoLink can use', () => {
	const failure = async (body: Json) => {
		const id = String((await client.create({ prompt: 'a cat', ...body })).json?.id);
		evolink.finish(id);
		const { status, error } = (await client.read(id)).json!;
		return status === 'failed' ? (error as Json).code : status;
	};
	const image = (link: string) => ({ model: 'sora-2-preview', image_urls: [link] });
	const video = (link: string) => ({ model: 'sora-character', prompt: undefined, video_url: link });

	test.each<[Json, string]>([
		[image('http://a.example/CAT.JPEG?size=1.gif'), 'completed'],
		[image('https://a.example/cat'), 'completed'],
		[image('https://a.example/cat.gif'), 'image_processing_error'],
		[image('http://[::ffff:127.0.0.1]/cat.png'), 'image_processing_error'],
		[video('https://a.example/me.MOV'), 'completed'],
		[video('https://a.example/me.avi'), 'invalid_parameters'],
		[video('https://10.0.0.1/me.mp4'), 'invalid_parameters'],
	])('%j: %s', async (body, expected) => {
		expect(await failure(body)).toBe(expected);
	});
});

test('a task whose uploaded image is gone fails for that reason', async () => {
	const link = String(dataOf(await client.upload(STREAM)).file_url);
	const kept = await client.start('a cat', { image_urls: [link] });
	evolink.advance(72 * 3600);
	const lost = await client.start('a cat', { image_urls: [link] });
	evolink.finish(lost);
	await evolink.until(() => evolink.tasks.get(kept)?.terminal);
	expect((await client.read(kept)).json?.status).toBe('completed');
	expect((await client.read(lost)).json?.error).toMatchObject({ code: 'image_processing_error' });
});
