import type { IDataObject, INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { getTask } from '../api';
import { resultLink, taskIdOf, type Task } from '../task';
import { emitTask } from './settle';
import { CONTEXT_KEY, type ParkedItem, type ParkedRun } from './suspend';

/** EvoLink gives up on an answer after 10 s; reading a task for longer than this would cost the callback. */
const READ_TIMEOUT_MS = 4000;

/** Answers EvoLink and leaves the execution as it is. */
function answer(ctx: IWebhookFunctions, status: number, message: string): IWebhookResponseData {
	ctx.getResponseObject().status(status).json({ message });
	return { noWebhookResponse: true };
}

/**
 * EvoLink's callback for a parked run. It is a hint, never a fact: only the id is taken from it, and the tasks are read with
 * the key. The execution goes on here only when every task of the run is completed; a failed one is left to the timer,
 * because a node that n8n resumes through a webhook cannot raise an error. Never throws: n8n would end the execution.
 */
export async function receiveCallback(ctx: IWebhookFunctions): Promise<IWebhookResponseData> {
	try {
		return await handle(ctx);
	} catch (error) {
		ctx.logger.warn('A callback of EvoLink could not be handled; the timer will find the result', {
			reason: error instanceof Error ? error.message : String(error),
		});
		return ctx.getResponseObject().headersSent ? { noWebhookResponse: true } : answer(ctx, 503, 'try again');
	}
}

async function handle(ctx: IWebhookFunctions): Promise<IWebhookResponseData> {
	const record = parkedRun(ctx);
	const id = taskIdOf(ctx.getBodyData());
	if (id === undefined) return answer(ctx, 400, 'no task id');
	const called = record?.items.find((entry) => entry.id === id);
	if (record === undefined || called === undefined) return answer(ctx, 404, 'no such task is waited for');
	const other = looking.get(record.token);
	if (other !== undefined) {
		other.again = true;
		return answer(ctx, 200, 'accepted, being looked into');
	}
	const look = { again: false };
	looking.set(record.token, look);
	try {
		const tasks = new Map<number, Task>();
		for (;;) {
			look.again = false;
			const open = await firstOpen(ctx, record, called, tasks);
			if (open === 'later') return answer(ctx, 503, 'the task cannot be read now');
			if (open === undefined) break;
			if (!look.again) return answer(ctx, 200, 'accepted, still waiting');
		}
		answer(ctx, 200, 'accepted');
		const items = await emitAll(ctx, record, tasks);
		return items === undefined
			? { noWebhookResponse: true }
			: { noWebhookResponse: true, workflowData: [items] };
	} finally {
		looking.delete(record.token);
	}
}

/**
 * Runs that a callback is looking into in this process, and whether another one came meanwhile: tasks that end together
 * would otherwise fetch every file of the run once for each callback.
 */
const looking = new Map<string, { again: boolean }>();

/** Reads tasks into `tasks` until one is not completed. @returns that one, or nothing when all are */
async function firstOpen(
	ctx: IWebhookFunctions,
	{ items }: ParkedRun,
	called: ParkedItem,
	tasks: Map<number, Task>,
): Promise<ParkedItem | 'later' | undefined> {
	for (const entry of [called, ...[...items].reverse().filter((other) => other !== called)]) {
		if (tasks.has(entry.item)) continue;
		const task = await completed(ctx, entry);
		if (task === 'later') return 'later';
		if (task === undefined) return entry;
		tasks.set(entry.item, task);
	}
	return undefined;
}

/** The parked run of this node, out of the execution's data. n8n gives webhooks no other way to it than an expression. */
function parkedRun(ctx: IWebhookFunctions): ParkedRun | undefined {
	const { name } = ctx.getNode();
	const escaped = Array.from(
		{ length: name.length },
		(_, at) => `\\u${name.charCodeAt(at).toString(16).padStart(4, '0')}`,
	);
	const record: unknown = ctx.evaluateExpression(`{{ $("${escaped.join('')}").context.${CONTEXT_KEY} }}`);
	return typeof record === 'object' && record !== null ? (record as ParkedRun) : undefined;
}

/** The task, if it is completed and has a result; `later` when EvoLink cannot be asked now; nothing in every other case. */
async function completed(ctx: IWebhookFunctions, entry: ParkedItem): Promise<Task | 'later' | undefined> {
	if (entry.id === undefined) return undefined;
	const reading = await getTask(ctx, entry.id, READ_TIMEOUT_MS);
	if (!reading.ok) return reading.failure.transient ? 'later' : undefined;
	const { task } = reading;
	return task.phase === 'completed' && resultLink(task) !== undefined ? task : undefined;
}

/** @returns nothing when a file could not be had: the timer tries again, and can say why */
async function emitAll(
	ctx: IWebhookFunctions,
	{ items, settings }: ParkedRun,
	tasks: Map<number, Task>,
): Promise<INodeExecutionData[] | undefined> {
	const emitted: INodeExecutionData[] = [];
	for (const { item, unfinishedAt } of items) {
		const task = tasks.get(item) as Task;
		const outcome = { item, task, ...(unfinishedAt !== undefined && { unfinishedAt }) };
		const result = await emitTask(ctx, outcome, settings);
		if ('report' in result) {
			ctx.logger.warn(result.report.message, { taskId: task.id } as IDataObject);
			return undefined;
		}
		emitted.push(result.emitted);
	}
	return emitted;
}
