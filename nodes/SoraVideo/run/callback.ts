import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import chunk from 'lodash/chunk';

import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { taskIdOf } from '../../evolink/task';
import { hostClock } from '../../evolink/clock';
import { isLeftToTimer } from './schedule';
import { hasEnded, isSettled, readAll } from '../watch';
import { parkedRunOf, watchesOf } from './parkedRun';
import { wakeOnce } from './wakeOnce';
import { answering, CALLBACK_READ_TIMEOUT_MS, callbackBody, respond } from '../../host/webhook';
import { readerFor } from '../../evolink/api';

/** EvoLink waits 10 s for an answer, and a large batch takes longer to read: it is answered before a read that may end too late. */
const ANSWER_AFTER_MS = 1500;

/**
 * EvoLink's callback for a parked run. It is a hint, never a fact: only the id is taken from it, and the tasks are read with
 * the key. It wakes the run when all of its tasks have ended; everything else is for `execute`. Never throws: n8n would end
 * the execution.
 */
export async function receiveCallback(ctx: IWebhookFunctions): Promise<IWebhookResponseData> {
	return await answering(ctx, handle, {
		what: 'A callback from EvoLink could not be handled; the timer will find the result',
		message: 'try again',
	});
}

async function handle(ctx: IWebhookFunctions): Promise<IWebhookResponseData> {
	const id = taskIdOf(callbackBody(ctx));
	if (id === undefined) return respond(ctx, 400, 'no task id');
	const record = parkedRunOf(ctx);
	const watches = watchesOf(record?.items ?? []);
	const called = watches.find((watch) => watch.id === id);
	if (record === undefined || called === undefined)
		return respond(ctx, 404, 'this execution waits for no such task');
	if (isLeftToTimer(record.wakesAt, hostClock.now())) return respond(ctx, 200, 'accepted, left to the timer');

	const read = readerFor(ctx, CALLBACK_READ_TIMEOUT_MS);
	const startedAt = hostClock.ticks();
	await readAll([called], read, hostClock);
	if (!isSettled(called)) {
		// EvoLink repeats the callback, in case its own replicas did not know yet
		return respond(ctx, 503, called.failure ? 'the task cannot be read now' : 'the task has not ended yet');
	}
	const others = watches.filter((watch) => watch !== called && !hasEnded(watch)).reverse();
	const inTime = answerAfter(ctx, ANSWER_AFTER_MS - (hostClock.ticks() - startedAt));
	try {
		for (const some of chunk(others, evolinkFacts.task.perRead)) {
			await readAll(some, read, hostClock);
			if (!some.every(isSettled)) break;
		}
	} finally {
		inTime.abort();
	}
	const open = others.filter((watch) => !isSettled(watch));
	if (open.some(({ failure }) => failure !== undefined))
		return respond(ctx, 503, 'a task cannot be read now');
	if (open.length > 0) return respond(ctx, 200, 'accepted, still waiting');
	const way = wakeOnce(ctx, record);
	const answered = respond(ctx, 200, way ? 'accepted' : 'accepted, left to the timer');
	return way ?? answered;
}

/** Accepts the callback in `ms`, unless what it returns is aborted before. */
function answerAfter(ctx: IWebhookFunctions, ms: number): AbortController {
	const controller = new AbortController();
	const { signal } = controller;
	void hostClock.sleep(ms, signal).then(() => {
		if (!signal.aborted) respond(ctx, 200, 'accepted');
	});
	return controller;
}
