import './environment';
import { LoadOptionsContext } from 'n8n-core';
import type { INodeListSearchResult } from 'n8n-workflow';
import { additionalDataFor, type Engine } from './engine';
import { completeWorkflow, instantiate, type NodeFixture } from './workflow-fixture';

/** What the editor gets for the list of a resource locator (DynamicNodeParametersService.getResourceLocatorResults). */
export async function searchList(
	engine: Engine,
	fixture: NodeFixture,
	method: string,
	filter?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	const { host, credentials } = engine;
	const workflow = instantiate(host, completeWorkflow(host, { nodes: [fixture] }, credentials));
	const node = workflow.getNode(fixture.name)!;
	const additionalData = additionalDataFor(engine, { executionId: '', workflow: { id: workflow.id } }, []);
	additionalData.currentNodeParameters = node.parameters;
	const search = host.getByNameAndVersion(node.type, node.typeVersion).methods?.listSearch?.[method];
	if (!search) throw new Error(`Node does not have a list search ${method}`);
	return await search.call(
		new LoadOptionsContext(workflow, node, additionalData, ''),
		filter,
		paginationToken,
	);
}
