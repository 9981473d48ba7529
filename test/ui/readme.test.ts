import { readFileSync } from 'node:fs';
import path from 'node:path';

import { startStandIn, type StandIn } from '../../stand-in';
import { N8n } from '../../tools/n8n-server/n8n';
import { PACKAGE_NAME } from '../../tools/n8n-server/package-under-test';
import { REPO_DIR } from '../../tools/n8n-server/paths';
import { stopEverything } from '../../tools/n8n-server/processes';
import { Editor } from './lib/editor';

/** The README's way from an n8n that has never seen the package to a video, step by step. Only the URLs of EvoLink differ. */
const README = readFileSync(path.join(REPO_DIR, 'README.md'), 'utf8').replace(/\s+/g, ' ');
const PROMPT = 'A paper boat sails across a puddle, seen from the water';

let evolink: StandIn;
let main: N8n;
let editor: Editor;
const times: string[] = [];
let begun = 0;

beforeAll(async () => {
	evolink = await startStandIn({ timeScale: 20 });
	main = await N8n.create({ name: 'readme' });
	await main.boot();
	editor = await Editor.open({ main });
}, 240_000);
beforeEach(() => (begun = performance.now()));
afterEach(() => {
	const seconds = Math.round((performance.now() - begun) / 1000);
	times.push(`${expect.getState().currentTestName}: ${seconds} s`);
});
afterAll(async () => {
	await editor?.close();
	await stopEverything();
	await evolink.close();
	console.log(times.join('\n'));
});

/** Of the menu that is open. */
const entry = (name: string) => editor.page.getByRole('menuitem', { name, exact: true });

it('Settings → Community nodes → Install puts the package into n8n', async () => {
	expect(README).toContain('**Settings → Community nodes → Install**');
	const { page } = editor;
	await page.goto(`${main.url}/settings/community-nodes`);
	await page.getByRole('button', { name: 'Install' }).first().click();
	const dialog = page.getByTestId('communityPackageInstall-modal');
	const input = dialog.getByTestId('package-name-input');
	await input.locator('input').or(input).last().fill(PACKAGE_NAME);
	await dialog.getByTestId('user-agreement-checkbox').click();
	await dialog.getByTestId('install-community-package-button').click();
	await dialog.waitFor({ state: 'hidden' });
	await page.getByText(PACKAGE_NAME).first().waitFor();
});

it('… → Import brings the first example onto the canvas; here from the file, because its address is outside', async () => {
	const { repository } = JSON.parse(readFileSync(path.join(REPO_DIR, 'package.json'), 'utf8')) as {
		repository: { url: string };
	};
	const [, name] = /github\.com\/(.+)\.git$/.exec(repository.url)!;
	const address = `https://raw.githubusercontent.com/${name}/main/examples/text-to-video.json`;
	expect(README).toContain(`**… → Import → From URL**`);
	expect(README).toContain(`\`${address}\``);
	expect(README).toContain('(in a clone **From file**)');
	const { page } = editor;
	await editor.newWorkflow();
	await page.getByTestId('workflow-menu').click();
	await entry('Import').hover();
	const [chooser] = await Promise.all([page.waitForEvent('filechooser'), entry('From file').click()]);
	await chooser.setFiles(path.join(REPO_DIR, 'examples/text-to-video.json'));
	await editor.node('Sora Video').waitFor();
});

it('the node asks for its credential, which is accepted once the key is pasted', async () => {
	const { page } = editor;
	await editor.openNode('Sora Video');
	await page.getByRole('button', { name: 'Connect to EvoLink' }).click();
	const dialog = page.getByTestId('editCredential-modal');
	await dialog.getByText('evolink.ai/dashboard/keys').waitFor();
	const { apiKey, baseUrl, filesUrl } = evolink.credential;
	for (const [name, value] of Object.entries({ apiKey, baseUrl, filesUrl }))
		await dialog.getByTestId(`parameter-input-${name}`).locator('input').fill(value);
	await dialog.getByTestId('credential-save-button').click();
	// n8n closes it once its test has succeeded
	await dialog.waitFor({ state: 'hidden' });
	expect(evolink.requests.map(({ path }) => path)).toContain('/v1/credits');
});

it('a prompt and Execute workflow end with the video in the output panel, paid once', async () => {
	const { page } = editor;
	await editor.type('prompt', PROMPT);
	await editor.closeNode();
	await page.getByTestId('execute-workflow-button').click();
	await editor.node('Sora Video').getByTestId('canvas-node-status-success').waitFor();
	await editor.openNode('Sora Video');
	await editor.output.getByTestId('ndv-view-binary-data').click();
	const video = page.locator('video');
	await video.waitFor();
	await page.waitForFunction(() => (document.querySelector('video')?.duration ?? 0) > 0);
	expect(evolink.chargesFor({ prompt: PROMPT })).toHaveLength(1);
});

it('no page of it threw', () => {
	expect(editor.pageErrors).toEqual([]);
	expect(evolink.violations).toEqual([]);
});
