import { readFileSync } from 'node:fs';
import path from 'node:path';

import { type StandInTask } from '../../../stand-in';
import { executionIdOf, type Installation } from '../../../tools/n8n-server/installation';
import { type N8n } from '../../../tools/n8n-server/n8n';
import { chain, node, soraVideo, splitOut, webhookTrigger } from '../../../tools/n8n-server/workflows';

/** Makes n8n load the node of `dispatch`. */
export const FOREIGN_NODES = { N8N_CUSTOM_EXTENSIONS: path.join(__dirname, 'foreign') };

/** A node of another package that parks the execution until somebody calls its own webhook. */
export const dispatch = (name: string) => node(name, 'CUSTOM.dispatch');

/** Parks one execution that orders a video for each prompt and has such a node behind it. */
export async function parkBeforeDispatch(n8n: Installation, path: string, ...prompts: string[]) {
	const nodes = [
		webhookTrigger('Call', path),
		splitOut('Jobs', 'body.jobs'),
		soraVideo('Video', n8n.credential, { prompt: '={{ $json.prompt }}', download: false }),
		dispatch('Dispatch'),
	];
	await n8n.publish({ name: path, nodes, connections: chain(...nodes) });
	await n8n.call(path, { jobs: prompts.map((prompt) => ({ prompt })) });
	const tasks = await Promise.all(prompts.map(async (prompt) => await n8n.taskOf(prompt)));
	const executionId = executionIdOf(tasks[0]);
	const parked = await n8n.client.until(executionId, ['waiting']);
	return { tasks, executionId, parked };
}

/** How often an execution came to such a node, by the log of the process that runs it. */
export const dispatches = (n8n: N8n, executionId: string) =>
	readFileSync(n8n.logFile, 'utf8').split(`Dispatched by execution ${executionId};`).length - 1;

/** Where the node's own answer goes, made from the callback URL of a task of the same execution. */
export const answerUrl = ({ request }: StandInTask) =>
	String(request.callback_url).replace('/sora-video', '/dispatched');
