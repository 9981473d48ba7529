import type { IBinaryData, IExecuteFunctions, IN8nHttpFullResponse, IWebhookFunctions } from 'n8n-workflow';

import { destroyAfter, streamOf, type ByteStream } from '../streams';
import { USER_AGENT } from '../generated/package.gen';
import { evolinkFacts } from '../generated/spec.gen';
import { checkMediaUrl } from '../urls';
import { retry } from '../async';
import { hostClock, type Clock } from '../clock';
import { completenessOf } from './completeness';
import { HEAD_BYTES, detectMedia, type MediaKind, type DetectedMedia } from './mediaType';

export interface DownloadRequest {
	url: string;
	/** Origins that may be private or plain http: those of the credential. */
	trustedHosts: readonly string[];
	maxBytes: number;
	expect: MediaKind;
	/** Without extension; unsafe characters are replaced. */
	fileName: string;
	signal?: AbortSignal;
}

/** Why a file could not be had, and whether another attempt makes sense. The one rule for that. */
const FAULTS = {
	/** 403, 404, 410: the link is dead. */
	expired: { retried: false },
	/** Any other status below 500 that is no file. */
	hostRefused: { retried: false },
	/** 429, 500 and above. */
	hostBusy: { retried: true },
	/** The link, or a redirect of it, leads where it may not be opened. */
	notPublic: { retried: false },
	tooLarge: { retried: false },
	unexpectedType: { retried: false },
	/** The transfer ended, the file had not. */
	incomplete: { retried: true },
	/** No connection, or it broke off. */
	network: { retried: true },
} as const;

export interface DownloadFailure {
	ok: false;
	why: keyof typeof FAULTS;
	/** Half a sentence: what was found. */
	reason: string;
}

/** `warning`: a sentence, where the file may lack something and nothing tells. */
export type DownloadResult = { ok: true; binary: IBinaryData; warning?: string } | DownloadFailure;

const failed = (why: DownloadFailure['why'], reason: string): DownloadFailure => ({ ok: false, why, reason });

const MAX_REDIRECTS = 3;
const HEADERS_TIMEOUT_MS = 60_000;

/** EvoLink's own client gives a download this long; here all attempts share it. */
const TOTAL_TIMEOUT_MS = 600_000;

const RETRY_PAUSES_MS = [1000, 3000];
const LONGEST_RETRY_PAUSE_MS = Math.max(...RETRY_PAUSES_MS);

export type DownloadContext = IExecuteFunctions | IWebhookFunctions;

/** Named here, because the types of the oldest n8n that is supported do not know it. */
type EgressFilter = (policy: 'enforced') => { validateUrl(url: URL): Promise<{ ok: boolean }> };

/** Why our own hand ended a transfer. Kept beside the stream: what the store rejects with may be wrapped. */
interface Cut {
	result?: DownloadResult;
}

function refusal(status: number): DownloadFailure {
	if ([403, 404, 410].includes(status)) {
		const hours = evolinkFacts.results.linkLifetimeHours;
		return failed('expired', `the link answered ${status}: result links expire after ${hours} hours`);
	}
	const isBusy = status === 429 || status >= 500;
	return failed(isBusy ? 'hostBusy' : 'hostRefused', `the media host answered ${status}`);
}

/**
 * Whether a host name leads to a private address, by n8n's own check (n8n-workflow ≥ 2.28). It is asked even where n8n's
 * protection against such requests is switched off. A name that cannot be looked up is left to the request itself, which may
 * go through a proxy.
 */
async function leadsInside(ctx: DownloadContext, url: URL): Promise<boolean> {
	const { getSecureEgressFilter } = ctx.helpers as { getSecureEgressFilter?: EgressFilter };
	if (getSecureEgressFilter === undefined) return false;
	try {
		return !(await getSecureEgressFilter('enforced').validateUrl(url)).ok;
	} catch {
		return false;
	}
}

/** Opens the link without the key. Redirects are followed here, not by n8n, so that each hop is checked and carries no credentials. */
async function open(
	ctx: DownloadContext,
	request: DownloadRequest,
): Promise<IN8nHttpFullResponse | DownloadResult> {
	let url = request.url;
	for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
		const checked = checkMediaUrl(url, request.trustedHosts, hop);
		if (!checked.ok) {
			const what = hop > 0 ? 'the link was redirected to a URL that' : 'the link';
			return failed('notPublic', `${what} ${checked.reason}`);
		}
		const isTrusted = hop === 0 && request.trustedHosts.includes(checked.url.origin);
		if (!isTrusted && (await leadsInside(ctx, checked.url))) {
			return failed('notPublic', `the host ${checked.url.hostname} leads to a private address`);
		}
		const response = (await ctx.helpers.httpRequest({
			method: 'GET',
			url: checked.url.href,
			headers: { 'User-Agent': USER_AGENT, Accept: `${request.expect}/*, */*;q=0.1` },
			encoding: 'stream',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
			timeout: HEADERS_TIMEOUT_MS,
			...(request.signal && { abortSignal: request.signal }),
		})) as IN8nHttpFullResponse;
		const { location } = response.headers;
		if (response.statusCode < 300 || response.statusCode > 399 || typeof location !== 'string')
			return response;
		discard(response);
		url = resolve(location, checked.url);
	}
	return failed('hostRefused', `the link was redirected more than ${MAX_REDIRECTS} times`);
}

function resolve(location: string, base: URL): string {
	try {
		return new URL(location, base).href;
	} catch {
		return location;
	}
}

function discard(response: IN8nHttpFullResponse): void {
	(response.body as unknown as ByteStream).destroy();
}

/** The first bytes of a stream and all of it, in order, cut off where it grows past the cap or ends too early. */
async function inspect(
	body: ByteStream,
	maxBytes: number,
	cut: Cut,
): Promise<{ head: Buffer; chunks: (mimeType: string) => AsyncGenerator<Buffer> }> {
	const iterator = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
	const first: Buffer[] = [];
	let size = 0;
	while (size < HEAD_BYTES) {
		const next = await iterator.next();
		if (next.done) break;
		first.push(next.value);
		size += next.value.length;
	}
	async function* chunks(mimeType: string): AsyncGenerator<Buffer> {
		let passed = 0;
		const completeness = completenessOf(mimeType);
		/** Thrown inside the stream, so that the store drops what it has written. */
		const end = (failure: DownloadFailure) => {
			cut.result = failure;
			return new Error(failure.reason);
		};
		const pass = (chunk: Buffer) => {
			passed += chunk.length;
			if (passed > maxBytes) throw end(tooLarge(maxBytes));
			completeness.take(chunk);
			return chunk;
		};
		try {
			for (const chunk of first) yield pass(chunk);
			for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield pass(next.value);
			if (!completeness.isWhole()) throw end(brokeOff('incomplete', 'the file is incomplete'));
		} finally {
			body.destroy();
		}
	}
	return { head: Buffer.concat(first), chunks };
}

function tooLarge(maxBytes: number): DownloadFailure {
	const limit = `${maxBytes / 1_000_000} MB ('Max Download MB' in the options)`;
	return failed('tooLarge', `the file is larger than ${limit}`);
}

function brokeOff(why: 'incomplete' | 'network', how: string): DownloadFailure {
	return failed(why, `the transfer broke off (${how})`);
}

function contentLength(response: IN8nHttpFullResponse): number | undefined {
	const length = Number(response.headers['content-length']);
	return response.headers['content-encoding'] === undefined && Number.isFinite(length) ? length : undefined;
}

async function downloadOnce(
	ctx: DownloadContext,
	request: DownloadRequest,
	cut: Cut,
	leftMs: () => number,
): Promise<DownloadResult> {
	const response = await open(ctx, request);
	if ('ok' in response) return response;
	if (response.statusCode !== 200) {
		discard(response);
		return refusal(response.statusCode);
	}
	const announced = contentLength(response);
	if (announced !== undefined && announced > request.maxBytes) {
		discard(response);
		return tooLarge(request.maxBytes);
	}
	const body = response.body as unknown as ByteStream;
	const release = destroyAfter(body, leftMs(), request.signal);
	try {
		const { head, chunks } = await inspect(body, request.maxBytes, cut);
		const media = detectMedia(head);
		if (media === undefined || media.kind !== request.expect) {
			body.destroy();
			return failed('unexpectedType', unexpected(response, media, request.expect));
		}
		const name = `${request.fileName.replace(/[^\w.-]+/g, '_')}.${media.extension}`;
		return {
			ok: true,
			binary: await ctx.helpers.prepareBinaryData(
				streamOf(body, chunks(media.mimeType)),
				name,
				media.mimeType,
			),
		};
	} finally {
		release();
	}
}

function unexpected(
	response: IN8nHttpFullResponse,
	media: DetectedMedia | undefined,
	expected: MediaKind,
): string {
	const type = String(response.headers['content-type'] ?? 'no content type').slice(0, 60);
	return `the link answered with ${media ? media.mimeType : type} where a ${expected} was expected`;
}

/**
 * Streams a result into n8n's binary store: bytes never pile up here, the key is never sent, nothing but a video (or
 * image) that is whole and of at most the allowed size is kept. Faults of the moment are tried again, for ten minutes at most.
 */
export async function downloadMedia(
	ctx: DownloadContext,
	request: DownloadRequest,
	clock: Clock = hostClock,
): Promise<DownloadResult> {
	const until = clock.now() + TOTAL_TIMEOUT_MS;
	const leftMs = () => Math.max(until - clock.now(), 0);
	const attempt = async () => {
		const result = await attemptDownload(ctx, request, leftMs);
		const isWorthAnother = !result.ok && FAULTS[result.why].retried && leftMs() > LONGEST_RETRY_PAUSE_MS;
		return { result, ...(isWorthAnother && { againInMs: 0 }) };
	};
	return await retry(RETRY_PAUSES_MS, attempt, request.signal, clock);
}

async function attemptDownload(
	ctx: DownloadContext,
	request: DownloadRequest,
	leftMs: () => number,
): Promise<DownloadResult> {
	const cut: Cut = {};
	try {
		return await downloadOnce(ctx, request, cut, leftMs);
	} catch (error) {
		if (cut.result) return cut.result;
		const text = error instanceof Error ? error.message : String(error);
		return brokeOff('network', text.slice(0, 200));
	}
}
