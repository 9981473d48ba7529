import type { INode } from 'n8n-workflow';
import { NodeApiError, NodeOperationError } from 'n8n-workflow';

import type { Failure } from '../evolink/failure';
import { redact } from '../evolink/redact';

export type NodeFailure = NodeApiError | NodeOperationError;

/** Something that is wrong, before it is n8n's error: plain data, so that a parked run can carry it through n8n's database. */
export interface Problem {
	/** What happened, to which task, what still runs or costs, what to do next: one text, because an error item keeps no more. */
	message: string;
	/** What EvoLink or the network said; absent for problems of our own. */
	failure?: Failure;
	taskId?: string;
	/** The run was stopped; nothing failed. */
	stopped?: true;
}

/** A problem on its way to where it belongs to a node. */
export class ProblemError extends Error {
	constructor(
		readonly problem: Problem,
		readonly item = 0,
	) {
		super(problem.message);
	}
}

/** What went wrong, of whatever was thrown. */
export function problemOf(error: unknown): Problem {
	if (error instanceof ProblemError) return error.problem;
	const { message } = (error ?? {}) as { message?: unknown };
	return { message: redact(typeof message === 'string' ? message : String(error)) };
}

/** n8n's names for causes (`failure` option, n8n-workflow ≥ 2.39; older hosts ignore it). */
function hostFailure(failure: Failure) {
	switch (failure.kind) {
		case 'rateLimited':
			return {
				cause: 'rate-limited' as const,
				...(failure.retryAfterMs && { retryAfterMs: failure.retryAfterMs }),
			};
		case 'balance':
		case 'keyLimit':
			return { cause: 'quota-exhausted' as const };
		case 'server':
		case 'network':
			return { cause: 'temporarily-unavailable' as const };
		case 'unauthorized':
		case 'keyState':
			return { cause: 'credential-invalid' as const };
		default:
			return undefined;
	}
}

/**
 * Builds n8n's error: an API error where EvoLink or the network spoke, an operation error where we do. Made from plain text
 * only, because the errors of n8n's HTTP helper carry the request with its Authorization header.
 */
export function nodeError(node: INode, problem: Problem, itemIndex: number): NodeFailure {
	const { failure } = problem;
	// n8n takes a failed run for a stopped one, and starts no error workflow, when an error holds this word, whoever wrote it
	const text = problem.stopped ? problem.message : problem.message.replaceAll('canceled', 'cancelled');
	const message = `${text} [item ${itemIndex}]`;
	const error =
		failure === undefined
			? new NodeOperationError(node, message, { itemIndex })
			: apiError(node, failure, itemIndex);
	// Set last: n8n's constructors replace messages that contain a network code or look like an HTTP status.
	error.message = message;
	if (failure) error.description = failure.advice;
	if (problem.taskId !== undefined) error.context.taskId = problem.taskId;
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
