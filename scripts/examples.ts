import type { WorkflowDraft } from '../tools/n8n-server/client';

/** An example with its files and notifications brought to this machine. Notes stay as they are: they speak of other machines. */
export function broughtHere(draft: WorkflowDraft, files: string, inbox: string): WorkflowDraft {
	const brought = (parameters: object) =>
		JSON.parse(
			JSON.stringify(parameters)
				.replaceAll('/home/node/.n8n-files', files)
				.replaceAll('https://hooks.example.com', inbox),
		) as WorkflowDraft['nodes'][number]['parameters'];
	const nodes = draft.nodes.map((node) =>
		node.type.endsWith('.stickyNote') ? node : { ...node, parameters: brought(node.parameters) },
	);
	return { ...draft, nodes };
}
