import { basename, extname } from 'node:path';
import type { Clock } from './clock';
import type { Random } from './random';
import type { Facts } from './spec';
import type { Json, StoredFile } from './types';

export const FILES_PATH = '/files/stand-in';

/** Content up to this size is kept and can be fetched again; of larger files only the size is known. */
export const KEPT_BYTES = 12 * 2 ** 20;

const TYPES: Record<string, string> = {
	'.jpg': 'image/jpeg',
	'.jpeg': 'image/jpeg',
	'.png': 'image/png',
	'.gif': 'image/gif',
	'.webp': 'image/webp',
	'.mp4': 'video/mp4',
	'.mov': 'video/quicktime',
	'.webm': 'video/webm',
	'.pdf': 'application/pdf',
	'.txt': 'text/plain',
};

export interface Upload {
	originalName: string;
	fileName: string | undefined;
	uploadPath: string | undefined;
	mimeType: string | undefined;
	size: number;
	content: Buffer | undefined;
}

interface Held extends StoredFile {
	content: Buffer | undefined;
	fileName: string;
	uploadTime: Date;
	expiresApiMs: number;
}

/** A refusal in the file service's own form, sent with HTTP 200 as EvoLink's clients expect it. */
export class FileRefusal extends Error {
	constructor(
		readonly code: number,
		message: string,
		readonly status = 200,
	) {
		super(message);
	}
}

export class FileStore {
	/** By file id. */
	readonly files = new Map<string, Held>();

	constructor(
		private readonly clock: Clock,
		private readonly random: Random,
		private readonly rules: Facts['upload'] & Pick<Facts, 'httpFailures'>,
		private readonly baseUrl: () => string,
	) {}

	/** Stores, replacing a file of the same path. Answers the `data` of the upload response. */
	store(upload: Upload): Json {
		this.forgetExpired();
		const fileName = basename(upload.fileName ?? upload.originalName) || 'file';
		const folder = (upload.uploadPath ?? '').split('/').filter(Boolean).join('/');
		const path = folder ? `${folder}/${fileName}` : fileName;
		if (!isAddress(path)) throw new FileRefusal(400, 'Invalid file name or path', 400);
		const mimeType = typeOf(upload, fileName);
		if (upload.size > this.rules.maxBytes) throw this.refusal(40001);
		if (!this.rules.documentedMimeTypes.includes(mimeType) && !/^(video|audio)\/[\w.+-]+$/.test(mimeType)) {
			throw this.refusal(40002);
		}
		const older = [...this.files.values()].find((file) => file.path === path);
		if (older) this.files.delete(older.fileId);
		else if (this.files.size >= this.rules.maxFiles.default) throw this.refusal(40003);

		const held: Held = {
			fileId: `file_${this.random.text(12)}`,
			path,
			fileName,
			mimeType,
			size: upload.size,
			content: upload.content,
			url: `${this.baseUrl()}${FILES_PATH}/${path.split('/').map(encodeURIComponent).join('/')}`,
			uploadTime: new Date(),
			expiresApiMs: this.clock.now() + this.rules.lifetimeHours * 3_600_000,
		};
		this.files.set(held.fileId, held);
		return {
			file_id: held.fileId,
			file_name: fileName,
			original_name: upload.originalName,
			file_size: held.size,
			mime_type: mimeType,
			upload_path: folder,
			file_url: held.url,
			download_url: `${held.url}?download=1`,
			upload_time: beijing(held.uploadTime),
			expires_at: beijing(new Date(held.uploadTime.getTime() + this.rules.lifetimeHours * 3_600_000)),
		};
	}

	list(page: number, pageSize: number): Json {
		this.forgetExpired();
		const files = [...this.files.values()].reverse().slice((page - 1) * pageSize, page * pageSize);
		return {
			total: this.files.size,
			files: files.map((file) => ({
				file_id: file.fileId,
				file_name: file.fileName,
				file_size: file.size,
				upload_time: beijing(file.uploadTime),
			})),
		};
	}

	quota(): Json {
		this.forgetExpired();
		const max = this.rules.maxFiles.default;
		const used = this.files.size;
		return { user_group: 'default', used_files: used, max_files: max, remain_files: max - used };
	}

	delete(fileId: string): void {
		this.forgetExpired();
		if (!this.files.delete(fileId)) throw new FileRefusal(404, 'File not found', 404);
	}

	/** The file behind a public link; undefined once it has expired. */
	find(pathname: string): Held | undefined {
		this.forgetExpired();
		return [...this.files.values()].find((file) => new URL(file.url).pathname === pathname);
	}

	/** By one of `x-evolink.httpFailures`. */
	refusal(code: number): FileRefusal {
		return new FileRefusal(code, this.rules.httpFailures[code]?.meaning ?? 'Refused');
	}

	private forgetExpired(): void {
		for (const file of this.files.values()) {
			if (file.expiresApiMs <= this.clock.now()) this.files.delete(file.fileId);
		}
	}
}

function typeOf(upload: Upload, fileName: string): string {
	const declared = upload.mimeType?.split(';')[0].trim().toLowerCase();
	if (declared && declared !== 'application/octet-stream') return declared;
	const extension = extname(fileName) || extname(upload.originalName);
	return TYPES[extension.toLowerCase()] ?? 'application/octet-stream';
}

/** Whether a link can be made of it that leads back to it. */
function isAddress(path: string): boolean {
	const utf8 = Buffer.from(path).toString();
	return utf8 === path && !path.split('/').some((segment) => segment === '.' || segment === '..');
}

/** The manual's example prints times with this offset. */
function beijing(time: Date): string {
	return new Date(time.getTime() + 8 * 3_600_000).toISOString().replace(/\.\d+Z$/, '+08:00');
}
