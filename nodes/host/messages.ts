import { evolinkFacts } from '../evolink/generated/spec.gen';
import { failureReference, failureSentence, type Failure } from '../evolink/failure';
import { tidy } from '../evolink/redact';
import { failureNote, type Task } from '../evolink/task';
import type { Problem } from './errors';

/**
 * The sentences of the node, without `this`. Each says what happened, which task it happened to, what still runs or costs,
 * and what to do next.
 */

const LATER =
	"Get it with the operation Get Task and this id, or use n8n's Retry on this execution: it continues with the same task and pays nothing new.";

const NOT_BOUGHT_AGAIN =
	'A retry of this execution does not order it again. Run the workflow again for a new attempt.';

const linkHours = evolinkFacts.results.linkLifetimeHours;

function sentence(text: string): string {
	return text.trim().replace(/[.\s]+$/, '');
}

/** How to find the task of an order whose answer never came. The list shows no keys: there the time tells. */
function lookUp(key: string): string {
	return `look for a task of that time with the operation Get Many Tasks, or in the EvoLink dashboard (Idempotency-Key ${key}), and fetch it with the operation Get Task.`;
}

/** EvoLink refused an order: nothing was taken. */
export function orderRefused(failure: Failure): Problem {
	return {
		message: `EvoLink did not take the order: ${sentence(failureSentence(failure))}. Nothing was charged for it.`,
		failure,
	};
}

/** EvoLink refused the file of an order, which was not sent then. */
export function fileRefused(failure: Failure): Problem {
	return {
		message: `EvoLink did not take the input file: ${failureSentence(failure)} Nothing was ordered for this item.`,
		failure,
	};
}

/** Whether an order was taken is not known. */
export function outcomeUnknown(failure: Failure, key: string): Problem {
	return {
		message: `It is not known whether EvoLink took the order: ${sentence(failureSentence(failure))}. ${unknownAdvice(key)}`,
		failure,
	};
}

/** EvoLink has an order under this key and did not take another one: the body has changed, or the first is still undecided. */
export function keyInUse(failure: Failure, key: string): Problem {
	const said = `${sentence(failure.message)} ${failureReference(failure)}`.trim();
	return {
		message: `EvoLink did not take this order, because it already has one for this item: ${said}. Nothing was charged for this one. An earlier try ordered the video, perhaps with another prompt: ${lookUp(key)} For a new video run the workflow again.`,
		failure,
	};
}

/** EvoLink, or the memory of the process, answered with tasks that an earlier try ordered. */
export function orderedEarlier(ids: readonly string[]): Problem {
	return {
		message: `Nothing new was ordered for ${ids.join(', ')}: an earlier try of this execution had ordered this already. If the items have changed since (a prompt by an AI model, $now, another order of the items), the video was made from what they held then.`,
	};
}

/** An earlier try of the same intent left its outcome unknown. */
export function unknownBefore(key: string, sentAt: number): Problem {
	const at = new Date(sentAt).toISOString();
	return {
		message: `An earlier try of this item sent its order at ${at} and got no usable answer, so it was not sent again. ${unknownAdvice(key)}`,
	};
}

function unknownAdvice(key: string): string {
	return `The video may be running at EvoLink and charged: ${lookUp(key)} To send the same order again under the same key, turn on the option 'Resend When Outcome Is Unknown' and use Retry; EvoLink then either returns the first task or, if it ignores the key, charges again.`;
}

/** A Retry where nothing tells whether the first try ordered: see `mayOrderAnew`. */
export function retriedBlindly(): Problem {
	return {
		message:
			'This Retry found no earlier order. If n8n was stopped or lost while the first try was ordering, that order may have been taken, and this one is another: check the EvoLink dashboard for a duplicate. n8n 2.14 or newer would have repeated the first order under its own Idempotency-Key.',
	};
}

/** A terminal task that is not a completed one. */
export function taskEnded(task: Task): Problem {
	if (task.phase === 'cancelled') {
		return { message: `Task ${task.id} was cancelled at EvoLink. ${NOT_BOUGHT_AGAIN}`, taskId: task.id };
	}
	const code = task.error?.code ?? 'unknown_error';
	const said = task.error ? sentence(tidy(task.error.message)) : 'EvoLink gave no reason';
	const advice = failureNote(code)?.advice;
	const suggestion = task.error?.suggestion;
	const refund = 'Failed tasks are usually refunded: Get Credits shows the balance.';
	return {
		message: [
			`Task ${task.id} failed: ${said} (${tidy(code)}).`,
			advice,
			suggestion && `EvoLink suggests: ${sentence(tidy(suggestion))}.`,
			refund,
			NOT_BOUGHT_AGAIN,
		]
			.filter(Boolean)
			.join(' '),
		taskId: task.id,
	};
}

/** Completed, but nothing in the answer leads to a file. */
export function nothingToShow(task: Task): Problem {
	return {
		message: `Task ${task.id} completed, but EvoLink sent no link to a result. It was paid: read it again with the operation Get Task, or ask EvoLink's support. ${NOT_BOUGHT_AGAIN}`,
		taskId: task.id,
	};
}

export function timedOut(
	id: string,
	minutes: number,
	last: Task | undefined,
	failure: Failure | undefined,
): Problem {
	const state =
		last === undefined ? 'could not be read' : `was still '${tidy(last.status)}'${progressOf(last)}`;
	const why =
		failure === undefined ? '' : ` The last status check failed: ${sentence(failureSentence(failure))}.`;
	return {
		message: `Task ${id} ${state} after ${minutes} minutes ('Timeout Minutes').${why} It is still running at EvoLink and is charged when it completes. ${LATER}`,
		taskId: id,
		...(failure && { failure }),
	};
}

function progressOf(task: Task): string {
	const { progress } = task.raw;
	return typeof progress === 'number' ? ` (${progress} %)` : '';
}

export function creditsUnreadable(failure: Failure): Problem {
	return { message: `The credits could not be read: ${failureSentence(failure)}`, failure };
}

/** Reading a task was refused for good. */
export function unreadable(id: string, failure: Failure): Problem {
	return {
		message: `Task ${id} could not be read: ${sentence(failureSentence(failure))}. If it exists, it is still running at EvoLink. ${LATER}`,
		taskId: id,
		failure,
	};
}

/** The list of tasks is in no manual, so it may be missing. */
export function listUnreadable(failure: Failure): Problem {
	if (failure.status !== 404 && failure.status !== 405) {
		return { message: `The tasks could not be listed: ${failureSentence(failure)}`, failure };
	}
	const said = failureReference(failure);
	const advice = 'Read each task with the operation Get Task and its id.';
	return { message: `This EvoLink has no list of tasks ${said}. ${advice}`, failure: { ...failure, advice } };
}

/** For an agent, which reads nothing but the output, and would order the video once more. */
export function nextStep(id: string): Problem {
	return {
		message: `The task is still running at EvoLink. Call Get Task with the ID ${id} in a minute. Do not order again: that pays for another video.`,
	};
}

/** The video is there and paid, the file is not. */
export function downloadFailed(task: Task, url: string, reason: string): Problem {
	return {
		message: `Task ${task.id} completed, but its file could not be downloaded: ${sentence(reason)}. The video is paid and its link works for ${linkHours} hours: ${url}. ${LATER}`,
		taskId: task.id,
	};
}

/** The trigger's words for it, in a field of an item that goes on. */
export function fileNotDownloaded(url: string, reason: string): Problem {
	return {
		message: `The file could not be downloaded: ${reason}. The video is paid and its link works for ${linkHours} hours: ${url}. Fetch it with the operation Get Task of the Sora Video node and this task's id.`,
	};
}

/** The trigger's words for a reference that it leaves out, in a field of an item that goes on. */
export function wrongReference(): Problem {
	return {
		message:
			'The reference in the callback URL does not match its signature, so it was left out: the URL was changed, or the order was made with another API key.',
	};
}

export interface OtherItem {
	item: number;
	/** The task, or what kept it from being one. */
	what: string;
	/** Whether `what` names a task that exists. */
	isTask: boolean;
}

/**
 * The other items of a run that ends early: no paid id may be missing from the only text that is left.
 *
 * @param untouched items whose turn had not come
 */
export function withOthers(
	problem: Problem,
	others: readonly OtherItem[],
	untouched: readonly number[] = [],
): Problem {
	const list = others.map(({ item, what }) => `item ${item}: ${what}`).join('; ');
	const parts = [
		problem.message,
		others.length > 0 && `The other items of this run: ${list}.`,
		others.some(({ isTask }) => isTask) && 'Running tasks continue and are charged; Retry picks them up.',
		untouched.length > 0 &&
			`Nothing was ordered for ${untouched.length === 1 ? 'item' : 'items'} ${untouched.join(', ')}.`,
	];
	return { ...problem, message: parts.filter(Boolean).join(' ') };
}

/** What an earlier try ordered is stored, but not in a form that this version knows. `names`: task ids and Idempotency-Keys in it. */
export function unreadableLedger(names: readonly string[]): Problem {
	const parts = [
		'Nothing was ordered: what n8n kept of the orders of this execution cannot be read, or was written by another version of this package.',
		names.length > 0 && `It names ${names.join(', ')}.`,
		'Fetch tasks with the operation Get Task, look for keys in the EvoLink dashboard, or run the workflow again for a new order.',
	];
	return { message: parts.filter(Boolean).join(' ') };
}

/** A fault of our own in a run whose tasks are paid. */
export function brokenRun({ message }: Problem, ids: readonly string[]): Problem {
	return {
		message: `The parked run cannot continue: ${sentence(message)}. Its tasks are ${ids.join(', ') || 'in the EvoLink dashboard'}. They are still running at EvoLink: fetch them with the operation Get Task.`,
	};
}

interface RunEstimate {
	orders: number;
	credits: number;
	unpriced?: unknown;
}

function priceOf({ orders, credits, unpriced }: RunEstimate): string {
	if (credits === 0) return 'the price of this run is not known';
	const what = orders === 1 ? 'the order' : `the ${orders} orders`;
	return `${what} of this run would cost ${unpriced ? 'at least' : 'about'} ${credits} credits`;
}

/** What a run would cost is more than its option 'Max Credits' allows. */
export function overBudget(estimate: RunEstimate, maxCredits: number): Problem {
	return {
		message: `No order was sent: ${priceOf(estimate)}, and 'Max Credits' is ${maxCredits}. Raise it, or order less in one run.`,
	};
}

/** 'Max Credits' is set, and what the run would cost is not known. */
export function priceUnknown({ item, model }: { item: number; model: string }, maxCredits: number): Problem {
	return {
		message: `No order was sent: the price of item ${item} (${tidy(model)}) is not known, and 'Max Credits' is ${maxCredits}. Remove the option, or choose a model whose price EvoLink tells.`,
	};
}

/** 'Check Balance First' found too few credits. `isBlind`: an earlier try may have ordered without a trace. */
export function balanceTooLow(estimate: RunEstimate, left: number, isBlind: boolean): Problem {
	const parts = [
		`No order was sent: ${priceOf(estimate)}, and ${left} credits are left on the account or the key ('Check Balance First').`,
		'Add credits at EvoLink, or order less in one run.',
		isBlind &&
			'If n8n was lost while an earlier try ordered, turn the option off and use Retry: EvoLink does not charge again for what it has already taken under the same Idempotency-Key.',
	];
	return { message: parts.filter(Boolean).join(' ') };
}

/** 'Check Balance First' could not tell. */
export function balanceUnchecked(why: string): Problem {
	return {
		message: `'Check Balance First' could not tell whether the balance pays for this run: ${sentence(why)}. The orders were sent all the same; what the balance cannot pay, EvoLink refuses at no charge.`,
	};
}

/** The run ended before this item's turn. */
export function notOrdered(): Problem {
	return { message: 'Nothing was ordered for this item, because the run ended before its turn.' };
}

/**
 * The run was stopped. "canceled" is the word by which the engine tells a stopped run from a failed one.
 *
 * @param ids of tasks that are not known to have ended
 * @param unknownKeys Idempotency-Keys of orders that were under way
 */
export function stopped(ids: readonly string[], unknownKeys: readonly string[]): Problem {
	const parts = ['The execution was canceled.'];
	if (ids.length > 0) {
		const one = ids.length === 1;
		parts.push(
			`${one ? 'A task is' : `${ids.length} tasks are`} still running at EvoLink and will be charged on completion: ${ids.join(', ')}.`,
			`Fetch the result with the operation Get Task, at most ${linkHours} hours after it is done.`,
		);
	}
	if (unknownKeys.length > 0) {
		parts.push(
			`Whether EvoLink took the orders that were just being sent is not known: look for them with the operation Get Many Tasks, or in the EvoLink dashboard for Idempotency-Key ${unknownKeys.join(', ')}.`,
		);
	}
	if (ids.length + unknownKeys.length === 0) parts.push('No task is running.');
	return { message: parts.join(' '), stopped: true, ...(ids.length > 0 && { taskId: ids[0] }) };
}
