import { httpFailure, malformedAnswer, networkFailure } from '../../../nodes/evolink/failure';
import { readTask } from '../../../nodes/evolink/task';
import type { Problem } from '../../../nodes/host/errors';
import * as messages from '../../../nodes/host/messages';
import { parameterMessage } from '../../../nodes/host/parameters';

/** What differs from case to case. */
export interface Values {
	ids: readonly [string, string, string];
	/** Idempotency-Key. */
	key: string;
	requestId: string;
	model: string;
	/** The words of EvoLink, of the network, of whoever gives a reason. */
	says(this: void, words: string): string;
	code: string;
	status: string;
	url: string;
	/** A binary field. */
	field: string;
}

/** As long as they are with EvoLink. */
export const TYPICAL: Values = {
	ids: [
		'task-unified-1795511340-was98kwz',
		'task-unified-1795511341-7cvnl5zw',
		'task-unified-1795511342-k3m9x2qa',
	],
	key: 'n8n-bb7c27d462f247dee89dd002643c0775eb290708e4384931',
	requestId: 'req_20261124081530482',
	model: 'sora-2-preview',
	says: (words) => words,
	code: 'content_policy_violation',
	status: 'processing',
	url: 'https://files.evolink.ai/videos/2026/11/24/task-unified-1795511340-was98kwz.mp4?token=0123456789abcdef',
	field: 'data',
};

/** Everything that the node can say about orders, tasks and runs: by the name of the message, then by case. */
export function problemsWith(values: Values): Record<keyof typeof messages, Record<string, Problem>> {
	const { ids, key, requestId, model, says, code, status, url, field } = values;
	const [id, second, third] = ids;
	const http = (httpStatus: number, httpCode: string, said: string) =>
		httpFailure(
			{
				status: httpStatus,
				headers: {},
				namesTask: true,
				body: { error: { code: httpCode, message: says(said) }, request_id: requestId },
			},
			0,
		);
	const failures = {
		balance: http(402, 'insufficient_quota', 'Insufficient quota.'),
		tooMany: http(429, 'rate_limit_exceeded', 'Too many requests.'),
		closed: http(403, 'model_access_denied', `Token does not have access to model: ${model}.`),
		noChannel: http(503, 'no_available_channel', `No available channel for model ${model}.`),
		server: http(500, 'internal_error', 'Internal server error.'),
		network: networkFailure('ECONNRESET', says('The connection was closed before an answer came.')),
		refusedConnection: networkFailure('ECONNREFUSED', says('The host refused the connection.')),
		page: malformedAnswer({ status: 200 }, says('something that is not JSON')),
		keyUsed: http(409, 'idempotency_conflict', 'The key was used with another body.'),
		upload: http(400, '40003', "The account's file quota is used up."),
		unauthorized: http(401, 'invalid_api_key', 'Invalid API key.'),
		unknownTask: http(404, 'task_not_found', 'The task does not exist.'),
		noList: http(404, 'not_found', 'No such page.'),
	};
	const task = (body: object) => readTask({ id, ...body })!;
	const failed = (error: object) => messages.taskEnded(task({ status: 'failed', error }));
	const broken = { message: says('n8n has lost what it kept of the run') };
	const wait = { orders: 3, credits: 69.12 };
	const unpriced = { item: 0, model };
	return {
		orderRefused: {
			'the balance is too low': messages.orderRefused(failures.balance, model),
			'too many orders': messages.orderRefused(failures.tooMany, model),
			'the key is wrong': messages.orderRefused(failures.unauthorized, model),
			'no connection': messages.orderRefused(failures.refusedConnection, model),
			'the model is closed': messages.orderRefused(failures.closed, model),
		},
		noRoom: {
			'no turn came': messages.noRoom(720_000),
			"no turn came, in EvoLink's words": messages.noRoom(720_000, failures.tooMany),
		},
		perhapsOrdered: { 'n8n was lost while it ordered': messages.perhapsOrdered(key) },
		fileLost: { 'a Retry after a wait': messages.fileLost() },
		fileRefused: { 'no room for a file': messages.fileRefused(failures.upload) },
		outcomeUnknown: {
			'a fault of EvoLink': messages.outcomeUnknown(failures.server, model, key),
			'the connection broke': messages.outcomeUnknown(failures.network, model, key),
			'an answer that cannot be used': messages.outcomeUnknown(failures.page, model, key),
			'no channel for the model': messages.outcomeUnknown(failures.noChannel, model, key),
		},
		keyInUse: { 'the key was used': messages.keyInUse(failures.keyUsed, key) },
		orderedEarlier: { hint: messages.orderedEarlier([id]) },
		unknownBefore: {
			'found by a retry': messages.unknownBefore(key, Date.UTC(2026, 10, 24, 8, 15)),
			'of a closed model, found by a retry': messages.unknownBefore(
				key,
				Date.UTC(2026, 10, 24, 8, 15),
				model,
			),
		},
		retriedBlindly: { hint: messages.retriedBlindly() },
		taskEnded: {
			failed: failed({ code, message: says('The prompt was refused by moderation.') }),
			'failed for no reason': failed({}),
			cancelled: messages.taskEnded(task({ status: 'cancelled' })),
		},
		nothingToShow: { 'no link': messages.nothingToShow(task({ status: 'completed' })) },
		timedOut: {
			'after half an hour': messages.timedOut(id, 30, task({ status, progress: 56 }), undefined),
			'after a minute': messages.timedOut(id, 1, task({ status, progress: 5 }), failures.server),
			'after half a minute': messages.timedOut(id, 0.5, undefined, undefined),
			'while EvoLink could not be read': messages.timedOut(id, 1.5, undefined, failures.network),
		},
		creditsUnreadable: { 'the key is wrong': messages.creditsUnreadable(failures.unauthorized) },
		unreadable: {
			'unknown task': messages.unreadable(id, failures.unknownTask),
			'the key is wrong': messages.unreadable(id, failures.unauthorized),
		},
		listUnreadable: {
			'the key is wrong': messages.listUnreadable(failures.unauthorized),
			'there is none': messages.listUnreadable(failures.noList),
		},
		nextStep: { 'for an agent': messages.nextStep(id) },
		downloadFailed: {
			'the link has expired': messages.downloadFailed(task({ status: 'completed' }), url, {
				why: 'expired',
				reason: says('the link answered 403: result links expire after 24 hours'),
			}),
			'the file is too large': messages.downloadFailed(task({ status: 'completed' }), url, {
				why: 'tooLarge',
				reason: says("the file is larger than 5 MB ('Max Download MB' in the options)"),
			}),
		},
		fileNotDownloaded: {
			'the host answered nonsense': messages.fileNotDownloaded(url, {
				why: 'hostBusy',
				reason: says('the media host answered 500'),
			}),
		},
		wrongReference: { 'a changed URL': messages.wrongReference() },
		withOthers: {
			'after a refused order': messages.withOthers(
				messages.orderRefused(failures.balance, model),
				[{ item: 0, what: `task ${second}`, id: second }],
				[2, 3],
			),
			'one item was not ordered': messages.withOthers(
				messages.orderRefused(failures.tooMany, model),
				[],
				[2],
			),
			'after a failed task': messages.withOthers(
				failed({ code, message: says('The prompt was refused by moderation.') }),
				[
					{ item: 1, what: `task ${second} completed (${url})`, id: second },
					{ item: 2, what: `Task ${third} was cancelled at EvoLink`, id: third },
					{ item: 3, what: 'It is not known whether EvoLink took the order', key },
				],
			),
		},
		unreadableLedger: {
			'with names': messages.unreadableLedger([id, key]),
			'without names': messages.unreadableLedger([]),
		},
		brokenRun: {
			'with tasks': messages.brokenRun(broken, [id, second]),
			'without tasks': messages.brokenRun(broken, []),
		},
		notOrdered: { 'the run ended': messages.notOrdered() },
		overBudget: {
			'one order': messages.overBudget({ orders: 1, credits: 23.04 }, 20),
			'several orders': messages.overBudget(wait, 20),
		},
		priceUnknown: {
			'another model': messages.priceUnknown({ item: 1, model }, 20),
			'a field that costs extra': messages.priceUnknown({ item: 1, model, extra: code }, 20),
		},
		costUnknown: {
			'by rules that do not tell it': messages.costUnknown(model, true),
			'without rules': messages.costUnknown(model, false),
		},
		balanceTooLow: {
			'several orders': messages.balanceTooLow(wait, 4, false),
			'some without a price, after a lost try': messages.balanceTooLow({ ...wait, unpriced }, 4, true),
			'without a price': messages.balanceTooLow({ orders: 2, credits: 0, unpriced }, 0, false),
		},
		balanceUnchecked: {
			'no price': messages.balanceUnchecked(says('the price of item 1 is not known')),
			'no answer': messages.balanceUnchecked(failures.network),
		},
		stopped: {
			'while it ordered': messages.stopped([id, second], [key]),
			'while it waited': messages.stopped([id], []),
			'before it ordered': messages.stopped([], []),
		},
		noFile: {
			'no file at all': messages.noFile('Start Image Field Name', field, []),
			'files in other fields': messages.noFile('Start Image Field Name', field, ['image', 'pdf'], true),
		},
		wrongFile: {
			'of an iPhone': messages.wrongFile(field, 'HEIC', 'JPEG, PNG, WebP'),
			'of another kind': messages.wrongFile(field, 'sound alone'),
			'a page': messages.wrongFile(field, 'a web page'),
			'a text': messages.wrongFile(field, 'text in base64'),
			'no bytes': messages.wrongFile(field, 'empty (0 bytes)'),
			'half of it': messages.wrongFile(field, 'incomplete'),
		},
		fileTooLarge: {
			'a picture': messages.fileTooLarge('image', field, '10.6 MB', '10 MB (10485760 bytes)'),
		},
		unmarkedEnd: { 'a result': messages.unmarkedEnd(`of task ${id}`) },
		wrongPixels: {
			'a picture of a phone': messages.wrongPixels(field, '4032x3024', '1280x720', '16:9'),
		},
	};
}

/** A wrong field: what stands in it, and what is allowed. */
export const WRONG_FIELD: Problem = { message: parameterMessage('Prompt', '', '1 to 5000 characters') };

/** One of each, as users see them. */
export const PROBLEM_SAMPLES = problemsWith(TYPICAL);
