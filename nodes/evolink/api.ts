import type { IDataObject } from 'n8n-workflow';

import { requestEvoLink, type EvoLinkAnswer, type EvoLinkContext } from './client';
import { malformedAnswer } from './failure';
import { evolinkFacts } from './generated/spec.gen';
import { readTask } from './task';
import type { TaskReading } from './wait/poll';

/** EvoLink's own client waits as long as this for a create and for a read. */
const CREATE_TIMEOUT_MS = 30_000;
const READ_TIMEOUT_MS = 15_000;

/** Sends one paid order. Never repeats itself. */
export async function createTask(
	ctx: EvoLinkContext,
	body: IDataObject,
	idempotencyKey: string,
): Promise<TaskReading> {
	const answer = await requestEvoLink(ctx, {
		operation: 'createVideoTask',
		body,
		headers: { [evolinkFacts.idempotency.requestHeader]: idempotencyKey },
		timeoutMs: CREATE_TIMEOUT_MS,
	});
	return asTask(answer);
}

/** Reads one task with the key. A task of another id than asked for is not taken as an answer. */
export async function getTask(
	ctx: EvoLinkContext,
	id: string,
	timeoutMs = READ_TIMEOUT_MS,
): Promise<TaskReading> {
	const answer = await requestEvoLink(ctx, {
		operation: 'getTask',
		pathParameters: { task_id: id },
		timeoutMs,
	});
	const reading = asTask(answer);
	if (reading.ok && reading.task.id !== id) {
		return { ok: false, failure: malformedAnswer({ status: 200 }, `another task (${reading.task.id})`) };
	}
	return reading;
}

/** The key's own limit and the account's balance, as EvoLink sends it. */
export async function getCredits(ctx: EvoLinkContext): Promise<EvoLinkAnswer> {
	return await requestEvoLink(ctx, { operation: 'getCredits', timeoutMs: READ_TIMEOUT_MS });
}

function asTask(answer: EvoLinkAnswer): TaskReading {
	if (!answer.ok) return answer;
	const task = readTask(answer.body);
	if (task) return { ok: true, task };
	return { ok: false, failure: malformedAnswer(answer, 'no task id in it') };
}
