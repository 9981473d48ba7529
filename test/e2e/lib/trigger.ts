import type { IDataObject } from 'n8n-workflow';

import { type Execution, type SavedWorkflow } from '../../../tools/n8n-server/client';
import { type Installation } from '../../../tools/n8n-server/installation';
import { PUBLIC_HOST } from '../../../tools/n8n-server/n8n';
import { eventually } from '../../../tools/n8n-server/poll';
import { chain, setFields, soraVideoTrigger } from '../../../tools/n8n-server/workflows';

interface ExecutionsPage {
	results: Array<{ id: string }>;
	/** Older n8n has none: there the last id leads on. */
	nextCursor?: string | null;
}

/** Executions per request: the most that n8n gives. */
const PAGE = 100;

/** A published workflow: Sora Video Trigger "Done" → "Next". */
export class TriggerFlow {
	private constructor(
		private readonly installation: Installation,
		readonly workflow: SavedWorkflow,
		/** The production URL as the node's panel shows it. */
		readonly url: string,
	) {}

	static async publish(
		installation: Installation,
		title: string,
		parameters: IDataObject = {},
		{ credential = true } = {},
	): Promise<TriggerFlow> {
		const trigger = soraVideoTrigger('Done', credential ? installation.credential : undefined, parameters);
		const nodes = [trigger, setFields('Next', {})];
		const workflow = await installation.publish({ name: title, nodes, connections: chain(...nodes) });
		return new TriggerFlow(
			installation,
			workflow,
			`https://${PUBLIC_HOST}/webhook/${trigger.webhookId}/webhook`,
		);
	}

	/** Executions that n8n has stored for it, all pages, the newest first. */
	async executionIds(): Promise<string[]> {
		const ids: string[] = [];
		const filter = encodeURIComponent(JSON.stringify({ workflowId: this.workflow.id }));
		for (let from = ''; ;) {
			const query = `limit=${PAGE}&filter=${filter}${from}`;
			const { results, nextCursor } = await this.installation.client.request<ExecutionsPage>(
				'GET',
				`/rest/executions?${query}`,
			);
			ids.push(...results.map(({ id }) => id));
			const last = nextCursor === undefined ? results.length < PAGE : nextCursor === null;
			if (last) return ids;
			from = nextCursor ? `&cursor=${nextCursor}` : `&lastId=${ids.at(-1)}`;
		}
	}

	/** The JSON that reached "Next" in every execution, when there are `count` and all have ended. */
	async outcomes(count: number, timeoutMs = 30_000): Promise<IDataObject[]> {
		let ids: string[] = [];
		await eventually(
			() => `${count} executions of "${this.workflow.name}", there are ${ids.length}`,
			async () => (ids = await this.executionIds()).length >= count,
			{ timeoutMs, everyMs: 500 },
		);
		const ends: Execution[] = [];
		for (const id of ids) {
			ends.push(await this.installation.client.until(id, ['success', 'error', 'crashed'], timeoutMs));
		}
		return ends
			.flatMap((end) => end.data.resultData.runData.Next?.[0].data?.main[0] ?? [])
			.map((item) => item.json);
	}
}

/** The one execution that a task started, once it has ended: the JSON that reached "Next". */
export async function outcomeOf(flow: TriggerFlow, taskId: string): Promise<IDataObject> {
	return await eventually(`task ${taskId} at "Next" of "${flow.workflow.name}"`, async () =>
		(await flow.outcomes(1)).find(({ id }) => id === taskId),
	);
}

/** Somebody orders a video at EvoLink from outside n8n. Returns the task id. */
export async function order({ evolink }: Installation, prompt: string, callbackUrl: string): Promise<string> {
	return (await evolink.order({ model: 'sora-2-preview', prompt, callback_url: callbackUrl })).id;
}
