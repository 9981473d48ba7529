import { createHash } from 'node:crypto';

import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';

import { streamOf, type ByteStream } from '../streams';
import { requestEvoLink, type EvoLinkAnswer, type EvoLinkContext } from '../client';
import { malformedAnswer, type Failure } from '../failure';
import { checkHttpUrl } from '../urls';
import { retry } from '../async';
import { isObject, scalar } from '../json';

export const uploadableFile = z.object({
	/** With its dot. */
	extension: z.string(),
	mimeType: z.string(),
	/** Bytes. */
	size: z.number(),
	/** In n8n's binary store, or in a binary field of an item: the latter is lost when the run is suspended. Fetched in its turn. */
	content: z.union([z.object({ id: z.string() }), z.object({ item: z.number(), field: z.string() })]),
});

export type UploadableFile = z.infer<typeof uploadableFile>;

type FileContent = UploadableFile['content'];

/** As EvoLink's own client. */
const UPLOAD_TIMEOUT_MS = 120_000;
const DELETE_TIMEOUT_MS = 5000;

/** Uploads are free, and one of the same name replaces the other, so they are simply repeated. */
const RETRY_PAUSES_MS = [1000, 3000];
const LONGEST_PAUSE_MS = 30_000;

function multipart(name: string, mimeType: string): { type: string; head: Buffer; tail: Buffer } {
	const boundary = `n8n-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
	const part = (disposition: string, extra = '') =>
		`--${boundary}\r\nContent-Disposition: form-data; ${disposition}${extra}\r\n\r\n`;
	const fileName = `${part('name="file_name"')}${name}\r\n`;
	const file = part(`name="file"; filename="${name}"`, `\r\nContent-Type: ${mimeType}`);
	return {
		type: `multipart/form-data; boundary=${boundary}`,
		head: Buffer.from(fileName + file),
		tail: Buffer.from(`\r\n--${boundary}--\r\n`),
	};
}

async function bodyOf(ctx: IExecuteFunctions, file: UploadableFile, head: Buffer, tail: Buffer) {
	const { content } = file;
	if ('item' in content)
		return Buffer.concat([head, await ctx.helpers.getBinaryDataBuffer(content.item, content.field), tail]);
	const stored = await ctx.helpers.getBinaryStream(content.id);
	async function* parts(source: ByteStream): AsyncGenerator<Buffer> {
		yield head;
		for await (const chunk of source) yield chunk as Buffer;
		yield tail;
	}
	return streamOf(stored, parts(stored));
}

async function uploadOnce(
	ctx: IExecuteFunctions,
	name: string,
	file: UploadableFile,
): Promise<EvoLinkAnswer> {
	const { type, head, tail } = multipart(name, file.mimeType);
	return await requestEvoLink(ctx, {
		operation: 'uploadFileStream',
		body: await bodyOf(ctx, file, head, tail),
		headers: { 'Content-Type': type, 'Content-Length': String(head.length + file.size + tail.length) },
		timeoutMs: UPLOAD_TIMEOUT_MS,
	});
}

export interface Upload {
	url: string;
	/** For `deleteUpload`; missing where EvoLink's answer has none that can be used. */
	fileId?: string;
}

/** An id goes into a path, where dots would lead elsewhere. */
const FILE_ID = /^\w[\w.:-]{0,255}$/;

function uploadOf(answer: EvoLinkAnswer): Upload | { failure: Failure } {
	if (!answer.ok) return answer;
	const { body } = answer;
	const { file_url: url, file_id: id } = isObject(body.data) ? body.data : {};
	const fileId = scalar(id);
	if (typeof url === 'string' && checkHttpUrl(url).ok)
		return { url, ...(fileId !== undefined && FILE_ID.test(fileId) && { fileId }) };
	return { failure: malformedAnswer(answer, 'no file URL in it') };
}

/** Gets the URL under which EvoLink can fetch a file, for 72 h. `name`: with its extension; one of the same name is replaced. */
export async function uploadFile(
	ctx: IExecuteFunctions,
	file: UploadableFile,
	name: string,
	signal?: AbortSignal,
): Promise<Upload | { failure: Failure }> {
	const attempt = async () => {
		const result = uploadOf(await uploadOnce(ctx, name, file));
		if ('url' in result || !result.failure.transient) return { result };
		return { result, againInMs: Math.min(result.failure.retryAfterMs ?? 0, LONGEST_PAUSE_MS) };
	};
	return await retry(RETRY_PAUSES_MS, attempt, signal);
}

/** Best effort: never throws, and is not repeated. */
export async function deleteUpload(ctx: EvoLinkContext, fileId: string): Promise<void> {
	// n8n aborts whatever a stopped execution asks for, and that is when a file is left over
	const unstopped = Object.create(ctx, {
		getExecutionCancelSignal: { value: () => undefined },
	}) as EvoLinkContext;
	await requestEvoLink(unstopped, {
		operation: 'deleteFile',
		pathParameters: { file_id: fileId },
		timeoutMs: DELETE_TIMEOUT_MS,
	});
}

export function contentOf(item: number, { id }: IBinaryData, field: string): FileContent {
	return id === undefined ? { item, field } : { id };
}

export async function* chunksOf(ctx: IExecuteFunctions, content: FileContent): AsyncGenerator<Buffer> {
	if ('item' in content) yield await ctx.helpers.getBinaryDataBuffer(content.item, content.field);
	else for await (const chunk of await ctx.helpers.getBinaryStream(content.id)) yield chunk as Buffer;
}

/** What n8n knows of a binary field's size, in bytes, without reading it into memory. */
export async function binarySize(ctx: IExecuteFunctions, binary: IBinaryData): Promise<number> {
	if (binary.id === undefined) return Buffer.byteLength(binary.data, 'base64');
	return (await ctx.helpers.getBinaryMetadata(binary.id)).fileSize;
}
