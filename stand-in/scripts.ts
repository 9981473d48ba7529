import { FULL_ANSWERS } from './room';
import { decoded } from './text';
import type { ApiFault, Json, MediaScript, Outcome, Room, TaskMatch, TaskScript } from './types';

interface Directed {
	script: TaskScript;
	/** A create fault asked for in the prompt. */
	fault?: ApiFault;
	/** What this order finds, in place of the account's own. */
	room?: Room;
}

const OUTCOMES: readonly Outcome[] = [
	'completed',
	'cancelled',
	'canceled',
	'request-cancelled',
	'stuck',
	'no-results',
	'unknown-status',
	'expired',
];

const CUTS = ['fin', 'rst', 'shorter', 'gzip'] as const;

/** Far above any render, and still a whole number in every answer. */
const MOST_SECONDS = 1e9;

/** Throws if a script would break an answer that it is not about: at once, not after a task has been paid. */
export function checkScript({ seconds = 0, estimatedTime = 0, media = {} }: TaskScript): void {
	if (!isDuration(seconds)) throw new RangeError(`seconds: expected 0 to ${MOST_SECONDS}, got ${seconds}`);
	if (!isCount(estimatedTime)) {
		throw new RangeError(`estimatedTime: expected a whole number of seconds, got ${estimatedTime}`);
	}
	const { sizeBytes = 0 } = media;
	if (!isCount(sizeBytes)) throw new RangeError(`sizeBytes: expected a whole number, got ${sizeBytes}`);
}

function isDuration(seconds: number): boolean {
	return seconds >= 0 && seconds <= MOST_SECONDS;
}

function isCount(value: number): boolean {
	return Number.isSafeInteger(value) && value >= 0;
}

/** The scripts of a run: which tasks they match and what they say. */
export class Scripts {
	private readonly entries: Array<{ match: TaskMatch; script: TaskScript }> = [];

	constructor(private readonly defaults: TaskScript) {
		checkScript(defaults);
	}

	add(match: TaskMatch, script: TaskScript): () => void {
		checkScript(script);
		const entry = { match, script };
		this.entries.push(entry);
		return () => {
			const at = this.entries.indexOf(entry);
			if (at >= 0) this.entries.splice(at, 1);
		};
	}

	/** Defaults, then matching scripts in the order they were added, then the prompt's own directives. */
	resolve(request: Json, info: { idempotencyKey: string | undefined; index: number }): TaskScript {
		const matching = this.entries.filter(({ match }) => matches(match, request, info));
		const layers = [this.defaults, ...matching.map(({ script }) => script), directives(request).script];
		const resolved: TaskScript = Object.assign({}, ...layers);
		const media = layers.map((layer) => layer.media).filter((layer) => layer !== undefined);
		if (media.length > 0) resolved.media = Object.assign({}, ...media);
		return resolved;
	}
}

function matches(
	match: TaskMatch,
	request: Json,
	info: { idempotencyKey: string | undefined; index: number },
): boolean {
	if (typeof match === 'function') return match(request, info);
	const text = textOf(request.prompt ?? request.video_url);
	return typeof match === 'string'
		? text.includes(match)
		: new RegExp(match, match.flags.replace('g', '')).test(text);
}

/**
 * `[stand-in: …]` in a prompt, or percent-encoded in a character's `video_url`; several instructions are separated
 * by commas. Unknown ones are ignored, because a prompt is free text. README.md lists them.
 */
export function directives(request: Json): Directed {
	const directed: Directed = { script: {} };
	const text = `${textOf(request.prompt)} ${decoded(textOf(request.video_url))}`;
	for (const [, orders] of text.matchAll(/\[stand-in:([^\]]*)\]/gi)) {
		for (const order of orders.split(',')) obey(order.trim().split(/\s+/), directed);
	}
	return directed;
}

function obey([word, first, second]: string[], directed: Directed): void {
	const { script } = directed;
	const outcome = OUTCOMES.find((known) => known === word);
	if (outcome) script.outcome = outcome;
	else if (word === 'fail') Object.assign(script, { outcome: 'failed', ...(first ? { code: first } : {}) });
	else if (word === 'seconds' && isDuration(Number(first))) script.seconds = Number(first);
	else if (word === 'media') script.media = { ...script.media, ...mediaOrder(first, second) };
	else if (word === 'late' && isDuration(Number(first))) script.resultsLate = Number(first);
	else if (word === 'results' && first) script.resultsAt = first;
	else if (word === 'room' && isCount(Number(first))) {
		directed.room = { tasks: Number(first), full: FULL_ANSWERS.find((known) => known === second) };
	} else if (word === 'refuse' && isErrorStatus(Number(first))) {
		directed.fault = { kind: 'http', status: Number(first), ...(second ? { code: second } : {}) };
	} else if (word === 'drop') directed.fault = { kind: first === 'before' ? 'drop-before' : 'drop-after' };
}

function isErrorStatus(status: number): boolean {
	return Number.isInteger(status) && status >= 400 && status <= 599;
}

function mediaOrder(word: string | undefined, argument: string | undefined): MediaScript {
	const status = ([403, 404, 410, 429, 500, 503] as const).find((known) => String(known) === word);
	if (status) return { status };
	if (word === 'html' || word === 'json') return { body: word };
	if (word === 'endless') return { endless: true };
	if (word === 'truncated') return { truncated: CUTS.find((cut) => cut === argument) ?? true };
	if (word === 'slow') return { bytesPerSecond: 500 };
	if (word === 'redirects') return { redirects: Number(argument ?? 1) };
	const sizeBytes = Math.round(Number(argument ?? 1) * 2 ** 20);
	if (word === 'megabytes' && isCount(sizeBytes)) return { sizeBytes };
	return {};
}

/** The request has not been checked yet: its fields may hold anything. */
function textOf(value: unknown): string {
	return typeof value === 'string' ? value : '';
}
