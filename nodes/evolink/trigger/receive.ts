import type { IDataObject, INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { getTask } from '../api';
import { failureSentence } from '../failure';
import { evolinkFacts } from '../generated/spec.gen';
import { CALLBACK_READ_TIMEOUT_MS, callbackBody, respond } from '../run/host';
import { nothingToShow } from '../run/report';
import { emitTask } from '../run/settle';
import { createdAt, resultLink, taskToJson, type Task } from '../task';
import { memoryOf } from './memory';
import { readTriggerSettings, type TriggerSettings } from './settings';
import { judge, type Verdict } from './verdict';

/**
 * A callback of EvoLink at the trigger's URL. The answer is written here and before any download. Never throws: n8n would
 * answer 500 and store a failed execution for whatever a stranger sends.
 */
export async function receive(ctx: IWebhookFunctions): Promise<IWebhookResponseData> {
	try {
		return await handle(ctx);
	} catch (error) {
		ctx.logger.error('Sora Video Trigger: a callback could not be handled, EvoLink is asked to repeat it', {
			reason: error instanceof Error ? error.message : String(error),
			...place(ctx),
		});
		return respond(ctx, 503, 'The callback cannot be handled now');
	}
}

async function handle(ctx: IWebhookFunctions): Promise<IWebhookResponseData> {
	const settings = readTriggerSettings((name, fallback) => ctx.getNodeParameter(name, fallback) as unknown);
	if (typeof settings === 'string') throw new Error(settings);
	const memory = memoryOf(ctx);
	const callback = { body: callbackBody(ctx), settings, started: memory.has };
	let verdict = judge(callback);
	if (verdict.kind === 'read') {
		verdict = judge({ ...callback, reading: await getTask(ctx, verdict.id, CALLBACK_READ_TIMEOUT_MS) });
	}
	if (verdict.kind !== 'start') return refuse(ctx, verdict);
	const { task } = verdict;
	// made before the answer, so that a body that breaks it is refused
	const item = itemOf(task, settings);
	memory.add(task.id);
	respond(ctx, 200, 'Accepted');
	return {
		noWebhookResponse: true,
		workflowData: [[settings.download ? await withFile(ctx, task, item, settings) : item]],
	};
}

function refuse(ctx: IWebhookFunctions, verdict: Exclude<Verdict, { kind: 'start' }>): IWebhookResponseData {
	if (verdict.kind === 'read') throw new Error('The task was read, yet is to be read again');
	const { status, message, failure } = verdict;
	if (failure !== undefined) {
		const text = `Sora Video Trigger: a callback was answered with ${status}. ${message}. ${failureSentence(failure)}`;
		if (status === 503) ctx.logger.error(text, place(ctx));
		else ctx.logger.warn(text, place(ctx));
	}
	return respond(ctx, status, message);
}

function place(ctx: IWebhookFunctions): IDataObject {
	return { workflowId: ctx.getWorkflow().id, nodeName: ctx.getNode().name };
}

/** A callback may be late, so all that is known of the task's end is that it came after its creation. */
function itemOf(task: Task, { verify }: TriggerSettings): INodeExecutionData {
	return { json: taskToJson(task, verify ? createdAt(task) : undefined), pairedItem: { item: 0 } };
}

/** The item with its video; without it, and saying why, where it could not be had. */
async function withFile(
	ctx: IWebhookFunctions,
	task: Task,
	item: INodeExecutionData,
	settings: TriggerSettings,
): Promise<INodeExecutionData> {
	if (task.phase !== 'completed') return item;
	const url = resultLink(task);
	const failed = (downloadError: string) => ({ ...item, json: { ...item.json, downloadError } });
	if (url === undefined) return failed(nothingToShow(task).message);
	const { linkLifetimeHours } = evolinkFacts.results;
	const sentence = (reason: string) =>
		`The file could not be downloaded: ${reason}. The video is paid and its link works for ${linkLifetimeHours} hours: ${url}. Fetch it with the operation Get Task of the Sora Video node and this task's id.`;
	try {
		const { binaryField, maxDownloadBytes } = settings;
		const result = await emitTask(ctx, { item: 0, field: binaryField, task }, { maxDownloadBytes });
		if ('report' in result) return failed(sentence(result.reason));
		return { ...item, binary: result.emitted.binary };
	} catch (error) {
		return failed(sentence(error instanceof Error ? error.message : String(error)));
	}
}
