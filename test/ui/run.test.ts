import { type IDataObject } from 'n8n-workflow';

import { type SavedWorkflow } from '../../tools/n8n-server/client';
import { executionIdOf } from '../../tools/n8n-server/installation';
import { chain, manualTrigger, noOp, soraVideo } from '../../tools/n8n-server/workflows';
import { endsWell, openUi } from './lib/editor';

const ui = openUi('run', { standIn: { timeScale: 20 } });

const quick = { options: { pollSeconds: 0.5 } };

/** Start → Sora Video → Next, one below the other in n8n's grid. */
async function save(name: string, parameters: IDataObject): Promise<SavedWorkflow> {
	const nodes = [manualTrigger(), soraVideo('Sora Video', ui.n8n.credential, parameters), noOp('Next')];
	nodes.forEach((node, index) => (node.position = [index * 220, 0]));
	return await ui.n8n.client.createWorkflow({ name, nodes, connections: chain(...nodes) });
}

it('a step run in the editor ends with a video that plays in the output panel', async () => {
	const prompt = 'A paper boat drifts down a rain-washed street at dusk';
	await ui.editor.openWorkflow(await save('Paper boat', { prompt, ...quick }));
	await ui.editor.openNode('Sora Video');
	expect(await ui.editor.executeStep()).toBe('success');
	await ui.editor.output.getByText('video/mp4').waitFor();
	expect(await ui.editor.output.getByTestId('node-hint').allInnerTexts()).toEqual([
		expect.stringMatching(/^Made 1 video in \d+ seconds? for 23.04 credits \(about 0.34 USD\)/),
	]);
	await ui.editor.output.getByTestId('ndv-view-binary-data').click();
	const video = ui.editor.page.locator('video');
	await video.waitFor();
	const played = await video.evaluate(async (element: HTMLVideoElement) => {
		element.muted = true;
		await element.play();
		await new Promise<void>((resolve) => {
			const check = () => (element.currentTime > 0.5 ? resolve() : void setTimeout(check, 50));
			check();
		});
		element.pause();
		return { width: element.videoWidth, duration: element.duration, error: element.error?.message };
	});
	expect(played).toEqual({ width: 640, duration: 4, error: undefined });
	await ui.editor.picture('video');
	expect(ui.n8n.evolink.chargesFor({ prompt })).toHaveLength(1);
});

it('a refused prompt says why, what it cost and what to do, and keeps the task ID', async () => {
	const prompt = 'A well-known singer gives a concert on the moon';
	ui.n8n.evolink.script(prompt, { outcome: 'failed', code: 'content_policy_violation' });
	await ui.editor.openWorkflow(await save('Refused', { prompt, ...quick }));
	await ui.editor.openNode('Sora Video');
	expect(await ui.editor.executeStep()).toBe('error');
	const text = await ui.editor.output.innerText();
	const { id } = await ui.n8n.taskOf(prompt);
	expect(text).toContain(id);
	expect(text).toContain('content_policy_violation');
	expect(text).not.toContain('undefined');
	await ui.editor.picture('failure');
});

it('a run that Max Credits does not allow says its price, and orders nothing', async () => {
	const prompt = 'A paper boat crosses an ocean';
	const draft = { prompt, options: { ...quick.options, maxCredits: 20 } };
	await ui.editor.openWorkflow(await save('Too dear', draft));
	await ui.editor.openNode('Sora Video');
	expect(await ui.editor.executeStep()).toBe('error');
	expect(await ui.editor.output.innerText()).toContain("'Max Credits' is 20");
	expect(ui.n8n.evolink.chargesFor({ prompt })).toEqual([]);
	await ui.editor.picture('max-credits');
});

it('a suspended run shows as waiting, with a word on why, and then as finished', async () => {
	const prompt = 'A lighthouse in a storm, waves break against the rocks';
	ui.n8n.evolink.script(prompt, { outcome: 'stuck', estimatedTime: 300 });
	await ui.editor.openWorkflow(await save('Lighthouse', { prompt, waitMode: 'suspend' }));
	await ui.editor.page.getByTestId('execute-workflow-button').click();
	const task = await ui.n8n.taskOf(prompt);
	const id = executionIdOf(task);
	await ui.n8n.client.until(id, ['waiting']);
	await ui.editor.waitingNode('Sora Video').waitFor();
	await ui.editor.openNode('Sora Video');
	await ui.editor.output.getByText('The video is being made').waitFor();
	await ui.editor.picture('waiting');
	await ui.editor.closeNode();
	ui.n8n.evolink.finish(task.id, { outcome: 'completed' });
	await ui.n8n.client.until(id, ['success']);
	await ui.editor.node('Next').getByTestId('canvas-node-status-success').waitFor();
});

it('in words under the node stands what it does', async () => {
	await ui.editor.openWorkflow(await save('Subtitle', { resource: 'account', operation: 'getCredits' }));
	expect(await ui.editor.node('Sora Video').innerText()).toContain('Get Credits');
});

endsWell(ui);
