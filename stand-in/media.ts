import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Clock } from './clock';
import { retryAfter } from './answer';
import type { FaultList } from './faults';
import type { Task } from './task';
import { decoded } from './text';
import type { MediaFault, MediaScript, MediaStats, TaskFaultContext } from './types';

export const MEDIA_PATH = '/media/stand-in';

const CHUNK = 65_536;
const asset = (name: string) => readFileSync(join(__dirname, 'assets', name));

/**
 * User-Agents that the media host refuses, besides a missing one. Python's is the observed one; n8n's and axios' stand for
 * other defaults, so that a download that uses one of them fails a test.
 */
const REFUSED_AGENTS = /^(n8n$|axios\/|Python-urllib\/)/i;

const FTYP = Buffer.from('\0\0\0\x18ftypisom\0\0\x02\0isommp41', 'latin1');

/** `ftyp`, an empty `moov` and the start of an `mdat` that fills `length` bytes; 0 = to the end of the file. */
function bigHead(length: number): Buffer {
	const rest = Buffer.from('\0\0\0\x08moov\0\0\0\0mdat', 'latin1');
	const size = length - FTYP.length - 8;
	if (size >= 8 && size < 2 ** 32) rest.writeUInt32BE(size, 8);
	return Buffer.concat([FTYP, rest]);
}

/** What one request is answered with. `length` Infinity: endless. */
interface Body {
	length: number;
	/** Bytes from `offset`, at most `size`. */
	at(offset: number, size: number): Buffer;
	contentType: string;
}

export interface MediaDone {
	taskId: string | undefined;
	status: number;
	bytes: number;
}

/** Links of completed tasks: 24 h of API time, no login, a User-Agent of one's own required. */
export class MediaHost {
	readonly stats: MediaStats = {
		requests: 0,
		bytesSent: 0,
		openConnections: 0,
		maxBytesInFlight: 0,
		authorizations: [],
	};
	private readonly clip = asset('clip.mp4');
	private readonly picture = asset('profile.jpg');
	private readonly filler = Buffer.alloc(CHUNK, 0x5a);

	constructor(
		private readonly clock: Clock,
		private readonly tasks: ReadonlyMap<string, Task>,
		private readonly faults: FaultList<MediaFault, TaskFaultContext>,
		private readonly lifetimeHours: number,
	) {}

	/** Settles when the answer has ended, in whatever way. */
	async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<MediaDone> {
		const { stats } = this;
		stats.requests++;
		stats.openConnections++;
		response.once('close', () => stats.openConnections--);
		const { authorization } = request.headers;
		if (authorization !== undefined) stats.authorizations.push(authorization.split(' ')[0]);
		const { task, result } = this.resultOf(url);
		const bytes = await this.answer(request, response, url, task, result);
		return { taskId: task?.id, status: response.statusCode, bytes };
	}

	private async answer(
		request: IncomingMessage,
		response: ServerResponse,
		url: URL,
		task: Task | undefined,
		result: number,
	): Promise<number> {
		const agent = request.headers['user-agent'];
		if (!agent || REFUSED_AGENTS.test(agent)) return refuse(response, 403);
		if (task?.endedApiMs === undefined) return refuse(response, 404);
		if (this.clock.now() - task.endedApiMs > this.lifetimeHours * 3_600_000) return refuse(response, 410);

		const fault = this.faults.take({ task, result });
		if (fault?.kind === 'drop-before') {
			response.destroy();
			return 0;
		}
		if (fault?.kind === 'http') return refuse(response, fault.status, retryAfter(fault.retryAfter));
		const script: MediaScript = { ...task.script.media, ...fault?.media };
		if (script.delaySeconds) await this.clock.sleep(script.delaySeconds);
		if (script.status) return refuse(response, script.status);
		const target = redirectTarget(script, url);
		if (target !== undefined) return refuse(response, 302, { location: target });
		return this.stream(request, response, this.bodyOf(task, script), script);
	}

	private bodyOf(task: Task, script: MediaScript): Body {
		if (script.body) {
			const html = script.body === 'html';
			const text = html ? '<!doctype html><title>Expired</title>' : '{"error":{"code":"file_not_found"}}';
			return fixed(Buffer.from(text), html ? 'text/html' : 'application/json');
		}
		const contentType = script.contentType ?? (task.isCharacter ? 'image/jpeg' : 'video/mp4');
		if (script.endless || script.sizeBytes !== undefined) {
			const length = script.endless ? Infinity : (script.sizeBytes ?? 0);
			const head = bigHead(length);
			return {
				length,
				at: (offset, size) =>
					offset < head.length
						? head.subarray(offset, offset + size)
						: this.filler.subarray(0, Math.min(size, CHUNK)),
				contentType,
			};
		}
		const bytes = script.bytes ?? (task.isCharacter ? this.picture : this.clip);
		// the transfer is sound, but the file lacks its end
		return fixed(script.truncated === 'gzip' ? gzipSync(bytes).subarray(0, -20) : bytes, contentType);
	}

	/** Writes as fast as the reader takes it, never more than one chunk beyond what the socket accepts. */
	private async stream(
		request: IncomingMessage,
		response: ServerResponse,
		body: Body,
		script: MediaScript,
	): Promise<number> {
		const { truncated } = script;
		const byClosing = truncated === 'fin' || truncated === 'rst';
		const announced = script.contentLength !== false && !byClosing && Number.isFinite(body.length);
		const end = truncated && truncated !== 'gzip' ? Math.floor(body.length / 2) : body.length;
		if (byClosing) response.shouldKeepAlive = response.useChunkedEncodingByDefault = false;
		response.writeHead(200, {
			'content-type': body.contentType,
			...(truncated === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
			...(announced ? { 'content-length': truncated === 'shorter' ? end : body.length } : {}),
		});
		const pace = script.bytesPerSecond;
		const size = pace ? Math.max(1, Math.min(CHUNK, Math.ceil(pace / 10))) : CHUNK;
		let sent = 0;
		if (request.method !== 'HEAD') {
			while (sent < end && !response.destroyed) {
				const chunk = body.at(sent, Math.min(size, end - sent));
				if (pace) await this.clock.sleep(chunk.length / pace);
				const taken = response.write(chunk);
				sent += chunk.length;
				this.stats.bytesSent += chunk.length;
				this.stats.maxBytesInFlight = Math.max(this.stats.maxBytesInFlight, response.writableLength);
				if (!taken) await drained(response);
			}
		}
		if (truncated === true || truncated === 'rst') await flushedThenDestroyed(response, truncated === 'rst');
		else response.end();
		return sent;
	}

	private resultOf(url: URL): { task: Task | undefined; result: number } {
		const name = decoded(url.pathname.slice(MEDIA_PATH.length + 1)).replace(/\.(mp4|jpg)$/, '');
		const [, id = name, number = '1'] = this.tasks.has(name) ? [] : (/^(.+)_(\d+)$/.exec(name) ?? []);
		return { task: this.tasks.get(id), result: Number(number) };
	}
}

function fixed(bytes: Buffer, contentType: string): Body {
	return { length: bytes.length, at: (offset, size) => bytes.subarray(offset, offset + size), contentType };
}

function redirectTarget(script: MediaScript, url: URL): string | undefined {
	const hop = Number(url.searchParams.get('hop') ?? 0);
	if (hop < (script.redirects ?? 0)) return `${url.pathname}?hop=${hop + 1}`;
	return script.redirectTo;
}

function refuse(response: ServerResponse, status: number, headers: Record<string, string> = {}): number {
	response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(`${status}\n`);
	return 0;
}

function drained(response: ServerResponse): Promise<void> {
	return new Promise((resolve) => {
		const done = () => {
			response.off('drain', done).off('close', done);
			resolve();
		};
		response.on('drain', done).on('close', done);
	});
}

/** Destroying at once would discard what was written; the reader must get half of the file. */
function flushedThenDestroyed(response: ServerResponse, reset: boolean): Promise<void> {
	return new Promise((resolve) => {
		response.write('', () => {
			if (reset) response.socket?.resetAndDestroy();
			else response.destroy();
			resolve();
		});
		response.once('close', () => resolve());
	});
}
