import type { IDataObject } from 'n8n-workflow';

import { SoraVideo } from '../../../nodes/SoraVideo/SoraVideo.node';
import { NODE, fakeContext } from '../support';

/** n8n's own Agents run a tool in an execution that has no data: nothing can be kept in it, and it has no id. */
function agentCall(create: () => IDataObject) {
	const none = () => {
		throw new Error('`executionData` is not initialized');
	};
	const parameters: IDataObject = {
		operation: 'generate',
		model: 'sora-2-preview',
		prompt: 'a cat',
		wait: 'auto',
	};
	const host = fakeContext({
		answer: ({ method }) => ({
			body:
				method === 'POST'
					? create()
					: { id: 'task-unified-1-a', status: 'completed', results: ['https://a.test/v.mp4'] },
		}),
		getContext: none,
		getExecutionId: () => undefined,
		getMode: () => 'internal',
		getNode: () => ({ ...NODE, type: `${NODE.type}Tool` }),
		getNodeParameter: (name: string, _: number, fallback: unknown) => parameters[name] ?? fallback,
		getWorkflow: () => ({ active: false }),
		isToolExecution: () => true,
	});
	Object.defineProperty(host.ctx, 'customData', { get: none });
	return host;
}

const pending = () => ({ id: 'task-unified-1-a', status: 'pending', task_info: { estimated_time: 1 } });

test("as a tool of n8n's own Agents the node orders once and gives the link", async () => {
	const { ctx, requests } = agentCall(pending);
	const [[item]] = await new SoraVideo().execute.call(ctx);
	expect(item.json).toMatchObject({ id: 'task-unified-1-a', videoUrl: 'https://a.test/v.mp4' });
	expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
});

test('an order there that EvoLink answers with nothing usable names its key', async () => {
	const { ctx } = agentCall(() => ({ status: 'pending' }));
	const [[item]] = await new SoraVideo().execute.call(ctx);
	expect(item.json.error).toMatchObject({ idempotencyKey: expect.stringMatching(/^n8n-[0-9a-f]{48}$/) });
});
