import { type IDataObject } from 'n8n-workflow';

import { manualTrigger, soraVideo } from '../../tools/n8n-server/workflows';
import { endsWell, openSoraVideo, openUi } from './lib/editor';

const ui = openUi('looks', { standIn: { timeScale: 100 } }, 'dark');

async function open(parameters: IDataObject = {}): Promise<void> {
	await openSoraVideo(ui, 'Looks', [manualTrigger(), soraVideo('Sora Video', ui.n8n.credential, parameters)]);
}

describe('in the dark', () => {
	it('the node panel', async () => {
		await ui.editor.newWorkflow();
		await ui.editor.search('evolink');
		await ui.editor.entries.filter({ hasText: 'Sora Video' }).click();
		await ui.editor.page.getByText(/^Actions/).click();
		await ui.editor.entries.getByText('Generate a video').waitFor();
		await ui.editor.look('dark-actions');
	});

	it('the form', async () => {
		await open({ prompt: 'A paper boat drifts down a rain-washed street at dusk' });
		await ui.editor.look('dark-form');
	});

	it('an error', async () => {
		const prompt = 'A well-known singer gives a concert on the moon';
		ui.n8n.evolink.script(prompt, { outcome: 'failed', code: 'content_policy_violation' });
		await open({ prompt, options: { pollSeconds: 0.5 } });
		expect(await ui.editor.executeStep()).toBe('error');
		await ui.editor.look('dark-error');
	});

	it('the credential', async () => {
		await ui.editor.page.getByTestId('credential-edit-button').click();
		await ui.editor.page.getByTestId('editCredential-modal').waitFor();
		await ui.editor.page.getByText('evolink.ai/dashboard/keys').waitFor();
		await ui.editor.look('dark-credential');
	});
});

describe('in a window of 800 x 600', () => {
	beforeAll(async () => {
		await ui.editor.setTheme('light');
		await ui.editor.resize(800, 600);
	});
	afterAll(async () => await ui.editor.resize(1440, 900));

	it.each<[string, IDataObject]>([
		['a first video', {}],
		['a model of the list', { model: 'seedance-2.0-image-to-video' }],
		['many tasks', { resource: 'task', operation: 'getManyTasks' }],
	])('%s', async (name, parameters) => {
		await open(parameters);
		expect(await ui.editor.cut()).toEqual([]);
		await ui.editor.look(`narrow-${name.replaceAll(' ', '-')}`);
	});

	it('an error', async () => {
		await open({ prompt: '={{ "" }}' });
		expect(await ui.editor.executeStep()).toBe('error');
		await ui.editor.look('narrow-error');
	});
});

endsWell(ui);
