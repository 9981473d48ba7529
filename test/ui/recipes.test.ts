import { readFileSync } from 'node:fs';
import path from 'node:path';

import { type WorkflowDraft } from '../../tools/n8n-server/client';
import { REPO_DIR } from '../../tools/n8n-server/paths';
import { endsWell, openUi } from './lib/editor';

const ui = openUi('recipes');

it.each(['product-ad', 'ideas-to-shorts', 'chat-to-video'])(
	'the recipe %s opens with all of its nodes, none of which n8n lacks',
	async (name) => {
		const draft = JSON.parse(
			readFileSync(path.join(REPO_DIR, `examples/${name}.json`), 'utf8'),
		) as WorkflowDraft;
		await ui.editor.openWorkflow(await ui.n8n.client.createWorkflow(draft));
		for (const { name: node, type } of draft.nodes)
			if (!type.endsWith('.stickyNote')) await ui.editor.node(node).waitFor();
		expect(await ui.editor.page.getByText('Install this node').count()).toBe(0);
		await ui.editor.page.keyboard.press('1');
		await ui.editor.look(`recipe-${name}`);
	},
);

endsWell(ui);
