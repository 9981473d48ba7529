import { NodeConnectionTypes, Workflow, deepCopy } from 'n8n-workflow';
import type {
	IConnections,
	INode,
	IPinData,
	IWorkflowBase,
	IWorkflowSettings,
	NodeConnectionType,
} from 'n8n-workflow';
import type { CredentialData } from './credentials-helper';
import type { Host } from './host';

/** A node as a test writes it: `name` and `type`, the rest as in workflow JSON. */
export type NodeFixture = Pick<INode, 'name' | 'type'> & Partial<INode>;

/** A workflow as a test writes it; exported workflow JSON fits too. */
export interface WorkflowFixture {
	nodes: NodeFixture[];
	/** Default: each node leads to the next one, in the order of `nodes`. */
	connections?: IConnections;
	settings?: IWorkflowSettings;
	pinData?: IPinData;
	id?: string;
	name?: string;
}

/** One line between two nodes: from an output (default 0) to an input (default 0), `main` unless said otherwise. */
export type Link = [
	from: string | [node: string, output: number],
	to: string | [node: string, input: number],
	type?: NodeConnectionType,
];

/** Connections written as a list of lines: `connect(['A', 'B'], [['A', 1], 'C'], ['Tool', 'Agent', 'ai_tool'])`. */
export function connect(...links: Link[]): IConnections {
	const connections: IConnections = {};
	for (const [from, to, type = NodeConnectionTypes.Main] of links) {
		const [source, output] = typeof from === 'string' ? [from, 0] : from;
		const [node, index] = typeof to === 'string' ? [to, 0] : to;
		const outputs = ((connections[source] ??= {})[type] ??= []);
		while (outputs.length <= output) outputs.push([]);
		(outputs[output] ??= []).push({ node, type, index });
	}
	return connections;
}

const pairs = (names: string[]): Link[] => names.slice(1).map((name, index): Link => [names[index]!, name]);

/**
 * Turns a fixture into the form that n8n stores. Nodes get ids and positions; nodes whose type takes a credential
 * that the test gives data for get that credential.
 */
export function completeWorkflow(
	host: Host,
	fixture: WorkflowFixture,
	credentials: CredentialData,
): IWorkflowBase {
	const nodes = fixture.nodes.map((node, index): INode => {
		const complete: INode = {
			id: `id-of-${node.name}`,
			typeVersion: 1,
			position: [index * 200, 0],
			...deepCopy(node),
			parameters: deepCopy(node.parameters ?? {}),
		};
		const wanted = host.getByNameAndVersion(node.type, complete.typeVersion).description.credentials ?? [];
		const given = wanted.filter(({ name }) => credentials[name]);
		if (given.length > 0)
			complete.credentials ??= Object.fromEntries(given.map(({ name }) => [name, { id: '1', name }]));
		return complete;
	});
	return {
		id: fixture.id ?? 'workflow-1',
		name: fixture.name ?? 'Test workflow',
		active: false,
		activeVersionId: null,
		isArchived: false,
		createdAt: new Date(0),
		updatedAt: new Date(0),
		nodes,
		connections: fixture.connections ?? connect(...pairs(nodes.map(({ name }) => name))),
		settings: { executionOrder: 'v1', ...fixture.settings },
		pinData: fixture.pinData,
	};
}

export function instantiate(host: Host, stored: IWorkflowBase): Workflow {
	return new Workflow({
		id: stored.id,
		name: stored.name,
		nodes: deepCopy(stored.nodes),
		connections: stored.connections,
		active: stored.active,
		nodeTypes: host,
		staticData: stored.staticData,
		settings: stored.settings,
		pinData: stored.pinData,
	});
}
