import type { Failure } from '../failure';
import { readTask, taskIdOf, type Task } from '../task';
import type { TaskReading } from '../wait/poll';
import type { TriggerSettings } from './settings';

/** A callback and all that is known about it. */
export interface Callback {
	/** As received; anything at all. */
	body: unknown;
	settings: TriggerSettings;
	/** Whether a task has started the workflow before. */
	started: (id: string) => boolean;
	/** What EvoLink says of the task when asked with the key; absent until it was asked. */
	reading?: TaskReading;
}

export type Verdict =
	/** Ask EvoLink about this task, then judge again. */
	| { kind: 'read'; id: string }
	/** Answer and start nothing. EvoLink tries again after anything but a 2xx. */
	| { kind: 'answer'; status: 200 | 400 | 404 | 503; message: string; failure?: Failure }
	| { kind: 'start'; task: Task };

function answer(
	status: 200 | 400 | 404 | 503,
	message: string,
	failure?: Failure,
): Extract<Verdict, { kind: 'answer' }> {
	return { kind: 'answer', status, message, ...(failure && { failure }) };
}

/**
 * What becomes of a callback. Callbacks are unsigned, so with `verify` only the id is taken out of the body, and all else
 * out of the reading. Never throws.
 */
export function judge({ body, settings, started, reading }: Callback): Verdict {
	const id = taskIdOf(body);
	if (id === undefined) return answer(400, 'The body holds no task id');
	if (settings.ignoreRepeats && started(id))
		return answer(200, 'Repeated: this task has been taken on before');
	if (!settings.verify) {
		const task = readTask(body);
		return task === undefined ? answer(400, 'The body holds no task') : select(task, settings);
	}
	if (reading === undefined) return { kind: 'read', id };
	if (!reading.ok) return unread(reading.failure);
	if (reading.task.phase === 'running') return answer(503, 'The task has not ended yet');
	return select(reading.task, settings);
}

/**
 * EvoLink answers 400 for an id that cannot be one, 404 for an unknown or expired one, 403 for one of another account.
 * Everything else (a wrong key included) says nothing about the task, so the callback is worth another try.
 */
function unread(failure: Failure): Verdict {
	const isForeign = ['badRequest', 'notFound', 'forbidden'].includes(failure.kind);
	return isForeign
		? answer(404, 'EvoLink knows no such task of this account', failure)
		: answer(503, 'The task cannot be read at EvoLink now', failure);
}

function select(task: Task, { events, models }: TriggerSettings): Verdict {
	if (!events.includes(task.phase)) return answer(200, 'Ignored: not one of the chosen events');
	if (models.length > 0 && !models.includes(String(task.raw.model))) {
		return answer(200, 'Ignored: not one of the chosen models');
	}
	return { kind: 'start', task };
}
