import type { ErrorGeneration, HttpFault, Json } from './types';

/** An HTTP answer. Without `json`, `text` is sent as it is. */
export interface Answer {
	status: number;
	headers: Record<string, string>;
	json?: unknown;
	text?: string;
}

/** Refusal by the API itself, thrown by handlers. */
export class Refusal extends Error {
	constructor(
		readonly status: number,
		readonly detail: Partial<HttpFault> = {},
	) {
		super(detail.message ?? `HTTP ${status}`);
	}
}

/**
 * One of EvoLink's two error bodies; what the fault does not set comes from the documented example. If only one generation is
 * documented for a status, the other is derived from it.
 */
export function errorAnswer(
	fault: Omit<HttpFault, 'kind'>,
	generation: ErrorGeneration,
	example: (generation: ErrorGeneration) => Json | undefined,
): Answer {
	const shape = fault.generation ?? generation;
	const words = example(shape) ?? example(shape === 'new' ? 'old' : 'new') ?? {};
	// an older body has no textual code; its type says the same, except for the suffix
	const word =
		typeof words.code === 'string'
			? words.code
			: String(words.type ?? `http_${fault.status}`).replace(/_error$/, '');
	const { code, message, type, param } = fault;
	const error: Json = {
		...words,
		code: code ?? (shape === 'old' ? fault.status : word),
		message: message ?? words.message ?? `HTTP ${fault.status}`,
		type: type ?? words.type ?? 'api_error',
		...(param === undefined ? {} : { param }),
		...fault.extra,
	};
	return {
		status: fault.status,
		headers: { ...retryAfter(fault.retryAfter), ...fault.headers },
		json: { error },
	};
}

export function retryAfter(value: HttpFault['retryAfter']): Record<string, string> {
	if (value === undefined) return {};
	if (typeof value !== 'object') return { 'retry-after': String(value) };
	return { 'retry-after': new Date(Date.now() + value.date * 1000).toUTCString() };
}
