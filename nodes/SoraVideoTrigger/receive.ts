import type {
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';
import pick from 'lodash/pick';

import { getTask } from '../evolink/api';
import { mapLimit } from '../evolink/async';
import { readCredential } from '../evolink/client';
import { failureSentence } from '../host/advice';
import { textOf } from '../host/errors';
import { fileNotDownloaded, nothingToShow, wrongReference, unmarkedEnd } from '../host/messages';
import { readReference } from '../evolink/reference';
import { downloadResult, DOWNLOADS_AT_ONCE } from '../evolink/media/result';
import { hint } from '../host/context';
import {
	createdAt,
	oneForEachResult,
	readTask,
	resultLink,
	simplified,
	taskToJson,
	type Task,
} from '../evolink/task';
import { LogGate, ReadGate } from './gate';
import { memoryOf } from './memory';
import { readTriggerSettings, type TriggerSettings } from './settings';
import {
	callbackOf,
	isNotOurs,
	REPEATED,
	TOO_MANY,
	verdictOnBody,
	verdictOnReading,
	type Answer,
	type Verdict,
} from './verdict';
import { answering, CALLBACK_READ_TIMEOUT_MS, callbackBody, respond } from '../host/webhook';

/** Never throws: n8n would answer 500 and store a failed execution for whatever a stranger sends. */
export async function receive(ctx: IWebhookFunctions): Promise<IWebhookResponseData> {
	return await answering(ctx, handle, {
		what: 'Sora Video Trigger: a callback could not be handled, EvoLink is asked to repeat it',
		message: 'The callback cannot be handled now',
	});
}

async function handle(ctx: IWebhookFunctions): Promise<IWebhookResponseData> {
	const settings = readTriggerSettings((name, fallback) => ctx.getNodeParameter(name, fallback) as unknown);
	const memory = memoryOf(ctx);
	const body = callbackBody(ctx);
	const reference = await referenceOf(ctx, settings);
	const isReferenced = reference.referenceVerified === true;
	const callback = callbackOf(body, settings, (id) => memory.has(id, isReferenced));
	if (callback.kind === 'answer') return refuse(ctx, callback);
	const verdict = settings.verify ? await verify(ctx, callback.id, settings) : verdictOnBody(body, settings);
	if (verdict.kind === 'answer') return refuse(ctx, verdict);
	const { task } = verdict;
	// of callbacks that share one reading, the first one: nothing is awaited from here on
	if (settings.ignoreRepeats && memory.has(task.id, isReferenced)) return refuse(ctx, REPEATED);
	// made before the answer, so that a body that breaks it is refused
	const item = itemOf(task, settings, reference);
	memory.add(task.id, isReferenced);
	respond(ctx, 200, 'Accepted');
	return { noWebhookResponse: true, workflowData: [[item]] };
}

const reads = new ReadGate();

async function verify(ctx: IWebhookFunctions, id: string, settings: TriggerSettings): Promise<Verdict> {
	const read = async () => await getTask(ctx, id, CALLBACK_READ_TIMEOUT_MS);
	const { workflowId, nodeName } = logContext(ctx);
	const reading = await reads.read(JSON.stringify([workflowId, nodeName, id]), read, isNotOurs);
	return reading === undefined ? TOO_MANY : verdictOnReading(reading, settings);
}

const logged = new LogGate();

function refuse(ctx: IWebhookFunctions, { status, message, failure }: Answer): IWebhookResponseData {
	if (status === 503 || failure !== undefined) {
		const { workflowId, nodeName } = logContext(ctx);
		const more = logged.admit(JSON.stringify([workflowId, nodeName, message, failure?.kind, failure?.code]));
		const why = failure === undefined ? '' : ` ${failureSentence(failure)}`;
		if (more !== undefined) {
			const text = `Sora Video Trigger: a callback was answered with ${status}. ${message}.${why}${more}`;
			if (status === 503) ctx.logger.error(text, logContext(ctx));
			else ctx.logger.warn(text, logContext(ctx));
		}
	}
	return respond(ctx, status, message);
}

function logContext(ctx: IWebhookFunctions): IDataObject {
	return { workflowId: ctx.getWorkflow().id, nodeName: ctx.getNode().name };
}

/** A callback may be late, so all that is known of the task's end is that it came after its creation. */
function itemOf(task: Task, { verify }: TriggerSettings, reference: IDataObject): INodeExecutionData {
	const json = { ...taskToJson(task, verify ? createdAt(task) : undefined), ...reference };
	return { json, pairedItem: { item: 0 } };
}

/** What the sender of the order wrote into the callback URL. It decides nothing. */
async function referenceOf(ctx: IWebhookFunctions, { verify }: TriggerSettings): Promise<IDataObject> {
	const query: unknown = ctx.getQueryData();
	if (readReference(query, undefined) === undefined) return {};
	const key = verify ? (await readCredential(ctx)).apiKey : undefined;
	const read = readReference(query, key);
	if (read === undefined) return {};
	if (read.kind === 'wrong') return { referenceProblem: textOf(wrongReference()) };
	return { reference: read.reference, referenceVerified: read.kind === 'verified' };
}

/** Inside the execution, because before it n8n would have nothing to show and to retry if a file were lost meanwhile. */
export async function fetchFiles(ctx: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const items = ctx.getInputData();
	const settings = settingsIn(ctx);
	if (settings === undefined) return items;
	const each = settings.download
		? await Promise.all(items.map(async (item) => await withFiles(ctx, item, settings)))
		: items.map((item) => piecesOf(item));
	const fetched = each.flat();
	return settings.simplify ? fetched.map((item) => ({ ...item, json: simple(item.json) })) : fetched;
}

/** What the node itself says of a task stays. */
function simple(json: IDataObject): IDataObject {
	const own = ['reference', 'referenceVerified', 'referenceProblem', 'downloadError'];
	return { ...simplified(json), ...pick(json, own) };
}

/** An execution that has begun goes on, whatever its parameters say by now. */
function settingsIn(ctx: IExecuteFunctions): TriggerSettings | undefined {
	try {
		return readTriggerSettings((name, fallback) => ctx.getNodeParameter(name, 0, fallback) as unknown);
	} catch {
		return undefined;
	}
}

function piecesOf(item: INodeExecutionData, task = readTask(item.json)): INodeExecutionData[] {
	if (task === undefined) return [item];
	return oneForEachResult(item.json, task).map((json) => ({ ...item, json }));
}

/** Without their videos, and saying why, where these could not be had. */
async function withFiles(
	ctx: IExecuteFunctions,
	item: INodeExecutionData,
	settings: TriggerSettings,
): Promise<INodeExecutionData[]> {
	const stored = readTask(item.json);
	if (stored?.phase !== 'completed') return [item];
	// a retry may come when the link that the execution began with has expired; a stale answer has none
	const reading = await getTask(ctx, stored.id);
	const task = reading.ok && resultLink(reading.task) !== undefined ? reading.task : stored;
	const pieces = piecesOf(item, task);
	return await mapLimit(pieces, DOWNLOADS_AT_ONCE, async (piece) => {
		const url = pieces.length > 1 ? String(piece.json.resultUrl) : resultLink(task);
		return await withFile(ctx, piece, task, url, settings);
	});
}

async function withFile(
	ctx: IExecuteFunctions,
	item: INodeExecutionData,
	task: Task,
	url: string | undefined,
	{ binaryField, maxDownloadBytes }: TriggerSettings,
): Promise<INodeExecutionData> {
	const failed = (downloadError: string) => ({ ...item, json: { ...item.json, downloadError } });
	if (url === undefined) return failed(textOf(nothingToShow(task)));
	try {
		const result = await downloadResult(ctx, task, url, maxDownloadBytes);
		if (!result.ok) return failed(textOf(fileNotDownloaded(url, result)));
		if (result.isDoubtful) hint(ctx, textOf(unmarkedEnd(`of task ${task.id}`)), 'warning');
		return { ...item, binary: { [binaryField]: result.binary } };
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		return failed(textOf(fileNotDownloaded(url, { why: 'network', reason })));
	}
}
