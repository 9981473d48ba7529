import { randomUUID } from 'node:crypto';
import * as https from 'node:https';
import * as net from 'node:net';
import { BinaryDataService } from 'n8n-core';
import { Container } from '@n8n/di';
import type {
	IBinaryData,
	ICredentialDataDecryptedObject,
	INodeExecutionData,
	INodeParameters,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { startStandIn, type StandIn, type StandInOptions, type StandInTask } from '../../stand-in';
import {
	Host,
	createEngine,
	loadPackage,
	startWorkflow,
	type Execution,
	type NodeFixture,
} from '../../tools/n8n-engine';
import { readyBinaryStore } from '../../tools/n8n-engine/host';
import { Lab, SORA, prompts, sora, withBothOutputs } from './support';

export interface SoraRun {
	/** Default: one empty item. */
	items?: INodeExecutionData[];
	onError?: NodeFixture['onError'];
	/** Default `manual`. */
	mode?: WorkflowExecuteMode;
	/** Instead of, or beside, the stand-in's key and addresses. */
	credential?: ICredentialDataDecryptedObject;
}

/** A lab for one test file, whose runs download unless told otherwise. */
export class MediaLab extends Lab {
	static async open(options: StandInOptions = {}): Promise<MediaLab> {
		const host = new Host([await loadPackage()]);
		await readyBinaryStore();
		const evolink = await startStandIn({ timeScale: 100, defaults: { seconds: 0 }, ...options });
		return new MediaLab(evolink, createEngine(host, { evoLinkApi: evolink.credential }));
	}

	async close(): Promise<void> {
		await this.evolink.close();
		this.check();
	}

	/** Runs Start → Sora Video → After, errors to Failed. */
	async make(parameters: INodeParameters, run: SoraRun = {}): Promise<Execution> {
		const { items = [{ json: {} }], onError, mode = 'manual', credential } = run;
		const { host, credentials } = this.engine;
		const evoLinkApi = { ...credentials.evoLinkApi, ...credential };
		const workflow = withBothOutputs(sora({ download: true, ...parameters }, onError && { onError }));
		return await this.end(await startWorkflow(createEngine(host, { evoLinkApi }), workflow, { mode, items }));
	}

	/** One item for each prompt; items with errors go on with the others. */
	async makeAll(texts: string[], parameters: INodeParameters = {}, run: SoraRun = {}): Promise<Execution> {
		return await this.make(parameters, {
			items: prompts(...texts),
			onError: 'continueRegularOutput',
			...run,
		});
	}

	/** The latest task of a prompt. */
	taskOf(prompt: string): StandInTask {
		const found = [...this.evolink.tasks.values()].findLast(({ request }) => request.prompt === prompt);
		if (!found) throw new Error(`No task was made for ${prompt}`);
		return found;
	}
}

/** The text of each error item, or nothing for an item without an error. */
export const errorsOf = (run: Execution, output = 0) =>
	run.json(SORA, output).map(({ error }) => error as string | undefined);

/** A file in n8n's binary store, as an item's binary field refers to it. */
export async function storedFile(bytes: Buffer, fileName: string, mimeType: string): Promise<IBinaryData> {
	const location = { type: 'execution', workflowId: 'workflow-1', executionId: randomUUID() } as const;
	return await Container.get(BinaryDataService).store(location, bytes, { data: '', mimeType, fileName });
}

/**
 * Lets the stand-in answer for a public https host, as EvoLink's media host is one: sockets to that name end at the
 * stand-in, without TLS and name lookup. n8n's request layer and all of the node's rules stay as they are.
 */
export function answerFor(evolink: StandIn, ...hosts: string[]): { contacted: string[]; restore(): void } {
	const contacted: string[] = [];
	const spy = jest.spyOn(
		https.Agent.prototype as never,
		'createConnection' as never,
	) as unknown as jest.SpyInstance;
	spy.mockImplementation((options: { host?: string }) => {
		contacted.push(String(options.host));
		if (!hosts.includes(String(options.host)))
			throw new Error(`${options.host} is out of bounds for this test`);
		return net.connect(Number(new URL(evolink.url).port), '127.0.0.1');
	});
	return { contacted, restore: () => spy.mockRestore() };
}

/** Gives the tasks of matching prompts result links at another origin, which may be a public one. */
export function linkTo(evolink: StandIn, origin: string, part: string): void {
	evolink.events.on('create', (task) => {
		if (!String(task.request.prompt).includes(part)) return;
		task.script.results = [`${origin}/media/stand-in/${task.id}.mp4`];
	});
}
