import { HookContext } from 'n8n-core';
import type { IDataObject, IWebhookData } from 'n8n-workflow';
import type { CallbackAttempt, StandInOptions } from '../../stand-in';
import {
	WebhookServer,
	receiveWebhook,
	type Execution,
	type NodeFixture,
	type WebhookAnswer,
	type WebhookCall,
	type WebhookOutcome,
} from '../../tools/n8n-engine';
import { additionalDataFor } from '../../tools/n8n-engine/engine';
import { logPosition, logSince, type LogLine } from '../../tools/n8n-engine/log';
import { completeWorkflow, instantiate } from '../../tools/n8n-engine/workflow-fixture';
import { Lab, inLab } from './lab';
import { after } from './support';

/** Where EvoLink is told to call; the stand-in delivers it to the test's own n8n. */
export const CALLBACK_URL = 'https://n8n.example.test/webhook/some-id/webhook';

export const TRIGGER = 'Sora Video Trigger';

/** A callback that n8n has been through with. */
export interface Received extends WebhookOutcome {
	/** The workflow that it started, at its end. */
	execution?: Execution;
	/** When the node sent its answer by itself, ms since 1970. */
	sentAt?: number;
	/** What was written to n8n's log until the workflow started. */
	logs: LogLine[];
}

/** An active workflow "Sora Video Trigger" → After, and an EvoLink that calls it. */
export class TriggerLab extends Lab {
	/** Every call that reached n8n, in the order in which n8n was through with them. */
	readonly received: Received[] = [];

	constructor(private readonly trigger: NodeFixture) {
		super();
	}

	/** A call at the trigger's production URL, by whomever. */
	async call(call: WebhookCall): Promise<Received> {
		let sentAt: number | undefined;
		const onAnswer = (answer: WebhookAnswer) => {
			sentAt = Date.now();
			call.onAnswer?.(answer);
		};
		const logsFrom = logPosition();
		const outcome = await this.begin({ ...call, onAnswer });
		const logs = logSince(logsFrom);
		const execution = outcome.run && (await this.end(outcome.run));
		const received = { ...outcome, logs, ...(sentAt && { sentAt }), ...(execution && { execution }) };
		this.received.push(received);
		return received;
	}

	/** The same, but returns as soon as the workflow has started. */
	async begin(call: WebhookCall): Promise<WebhookOutcome> {
		return await receiveWebhook(this.engine, { nodes: [this.trigger, after] }, TRIGGER, call);
	}

	/** Orders a video whose end is told to the trigger, and gives its task id. */
	async order(prompt: string, callbackUrl = CALLBACK_URL): Promise<string> {
		const order = { model: 'sora-2-preview', prompt, callback_url: callbackUrl };
		return (await this.evolink.order(order)).id;
	}

	deliveries(taskId: string): CallbackAttempt[] {
		return this.evolink.callbacks.filter((attempt) => attempt.taskId === taskId);
	}

	/** Orders a video and waits until EvoLink's callback was taken, and the workflow that it may have started is over. */
	async orderAndDeliver(prompt: string): Promise<string> {
		const id = await this.order(prompt);
		await this.evolink.until(() => this.deliveries(id).some(({ status }) => status === 200));
		await this.evolink.until(() => this.received.length >= this.deliveries(id).length);
		return id;
	}

	/** The JSON that came out of the trigger in every execution that was started. */
	get started(): IDataObject[] {
		return this.received.flatMap(({ execution }) => execution?.json('After') ?? []);
	}
}

/** Gives a test an EvoLink whose callbacks really arrive at a Sora Video Trigger. */
export async function withTrigger(
	parameters: NonNullable<NodeFixture['parameters']>,
	body: (lab: TriggerLab) => Promise<void>,
	{ node = {}, ...options }: StandInOptions & { node?: Partial<NodeFixture> } = {},
): Promise<void> {
	const type = 'n8n-nodes-evolink-sora.soraVideoTrigger';
	const lab = new TriggerLab({
		id: `trigger-${Math.random()}`,
		name: TRIGGER,
		type,
		parameters: { simplify: false, ...parameters },
		...node,
	});
	const n8n = await WebhookServer.open(async (_path, call) => await lab.call(call));
	try {
		const listening = async () => {
			// all deliveries come to the process in which the trigger listens
			lab.engine.oneProcess = true;
			await body(lab);
		};
		await inLab(listening, { callbackHosts: { 'n8n.example.test': n8n.origin }, ...options }, lab);
	} finally {
		await n8n.close();
	}
}

/**
 * Activates a workflow that starts with the trigger, as n8n does (WebhookService.createWebhookIfNotExists).
 *
 * @param webhookBaseUrl n8n's WEBHOOK_URL with `/webhook`
 * @returns what was logged
 * @throws what keeps n8n from activating it
 */
export async function activate(
	{ engine }: Lab,
	trigger: Partial<NodeFixture>,
	webhookBaseUrl = 'https://n8n.example.test/webhook',
): Promise<LogLine[]> {
	const { host, credentials } = engine;
	const node = { name: TRIGGER, type: 'n8n-nodes-evolink-sora.soraVideoTrigger', ...trigger };
	const workflow = instantiate(host, completeWorkflow(host, { nodes: [node] }, credentials));
	const additionalData = { ...additionalDataFor(engine, { executionId: '', workflow }, []), webhookBaseUrl };
	const nodeType = host.getByNameAndVersion(node.type);
	const webhook = { webhookDescription: nodeType.description.webhooks![0] } as IWebhookData;
	const context = new HookContext(
		workflow,
		workflow.getNode(TRIGGER)!,
		additionalData,
		'trigger',
		'activate',
		webhook,
	);
	const { checkExists, create } = nodeType.webhookMethods!.default!;
	const from = logPosition();
	if (!(await checkExists.call(context))) await create.call(context);
	return logSince(from);
}
