import { randomBytes } from 'node:crypto';

import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { readerFor } from '../../evolink/api';
import { readCredential } from '../../evolink/client';
import { hostClock } from '../../evolink/clock';
import type { Failure } from '../../evolink/failure';
import { failureSentence } from '../../host/advice';
import { text } from '../../evolink/json';
import { tidy } from '../../evolink/redact';
import type { Task } from '../../evolink/task';
import { checkHttpUrl } from '../../evolink/urls';
import { isGuarded } from '../../host/park';
import { answering, CALLBACK_READ_TIMEOUT_MS, respond, respondPage } from '../../host/webhook';
import { isQueued, isRefused, isTask, openTasks, type Entry } from '../entries';
import { parkedRunOf } from '../run/parkedRun';
import type { RunState } from '../run/state';
import { contentSecurityPolicy, renderStatusPage, standOf, type StatusItem, type StatusPage } from './page';
import { TaskMemory } from './taskMemory';
import { viewOf } from './taskView';
import { wakeOnce } from '../run/wakeOnce';
import { hasEnded, taskOf } from '../watch';

/** Nobody looks at an empty window for longer; what has not been read by then, the next look shows. */
const READ_AT_MOST_MS = 5000;

const memory = new TaskMemory(hostClock);

type Seen = Awaited<ReturnType<TaskMemory['statusOf']>>;

/** Opening it changes nothing, unless it finds that all tasks have ended: then it wakes the run, as the callback would have done. */
export async function statusPage(ctx: IWebhookFunctions): Promise<IWebhookResponseData> {
	return await answering(ctx, show, {
		what: 'The status page of a suspended execution could not be made',
		message: 'The status cannot be shown now. Try again in a minute.',
	});
}

async function show(ctx: IWebhookFunctions): Promise<IWebhookResponseData> {
	const record = isGuarded(ctx) ? parkedRunOf(ctx) : undefined;
	if (record === undefined) return respond(ctx, 404, 'This execution has no status page.');
	const open = record.items.filter(isTask).flatMap(({ watch }) => (hasEnded(watch) ? [] : [watch.id]));
	const queue = record.items.filter(isQueued);
	const signal = AbortSignal.timeout(READ_AT_MOST_MS);
	// a credential that cannot be read is what each read will say
	const { trustedHosts } = await readCredential(ctx).catch(() => ({ trustedHosts: [] }));
	const how = {
		read: readerFor(ctx, CALLBACK_READ_TIMEOUT_MS),
		viewOf: (task: Task) => viewOf(task, trustedHosts),
	};
	const seen = await memory.statusOf(record.token, open, how, signal);
	const items = record.items.map((entry) => statusItem(entry, record, queue, seen));
	const running = items.filter((item) => standOf(item) === 'running').length;
	const isWaiting = openTasks(record.items).some(({ item }) => standOf(items[item]) === 'running');
	const allEnded = queue.length === 0 && !isWaiting;
	// each task that has ended is the turn of another item
	const isTurn = queue.length > 0 && running < open.length;
	const response = allEnded || isTurn ? await wakeOnce(ctx, record) : undefined;
	const nonce = randomBytes(16).toString('base64');
	const page = renderStatusPage({
		workflow: ctx.getWorkflow().name,
		execution: executionOf(ctx, record),
		items,
		state: response !== undefined ? 'woken' : allEnded ? 'ended' : 'waiting',
		callbackExpected: openTasks(record.items).every(({ isCalledBack }) => isCalledBack === true),
		wakesAt: record.wakesAt,
		now: hostClock.now(),
		timezone: ctx.getTimezone(),
		trouble: troubleIn(open, seen),
		nonce,
	});
	respondPage(ctx, page, contentSecurityPolicy(nonce, trustedHosts));
	return response ?? { noWebhookResponse: true };
}

function executionOf(ctx: IWebhookFunctions, { executionId: id }: RunState): StatusPage['execution'] {
	const { id: workflowId } = ctx.getWorkflow();
	const base = checkHttpUrl(ctx.getInstanceBaseUrl());
	if (!base.ok || workflowId === undefined) return { id };
	const path = `workflow/${encodeURIComponent(workflowId)}/executions/${encodeURIComponent(id)}`;
	return { id, url: `${base.url.href.replace(/\/$/, '')}/${path}` };
}

function statusItem(
	entry: Entry,
	{ estimatedSeconds, lastedMs, tookAt, parkedAt }: RunState,
	queue: readonly Entry[],
	seen: Seen,
): StatusItem {
	const { item } = entry;
	if (isRefused(entry)) return { item, problem: tidy(entry.problem.message) };
	if (!isTask(entry)) {
		const since = parkedAt - (lastedMs - tookAt);
		return { item, turn: queue.indexOf(entry) + 1, turns: queue.length, since };
	}
	const prompt = text(entry.watch.request?.prompt);
	const { id, orderedAt } = entry.watch;
	const known = taskOf(entry.watch);
	const view = seen.get(id)?.view ?? (known && viewOf(known));
	return {
		item,
		prompt: prompt && tidy(prompt),
		id,
		orderedAt,
		view: view && { ...view, estimatedSeconds: view.estimatedSeconds ?? estimatedSeconds },
	};
}

function troubleIn(ids: readonly string[], seen: Seen): string | undefined {
	const unread = ids.filter((id) => !seen.has(id)).length;
	const failures = ids.flatMap<Failure>((id) => seen.get(id)?.failure ?? []);
	if (failures.length > 0) {
		const which =
			failures.length + unread === ids.length
				? 'EvoLink cannot be read now'
				: `${failures.length} of the tasks cannot be read now`;
		return `${which}: ${tidy(failureSentence(failures[0]))} Shown is what was known before.`;
	}
	if (unread === 0) return undefined;
	return unread === ids.length
		? 'EvoLink has not answered yet.'
		: `${unread} of the tasks have not been read yet: they are read in turn.`;
}
