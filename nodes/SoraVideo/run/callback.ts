import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { readerFor } from '../../evolink/api';
import { hostClock } from '../../evolink/clock';
import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { Recent } from '../../evolink/recent';
import { taskIdOf } from '../../evolink/task';
import { answering, CALLBACK_READ_TIMEOUT_MS, callbackBody, respond } from '../../host/webhook';
import { isQueued, openTasks, watchesOf } from '../entries';
import { hasEnded, isSettled, readAll } from '../watch';
import { parkedRunOf } from './parkedRun';
import { isLeftToTimer } from './schedule';
import { wakeOnce } from './wakeOnce';

/** EvoLink waits 10 s for an answer: it is answered before a read that may end too late. */
const ANSWER_AFTER_MS = 1500;

/** The first others that are read: singly, because most callbacks find one of them running. */
const FIRST_READ = 2;

/** Found ended by callbacks to this process. A webhook can store nothing, and each would read all of them anew. */
const ended = new Recent<true>(5000);

/**
 * A callback is a hint, never a fact: only the id is taken from it, and the tasks are read with the key. It wakes the run when
 * all of its tasks have ended, or another order waits for one that has. Never throws: n8n would end the execution.
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
	const state = parkedRunOf(ctx);
	const called = watchesOf(state?.items ?? []).find((watch) => watch.id === id);
	if (state === undefined || called === undefined)
		return respond(ctx, 404, 'this execution waits for no such task');
	if (isLeftToTimer(state.wakesAt, hostClock.now())) return respond(ctx, 200, 'accepted, left to the timer');
	// EvoLink repeats a callback that met the run while it went on
	if (hasEnded(called)) return respond(ctx, 200, 'accepted, known already');

	const read = readerFor(ctx, CALLBACK_READ_TIMEOUT_MS);
	const startedAt = hostClock.ticks();
	await readAll([called], read, hostClock);
	if (!isSettled(called)) {
		// EvoLink repeats the callback, in case its own replicas did not know yet
		return respond(ctx, 503, called.failure ? 'the task cannot be read now' : 'the task has not ended yet');
	}
	ended.set(id, true);
	const isWanted = state.items.some(isQueued);
	const others = isWanted
		? []
		: openTasks(state.items)
				.map(({ watch }) => watch)
				.filter((watch) => !ended.has(watch.id))
				.reverse();
	const inTime = answerAfter(ctx, ANSWER_AFTER_MS - (hostClock.ticks() - startedAt));
	try {
		for (let at = 0, size = FIRST_READ; at < others.length; at += size, size = evolinkFacts.task.perRead) {
			const some = others.slice(at, at + size);
			await readAll(some, read, hostClock);
			for (const watch of some.filter(hasEnded)) ended.set(watch.id, true);
			if (some.some(({ failure }) => failure?.transient))
				return respond(ctx, 503, 'a task cannot be read now');
			if (!some.every(isSettled)) return respond(ctx, 200, 'accepted, still waiting');
		}
		const response = await wakeOnce(ctx, state);
		const answered = respond(ctx, 200, response ? 'accepted' : 'accepted, left to the timer');
		return response ?? answered;
	} finally {
		inTime.abort();
	}
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
