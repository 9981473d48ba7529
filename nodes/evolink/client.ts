import type {
	IDataObject,
	IExecuteFunctions,
	IHttpRequestOptions,
	ILoadOptionsFunctions,
	IN8nHttpFullResponse,
	IWebhookFunctions,
} from 'n8n-workflow';
import mapValues from 'lodash/mapValues';

import { checkServer, parseCredential, type EvoLinkCredential } from './credential';
import { readCapped, type ByteStream } from './streams';
import {
	credentialFailure,
	httpFailure,
	malformedAnswer,
	networkFailure,
	statusOfRefusal,
	type Failure,
} from './failure';
import { USER_AGENT } from './generated/package.gen';
import { PATHS } from './generated/spec.gen';
import { isTooDeep, MAX_DEPTH, parseJson, isObject, scalar } from './json';
import { blankDeep, blankOf, excerptOf, type Blank } from './redact';
import { taskIdOf } from './task';

export const CREDENTIAL = 'evoLinkApi';

export type EvoLinkContext = IExecuteFunctions | IWebhookFunctions | ILoadOptionsFunctions;

export interface EvoLinkRequest {
	/** Gives method, host and path. */
	operation: keyof typeof PATHS;
	/** Encoded here. */
	pathParameters?: Record<string, string>;
	query?: Record<string, string | number>;
	/** A plain object is sent as JSON; bytes and streams as they are, with the content type in `headers`. */
	body?: IDataObject | Buffer | ByteStream;
	headers?: Record<string, string>;
	timeoutMs: number;
}

export type EvoLinkAnswer =
	| { ok: true; status: number; body: IDataObject; headers: Record<string, unknown> }
	| { ok: false; failure: Failure };

/** A task with every field is under 10 kB; an answer of more than this is not one. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** @throws what n8n throws when it is missing or unreadable */
export async function readCredential(ctx: EvoLinkContext): Promise<EvoLinkCredential> {
	return parseCredential(await ctx.getCredentials(CREDENTIAL));
}

function fillPath(path: string, parameters: Record<string, string> = {}): string {
	return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parameters[name] ?? ''));
}

/** n8n's protection against requests to private hosts, and the domain list of a credential. */
const BLOCKED = /request was blocked|domain not allowed|not allowed/i;

/** The innermost error code in an error and its causes: axios' and Node's own are wrapped in n8n's. */
function codeOf(error: unknown, depth = 0): string | undefined {
	if (typeof error !== 'object' || error === null || depth > 4) return undefined;
	const { code, cause, message } = error as { code?: unknown; cause?: unknown; message?: unknown };
	const own = typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : undefined;
	return codeOf(cause, depth + 1) ?? own ?? (BLOCKED.test(String(message)) ? 'BLOCKED_BY_N8N' : undefined);
}

const NETWORK_FAULTS: Readonly<Record<string, (host: string) => string>> = {
	ECONNREFUSED: (host) => `${host} refused the connection`,
	ENOTFOUND: (host) => `The name ${host} could not be looked up`,
	EAI_AGAIN: (host) => `The name ${host} could not be looked up`,
	BLOCKED_BY_N8N: (host) => `n8n does not allow requests to ${host}`,
	ECONNABORTED: (host) => `${host} did not answer in time`,
	ETIMEDOUT: (host) => `${host} did not answer in time`,
	ECONNRESET: (host) => `${host} dropped the connection`,
	EPIPE: (host) => `${host} dropped the connection`,
};

/**
 * The only function that speaks HTTP to EvoLink. Never throws: a throw would lose the ids of a run. Bodies are read as a bounded
 * stream: n8n would parse one of any size, and loses that of an error. Redirects are not followed: they would carry the key.
 */
export async function requestEvoLink(ctx: EvoLinkContext, request: EvoLinkRequest): Promise<EvoLinkAnswer> {
	let credential: EvoLinkCredential;
	try {
		credential = await readCredential(ctx);
	} catch (error) {
		return { ok: false, failure: credentialFailure(error instanceof Error ? error.message : String(error)) };
	}
	const { method, server, path } = PATHS[request.operation];
	const base = credential[server];
	const checked = checkServer(credential, server);
	if (!checked.ok) return { ok: false, failure: credentialFailure(checked.reason) };
	const blank = blankOf(credential.apiKey);
	const isPlain = request.body !== undefined && Object.getPrototypeOf(request.body) === Object.prototype;
	const options: IHttpRequestOptions = {
		method,
		url: `${base}${fillPath(path, request.pathParameters)}`,
		...(request.query && { qs: request.query }),
		headers: {
			Accept: 'application/json',
			'User-Agent': USER_AGENT,
			...(isPlain && { 'Content-Type': 'application/json' }),
			...request.headers,
		},
		...(request.body !== undefined && { body: isPlain ? JSON.stringify(request.body) : request.body }),
		encoding: 'stream',
		returnFullResponse: true,
		ignoreHttpStatusErrors: true,
		disableFollowRedirect: true,
		timeout: request.timeoutMs,
		...(credential.allowedDomains !== undefined && { allowedDomains: credential.allowedDomains }),
	};
	try {
		const response = (await ctx.helpers.httpRequestWithAuthentication.call(
			ctx,
			CREDENTIAL,
			options,
		)) as IN8nHttpFullResponse;
		const bytes = await readCapped(
			response.body as unknown as ByteStream,
			MAX_ANSWER_BYTES,
			request.timeoutMs,
		);
		const namesTask = request.pathParameters !== undefined;
		return readAnswer({ status: response.statusCode, headers: response.headers, namesTask }, bytes, blank);
	} catch (error) {
		const code = codeOf(error);
		const { hostname } = checked.url;
		const message = NETWORK_FAULTS[code ?? '']?.(hostname) ?? `No answer came from ${hostname}`;
		return { ok: false, failure: networkFailure(code, blank(message)) };
	}
}

/** The key is blanked here, once, in all that is told of an answer: some gateways repeat it. */
function readAnswer(
	received: { status: number; headers: Record<string, unknown>; namesTask: boolean },
	bytes: Buffer | undefined,
	blank: Blank,
): EvoLinkAnswer {
	const { status } = received;
	const text = bytes?.toString('utf8') ?? '';
	const parsed = parseJson(text);
	const isDeep = isTooDeep(parsed);
	const body = parsed === undefined || isDeep ? blank(text) : blankDeep(parsed, blank);
	const headers = mapValues(received.headers, (value) => blank(scalar(value) ?? ''));
	const answer = { ...received, headers, body };
	const isSuccess = status >= 200 && status < 300;
	if (!isSuccess) return { ok: false, failure: httpFailure(answer, Date.now()) };
	const unusable = (what: string): EvoLinkAnswer => ({ ok: false, failure: malformedAnswer(answer, what) });
	if (bytes === undefined) return unusable('a body of more than 4 MB');
	if (isDeep) {
		const id = taskIdOf(parsed);
		const named = id === undefined ? '' : `, which names the task ${blank(id)}`;
		return unusable(`a body that is nested more than ${MAX_DEPTH} levels deep${named}`);
	}
	if (!isObject(body)) {
		if (text.trim() === '') return unusable('an empty body');
		const start = excerptOf(typeof body === 'string' ? body : JSON.stringify(body), 80);
		return unusable(`a body that is not a JSON object: ${start}`);
	}
	if (isRefusal(body)) {
		const meant = statusOfRefusal(body);
		if (meant === undefined) return unusable('a refusal that does not say what was refused');
		return { ok: false, failure: httpFailure({ ...answer, status: meant }, Date.now()) };
	}
	return { ok: true, status, headers, body };
}

/** The file host answers a refusal with HTTP 200, `success: false` and a code of its own. A task id outweighs it. */
function isRefusal(body: IDataObject): boolean {
	return body.success === false && taskIdOf(body) === undefined;
}
