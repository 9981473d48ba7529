import isEqual from 'lodash/isEqual';

import { DOCUMENTED_FIELDS } from '../../nodes/evolink/generated/spec.gen';
import { PACKAGE_NAME } from '../../tools/n8n-server/package-under-test';
import { manualTrigger, node, soraVideo } from '../../tools/n8n-server/workflows';
import { eventually } from '../../tools/n8n-server/poll';
import { endsWell, openSoraVideo, openUi } from './lib/editor';

const ui = openUi('fields');

/** What all three waiting operations end with. */
const result = ['wait', 'download', 'binaryField', 'simplify'];

const OF_SORA = ['resource', 'operation', 'model', 'prompt', 'aspectRatio', 'duration', 'startImage'];

/** A video of the first model, not waited for or not downloaded. */
const unawaited = [...OF_SORA, 'wait', 'callbackUrl', 'reference', 'simplify'];

/** An agent takes data only, so nothing is offered for download. */
const asTool = [...OF_SORA, 'wait', 'simplify'];

async function openNew(parameters = {}): Promise<void> {
	await openSoraVideo(ui, 'Fields', [
		manualTrigger(),
		soraVideo('Sora Video', ui.n8n.credential, parameters),
	]);
}

describe('each operation shows its own fields', () => {
	beforeAll(async () => await openNew());

	it.each([
		['Video', 'Create Character', ['video', 'videoUrl', 'timestamps', ...result]],
		['Task', 'Get Task', ['taskId', 'wait', 'download', 'simplify']],
		['Account', 'Get Credits', []],
		['Video', 'Generate Video', ['model', 'prompt', 'aspectRatio', 'duration', 'startImage', ...result]],
	])('%s: %s', async (resource, title, fields) => {
		await ui.editor.choose('resource', resource);
		await ui.editor.choose('operation', title);
		expect(await ui.editor.fields()).toEqual(['resource', 'operation', ...fields]);
	});
});

describe('each model shows what it takes', () => {
	beforeAll(async () => await openNew());

	it.each([
		[
			'Sora 2 Pro Preview',
			['model', 'prompt', 'aspectRatio', 'duration', 'quality', 'startImage'],
			{
				aspectRatio: DOCUMENTED_FIELDS['sora-2-pro-preview'].aspect_ratio.enum,
				duration: ['4 Seconds', '8 Seconds', '12 Seconds'],
				quality: ['720p', '1080p'],
			},
		],
		[
			'Veo 3.1 Preview',
			['model', 'prompt', 'startImage', 'endImage', 'aspect_ratio', 'duration', 'quality'],
			{},
		],
		[
			'Sora 2 Preview',
			['model', 'prompt', 'aspectRatio', 'duration', 'startImage'],
			{
				aspectRatio: DOCUMENTED_FIELDS['sora-2-preview'].aspect_ratio.enum,
				duration: [
					'4 Seconds (23 credits, about 0.34 USD)',
					'8 Seconds (46 credits, about 0.68 USD)',
					'12 Seconds (69 credits, about 1.02 USD)',
				],
			},
		],
	])('%s', async (title, fields, lists) => {
		await ui.editor.choose('model', title);
		const expected = ['resource', 'operation', ...fields, ...result];
		await eventually(`the fields of ${title}`, async () => isEqual(await ui.editor.fields(), expected));
		for (const [name, titles] of Object.entries(lists)) expect(await ui.editor.titles(name)).toEqual(titles);
	});
});

it.each([
	['seedance', 'seedance-2.0-text-to-video'],
	['veo', 'veo-3.1-generate-preview'],
	['kling', 'kling-v3-text-to-video'],
])('a model of %s is chosen from the list and shows its own fields', async (name, value) => {
	await openNew({ model: value });
	await ui.editor.page
		.getByText(/^Duration/)
		.first()
		.waitFor();
	await ui.editor.picture(`model-${name}`);
});

it('an ID that no list knows takes what the user writes', async () => {
	await openNew({
		model: '={{ "model-of-tomorrow" }}',
		options: { additionalFields: '{ "prompt": "A paper boat", "quality": "4k" }' },
	});
	await ui.editor.page.getByText('Additional Fields (JSON)').first().waitFor();
	await ui.editor.picture('model-free');
});

it('what is not waited for is not offered for download, and takes a callback URL and a reference', async () => {
	await openNew({ prompt: 'a cat' });
	expect(await ui.editor.titles('wait')).toEqual(['Wait for the Video', "Don't Wait"]);
	await ui.editor.choose('wait', "Don't Wait");
	expect(await ui.editor.fields()).toEqual(unawaited);
	expect(await ui.editor.addableOptions()).not.toContain('How to Wait');
	await ui.editor.look('dont-wait');
	await ui.editor.choose('wait', 'Wait for the Video');
	expect(await ui.editor.fields()).not.toContain('callbackUrl');
	expect(await ui.editor.addableOptions()).toContain('How to Wait');
});

it.each([
	['generate', ['prompt'], 'Prompt'],
	['character', ['videoUrl'], 'Video URL'],
	['getTask', ['taskId'], 'Task ID'],
])('%s marks what it lacks, and n8n names it when the node is run', async (operation, lacking, label) => {
	await openNew({ operation, ...(operation === 'getTask' && { resource: 'task' }) });
	await eventually('the marks', async () => (await ui.editor.issues()).length === lacking.length);
	expect(await ui.editor.issues()).toEqual(lacking);
	await ui.editor.page.getByTestId('node-execute-button').click();
	await ui.editor.page.getByText(`Parameter "${label}" is required.`).waitFor();
	expect(ui.n8n.evolink.charges).toEqual([]);
	await ui.editor.look(`required-${operation}`);
});

it('as a tool of an AI agent it offers no download: an agent takes data only', async () => {
	const tool = node('Make a Video', `${PACKAGE_NAME}.soraVideoTool`, { operation: 'generate' });
	const workflow = await ui.n8n.client.createWorkflow({ name: 'Tool', nodes: [tool], connections: {} });
	await ui.editor.openWorkflow(workflow);
	await ui.editor.openNode('Make a Video');
	expect(await ui.editor.fields()).toEqual(['descriptionType', ...asTool]);
	await ui.editor.choose('resource', 'Task');
	const ofTask = ['resource', 'operation', 'taskId', 'wait', 'simplify'];
	expect(await ui.editor.fields()).toEqual(['descriptionType', ...ofTask]);
});

endsWell(ui);
