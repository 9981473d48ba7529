import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { parseJson, isObject } from '../evolink/json';

/** For the headers and once more for the body: both together stay below the 10 s after which EvoLink gives up. */
export const CALLBACK_READ_TIMEOUT_MS = 4000;

/** A task with every field is under 10 kB. */
const MAX_CALLBACK_BYTES = 1024 * 1024;

/** The body of a callback. EvoLink's content type is not documented, and n8n parses only bodies that call themselves JSON. */
export function callbackBody(ctx: IWebhookFunctions): unknown {
	const body: unknown = ctx.getBodyData();
	if (isObject(body) && Object.keys(body).length > 0) return body;
	const { rawBody } = ctx.getRequestObject() as { rawBody?: Buffer };
	if (rawBody === undefined || rawBody.length > MAX_CALLBACK_BYTES) return body;
	return parseJson(rawBody.toString('utf8')) ?? body;
}

/** Answers a browser with a page that nobody keeps, and whose address, which holds a token, it tells nobody. */
export function respondPage(ctx: IWebhookFunctions, page: string, contentSecurityPolicy: string): void {
	const response = ctx.getResponseObject();
	const headers = {
		'Content-Type': 'text/html; charset=utf-8',
		'Content-Security-Policy': contentSecurityPolicy,
		'Cache-Control': 'no-store',
		'Referrer-Policy': 'no-referrer',
		'X-Content-Type-Options': 'nosniff',
	};
	for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
	response.status(200).end(page);
}

/** Answers EvoLink, once, and starts or resumes nothing by that. */
export function respond(ctx: IWebhookFunctions, status: number, message: string): IWebhookResponseData {
	const response = ctx.getResponseObject();
	if (!response.headersSent) response.status(status).json({ message });
	return { noWebhookResponse: true };
}

/** Answers a call, whatever happens: a throw would be a failed execution, or end one that waits. `what` begins the log line. */
export async function answering(
	ctx: IWebhookFunctions,
	handle: (ctx: IWebhookFunctions) => Promise<IWebhookResponseData>,
	{ what, message }: { what: string; message: string },
): Promise<IWebhookResponseData> {
	try {
		return await handle(ctx);
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		ctx.logger.error(what, { reason, workflowId: ctx.getWorkflow().id, nodeName: ctx.getNode().name });
		return respond(ctx, 503, message);
	}
}
