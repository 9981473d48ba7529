import type { Failure } from '../evolink/failure';
import { readTask, taskIdOf, type Task } from '../evolink/task';
import type { TriggerSettings } from './settings';
import type { TaskReading } from '../evolink/reader';

/** Answer and start nothing. EvoLink tries again after anything but a 2xx. */
export interface Answer {
	kind: 'answer';
	status: 200 | 400 | 404 | 503;
	message: string;
	failure?: Failure;
}

export type Verdict = Answer | { kind: 'start'; task: Task };

export const TOO_MANY = answer(503, 'Too many callbacks at once');
export const REPEATED = answer(200, 'Repeated: this task has been taken on before');

function answer(status: Answer['status'], message: string, failure?: Failure): Answer {
	return { kind: 'answer', status, message, failure };
}

/** Which task a callback is about, if it is worth anything at all. Never throws. `started`: it has started the workflow before. */
export function callbackOf(
	body: unknown,
	{ ignoreRepeats }: Pick<TriggerSettings, 'ignoreRepeats'>,
	started: (id: string) => boolean,
): Answer | { kind: 'task'; id: string } {
	const id = taskIdOf(body);
	if (id === undefined) return answer(400, 'The body holds no task id');
	if (ignoreRepeats && started(id)) return REPEATED;
	return { kind: 'task', id };
}

/** By what EvoLink says of the task when asked with the key. */
export function verdictOnReading(reading: TaskReading, settings: TriggerSettings): Verdict {
	if (!reading.ok) return unread(reading.failure);
	if (reading.task.phase === 'running') return answer(503, 'The task has not ended yet');
	return select(reading.task, settings);
}

/** Taken at its word ('Verify' off). */
export function verdictOnBody(body: unknown, settings: TriggerSettings): Verdict {
	const task = readTask(body);
	return task === undefined ? answer(400, 'The body holds no task') : select(task, settings);
}

/**
 * EvoLink answers 400 for an id that cannot be one, 404 for an unknown or expired one, 403 for one of another account. All
 * else says nothing about the task, so the callback is worth another try.
 */
function unread(failure: Failure): Answer {
	return isNotOurs({ ok: false, failure })
		? answer(404, 'EvoLink knows no such task of this account', failure)
		: answer(503, 'The task cannot be read at EvoLink now', failure);
}

export function isNotOurs(reading: TaskReading): boolean {
	if (reading.ok || reading.failure.fromProxy) return false;
	return ['badRequest', 'notFound', 'forbidden'].includes(reading.failure.kind);
}

function select(task: Task, { events, models }: TriggerSettings): Verdict {
	if (!events.includes(task.phase)) return answer(200, 'Ignored: not one of the chosen events');
	if (models.length > 0 && !models.includes(String(task.raw.model))) {
		return answer(200, 'Ignored: not one of the chosen models');
	}
	return { kind: 'start', task };
}
