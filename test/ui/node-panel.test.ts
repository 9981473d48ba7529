import { Installation } from '../e2e/lib/installation';
import { Editor } from './lib/editor';

let n8n: Installation;
let editor: Editor;
beforeAll(async () => {
	n8n = await Installation.open({ name: 'panel', mode: 'regular' });
	editor = await Editor.open(n8n);
}, 240_000);
afterAll(async () => {
	await editor?.close();
	await n8n?.close();
});

const soraVideo = () => editor.entries.filter({ hasText: 'Sora Video' });

it.each(['sora', 'evolink', 'video', 'text to video', 'image to video'])(
	'a search for "%s" finds Sora Video, and the entry says what it does',
	async (text) => {
		await editor.newWorkflow();
		await editor.search(text);
		await soraVideo().getByText('Make videos with Sora through EvoLink').waitFor();
		if (text === 'sora') await editor.picture('search');
	},
);

it('lists what it starts on and what it can do in sentences', async () => {
	await editor.newWorkflow();
	await editor.search('evolink');
	await soraVideo().click();
	await editor.page.getByText('Actions (4)').click();
	await editor.entries.getByText('Generate a video').waitFor();
	expect(await editor.entries.allInnerTexts()).toEqual([
		'On video completed',
		'On video failed',
		'On video cancelled',
		'Create a character from a video',
		'Generate a video',
		'Get the credits left',
		'Get a task',
	]);
	await editor.picture('actions');
});

it('a node chosen from the panel opens on the fields of a first video, nothing more', async () => {
	await editor.entries.getByText('Generate a video').click();
	await editor.page.getByTestId('node-parameters').waitFor();
	expect(await editor.fields()).toEqual([
		'operation',
		'model',
		'prompt',
		'aspectRatio',
		'duration',
		'image',
		'wait',
		'download',
		'binaryField',
	]);
});

describe('the credential dialog', () => {
	it('says of a key that EvoLink does not know what is wrong and where to look', async () => {
		await editor.page.getByTestId('node-credentials-select').click();
		await editor.page.getByTestId('node-credentials-select-item-new').click();
		await fillCredential('sk-evo-unknown');
		await editor.page.getByText('Couldn’t connect with these settings').waitFor();
		await editor.page.getByText('More details').click();
		await editor.page.getByText(/EvoLink does not know this API key/).waitFor();
	});

	it('accepts a good key', async () => {
		await fillCredential(n8n.evolink.apiKey);
		// saved and tested, it closes by itself; opened again, it tests anew
		await editor.page.getByTestId('editCredential-modal').waitFor({ state: 'hidden' });
		await editor.page.getByTestId('credential-edit-button').click();
		await editor.page.getByText('Connection tested successfully').waitFor();
		await editor.picture('credential');
		const shown = await editor.page.getByTestId('editCredential-modal').innerHTML();
		expect(shown).not.toContain(n8n.evolink.apiKey);
	});
});

it('no page of it threw', () => {
	expect(editor.pageErrors).toEqual([]);
	expect(n8n.evolink.violations).toEqual([]);
});

async function fillCredential(apiKey: string): Promise<void> {
	const modal = editor.page.getByTestId('editCredential-modal');
	const input = (name: string) => modal.getByTestId(`parameter-input-${name}`).locator('input').first();
	await input('apiKey').fill(apiKey);
	await input('baseUrl').fill(n8n.evolink.url);
	await input('filesUrl').fill(n8n.evolink.url);
	await modal.getByTestId('credential-save-button').getByRole('button').click();
}
