import type { IDataObject, IExecuteFunctions, IWebhookDescription, IWebhookFunctions } from 'n8n-workflow';
import { z } from 'zod';

import { checkHttpUrl, checkPublicHttpsUrl } from '../../evolink/urls';
import { executionToken, resumeUrlOf } from '../../host/context';
import { isObject } from '../../evolink/json';
import { problemSchema } from '../../host/errors';
import { watchSchema, type Watch } from '../watch';

/** Behind n8n's resume URL, so that EvoLink's callbacks reach this node only; who opens it in a browser sees the status page. */
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

/**
 * EvoLink's callback comes in here, on n8n's own resume URL with a path of ours behind it: the bare URL belongs to whatever
 * node the execution waits at, and a late callback would wake that.
 */
export const resumeWebhooks: IWebhookDescription[] = [
	{ ...resumeWebhook, name: 'default', httpMethod: 'POST' },
	{ ...resumeWebhook, name: STATUS_WEBHOOK, httpMethod: 'GET' },
];

const WAITING = 'The video is being made. The execution is suspended and uses no worker until it resumes.';

const LINK = 'See how far it is';

/** The editor knows the token, which the link needs, only of executions that it was told of: see `tellResumeUrl`. */
export const waitingTooltip = `={{ "${WAITING}" + ($execution.resumeUrl.includes("signature=") ? ' <a href="' + $execution.resumeUrl.replace("?", "/${PATH}?") + '" target="_blank">${LINK}</a>' : "") }}`;

/** The address of both, on a resume URL. */
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

/** Where EvoLink is to call a parked execution, or why it cannot. */
export function callbackUrl(ctx: IExecuteFunctions): { url?: string; reason?: string } {
	const resumeUrl = resumeUrlOf(ctx);
	if (resumeUrl === undefined) return { reason: 'this n8n gives no resume URL' };
	const checked = checkPublicHttpsUrl(resumeUrl);
	if (!checked.ok) return { reason: `n8n's own URL ${checked.reason}` };
	return { url: ownUrl(checked.url) };
}

const parkedItem = z.union([
	z.object({ item: z.number(), problem: problemSchema }),
	/** `field`: the binary field that the item's file goes to. */
	z.object({ item: z.number(), field: z.string().nullable(), watch: watchSchema }),
]);

/** Why an item has no task, or what is known of its task. */
export type ParkedItem = z.infer<typeof parkedItem>;

/** What is known of the tasks of those items that have one. */
export function watchesOf(items: readonly ParkedItem[]): Watch[] {
	return items.flatMap((entry) => ('watch' in entry ? [entry.watch] : []));
}

const settings = z.object({
	onTaskFailure: z.enum(['error', 'output']),
	maxDownloadBytes: z.number(),
	simplify: z.boolean(),
});

const parkedRun = z.object({
	version: z.literal(1),
	/** Stands on the stack entry of the same wait, too. */
	token: z.string(),
	/** A retry runs under another id and waits anew. */
	executionId: z.string(),
	runIndex: z.number(),
	settings,
	/** How long the wait may last, in ms. */
	timeoutMs: z.number(),
	/** How long it has lasted, in ms: by its own count, so that a clock that is set neither ends nor stalls it. */
	waitedMs: z.number(),
	/** ms since 1970, both. */
	parkedAt: z.number(),
	wakesAt: z.number(),
	/** Whether EvoLink was asked to call back. */
	callbackExpected: z.boolean(),
	estimatedSeconds: z.number().optional(),
	items: z.array(parkedItem),
});

/** A parked run, kept in the node's context for hours. What was sent is what is waited for: no field is read again. */
export type ParkedRun = z.infer<typeof parkedRun>;

/** Where the record stands in the node's context. */
export const CONTEXT_KEY = 'wait';

/** A stored record that this version of the package cannot read: the tasks and items that it names all the same. */
export class UnreadableRun extends Error {
	readonly ids: string[];

	readonly items: number[];

	constructor({ items }: IDataObject) {
		const entries = [items].flat().filter(isObject);
		const watches = entries.map(({ watch: inner }) => inner).filter(isObject);
		super('its record in n8n cannot be read, or was written by another version of this package');
		this.ids = [...entries, ...watches].map(({ id }) => id).filter((id) => typeof id === 'string');
		this.items = entries.map(({ item }) => item).filter((item) => typeof item === 'number');
	}
}

/**
 * Reads a stored record.
 *
 * @returns `undefined` if there is none
 * @throws UnreadableRun
 */
export function readParkedRun(value: unknown): ParkedRun | undefined {
	if (!isObject(value)) return undefined;
	const { success, data } = parkedRun.safeParse(value);
	if (success) return data;
	throw new UnreadableRun(value);
}

export function keepParkedRun(ctx: IExecuteFunctions, record: ParkedRun): void {
	ctx.getContext('node')[CONTEXT_KEY] = record;
}

/** The parked run of this node, out of the execution's data. n8n gives webhooks no other way to it than an expression. */
export function parkedRunOf(ctx: IWebhookFunctions): ParkedRun | undefined {
	const { name } = ctx.getNode();
	const escaped = Array.from(
		{ length: name.length },
		(_, at) => `\\u${name.charCodeAt(at).toString(16).padStart(4, '0')}`,
	);
	return readParkedRun(ctx.evaluateExpression(`{{ $("${escaped.join('')}").context.${CONTEXT_KEY} }}`));
}
