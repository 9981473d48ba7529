import type { IDataObject, INode, IWorkflowSettings } from 'n8n-workflow';

import { type StandInTask } from '../../../stand-in';
import { json, type Execution, type SavedWorkflow } from '../../../tools/n8n-server/client';
import { executionIdOf, type Installation } from '../../../tools/n8n-server/installation';
import {
	setFields,
	soraVideo,
	splitOut,
	webhookTrigger,
	wires,
	type Wire,
} from '../../../tools/n8n-server/workflows';

export interface FlowOptions {
	/** Parameters of "Video" beside operation and prompt. */
	video?: IDataObject;
	/** On Error, Retry On Fail … of "Video". */
	extra?: Partial<INode>;
	settings?: IWorkflowSettings;
	/** How the Webhook answers; default at once. */
	webhook?: IDataObject;
}

/** What a started execution leaves to look at. */
export interface Started {
	executionId: string;
	tasks: StandInTask[];
}

let flows = 0;

/**
 * A published workflow: Webhook "Call" → Split Out "Jobs" (one item per prompt) → "Video" → "Next", which adds `asked`: the
 * prompt that n8n's item pairing finds for the item. With On Error = error output, "Problem" follows the error branch.
 */
export class Flow {
	private constructor(
		private readonly installation: Installation,
		readonly workflow: SavedWorkflow,
		private readonly path: string,
	) {}

	static async publish(installation: Installation, title: string, options: FlowOptions = {}): Promise<Flow> {
		flows += 1;
		const path = `flow-${process.pid}-${flows}`;
		const { video, extra, settings, webhook } = options;
		const asked = { asked: "={{ $('Jobs').item.json.prompt }}" };
		const nodes = [
			webhookTrigger('Call', path, webhook),
			splitOut('Jobs', 'body.jobs'),
			soraVideo('Video', installation.credential, { prompt: '={{ $json.prompt }}', ...video }, extra),
			setFields('Next', asked),
			setFields('Problem', asked),
		];
		const branch: Wire[] = extra?.onError === 'continueErrorOutput' ? [['Video', 'Problem', 1]] : [];
		const connections = wires(['Call', 'Jobs'], ['Jobs', 'Video'], ['Video', 'Next'], ...branch);
		const workflow = await installation.publish({ name: title, nodes, connections, settings });
		return new Flow(installation, workflow, path);
	}

	/** Calls the webhook with one job per prompt; what it answers depends on its response mode. */
	async call(...prompts: string[]): Promise<Response> {
		return await this.installation.call(this.path, { jobs: prompts.map((prompt) => ({ prompt })) });
	}

	/** Starts an execution and returns when it is parked in n8n's database. Prompts must be new to the stand-in. */
	async park(...prompts: string[]): Promise<Started> {
		const started = await this.start(...prompts);
		await this.installation.client.until(started.executionId, ['waiting']);
		return started;
	}

	/** The same for an execution of its own for each prompt; returns when all are parked. */
	async parkEach(name: string, count: number): Promise<Started[]> {
		const prompts = Array.from({ length: count }, (_, index) => `${name} ${index}`);
		return await Promise.all(prompts.map(async (prompt) => await this.park(prompt)));
	}

	/** Each of these executions ends well, with its own video, which is paid once. */
	async expectEach(started: Started[], timeoutMs?: number): Promise<void> {
		const ends = await Promise.all(started.map(async (one) => await this.end(one, timeoutMs)));
		expect(ends.map(({ status }) => status)).toEqual(started.map(() => 'success'));
		const tasks = started.map(({ tasks: [task] }) => task);
		expect(ends.map((end) => json(end, 'Next').map(({ id, asked }) => [id, asked]))).toEqual(
			tasks.map(({ id, request }) => [[id, request.prompt]]),
		);
		for (const { request } of tasks)
			expect(this.installation.evolink.chargesFor({ prompt: String(request.prompt) })).toHaveLength(1);
	}

	/** Starts an execution and returns when all of its tasks are accepted. */
	async start(...prompts: string[]): Promise<Started> {
		const answer = await this.call(...prompts);
		if (!answer.ok) throw new Error(`the webhook answered ${answer.status}: ${await answer.text()}`);
		const tasks = await Promise.all(prompts.map(async (prompt) => await this.installation.taskOf(prompt)));
		return { executionId: executionIdOf(tasks[0]), tasks };
	}

	async end({ executionId }: Started, timeoutMs = 30_000): Promise<Execution> {
		return await this.installation.client.until(
			executionId,
			['success', 'error', 'crashed', 'canceled'],
			timeoutMs,
		);
	}
}

/** The message that a failed execution shows. */
export function errorText(execution: Execution): string {
	const { error } = execution.data.resultData;
	return error ? `${error.message} ${error.description ?? ''}` : '';
}
