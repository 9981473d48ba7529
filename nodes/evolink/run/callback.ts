import type { INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { getTask } from '../api';
import { taskIdOf } from '../task';
import { callbackBody, respond } from './host';
import type { RunSettings } from './settings';
import { emitReport, emitTask, outcomeOf, type Outcome } from './settle';
import { CONTEXT_KEY, withoutTask, type ParkedItem, type ParkedRun } from './suspend';

/** EvoLink gives up on an answer after 10 s; reading a task for longer than this would cost the callback. */
const READ_TIMEOUT_MS = 4000;

/**
 * EvoLink's callback for a parked run. It is a hint, never a fact: only the id is taken from it, and the tasks are read with
 * the key. The execution goes on here only when every item of the run can: one that has to raise an error is left to the
 * timer, because a node that n8n resumes through a webhook cannot. Never throws: n8n would end the execution.
 */
export async function receiveCallback(ctx: IWebhookFunctions): Promise<IWebhookResponseData> {
	try {
		return await handle(ctx);
	} catch (error) {
		ctx.logger.warn('A callback of EvoLink could not be handled; the timer will find the result', {
			reason: error instanceof Error ? error.message : String(error),
		});
		return respond(ctx, 503, 'try again');
	}
}

async function handle(ctx: IWebhookFunctions): Promise<IWebhookResponseData> {
	const record = parkedRun(ctx);
	const id = taskIdOf(callbackBody(ctx));
	if (id === undefined) return respond(ctx, 400, 'no task id');
	const called = record?.items.find((entry) => entry.id === id);
	if (record === undefined || called === undefined) return respond(ctx, 404, 'no such task is waited for');
	const other = looking.get(record.token);
	if (other !== undefined) {
		other.again = true;
		return respond(ctx, 200, 'accepted, being looked into');
	}
	const look = { again: false };
	looking.set(record.token, look);
	try {
		const outcomes = new Map<number, Outcome>();
		for (;;) {
			look.again = false;
			const open = await firstOpen(ctx, record, called, outcomes);
			if (open === 'later') return respond(ctx, 503, 'the task cannot be read now');
			if (open === undefined) break;
			if (!look.again) return respond(ctx, 200, 'accepted, still waiting');
		}
		respond(ctx, 200, 'accepted');
		const items = await emitAll(ctx, record, outcomes);
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

/** Reads tasks until one holds the run up. @returns that one, or nothing when `outcomes` is complete */
async function firstOpen(
	ctx: IWebhookFunctions,
	{ items, settings }: ParkedRun,
	called: ParkedItem,
	outcomes: Map<number, Outcome>,
): Promise<ParkedItem | 'later' | undefined> {
	for (const entry of [called, ...[...items].reverse().filter((other) => other !== called)]) {
		if (outcomes.has(entry.item)) continue;
		const outcome = withoutTask(entry) ?? (await read(ctx, entry, settings));
		if (outcome === 'later') return 'later';
		if (outcome === undefined || ('report' in outcome && !goesOnAfterErrors(ctx))) return entry;
		outcomes.set(entry.item, outcome);
	}
	return undefined;
}

/** Whether items that fail go on as error items. Webhooks have no `continueOnFail()` to ask. */
function goesOnAfterErrors(ctx: IWebhookFunctions): boolean {
	const { onError, continueOnFail } = ctx.getNode();
	return onError === undefined ? continueOnFail === true : onError !== 'stopWorkflow';
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

/** What became of an item's task; `later` when EvoLink cannot be asked now; nothing while the task runs or is not shown. */
async function read(
	ctx: IWebhookFunctions,
	{ item, id, unfinishedAt }: ParkedItem,
	settings: RunSettings,
): Promise<Outcome | 'later' | undefined> {
	const reading = await getTask(ctx, id as string, READ_TIMEOUT_MS);
	if (!reading.ok) return reading.failure.transient ? 'later' : undefined;
	const { task } = reading;
	if (task.phase === 'running') return undefined;
	const ended = { kind: 'ended' as const, task, ...(unfinishedAt !== undefined && { unfinishedAt }) };
	return outcomeOf(item, task.id, ended, settings);
}

/** @returns nothing when a file could not be had: the timer tries again, and can say why */
async function emitAll(
	ctx: IWebhookFunctions,
	{ items, settings }: ParkedRun,
	outcomes: Map<number, Outcome>,
): Promise<INodeExecutionData[] | undefined> {
	const emitted: INodeExecutionData[] = [];
	for (const { item } of items) {
		const outcome = outcomes.get(item) as Outcome;
		if ('report' in outcome) {
			emitted.push(emitReport(ctx, outcome.report, item));
			continue;
		}
		const result = await emitTask(ctx, outcome, settings);
		if ('report' in result) {
			ctx.logger.warn(result.report.message, { taskId: outcome.task.id });
			return undefined;
		}
		emitted.push(result.emitted);
	}
	return emitted;
}
