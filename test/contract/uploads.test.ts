import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { IExecuteFunctions, IHttpRequestOptions } from 'n8n-workflow';
import { failureSentence } from '../../nodes/host/advice';
import { deleteUpload, uploadFile } from '../../nodes/evolink/media/upload';
import type { ApiFault } from '../../stand-in';
import { evolink, standInForEachTest } from './stand-in-client';

standInForEachTest();

/** n8n as far as uploads need it, before the stand-in. */
function host(credential: () => unknown = () => evolink.credential): {
	ctx: IExecuteFunctions;
	sent: IHttpRequestOptions[];
} {
	const sent: IHttpRequestOptions[] = [];
	const ctx = {
		getNode: () => ({ name: 'Sora Video' }),
		getExecutionCancelSignal: () => undefined,
		getCredentials: async () => credential(),
		helpers: {
			getBinaryDataBuffer: async () => Buffer.alloc(100),
			httpRequestWithAuthentication: async (_: string, options: IHttpRequestOptions) => {
				sent.push(options);
				const { method, url, headers, body } = options;
				const authorized = { ...(headers as object), authorization: `Bearer ${evolink.apiKey}` };
				const response = await fetch(url, { method, headers: authorized, body: body as never });
				return {
					statusCode: response.status,
					headers: Object.fromEntries(response.headers),
					body: Readable.fromWeb(response.body as ReadableStream),
				};
			},
		},
	};
	return { ctx: ctx as unknown as IExecuteFunctions, sent };
}

async function upload(item = 0) {
	const content = { item: 0, field: 'data' };
	const file = { extension: '.png', mimeType: 'image/png', size: 100, content };
	const result = await uploadFile(host().ctx, file, `n8n-${String(item).padStart(32, '0')}.png`);
	if ('failure' in result) throw new Error(failureSentence(result.failure));
	return result;
}

test('what was uploaded is deleted by the id of its answer, and nothing else', async () => {
	const [first, second] = [await upload(1), await upload(2)];
	expect(evolink.files.size).toBe(2);
	const { ctx, sent } = host();
	await deleteUpload(ctx, String(first.fileId));
	expect([...evolink.files.values()].map(({ url }) => url)).toEqual([second.url]);
	expect(sent).toMatchObject([{ method: 'DELETE', url: expect.stringContaining(first.fileId!) }]);
	expect(sent[0].timeout).toBeLessThanOrEqual(10_000);
});

test.each<[string, ApiFault]>([
	['503', { kind: 'http', status: 503, retryAfter: 1 }],
	['429', { kind: 'http', status: 429 }],
	['a refusal inside a 200', { kind: 'refused', code: 500 }],
	['a page', { kind: 'html' }],
	['no answer', { kind: 'drop-before' }],
])('a deletion that fails (%s) is tried once and is no error', async (_, fault) => {
	const file = await upload();
	const handle = evolink.fault('files', fault);
	await expect(deleteUpload(host().ctx, String(file.fileId))).resolves.toBeUndefined();
	expect(handle.hits).toBe(1);
});

test('a file that is gone, a host that is offline and a credential that is missing are no errors either', async () => {
	const file = await upload();
	await deleteUpload(host().ctx, String(file.fileId));
	await expect(deleteUpload(host().ctx, String(file.fileId))).resolves.toBeUndefined();
	await evolink.offline();
	await expect(deleteUpload(host().ctx, String(file.fileId))).resolves.toBeUndefined();
	await evolink.online();
	const missing = host(() => {
		throw new Error('no such credential');
	});
	await expect(deleteUpload(missing.ctx, String(file.fileId))).resolves.toBeUndefined();
	expect(missing.sent).toEqual([]);
});

test.each<[unknown, string | undefined]>([
	['file_abc-1.2', 'file_abc-1.2'],
	[17, '17'],
	...['', '..', '.', '../credits', 'a/b', 'a b', 'a\ud800', 'x'.repeat(257), null, {}, ['a'], undefined].map(
		(id) => [id, undefined] as [unknown, undefined],
	),
])('an id %j of an upload is kept as %j, and asks for no other path', async (id, fileId) => {
	const data = { file_url: 'https://files.evolink.ai/a.png', ...(id !== undefined && { file_id: id }) };
	evolink.fault('upload', { kind: 'body', body: { success: true, data } }, { times: 1 });
	const file = await upload();
	expect(file).toEqual({ url: data.file_url, ...(fileId !== undefined && { fileId }) });
	if (file.fileId !== undefined) await deleteUpload(host().ctx, file.fileId);
	const deletions = evolink.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
	expect(deletions).toEqual(fileId === undefined ? [] : [`/api/v1/files/${fileId}`]);
});
