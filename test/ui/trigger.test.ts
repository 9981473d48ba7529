import { readFileSync } from 'node:fs';
import path from 'node:path';

import { type WorkflowDraft } from '../../tools/n8n-server/client';
import { PUBLIC_HOST } from '../../tools/n8n-server/n8n';
import { order } from '../e2e/lib/trigger';
import { PACKAGE_NAME } from '../../tools/n8n-server/package-under-test';
import { REPO_DIR } from '../../tools/n8n-server/paths';
import { endsWell, openUi } from './lib/editor';

const ui = openUi('trigger', { standIn: { timeScale: 20 } }, 'dark');

it('dark and light theme each show the icon drawn for them', async () => {
	const text = readFileSync(path.join(REPO_DIR, 'examples/order-and-receive.json'), 'utf8');
	const draft = JSON.parse(text) as WorkflowDraft;
	for (const node of draft.nodes) {
		if (node.type.startsWith(PACKAGE_NAME)) node.credentials = { evoLinkApi: ui.n8n.credential };
	}
	await ui.editor.openWorkflow(await ui.n8n.client.createWorkflow(draft));
	const icon = (file: string) => ui.editor.node('Sora Video Trigger').locator(`img[src$="/${file}"]`);
	await icon('soraVideo.dark.svg').waitFor();
	await ui.editor.picture('dark');
	await ui.editor.setTheme('light');
	await icon('soraVideo.svg').waitFor();
});

it('the panel tells where to paste the URL, and that EvoLink reaches public https addresses only', async () => {
	await ui.editor.openNode('Sora Video Trigger');
	const panel = await ui.editor.page.getByTestId('ndv').innerText();
	expect(panel).toContain('Callback URL');
	expect(panel).toMatch(/public https/);
	await ui.editor.look('trigger');
});

it('it asks for a key and a field name only where it needs them, and warns of what goes unchecked', async () => {
	const shown = ['events', 'verify', 'download', 'binaryField', 'simplify'];
	expect(await ui.editor.fields()).toEqual(shown);
	const key = ui.editor.page.getByTestId('node-credentials-select');
	const warning = ui.editor.page.getByText(/anybody who learns the URL/);
	expect([await key.isVisible(), await warning.isVisible()]).toEqual([true, false]);
	await ui.editor.toggle('verify');
	await warning.waitFor();
	await key.waitFor({ state: 'hidden' });
	expect(await ui.editor.fields()).toEqual(['events', 'verify', 'simplify']);
	await ui.editor.toggle('verify');
	await key.waitFor();
	await warning.waitFor({ state: 'hidden' });
	// n8n has reset what was hidden
	expect(await ui.editor.fields()).toEqual(['events', 'verify', 'download', 'simplify']);
	await ui.editor.toggle('download');
	await ui.editor.field('binaryField').waitFor();
	expect(await ui.editor.fields()).toEqual(shown);
});

it('a test event is listened for, and comes with the video that EvoLink reported', async () => {
	const ndv = ui.editor.page.getByTestId('ndv');
	await ndv.getByText('Webhook URLs', { exact: true }).click();
	const url = (await ndv.getByText(/^https:\/\//).innerText()).trim();
	expect(url).toMatch(new RegExp(`^https://${PUBLIC_HOST}/webhook-test/.+/webhook$`));
	await ndv.getByTestId('node-execute-button').click();
	await ndv.getByText('Listening for test event').waitFor();
	const id = await order(ui.n8n, 'A test event', url);
	await ui.editor.output.getByTestId('node-run-status-success').waitFor({ timeout: 30_000 });
	await ui.editor.output.getByText('video/mp4').waitFor();
	await ui.editor.output.getByTestId('radio-button-json').click();
	await ui.editor.output.getByText(id).first().waitFor();
	expect(ui.n8n.evolink.callbacks.map(({ status }) => status)).toEqual([200]);
	await ui.editor.picture('trigger-event');
});

endsWell(ui);
