import type { IExecuteFunctions, IWebhookDescription, IWebhookFunctions } from 'n8n-workflow';

import { checkHttpUrl, checkPublicHttpsUrl } from '../../evolink/urls';
import { executionToken, resumeUrlOf } from '../../host/context';
import { readRun, type RunState } from './state';

/** Behind n8n's resume URL; who opens it in a browser sees the status page. */
const PATH = 'sora-video';

/** n8n has two names for webhooks only. */
export const STATUS_WEBHOOK = 'setup';

/** What the two have in common. `responseData` keeps n8n from answering with a stray text. */
const resumeWebhook = {
	responseMode: 'onReceived',
	responseData: '',
	path: PATH,
	isFullPath: true,
	restartWebhook: true,
} as const;

/** A path of ours on n8n's own resume URL: a late callback on the bare one would wake whatever node the execution waits at. */
export const resumeWebhooks: IWebhookDescription[] = [
	{ ...resumeWebhook, name: 'default', httpMethod: 'POST' },
	{ ...resumeWebhook, name: STATUS_WEBHOOK, httpMethod: 'GET' },
];

const WAITING = 'The video is being made. The execution is suspended and uses no worker until it resumes.';
const LINK = 'See how far it is';

/** The editor knows the token, which the link needs, only of executions that it was told of: see `tellResumeUrl`. */
export const waitingTooltip = `={{ "${WAITING}" + ($execution.resumeUrl.includes("signature=") ? ' <a href="' + $execution.resumeUrl.replace("?", "/${PATH}?") + '" target="_blank">${LINK}</a>' : "") }}`;

function ownUrl(resumeUrl: URL): string {
	const url = new URL(resumeUrl);
	url.pathname = `${url.pathname}/${PATH}`;
	return url.href;
}

/** Where the status page of a parked execution is; `undefined` on hosts that would show it to everybody. */
export function statusUrl(ctx: IExecuteFunctions): string | undefined {
	const checked = executionToken(ctx) === undefined ? undefined : checkHttpUrl(String(resumeUrlOf(ctx)));
	return checked?.ok ? ownUrl(checked.url) : undefined;
}

export function callbackUrl(ctx: IExecuteFunctions): { url?: string; reason?: string } {
	const resumeUrl = resumeUrlOf(ctx);
	if (resumeUrl === undefined) return { reason: 'this n8n gives no resume URL' };
	const checked = checkPublicHttpsUrl(resumeUrl);
	if (!checked.ok) return { reason: `n8n's own URL ${checked.reason}` };
	return { url: ownUrl(checked.url) };
}

/** Where the run stands in the node's context. */
export const CONTEXT_KEY = 'wait';

/** n8n gives webhooks no other way to the execution's data than an expression. */
export function parkedRunOf(ctx: IWebhookFunctions): RunState | undefined {
	const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
	const name = ctx.getNode().name.replace(/[^]/g, escape);
	return readRun(ctx.evaluateExpression(`{{ $("${name}").context.${CONTEXT_KEY} }}`));
}
