import type { IBinaryData, IExecuteFunctions, IN8nHttpFullResponse, IWebhookFunctions } from 'n8n-workflow';

import { destroyAfter, streamOf, type ByteStream } from '../streams';
import { USER_AGENT } from '../generated/package.gen';
import { evolinkFacts } from '../generated/spec.gen';
import { checkMediaUrl } from '../urls';
import { retry } from '../async';
import { hostClock, type Clock } from '../clock';
import { completenessOf, trustIn } from './completeness';
import { EMPTY, HEAD_BYTES, detectMedia, type MediaKind, type DetectedMedia } from './mediaType';

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

/** Why a file could not be had, and whether another attempt makes sense. */
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
	reason: string;
}

/** `isDoubtful`: the file may lack something, and nothing tells. */
export type DownloadResult = { ok: true; binary: IBinaryData; isDoubtful: boolean } | DownloadFailure;

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

interface Transfer {
	leftMs: number;
	isLast: boolean;
	isDoubtful: boolean;
	/** Why our own hand ended it. Kept beside the stream: what the store rejects with may be wrapped. */
	failure?: DownloadFailure;
}

function refusal(status: number): DownloadFailure {
	if ([403, 404, 410].includes(status)) {
		const hours = evolinkFacts.results.linkLifetimeHours;
		return failed('expired', `the link answered ${status}: result links expire after ${hours} hours`);
	}
	const isBusy = status === 429 || status >= 500;
	return failed(isBusy ? 'hostBusy' : 'hostRefused', `the media host answered ${status}`);
}

/** n8n's own check (n8n-workflow ≥ 2.28), asked even where its protection is off. A name that fails may resolve behind a proxy. */
async function leadsInside(ctx: DownloadContext, url: URL): Promise<boolean> {
	const { getSecureEgressFilter } = ctx.helpers as { getSecureEgressFilter?: EgressFilter };
	if (getSecureEgressFilter === undefined) return false;
	try {
		return !(await getSecureEgressFilter('enforced').validateUrl(url)).ok;
	} catch {
		return false;
	}
}

/** Redirects are followed here, not by n8n, so that each hop is checked and carries no credentials. */
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
		const { href } = checked.url;
		url = URL.canParse(location, href) ? new URL(location, href).href : location;
	}
	return failed('hostRefused', `the link was redirected more than ${MAX_REDIRECTS} times`);
}

function discard(response: IN8nHttpFullResponse): void {
	(response.body as unknown as ByteStream).destroy();
}

/** The first bytes of a stream, and all of it, in order. */
async function opened(body: ByteStream): Promise<{ head: Buffer; all: () => AsyncGenerator<Buffer> }> {
	const iterator = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
	const first: Buffer[] = [];
	let size = 0;
	while (size < HEAD_BYTES) {
		const next = await iterator.next();
		if (next.done) break;
		first.push(next.value);
		size += next.value.length;
	}
	async function* all() {
		yield* first;
		for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
	}
	return { head: Buffer.concat(first), all };
}

/** Lets a file pass that is whole and not too large; throws inside the stream otherwise, so that the store drops what it has. */
async function* checked(
	chunks: AsyncIterable<Buffer>,
	{ mimeType }: DetectedMedia,
	{ maxBytes, expect }: DownloadRequest,
	announced: number | undefined,
	transfer: Transfer,
): AsyncGenerator<Buffer> {
	const end = (failure: DownloadFailure) => {
		transfer.failure = failure;
		return new Error(failure.reason);
	};
	const completeness = completenessOf(mimeType);
	let passed = 0;
	for await (const chunk of chunks) {
		passed += chunk.length;
		if (passed > maxBytes) throw end(tooLarge(maxBytes));
		completeness.take(chunk);
		yield chunk;
	}
	const extent = completeness.extent();
	if (extent === 'sound') throw end(unexpected('sound alone', expect));
	const trust = trustIn(extent, passed === announced);
	// another attempt may bring the end
	const mayHaveMore = extent === 'unended' && !transfer.isLast;
	if (trust === 'none' || mayHaveMore) throw end(brokeOff('incomplete', 'the file is incomplete'));
	transfer.isDoubtful = trust === 'some';
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
	transfer: Transfer,
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
	const release = destroyAfter(body, transfer.leftMs, request.signal);
	try {
		const { head, all } = await opened(body);
		const media = detectMedia(head);
		if (media?.kind !== request.expect || media.mimeType === undefined)
			return unexpected(nameOf(media, response), request.expect);
		const name = `${request.fileName.replace(/[^\w.-]+/g, '_')}.${media.extension}`;
		const stream = streamOf(body, checked(all(), media, request, announced, transfer));
		const binary = await ctx.helpers.prepareBinaryData(stream, name, media.mimeType);
		return { ok: true, binary, isDoubtful: transfer.isDoubtful };
	} finally {
		body.destroy();
		release();
	}
}

function nameOf(media: DetectedMedia | undefined, { headers }: IN8nHttpFullResponse): string {
	if (media === undefined) return String(headers['content-type'] ?? 'no content type').slice(0, 60);
	if (media.kind === 'video' && media.mimeType === undefined)
		return `a video format that this node does not know (${media.name})`;
	return media.name === EMPTY ? 'an empty file' : media.name;
}

function unexpected(found: string, expected: MediaKind): DownloadFailure {
	return failed('unexpectedType', `the link answered with ${found} where a ${expected} was expected`);
}

/** Streams a result into n8n's binary store: no bytes pile up, no key is sent, only a whole file of its kind is kept. */
export async function downloadMedia(
	ctx: DownloadContext,
	request: DownloadRequest,
	clock: Clock = hostClock,
): Promise<DownloadResult> {
	const until = clock.now() + TOTAL_TIMEOUT_MS;
	const leftMs = () => Math.max(until - clock.now(), 0);
	let tries = 0;
	const attempt = async () => {
		tries += 1;
		const isLast = tries > RETRY_PAUSES_MS.length;
		const result = await attemptDownload(ctx, request, { leftMs: leftMs(), isLast, isDoubtful: false });
		const isWorthAnother = !result.ok && FAULTS[result.why].retried && leftMs() > LONGEST_RETRY_PAUSE_MS;
		return { result, ...(isWorthAnother && { againInMs: 0 }) };
	};
	return await retry(RETRY_PAUSES_MS, attempt, request.signal, clock);
}

async function attemptDownload(
	ctx: DownloadContext,
	request: DownloadRequest,
	transfer: Transfer,
): Promise<DownloadResult> {
	try {
		return await downloadOnce(ctx, request, transfer);
	} catch (error) {
		if (transfer.failure) return transfer.failure;
		const text = error instanceof Error ? error.message : String(error);
		return brokeOff('network', text.slice(0, 200));
	}
}
