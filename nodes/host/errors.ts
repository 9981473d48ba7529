import { NodeApiError, NodeOperationError, type IDataObject, type INode } from 'n8n-workflow';
import { z } from 'zod';

import { failureSchema, type Failure } from '../evolink/failure';
import { defined } from '../evolink/json';
import { redact } from '../evolink/redact';

export type NodeFailure = NodeApiError | NodeOperationError;

/** Plain data, so that a suspended run can carry it through n8n's database. */
export const problemSchema = z.object({
	/**
	 * What happened, to which task, and why: one sentence of about 200 characters without a full stop, with every id and key
	 * that leads to a paid video, because n8n's error branch keeps no more.
	 */
	message: z.string(),
	/** What to do, and what it costs. */
	description: z.string().optional(),
	/** The same for other readers, where it differs. */
	otherwise: z.object({ agent: z.string(), getTask: z.string(), called: z.string() }).partial().optional(),
	/** Absent for problems of our own. */
	failure: failureSchema.optional(),
	taskId: z.string().optional(),
	/** Why a task failed, in EvoLink's word, or what became of the file or the wait, in one of ours. */
	code: z.string().optional(),
	/** To a result that is there all the same. */
	link: z.string().optional(),
	/** Of an order that may have been taken. */
	idempotencyKey: z.string().optional(),
	/** Of a task without a result. */
	chargedCredits: z.number().optional(),
	/** The run was stopped; nothing failed. */
	stopped: z.literal(true).optional(),
});

export type Problem = z.infer<typeof problemSchema>;

/** Who reads it, other than the person behind an order: an AI agent, who ran Get Task, who called the workflow. */
export const READERS = ['agent', 'getTask', 'called'] as const;

export type Reader = (typeof READERS)[number];

export function descriptionFor(
	reader: Reader | undefined,
	{ description, otherwise }: Pick<Problem, 'description' | 'otherwise'>,
): string | undefined {
	return (reader && otherwise?.[reader]) ?? description;
}

/** In the words for its reader. */
export function wordedFor(reader: Reader | undefined, { otherwise, ...problem }: Problem): Problem {
	const description = descriptionFor(reader, { ...problem, otherwise });
	return { ...problem, description: description === '' ? undefined : description };
}

/** `error` of an item that failed. */
export function errorData(problem: Problem): IDataObject {
	const { message, description, taskId, failure, link, idempotencyKey, chargedCredits } = problem;
	const data = {
		message,
		description,
		taskId,
		code: codeOf(problem),
		status: failure?.status,
		link,
		idempotencyKey,
		chargedCredits,
	};
	return defined(data);
}

function codeOf({ code, failure }: Problem): string | undefined {
	return code ?? failure?.code;
}

export class ProblemError extends Error {
	/** @param item absent where it concerns all items */
	constructor(
		readonly problem: Problem,
		readonly item?: number,
	) {
		super(problem.message);
	}
}

/** Where there is room for one text only. */
export function textOf({ message, description }: Problem): string {
	if (description === undefined) return message;
	return `${message}${/[.…]$/.test(message) ? '' : '.'} ${description}`;
}

export function problemOf(error: unknown): Problem {
	if (error instanceof ProblemError) return error.problem;
	const { message } = (error ?? {}) as { message?: unknown };
	return { message: redact(typeof message === 'string' ? message : String(error)) };
}

/** n8n's names for causes (`failure` option, n8n-workflow ≥ 2.39; older hosts ignore it). */
const CAUSES = {
	balance: 'quota-exhausted',
	keyLimit: 'quota-exhausted',
	server: 'temporarily-unavailable',
	network: 'temporarily-unavailable',
	unauthorized: 'credential-invalid',
	keyState: 'credential-invalid',
} as const;

function hostFailure({ kind, retryAfterMs }: Failure) {
	if (kind === 'rateLimited') return { cause: 'rate-limited' as const, retryAfterMs };
	return Object.hasOwn(CAUSES, kind) ? { cause: CAUSES[kind as keyof typeof CAUSES] } : undefined;
}

/** n8n takes a failed run for a stopped one, and starts no error workflow, when an error holds this word, whoever wrote it. */
function ofFailed(text: string): string {
	return text.replaceAll('canceled', 'cancelled');
}

/**
 * An API error where EvoLink or the network spoke, an operation error where we do. From plain text only: errors of n8n's HTTP
 * helper carry the request with its Authorization header. `isOneOfMany`: the message says which item it is about.
 */
export function nodeError(
	node: INode,
	problem: Problem,
	itemIndex: number,
	isOneOfMany = false,
): NodeFailure {
	const { message: plain, description, failure, stopped } = problem;
	const whole = isOneOfMany ? `${plain} [item ${itemIndex}]` : plain;
	const message = stopped ? whole : ofFailed(whole);
	const error =
		failure === undefined
			? new NodeOperationError(node, message, { itemIndex })
			: apiError(node, failure, itemIndex);
	// Set last: n8n's constructors replace messages that contain a network code or look like an HTTP status.
	error.message = message;
	error.description = description === undefined || stopped ? description : ofFailed(description);
	// an error workflow is given them
	Object.assign(error.context, defined({ taskId: problem.taskId, code: codeOf(problem) }));
	return error;
}

function apiError(node: INode, failure: Failure, itemIndex: number): NodeApiError {
	const cause = hostFailure(failure);
	return new NodeApiError(
		node,
		{ message: failure.message, ...(failure.code && { code: failure.code }) },
		{
			message: failure.message,
			itemIndex,
			...(failure.status !== undefined && { httpCode: String(failure.status) }),
			...(cause && { failure: cause }),
		},
	);
}
