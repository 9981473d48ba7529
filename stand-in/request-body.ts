import busboy from 'busboy';
import type { IncomingMessage } from 'node:http';
import { KEPT_BYTES, type Upload } from './file-store';
import { mediaType } from './text';

/** JSON bodies above this are refused with 413; an upload of 100 MB as base64 fits. */
const JSON_LIMIT = 150 * 2 ** 20;
/** Longer strings are cut in `requests`; a prompt never is. */
const KEPT_TEXT = 10_000;

export interface Received {
	body: unknown;
	/** What `requests` shows. */
	shown: unknown;
	upload?: Upload;
	tooLarge?: boolean;
	/** Why the body is unusable for any operation. */
	unreadable?: string;
}

/** Reads the whole body; file content beyond the limit is only counted. Rejects only if the client disconnects. */
export async function receive(request: IncomingMessage, filesPerRequest: number): Promise<Received> {
	if (mediaType(request.headers['content-type']) === 'multipart/form-data') {
		return receiveMultipart(request, filesPerRequest);
	}
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		size += chunk.length;
		if (size <= JSON_LIMIT) chunks.push(chunk);
	}
	if (size > JSON_LIMIT) return { body: undefined, shown: undefined, tooLarge: true };
	if (size === 0) return { body: undefined, shown: undefined };
	const text = Buffer.concat(chunks).toString('utf8');
	try {
		const body: unknown = JSON.parse(text);
		const shown = shorten(body);
		// a JSON text inside a JSON string would be parsed once more further on
		if (body === null || typeof body !== 'object') return unreadable('the body must be a JSON object', shown);
		return { body, shown };
	} catch {
		return unreadable('the body is not valid JSON', shorten(text));
	}
}

function unreadable(why: string, shown?: unknown): Received {
	return { body: undefined, shown, unreadable: why };
}

function receiveMultipart(request: IncomingMessage, filesPerRequest: number): Promise<Received> {
	return new Promise((resolve, reject) => {
		const broken = (error: unknown) => {
			request.unpipe();
			// the client listens only once it has sent everything
			request.resume();
			resolve(
				unreadable(`the form cannot be read: ${error instanceof Error ? error.message : String(error)}`),
			);
		};
		request.on('error', reject);
		let parser: busboy.Busboy;
		try {
			parser = busboy({ headers: request.headers, defParamCharset: 'utf8' });
		} catch (error) {
			return broken(error);
		}
		const fields: Record<string, string> = {};
		let files = 0;
		let file: { field: string; name: string; type: string; size: number; chunks: Buffer[] } | undefined;
		parser.on('field', (name, value) => (fields[name] = value));
		parser.on('file', (field, stream, { filename, mimeType }) => {
			// the parser reports the same itself, but an unhandled error event would end the process
			stream.on('error', broken);
			files++;
			const current = (file = {
				field,
				name: filename ?? 'file',
				type: mimeType,
				size: 0,
				chunks: [] as Buffer[],
			});
			stream.on('data', (chunk: Buffer) => {
				current.size += chunk.length;
				if (current.size <= KEPT_BYTES) current.chunks.push(chunk);
			});
		});
		parser.on('error', broken);
		parser.on('close', () => {
			if (!file) return resolve({ body: fields, shown: fields });
			if (files > filesPerRequest)
				return resolve(unreadable(`at most ${filesPerRequest} file per request`, fields));
			const { field, name, type, size, chunks } = file;
			const uploaded: Upload = {
				originalName: name,
				fileName: fields.file_name ?? fields.fileName,
				uploadPath: fields.upload_path ?? fields.uploadPath,
				mimeType: type,
				size,
				content: size <= KEPT_BYTES ? Buffer.concat(chunks) : undefined,
			};
			resolve({
				body: { ...fields, [field]: name },
				shown: { ...fields, [field]: { name, type, size } },
				upload: field === 'file' ? uploaded : undefined,
			});
		});
		request.pipe(parser);
	});
}

/** A copy in which no string is longer than the log needs. */
function shorten(value: unknown): unknown {
	if (typeof value === 'string' && value.length > KEPT_TEXT) {
		return `${value.slice(0, 200)}… (${value.length} characters)`;
	}
	if (Array.isArray(value)) return value.map(shorten);
	if (value === null || typeof value !== 'object') return value;
	return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shorten(inner)]));
}
