import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { json, type SavedWorkflow, type WorkflowDraft } from '../../../tools/n8n-server/client';
import { openInstallation } from '../lib/installation';
import { PACKAGE_NAME } from '../../../tools/n8n-server/package-under-test';
import { REPO_DIR, RUN_DIR } from '../../../tools/n8n-server/paths';
import { eventually } from '../../../tools/n8n-server/poll';
import { Flow } from '../lib/flow';
import { TriggerFlow } from '../lib/trigger';

/** Stands for the folder that n8n may write to in its official image. */
const FILES = path.join(RUN_DIR, 'catch-up-files');

beforeAll(() => void mkdirSync(FILES, { recursive: true }));
const n8n = openInstallation({ name: 'catch-up', env: { N8N_RESTRICT_FILE_ACCESS_TO: FILES } });

/** The example as a user publishes it, but every two seconds. */
async function publishCatchUp(): Promise<SavedWorkflow> {
	const text = readFileSync(path.join(REPO_DIR, 'examples/catch-up.json'), 'utf8');
	const draft = JSON.parse(text.replaceAll('/home/node/.n8n-files', FILES)) as WorkflowDraft;
	for (const node of draft.nodes) {
		if (node.type.startsWith(`${PACKAGE_NAME}.`)) node.credentials = { evoLinkApi: n8n.credential };
		if (node.name === 'Save Video') delete node.disabled;
		if (node.name === 'Every Hour')
			node.parameters = { rule: { interval: [{ field: 'seconds', secondsInterval: 2 }] } };
	}
	return await n8n.publish(draft);
}

/** What each finished execution saved: the ids, the oldest execution first. */
async function savedBy(workflow: SavedWorkflow): Promise<string[][]> {
	const { results } = await n8n.client.executions({ workflowId: workflow.id });
	const ended = results.filter(({ status }) => !['new', 'running'].includes(status));
	const runs = await Promise.all(ended.map(async ({ id }) => await n8n.client.execution(id)));
	expect(runs.map(({ status }) => status)).toEqual(runs.map(() => 'success'));
	return runs
		.toSorted((a, b) => Number(a.id) - Number(b.id))
		.map((run) => json(run, 'Save Video').map(({ id }) => String(id)));
}

it('all four calls of EvoLink found n8n down: catching up brings each video once, and orders nothing', async () => {
	const prompts = ['harbour', 'lighthouse', 'market'];
	n8n.evolink.script('', { seconds: 3600 });
	const listener = await TriggerFlow.publish(n8n, 'listener');
	const orders = await Flow.publish(n8n, 'orders', {
		video: { wait: 'none', callbackUrl: listener.url },
	});
	const catchUp = await publishCatchUp();
	await orders.call(...prompts);
	const ids = await Promise.all(prompts.map(async (prompt) => (await n8n.taskOf(prompt)).id));
	await n8n.latest(orders.workflow, ['success']);

	await n8n.main.stop();
	for (const id of ids) n8n.evolink.finish(id);
	await n8n.evolink.until(() => n8n.evolink.callbacks.filter(({ attempt }) => attempt === 4).length === 3);
	expect(n8n.evolink.callbacks.some(({ status }) => status !== undefined)).toBe(false);
	await n8n.main.boot();

	const saved = await eventually(
		'the videos, and two rounds after them',
		async () => {
			const runs = await savedBy(catchUp);
			return runs.flat().length >= 3 && runs.slice(-2).flat().length === 0 ? runs.flat() : undefined;
		},
		{ timeoutMs: 30_000, everyMs: 500 },
	);
	expect(saved.toSorted()).toEqual(ids.toSorted());
	expect(await listener.executionIds()).toEqual([]);
	expect(n8n.evolink.charges.map(({ prompt }) => prompt).toSorted()).toEqual(prompts);
	expect(n8n.evolink.violations).toEqual([]);
});
