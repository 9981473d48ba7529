import type { StandIn } from '../../stand-in';
import { eventually } from '../../tools/n8n-server/poll';
import { endsWell, openUi } from './lib/editor';

const ui = openUi('panel');

/** The dialog of the credential. */
const dialog = () => ui.editor.page.getByTestId('editCredential-modal');

const soraVideo = () => ui.editor.entries.filter({ hasText: 'Sora Video' });

it.each([
	'sora',
	'evolink',
	'video',
	'text to video',
	'image to video',
	'AI video',
	'movie',
	'film',
	'clip',
	'seedance',
	'veo',
	'kling',
	'wan',
	'hailuo',
	'make video',
	'create video',
	'video generator',
	'animate',
	'tiktok',
	'reel',
	'short',
	'avatar',
])('a search for "%s" finds Sora Video near the top, and the entry says what it does', async (text) => {
	await ui.editor.newWorkflow();
	await ui.editor.search(text);
	await soraVideo()
		.getByText(/^Make AI videos with Veo/)
		.waitFor();
	const found = await ui.editor.entries.allInnerTexts();
	expect(found.slice(0, 5).map((entry) => entry.split('\n')[0])).toContain('Sora Video');
});

it('lists what it starts on and what it can do in sentences', async () => {
	await ui.editor.newWorkflow();
	await ui.editor.search('evolink');
	await soraVideo().click();
	await ui.editor.page.getByText('Actions (8)').click();
	await ui.editor.entries.getByText('Generate a video').waitFor();
	expect(await ui.editor.entries.allInnerTexts()).toEqual([
		'On video completed',
		'On video failed',
		'On video cancelled',
		'VIDEO ACTIONS',
		'Generate a video',
		'Create a character from a video',
		'Estimate the cost of a video',
		'TASK ACTIONS',
		'Get a task with its status and video link',
		'Get many tasks',
		'ACCOUNT ACTIONS',
		'Get the credits left',
		'Get many models',
		'Upload a file',
	]);
	await ui.editor.picture('actions');
});

it('a node chosen from the panel opens on the fields of a first video, nothing more', async () => {
	await ui.editor.entries.getByText('Generate a video').click();
	await ui.editor.page.getByTestId('node-parameters').waitFor();
	expect(await ui.editor.fields()).toEqual([
		'resource',
		'operation',
		'model',
		'prompt',
		'aspectRatio',
		'duration',
		'startImage',
		'wait',
		'download',
		'binaryField',
		'simplify',
	]);
});

describe('the credential dialog', () => {
	it('shows where a key comes from, and that the addresses are no affair of most', async () => {
		await ui.editor.page.getByTestId('node-credentials-select').click();
		await ui.editor.page.getByTestId('node-credentials-select-item-new').click();
		const link = dialog().getByRole('link', { name: 'evolink.ai/dashboard/keys' });
		await link.waitFor();
		expect(await link.getAttribute('href')).toBe('https://evolink.ai/dashboard/keys');
		await dialog().getByText('Advanced: change the addresses below').waitFor();
	});

	it.each<[string, () => Partial<StandIn['credential']>, RegExp]>([
		[
			'a key that EvoLink does not know',
			() => ({ apiKey: 'sk-evo-unknown' }),
			/EvoLink does not know this API key/,
		],
		['an address that is none', () => ({ baseUrl: 'evolink' }), /its 'Base URL'/],
		['an address for files that is none', () => ({ filesUrl: 'evolink' }), /its 'Files URL'/],
		['the address of something else', () => ({ baseUrl: ui.n8n.main.url }), /is not EvoLink/],
		['an address where nothing is', () => ({ baseUrl: 'http://127.0.0.1:9' }), /ECONNREFUSED|refused/],
	])('says of %s what is wrong', async (_, wrong, words) => {
		await fillCredential({ ...ui.n8n.evolink.credential, ...wrong() });
		await ui.editor.page.getByText('Couldn’t connect with these settings').waitFor();
		const more = ui.editor.page.getByText('More details');
		if (await more.isVisible()) await more.click();
		await dialog().getByText(words).last().waitFor();
	});

	it('shows all of what is wrong with a key', async () => {
		await fillCredential({ ...ui.n8n.evolink.credential, apiKey: 'sk-evo-unknown' });
		await dialog()
			.getByText(/EvoLink does not know this API key/)
			.waitFor();
		await ui.editor.look('credential');
	});

	it('accepts a good key', async () => {
		await fillCredential(ui.n8n.evolink.credential);
		// saved and tested, it closes by itself; opened again, it tests anew
		await dialog().waitFor({ state: 'hidden' });
		await ui.editor.page.getByTestId('credential-edit-button').click();
		await dialog().getByText('Connection tested successfully').waitFor();
		const shown = await dialog().innerHTML();
		expect(shown).not.toContain(ui.n8n.evolink.apiKey);
	});

	it('accepts a key with the word Bearer before it, as it is often copied', async () => {
		const { credential, apiKey } = ui.n8n.evolink;
		await fillCredential({ ...credential, apiKey: `Bearer ${apiKey}` });
		await dialog().getByText('Connection tested successfully').waitFor();
		await dialog().getByText('Couldn’t connect with these settings').waitFor({ state: 'hidden' });
	});
});

endsWell(ui);

/** Fills the open dialog and saves it; returns when n8n has tested the key. */
async function fillCredential(credential: StandIn['credential']): Promise<void> {
	const { page } = ui.editor;
	for (const [name, value] of Object.entries(credential)) {
		const input = dialog().getByTestId(`parameter-input-${name}`).locator('input').first();
		await input.fill(value);
		// the dialog draws itself anew while it loads, and forgets what came before
		await eventually(`the ${name} in its field`, async () => (await input.inputValue()) === value);
	}
	const tested = page.waitForResponse((response) => response.url().endsWith('/rest/credentials/test'));
	await dialog().getByTestId('credential-save-button').getByRole('button').click();
	await tested;
}
