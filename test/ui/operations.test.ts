import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { IDataObject, INode } from 'n8n-workflow';

import { REPO_DIR } from '../../tools/n8n-server/paths';
import {
	manualTrigger,
	node,
	setFields,
	soraVideo,
	splitOut,
	toJpeg,
} from '../../tools/n8n-server/workflows';
import { endsWell, openSoraVideo, openUi } from './lib/editor';

const ui = openUi('operations', { standIn: { timeScale: 100 } });

async function open(
	name: string,
	parameters: IDataObject,
	{ before = [], ...extra }: Partial<INode> & { before?: INode[] } = {},
) {
	const video = soraVideo('Sora Video', ui.n8n.credential, parameters, extra);
	await openSoraVideo(ui, name, [manualTrigger(), ...before, video]);
}

/** Runs it, and returns what the output panel says. */
async function outputOf(end: 'success' | 'error' = 'success'): Promise<string> {
	expect(await ui.editor.executeStep()).toBe(end);
	return await ui.editor.output.innerText();
}

/** One item for each. */
const rows = (...prompts: string[]): INode[] => [
	node(
		'Ideas',
		'n8n-nodes-base.set',
		{ mode: 'raw', jsonOutput: JSON.stringify({ prompt: prompts }), options: {} },
		{ typeVersion: 3.4 },
	),
	splitOut('Rows', 'prompt'),
];

it('Estimate Cost tells the price of an order, and orders nothing', async () => {
	await open('Estimate', { operation: 'estimateCost', prompt: 'A paper boat', duration: 8 });
	expect(await outputOf()).toMatch(/46\.08[^]*0\.68/);
	expect(ui.n8n.evolink.charges).toEqual([]);
	await ui.editor.look('estimate-cost');
});

it('Get Many Models lists models with their fields and prices', async () => {
	await open('Models', { resource: 'account', operation: 'getManyModels' });
	expect(await outputOf()).toContain('sora-2-preview');
	await ui.editor.look('many-models');
});

it('Upload File gives a URL that models can be given', async () => {
	const jpeg = readFileSync(path.join(REPO_DIR, 'stand-in/assets/profile.jpg')).toString('base64');
	const before = [setFields('Picture', { file: jpeg }), toJpeg('To File')];
	await open('Upload', { resource: 'account', operation: 'uploadFile' }, { before });
	expect(await outputOf()).toMatch(/https?:\/\//);
	await ui.editor.look('upload-file');
});

it('Get Many Tasks shows what the account has made', async () => {
	await ui.n8n.evolink.order({ model: 'sora-2-preview', prompt: 'A lighthouse' }, { seconds: 0 });
	await open('Tasks', { resource: 'task', operation: 'getManyTasks' });
	expect(await outputOf()).toContain('completed');
	await ui.editor.look('many-tasks');
});

it('rows that failed stand beside the videos, as a table and as JSON, under a receipt', async () => {
	ui.n8n.evolink.script('a singer', { outcome: 'failed', code: 'content_policy_violation' });
	const before = rows('a paper boat', 'a singer', 'a lighthouse');
	const parameters = { prompt: '={{ $json.prompt }}', download: false, options: { pollSeconds: 0.5 } };
	await open('Rows', parameters, { before, onError: 'continueRegularOutput' });
	const text = await outputOf();
	expect(text).toMatch(/Made 2 videos .* 1 failed: see its item/);
	await ui.editor.output.getByTestId('radio-button-table').click();
	await ui.editor.look('rows-table');
	await ui.editor.output.getByTestId('radio-button-json').click();
	await ui.editor.output.getByText('content_policy_violation').first().waitFor();
	await ui.editor.look('rows-json');
});

endsWell(ui);
