import { basename } from 'node:path';
import type { Handler } from './handler';
import { isPrivate } from './callbacks';
import type { Answer } from './answer';
import { FileRefusal, type FileStore } from './file-store';
import type { Spec } from './spec';
import { decoded } from './text';
import type { Json } from './types';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The operations of the files host, by their ids. */
export function fileOperations(files: FileStore, { facts, defaults }: Spec): Record<string, Handler> {
	return {
		uploadFileStream: (_context, { upload }) => {
			if (!upload) throw new FileRefusal(400, 'file is required', 400);
			return answer(files.store(upload));
		},

		uploadFileBase64: ({ request }) => {
			const body = request.requestBody as { base64_data: string; file_name?: string; upload_path?: string };
			const [, mimeType, text = ''] = /^(?:data:([^;,]+);base64,)?(.*)$/s.exec(body.base64_data) ?? [];
			return answer(
				files.store({
					originalName: body.file_name ?? `upload.${mimeType?.split('/')[1] ?? 'png'}`,
					fileName: body.file_name,
					uploadPath: body.upload_path,
					mimeType,
					...sized(bytesOf(text)),
				}),
			);
		},

		/** Fetches nothing: a public URL counts as a small file of the type its name says, a private one as unreachable. */
		uploadFileFromUrl: ({ request }) => {
			const body = request.requestBody as { file_url: string; file_name?: string; upload_path?: string };
			const url = URL.canParse(body.file_url) ? new URL(body.file_url) : undefined;
			if (!url || isPrivate(url, facts.callback)) throw files.refusal(40004);
			return answer(
				files.store({
					originalName: basename(decoded(url.pathname)) || 'file',
					fileName: body.file_name,
					uploadPath: body.upload_path,
					mimeType: undefined,
					...sized(Buffer.from('fetched by the stand-in')),
				}),
			);
		},

		listFiles: ({ request }) => {
			const { page, pageSize } = request.query as Record<string, string | undefined>;
			return answer(files.list(Number(page ?? defaults.page), Number(pageSize ?? defaults.pageSize)));
		},

		getFileQuota: () => answer(files.quota()),

		deleteFile: ({ request }) => {
			files.delete(String(request.params.file_id));
			return { status: 200, headers: {}, json: { success: true, code: 200, msg: 'File deleted' } };
		},
	};
}

/** Node decodes any text as base64 and skips what is not. */
function bytesOf(text: string): Buffer {
	const base64 = text.replace(/\s/g, '');
	const whole = base64.endsWith('=') ? base64.length % 4 === 0 : base64.length % 4 !== 1;
	if (!whole || !BASE64.test(base64)) throw new FileRefusal(400, 'base64_data is not base64', 400);
	return Buffer.from(base64, 'base64');
}

function sized(content: Buffer): { size: number; content: Buffer } {
	return { size: content.length, content };
}

function answer(data: Json): Answer {
	return { status: 200, headers: {}, json: { success: true, code: 200, msg: 'ok', data } };
}
