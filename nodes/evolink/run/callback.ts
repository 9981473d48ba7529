import type { INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import chunk from 'lodash/chunk';
import pLimit from 'p-limit';

import { getTask } from '../api';
import { taskIdOf } from '../task';
import { hostClock } from '../wait/clock';
import { READS_AT_ONCE } from '../wait/poll';
import { CALLBACK_READ_TIMEOUT_MS, callbackBody, respond } from './host';
import type { RunSettings } from './settings';
import { DOWNLOADS_AT_ONCE, emitReport, emitTask, outcomeOf, type Outcome } from './settle';
import {
	CONTEXT_KEY,
	knownOutcome,
	looking,
	timeForCallback,
	type ParkedItem,
	type ParkedRun,
} from './suspend';

/** A large batch takes longer to read: it is answered before a read that may end too late. */
const ANSWER_AFTER_MS = 1500;

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
	if (mayWaitAgain(ctx)) return respond(ctx, 200, 'accepted, left to the timer');
	const other = looking.get(record.token);
	if (other !== undefined) {
		other.again = true;
		return respond(ctx, 200, 'accepted, being looked into');
	}
	const look = { again: false, timer: new AbortController() };
	looking.set(record.token, look);
	try {
		const outcomes = new Map<number, Outcome>();
		const answerAt = hostClock.now() + ANSWER_AFTER_MS;
		for (;;) {
			look.again = false;
			const open = await firstOpen(ctx, record, { called, outcomes, answerAt });
			if (open === 'later') return respond(ctx, 503, 'the task cannot be read now');
			if (open === undefined) break;
			if (!look.again) return respond(ctx, 200, 'accepted, still waiting');
		}
		respond(ctx, 200, 'accepted');
		const left = timeForCallback(record, hostClock.now());
		const signal = AbortSignal.any([look.timer.signal, AbortSignal.timeout(left)]);
		const items = left > 0 ? await emitAll(ctx, record, outcomes, signal) : undefined;
		return items === undefined
			? { noWebhookResponse: true }
			: { noWebhookResponse: true, workflowData: [items] };
	} finally {
		looking.delete(record.token);
	}
}

/**
 * Reads tasks, first the one that was called about, until one holds the run up.
 *
 * @param look its `outcomes` are added to; the callback is answered before the first read after `answerAt` (ms since 1970)
 * @returns what holds the run up, or nothing when the outcomes are complete
 */
async function firstOpen(
	ctx: IWebhookFunctions,
	{ items, settings }: ParkedRun,
	look: { called: ParkedItem; outcomes: Map<number, Outcome>; answerAt: number },
): Promise<'running' | 'later' | undefined> {
	const { called, outcomes, answerAt } = look;
	const others = [...items].reverse().filter((entry) => entry !== called);
	for (const entries of [[called], ...chunk(others, READS_AT_ONCE)]) {
		const unknown = entries.filter(({ item }) => !outcomes.has(item));
		if (hostClock.now() >= answerAt) respond(ctx, 200, 'accepted');
		const readings = await Promise.all(
			unknown.map(async (entry) => knownOutcome(entry, settings) ?? (await read(ctx, entry, settings))),
		);
		for (const reading of readings) {
			if (typeof reading === 'object' && canGoOn(ctx, reading)) outcomes.set(reading.item, reading);
		}
		if (readings.includes('later')) return 'later';
		if (unknown.some(({ item }) => !outcomes.has(item))) return 'running';
	}
	return undefined;
}

/** Nodes of n8n at which an execution may wait, whatever their parameters. */
const WAITING_NODES = [
	'n8n-nodes-base.wait',
	'n8n-nodes-base.form',
	'n8n-nodes-base.executeWorkflow',
	'@n8n/n8n-nodes-langchain.chat',
];

/**
 * Whether the execution may come to wait at another node, after this one or on another branch. n8n keeps the timer that it has
 * armed for a wait which a callback ends, and wakes with it whatever node the execution waits at by then: a Wait node would
 * not wait, an approval count as given. The timer itself leaves nothing behind.
 */
function mayWaitAgain(ctx: IWebhookFunctions): boolean {
	const own = ctx.getNode().name;
	const names = [own, ...ctx.getParentNodes(own).map(({ name }) => name)];
	return names
		.flatMap((name) => ctx.getChildNodes(name, { includeNodeParameters: true }))
		.some(
			({ type, disabled, parameters }) =>
				!disabled && (WAITING_NODES.includes(type) || parameters?.operation === 'sendAndWait'),
		);
}

/** An item that has to raise an error cannot, here. */
function canGoOn(ctx: IWebhookFunctions, outcome: Outcome): boolean {
	return !('report' in outcome) || goesOnAfterErrors(ctx);
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
	const reading = await getTask(ctx, id as string, CALLBACK_READ_TIMEOUT_MS);
	if (!reading.ok) return reading.failure.transient ? 'later' : undefined;
	const { task } = reading;
	if (task.phase === 'running') return undefined;
	const ended = { kind: 'ended' as const, task, ...(unfinishedAt !== undefined && { unfinishedAt }) };
	return outcomeOf(item, task.id, ended, settings);
}

/**
 * @param signal ends the downloads when the timer is about to come
 * @returns nothing when a file could not be had: the timer tries again, and can say why
 */
async function emitAll(
	ctx: IWebhookFunctions,
	{ items, settings }: ParkedRun,
	outcomes: Map<number, Outcome>,
	signal: AbortSignal,
): Promise<INodeExecutionData[] | undefined> {
	const limit = pLimit(DOWNLOADS_AT_ONCE);
	let isComplete = true;
	const emit = async (outcome: Outcome): Promise<INodeExecutionData[]> => {
		if ('report' in outcome) return [emitReport(ctx, outcome.report, outcome.item)];
		if (!isComplete || signal.aborted) return [];
		const result = await emitTask(ctx, outcome, settings, signal);
		if ('emitted' in result) return [result.emitted];
		isComplete = false;
		if (!signal.aborted) ctx.logger.warn(result.report.message, { taskId: outcome.task.id });
		return [];
	};
	const emitted = await Promise.all(
		items.map(async ({ item }) => await limit(emit, outcomes.get(item) as Outcome)),
	);
	return isComplete && !signal.aborted ? emitted.flat() : undefined;
}
