import truncate from 'lodash/truncate';
import uniq from 'lodash/uniq';
import without from 'lodash/without';

import { evolinkFacts } from '../evolink/generated/spec.gen';
import type { DownloadFailure } from '../evolink/media/download';
import { failureReference, type Failure } from '../evolink/failure';
import { sentence, tidy } from '../evolink/redact';
import { creditsCharged, failureNote, type Task } from '../evolink/task';
import { adviceOn, failureWords, MODEL_ADVICE } from './advice';
import { descriptionFor, READERS, type Problem, type Reader } from './errors';

/** The sentences of the node. A message says what happened, to which task, why; a description what to do and what it costs. */

type Words = Pick<Problem, 'description' | 'otherwise'>;

/** What to do next, to a person behind an order, and in other words to others. */
function words(description: string, otherwise: Words['otherwise']): Words {
	return { description, otherwise };
}

const CALLER = 'a Retry of the caller orders everything anew';

const LATER = words(
	"Get it with the operation Get Task, or use n8n's Retry on this execution: it continues with the same task and pays nothing new.",
	{
		agent: 'Use the tool that gets a task, with this ID. Do not order again: that pays for another video.',
		getTask: 'Run this again later: reading a task costs nothing.',
		called: `Get it with the operation Get Task, or use n8n's Retry on the sub-workflow's execution, which continues with the same task; ${CALLER}.`,
	},
);

const NOT_BOUGHT_AGAIN = words(
	'A retry of this execution does not order it again. Run the workflow again for a new attempt.',
	{
		agent: 'A new order costs credits again: ask the user first.',
		getTask: '',
		called: `A Retry of the sub-workflow's execution does not order it again; ${CALLER}.`,
	},
);

/** The list shows no keys: there the time tells. */
const LOOK_UP = words(
	'look for a task of that time with the operation Get Many Tasks, or in the EvoLink dashboard under the Idempotency-Key, and fetch it with the operation Get Task.',
	{
		agent:
			'do not order again; look for a task of that time with the tool that gets many tasks, or give the user the Idempotency-Key.',
	},
);

const UNKNOWN_ADVICE = described(
	words('The video may be running at EvoLink and charged, so do not order it again:', {
		agent: 'The video may be running at EvoLink and charged:',
	}),
	LOOK_UP,
	words(
		"To send the same order again under the same key, turn on the option 'Resend When Outcome Is Unknown' and use Retry; EvoLink then either returns the first task or, if it ignores the key, charges again.",
		{
			agent: '',
			called: `To send the same order again under the same key, turn on the option 'Resend When Outcome Is Unknown' and use Retry on the sub-workflow's execution; ${CALLER}.`,
		},
	),
);

const linkHours = evolinkFacts.results.linkLifetimeHours;

/** Characters of a message, but for ids and keys that make it longer; n8n's views and chat messages hold little more. */
const MESSAGE_LENGTH = 190;

/** What is left of a server's words at least. */
const WORDS_LENGTH = 40;

type Part = string | Words | false | undefined;

/** For whoever reads them. */
function described(...parts: Part[]): Words {
	const textFor = (reader?: Reader) =>
		parts
			.map((part) => (typeof part === 'object' ? descriptionFor(reader, part) : part))
			.filter(Boolean)
			.join(' ');
	const description = textFor();
	const others = READERS.map((reader) => [reader, textFor(reader)]).filter(
		([, text]) => text !== description,
	);
	return {
		...(description !== '' && { description }),
		...(others.length > 0 && { otherwise: Object.fromEntries(others) as Words['otherwise'] }),
	};
}

/** The message has the first sentence of somebody else's words between ours; the description has them in full if they are longer. */
function quoting([before, words, after = '']: [string, string, string?], ...parts: Part[]): Problem {
	const whole = sentence(tidy(words));
	const length = Math.max(MESSAGE_LENGTH - before.length - after.length, WORDS_LENGTH);
	const first = /^.{10,}?(?=[.!?]\s+\p{Lu})/su.exec(whole)?.[0] ?? whole;
	const said = truncate(first, { length, separator: ' ', omission: '…' });
	return {
		message: `${before}${said}${after}`,
		...described(...parts, said !== whole && `In full: ${whole}.`),
	};
}

function referred(text: string, failure: Failure, key?: string): string {
	return `${text} ${failureReference(failure, key)}`.trimEnd();
}

/** A name that a user or a server gave. */
function nameOf(given: string): string {
	return truncate(tidy(given), { length: 60, omission: '…' });
}

/** `EvoLink did not take the order: Insufficient quota (402, request 1)` */
function refusal(before: string, failure: Failure, ...parts: Part[]): Problem {
	return { ...quoting([`${before}: `, failure.message, referred('', failure)], ...parts), failure };
}

function modelClosed(failure: Failure, model: string, charge: Part, key?: string): Problem {
	return {
		message: referred(`EvoLink does not serve ${nameOf(model)} to this key`, failure, key),
		...described(adviceOn(failure), `EvoLink said: ${sentence(failure.message)}.`, charge),
		failure,
	};
}

export function orderRefused(failure: Failure, model: string): Problem {
	const charge =
		failure.charge === 'none'
			? 'Nothing was charged for this order.'
			: 'EvoLink refused it, and refused orders are usually not charged.';
	if (failure.kind === 'modelUnavailable') return modelClosed(failure, model, charge);
	return refusal('EvoLink did not take the order', failure, adviceOn(failure), charge);
}

export function fileRefused(failure: Failure, so = 'Nothing was ordered for this item.'): Problem {
	return refusal('EvoLink did not take the input file', failure, adviceOn(failure), so);
}

/** A Retry finds a file no more that n8n kept in the item, which goes when the run is suspended. */
export function fileLost(): Problem {
	return {
		message:
			'The file of this item is gone: this n8n keeps files in the execution alone, and it was suspended',
		...described(
			'Nothing was ordered for this item.',
			words('Run the workflow again for it.', { agent: '' }),
			'Files outlast a wait where n8n keeps them on disk (N8N_DEFAULT_BINARY_DATA_MODE=filesystem).',
		),
	};
}

/** A queued order whose turn never came: for so many ms EvoLink took none, and this is its latest refusal. */
export function noRoom(ms: number, failure?: Failure): Problem {
	return {
		message: `Nothing was ordered for this item: EvoLink had no room for another task for ${lasting(Math.round(ms / 1000) / 60)}`,
		...described(
			'Nothing was charged for it. Accounts have room for a few tasks at a time: try again when others have ended, or ask EvoLink for more.',
			failure && `EvoLink said: ${failureWords(failure)}.`,
		),
		failure,
	};
}

/** A process was lost that may have ordered a queued item, and the account has tasks that nobody here knows. */
export function perhapsOrdered(key: string): Problem {
	return {
		message: `It is not known whether this item was ordered before n8n was lost (Idempotency-Key ${key})`,
		...UNKNOWN_ADVICE,
		idempotencyKey: key,
	};
}

export function outcomeUnknown(failure: Failure, model: string, key: string): Problem {
	if (failure.kind === 'modelUnavailable') {
		const charge = described('It is not known whether this order was charged:', LOOK_UP);
		return { ...modelClosed(failure, model, charge, key), idempotencyKey: key };
	}
	// the advice on other kinds ends with another try, which may be paid twice
	const advice = ['network', 'unexpected'].includes(failure.kind) && adviceOn(failure);
	const said: [string, string, string] = [
		'It is not known whether EvoLink took the order: ',
		failure.message,
		referred('', failure, key),
	];
	return { ...quoting(said, UNKNOWN_ADVICE, advice), failure, idempotencyKey: key };
}

/** EvoLink has an order under this key and did not take another one: the body has changed, or the first is still undecided. */
export function keyInUse(failure: Failure, key: string): Problem {
	return {
		message: referred(
			'EvoLink did not take this order, because it already has one for this item',
			failure,
			key,
		),
		...described(
			'This one was refused, and refused orders are usually not charged. An earlier try ordered the video, perhaps with another prompt:',
			LOOK_UP,
			words('For a new video run the workflow again.', { agent: '' }),
			`EvoLink said: ${sentence(failure.message)}.`,
		),
		failure,
		idempotencyKey: key,
	};
}

/** EvoLink, or the memory of the process, answered with tasks that an earlier try ordered. */
export function orderedEarlier(ids: readonly string[]): Problem {
	return {
		message: `Nothing new was ordered for ${ids.join(', ')}: an earlier try of this execution had ordered this already`,
		description:
			'If the items have changed since (a prompt by an AI model, $now, another order of the items), the video was made from what they held then.',
	};
}

/** An earlier try of the same intent left its outcome unknown. `closedModel`: EvoLink answered that it does not serve it. */
export function unknownBefore(key: string, sentAt: number, closedModel?: string): Problem {
	const at = new Date(sentAt).toISOString();
	if (closedModel === undefined) {
		return {
			message: `An earlier try of this item sent its order at ${at} and got no usable answer, so it was not sent again (Idempotency-Key ${key})`,
			...UNKNOWN_ADVICE,
			idempotencyKey: key,
		};
	}
	return {
		message: `EvoLink did not serve ${nameOf(closedModel)} to an earlier try of this item at ${at}, so its order was not sent again (Idempotency-Key ${key})`,
		...described(
			MODEL_ADVICE,
			words('Then run the workflow again.', { agent: '' }),
			'It is not known whether the earlier order was charged:',
			LOOK_UP,
		),
		idempotencyKey: key,
	};
}

/** A Retry where nothing tells whether the first try ordered: see `mayOrderAnew`. */
export function retriedBlindly(): Problem {
	return {
		message: 'This Retry found no earlier order',
		description:
			'If n8n was stopped or lost while the first try was ordering, that order may have been taken, and this one is another: check the EvoLink dashboard for a duplicate. n8n 2.14 or newer would have repeated the first order under its own Idempotency-Key.',
	};
}

export function taskEnded(task: Task): Problem {
	if (task.phase === 'cancelled') {
		return {
			message: `Task ${task.id} was cancelled at EvoLink`,
			...described(costOf(task), NOT_BOUGHT_AGAIN),
			taskId: task.id,
			chargedCredits: creditsCharged(task),
		};
	}
	const code = task.error?.code ?? 'unknown_error';
	const said = task.error ? tidy(task.error.message) : 'EvoLink gave no reason';
	const suggestion = task.error?.suggestion;
	return {
		...quoting(
			[`Task ${task.id} failed: `, said, ` (${nameOf(code)})`],
			failureNote(code)?.advice,
			suggestion && `EvoLink suggests: ${sentence(tidy(suggestion))}.`,
			costOf(task) ?? 'Failed tasks are usually refunded: Get Credits shows the balance.',
			NOT_BOUGHT_AGAIN,
		),
		taskId: task.id,
		code,
		chargedCredits: creditsCharged(task),
	};
}

/** Where EvoLink says it. */
function costOf(task: Task): string | undefined {
	const charged = creditsCharged(task);
	if (charged === undefined) return undefined;
	return `EvoLink charged ${charged === 0 ? 'nothing' : `${charged} credits`} for it.`;
}

/** Completed, but nothing in the answer leads to a file. */
export function nothingToShow(task: Task): Problem {
	return {
		message: `Task ${task.id} completed, but EvoLink sent no link to a result`,
		...described(
			words("It was paid: read it again with the operation Get Task, or ask EvoLink's support.", {
				agent:
					'It was paid, so do not order it again: use the tool that gets a task in some minutes, or tell the user.',
				getTask: "It was paid: read it again in some minutes, or ask EvoLink's support.",
			}),
			NOT_BOUGHT_AGAIN,
		),
		taskId: task.id,
	};
}

/** `30 minutes`, `1 minute`, `30 seconds` */
function lasting(minutes: number): string {
	const [amount, unit] = minutes < 1 ? [minutes * 60, 'second'] : [minutes, 'minute'];
	const rounded = Math.round(amount * 100) / 100;
	return `${rounded} ${unit}${rounded === 1 ? '' : 's'}`;
}

export function timedOut(
	id: string,
	minutes: number,
	last: Task | undefined,
	failure: Failure | undefined,
): Problem {
	const after = `after ${lasting(minutes)} ('Timeout Minutes')`;
	const advice = described('It is still running at EvoLink and is charged when it completes.', LATER);
	const about = { taskId: id, failure };
	if (last !== undefined) {
		const why = failure && `The last status check failed: ${failureWords(failure)}.`;
		return {
			...quoting([`Task ${id} was still '`, last.status, `'${progressOf(last)} ${after}`], advice, why),
			...about,
		};
	}
	const unread = `Task ${id} could not be read ${after}`;
	if (failure === undefined) return { message: unread, ...advice, ...about };
	return { ...refusal(unread, failure, advice), ...about };
}

function progressOf(task: Task): string {
	const { progress } = task.raw;
	return typeof progress === 'number' ? ` (${progress} %)` : '';
}

export function creditsUnreadable(failure: Failure): Problem {
	return refusal('The credits could not be read', failure, adviceOn(failure));
}

export function unreadable(id: string, failure: Failure): Problem {
	return {
		...refusal(
			`Task ${id} could not be read`,
			failure,
			// which means the fields of an order
			failure.kind === 'badRequest' ? 'Check the task ID.' : adviceOn(failure),
			words('If the task is running, it goes on and is charged.', { getTask: '' }),
			failure.transient ? LATER : { ...LATER, otherwise: { ...LATER.otherwise, getTask: '' } },
		),
		taskId: id,
	};
}

/** The list of tasks is in no manual, so it may be missing. */
export function listUnreadable(failure: Failure): Problem {
	if (failure.status !== 404 && failure.status !== 405)
		return refusal('The tasks could not be listed', failure, adviceOn(failure));
	return {
		message: referred('This EvoLink has no list of tasks', failure),
		...words('Read each task with the operation Get Task and its id.', {
			agent: 'Use the tool that gets a task, with its ID.',
		}),
		failure,
	};
}

/** For an agent, which reads nothing but the output, and would order the video once more. */
export function nextStep(id: string): Problem {
	return {
		message: 'The task is still running at EvoLink',
		description: `Use the tool that gets a task with the ID ${id} in a minute. Do not order again: that pays for another video.`,
	};
}

type LostFile = Pick<DownloadFailure, 'why' | 'reason'>;

function fetching({ why }: LostFile, url: string, later: Part): Words {
	if (why === 'expired') {
		return described(
			`It was paid, and its link was ${url}. If it is younger than that, read its task again for a new link; otherwise ask EvoLink's support for it.`,
		);
	}
	return described(`The result is paid and its link works for ${linkHours} hours: ${url}.`, later);
}

/** The result is there and paid, the file is not. */
export function downloadFailed(task: Task, url: string, failure: LostFile): Problem {
	const before = `Task ${task.id} completed, but its file could not be downloaded: `;
	return {
		...quoting([before, failure.reason], fetching(failure, url, LATER)),
		taskId: task.id,
		code: failure.why,
		link: url,
	};
}

/** The trigger's words for it, in a field of an item that goes on. */
export function fileNotDownloaded(url: string, failure: LostFile): Problem {
	const later = "Fetch it with the operation Get Task of the Sora Video node and this task's id.";
	return quoting(['The file could not be downloaded: ', failure.reason], fetching(failure, url, later));
}

/** The trigger's words for a reference that it leaves out, in a field of an item that goes on. */
export function wrongReference(): Problem {
	return {
		message: 'The reference in the callback URL does not match its signature, so it was left out',
		description: 'The URL was changed, or the order was made with another API key.',
	};
}

export interface OtherItem {
	item: number;
	/** Its task, or what kept it from having one. */
	what: string;
	id?: string;
	key?: string;
}

const OTHERS_GO_ON = words('Running tasks continue and are charged; Retry picks them up.', {
	getTask: '',
	called: `Running tasks continue and are charged; Retry of the sub-workflow's execution picks them up, ${CALLER}.`,
});

/**
 * The other items of a run that ends early. Their tasks stand in the message, however many: where a workflow calls another, it
 * is all that is left of the error, and no paid id may be missing. `untouched`: items whose turn had not come.
 */
export function withOthers(
	problem: Problem,
	others: readonly OtherItem[],
	untouched: readonly number[] = [],
): Problem {
	const named = others.flatMap(({ id, key }) => {
		if (id !== undefined) return [id];
		return key === undefined ? [] : [`perhaps one under Idempotency-Key ${key}`];
	});
	// a task may have several results
	const names = without(uniq(named), problem.taskId);
	const list = others.map(({ item, what }) => `item ${item}: ${what}`).join('; ');
	return {
		...problem,
		message: `${problem.message}${names.length === 0 ? '' : `; other tasks of this run: ${names.join(', ')}`}`,
		...described(
			problem,
			others.length > 0 && `The other items of this run: ${list}.`,
			names.length > 0 && OTHERS_GO_ON,
			untouched.length > 0 &&
				`Nothing was ordered for ${untouched.length === 1 ? 'item' : 'items'} ${untouched.join(', ')}.`,
		),
	};
}

/** What an earlier try ordered cannot be read. `names`: task ids and Idempotency-Keys in it. */
export function unreadableLedger(names: readonly string[]): Problem {
	const what = names.length === 0 ? '' : `; it names ${names.join(', ')}`;
	return {
		message: `Nothing was ordered, because what n8n kept of the orders of this execution cannot be read${what}`,
		description:
			'It is damaged, or was written by another version of this package. Fetch tasks with the operation Get Task, look for keys in the EvoLink dashboard, or run the workflow again for a new order.',
	};
}

export function brokenRun({ message: why, description }: Problem, ids: readonly string[]): Problem {
	const tasks = ids.length === 0 ? '' : `; its tasks are ${ids.join(', ')}`;
	const { message, ...rest } = quoting(
		['The suspended run cannot continue: ', why],
		words(
			`Its tasks are still running at EvoLink: ${ids.length === 0 ? 'find them with the operation Get Many Tasks, or in the EvoLink dashboard' : 'fetch them with the operation Get Task'}.`,
			{ getTask: 'Its tasks are not touched by that: run this again.' },
		),
		description,
	);
	return { message: `${message}${tasks}`, ...rest };
}

/** What the orders of a run would cost. */
export interface Estimate {
	orders: number;
	/** Of all, as far as their prices are known. */
	credits: number;
	/** The first whose price is not known, or not all of it: what the field `extra` adds. */
	unpriced?: { item: number; model: string; extra?: string };
}

function priceOf({ orders, credits, unpriced }: Estimate): string {
	if (credits === 0) return 'the price of this run is not known';
	const what = orders === 1 ? 'the order' : `the ${orders} orders`;
	return `${what} of this run would cost ${unpriced ? 'at least' : 'about'} ${credits} credits`;
}

export function overBudget(estimate: Estimate, maxCredits: number): Problem {
	return {
		message: `No order was sent: ${priceOf(estimate)}, and 'Max Credits' is ${maxCredits}`,
		description: 'Nothing was charged. Raise the limit, or order less in one run.',
	};
}

export function priceUnknown(
	{ item, model, extra }: NonNullable<Estimate['unpriced']>,
	maxCredits: number,
): Problem {
	const price = extra === undefined ? 'the price' : `what '${nameOf(extra)}' adds to the price`;
	return {
		message: `No order was sent: ${price} of item ${item} (${nameOf(model)}) is not known, and 'Max Credits' is ${maxCredits}`,
		...described(
			'Nothing was charged.',
			extra === undefined
				? 'Remove the option, or choose a model whose price EvoLink tells.'
				: 'Remove the option, or that field.',
		),
	};
}

/** *Estimate Cost* has no price. `isListed`: EvoLink has price rules for the model, which do not tell it. */
export function costUnknown(model: string, isListed: boolean): Problem {
	return {
		message: `What an order for ${nameOf(model)} costs is not known`,
		description: isListed
			? "Nothing was charged. EvoLink's price rules depend on what only EvoLink can measure, such as the length of an input video."
			: 'Nothing was charged. EvoLink tells no price for this model: check its ID in the list of models, or try again in a minute.',
	};
}

/** 'Check Balance First' found too few credits. `isBlind`: an earlier try may have ordered without a trace. */
export function balanceTooLow(estimate: Estimate, left: number, isBlind: boolean): Problem {
	return {
		message: `No order was sent: ${priceOf(estimate)}, and ${left} credits are left on the account or the key ('Check Balance First')`,
		...described(
			'Add credits at EvoLink, or order less in one run.',
			isBlind &&
				words(
					'If n8n was lost while an earlier try ordered, turn the option off and use Retry: EvoLink does not charge again for what it has already taken under the same Idempotency-Key.',
					{ agent: '' },
				),
		),
	};
}

export function balanceUnchecked(why: string | Failure): Problem {
	const reason = typeof why === 'string' ? why : failureWords(why);
	return quoting(
		["'Check Balance First' could not tell whether the balance pays for this run: ", reason],
		'The orders were sent all the same; what the balance cannot pay, EvoLink refuses at no charge.',
	);
}

export function notOrdered(): Problem {
	return {
		message: 'Nothing was ordered for this item, because the run ended before its turn',
		...words('Nothing was charged. Run the workflow again to order it.', { agent: 'Nothing was charged.' }),
	};
}

/** "canceled" is the word by which the engine tells a stopped run. `ids`: of tasks not known to have ended. */
export function stopped(ids: readonly string[], unknownKeys: readonly string[]): Problem {
	const running = `${ids.length === 1 ? 'a task is' : `${ids.length} tasks are`} still running at EvoLink: ${ids.join(', ')}`;
	const unknown = `it is not known whether EvoLink took the orders under Idempotency-Key ${unknownKeys.join(', ')}`;
	const parts = [ids.length > 0 && running, unknownKeys.length > 0 && unknown].filter(Boolean);
	const onCompletion = (how: string) =>
		`What is running is charged on completion: ${how}, at most ${linkHours} hours after it is done.`;
	return {
		message: `The execution was canceled; ${parts.join('; ') || 'no task is running'}`,
		...described(
			ids.length > 0 &&
				words(onCompletion('fetch the result with the operation Get Task'), {
					agent: onCompletion('use the tool that gets a task'),
					getTask: onCompletion('run this again'),
				}),
			unknownKeys.length > 0 &&
				words(
					'Look for orders of unknown outcome with the operation Get Many Tasks, or in the EvoLink dashboard under their Idempotency-Key.',
					{ agent: 'Of unknown outcome: do not order again; give the user the Idempotency-Key.' },
				),
		),
		stopped: true,
		taskId: ids[0],
	};
}

const NOTHING_FOR_IT = 'Nothing was ordered for this item.';

export function noFile(
	displayName: string,
	field: string,
	names: readonly string[],
	isOptional = false,
): Problem {
	return {
		message: `This item has no file in '${nameOf(field)}' ('${displayName}')`,
		...described(
			names.length === 0
				? 'It has no file at all: connect a node that reads or downloads one.'
				: `It has files in ${names.map((name) => `'${nameOf(name)}'`).join(', ')}.`,
			isOptional &&
				`Where only some items have an image, set 'Start Image' to {{ $binary['${nameOf(field)}'] ? 'binary' : 'none' }}.`,
			NOTHING_FOR_IT,
		),
	};
}

const FILE_ADVICE: Readonly<Record<string, string>> = {
	HEIC: 'Convert it to JPEG. An iPhone takes JPEG itself with Settings, Camera, Formats, Most Compatible.',
	'a web page': 'The link that it came from leads to a page: use a link to the file itself.',
	'text in base64': "Make a file of it with n8n's Convert to File node.",
	'empty (0 bytes)': 'Look at the node that it comes from.',
	incomplete: 'It breaks off before its end: get it once more.',
};

/** `found` completes "the file is …"; `takes`: what EvoLink takes instead. */
export function wrongFile(field: string, found: string, takes?: string): Problem {
	return {
		message: `The file in '${nameOf(field)}' is ${found}${takes === undefined ? '' : `, EvoLink takes ${takes}`}`,
		...described(FILE_ADVICE[found] ?? 'Convert it, or give it another file.', NOTHING_FOR_IT),
	};
}

/** @param given, limit sizes with their units */
export function fileTooLarge(what: string, field: string, given: string, limit: string): Problem {
	return {
		message: `The ${what} in '${nameOf(field)}' has ${given}, EvoLink takes ${limit}`,
		...described(`Make it smaller. ${NOTHING_FOR_IT}`),
	};
}

/** A file that is taken, although nothing tells whether all of it is there. @param where completes "the file …" */
export function unmarkedEnd(where: string): Problem {
	return {
		message: `The file ${where} has no mark of its end`,
		description: 'Live recordings have none. If it was cut off, nothing tells: look at it before you use it.',
	};
}

/** An image that EvoLink would not take: `wanted` is its size in pixels. */
export function wrongPixels(field: string, given: string, wanted: string, ratio: string): Problem {
	return {
		message: `The image in '${nameOf(field)}' has ${given} pixels, and 'Aspect Ratio' ${ratio} needs exactly ${wanted}`,
		description:
			"Bring it to that size with n8n's Edit Image node, or turn off 'Check Image Size' in the options. Nothing was ordered for this item.",
	};
}
