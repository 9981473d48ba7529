import type { WorkflowDraft } from '../tools/n8n-server/client';

/**
 * An example with its files and notifications brought to this machine, where nodes that save files are switched on: their folder
 * is there. Notes stay as they are: they speak of other machines.
 */
export function broughtHere(draft: WorkflowDraft, files: string, inbox: string): WorkflowDraft {
	const brought = (parameters: object) =>
		JSON.parse(
			JSON.stringify(parameters)
				.replaceAll('/home/node/.n8n-files', files)
				.replaceAll('https://hooks.example.com', inbox),
		) as WorkflowDraft['nodes'][number]['parameters'];
	const nodes = draft.nodes.map(({ disabled, ...node }) => {
		if (node.type.endsWith('.stickyNote')) return node;
		const isOff = disabled && !node.type.endsWith('.readWriteFile');
		return { ...node, ...(isOff && { disabled }), parameters: brought(node.parameters) };
	});
	return { ...draft, nodes };
}
