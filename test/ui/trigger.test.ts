import { readFileSync } from 'node:fs';
import path from 'node:path';

import { type WorkflowDraft } from '../e2e/lib/client';
import { Installation } from '../e2e/lib/installation';
import { PUBLIC_HOST } from '../e2e/lib/n8n';
import { order } from '../e2e/lib/trigger';
import { PACKAGE_NAME } from '../e2e/lib/package-under-test';
import { REPO_DIR } from '../e2e/lib/paths';
import { Editor } from './lib/editor';

let n8n: Installation;
let editor: Editor;
beforeAll(async () => {
	n8n = await Installation.open({ name: 'trigger', mode: 'regular', standIn: { timeScale: 20 } });
	editor = await Editor.open(n8n, 'dark');
}, 240_000);
afterAll(async () => {
	await editor?.close();
	await n8n?.close();
});

it('the dark theme shows the icon drawn for it', async () => {
	const text = readFileSync(path.join(REPO_DIR, 'examples/order-and-receive.json'), 'utf8');
	const draft = JSON.parse(text) as WorkflowDraft;
	for (const node of draft.nodes) {
		if (node.type.startsWith(PACKAGE_NAME)) node.credentials = { evoLinkApi: n8n.credential };
	}
	const workflow = await n8n.client.createWorkflow(draft);
	await editor.openWorkflow(workflow);
	expect(await editor.node('Sora Video Trigger').locator('img').first().getAttribute('src')).toContain(
		'.dark.svg',
	);
	await editor.picture('dark');
});

it('the panel tells where to paste the URL, and that EvoLink reaches public https addresses only', async () => {
	await editor.openNode('Sora Video Trigger');
	const panel = await editor.page.getByTestId('ndv').innerText();
	expect(panel).toContain('Callback URL');
	expect(panel).toMatch(/public https/);
	await editor.picture('trigger');
});

it('a test event is listened for, and comes with the video that EvoLink reported', async () => {
	const ndv = editor.page.getByTestId('ndv');
	await ndv.getByText('Webhook URLs', { exact: true }).click();
	const url = (await ndv.getByText(/^https:\/\//).innerText()).trim();
	expect(url).toMatch(new RegExp(`^https://${PUBLIC_HOST}/webhook-test/.+/webhook$`));
	await ndv.getByTestId('node-execute-button').click();
	await ndv.getByText('Listening for test event').waitFor();
	const id = await order(n8n, 'A test event', url);
	await editor.output.getByTestId('node-run-status-success').waitFor({ timeout: 30_000 });
	await editor.output.getByText('video/mp4').waitFor();
	await editor.output.getByTestId('radio-button-json').click();
	await editor.output.getByText(id).first().waitFor();
	expect(n8n.evolink.callbacks.map(({ status }) => status)).toEqual([200]);
	await editor.picture('trigger-event');
});

it('no page of it threw', () => {
	expect(editor.pageErrors).toEqual([]);
	expect(n8n.evolink.violations).toEqual([]);
});
