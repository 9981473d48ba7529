import './environment.cjs';
import { LoadOptionsContext } from 'n8n-core';
import type { INodeListSearchResult, INodePropertyOptions } from 'n8n-workflow';
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
	const { methods, context } = editorOf(engine, fixture);
	const search = methods?.listSearch?.[method];
	if (!search) throw new Error(`Node does not have a list search ${method}`);
	return await search.call(context, filter, paginationToken);
}

/** The options of a field, as the editor loads them when a node is opened. */
export async function loadOptions(
	engine: Engine,
	fixture: NodeFixture,
	method: string,
): Promise<INodePropertyOptions[]> {
	const { methods, context } = editorOf(engine, fixture);
	const load = methods?.loadOptions?.[method];
	if (!load) throw new Error(`Node does not have options ${method}`);
	return await load.call(context);
}

function editorOf(engine: Engine, fixture: NodeFixture) {
	const { host, credentials } = engine;
	const workflow = instantiate(host, completeWorkflow(host, { nodes: [fixture] }, credentials));
	const node = workflow.getNode(fixture.name)!;
	const additionalData = additionalDataFor(engine, { executionId: '', workflow: { id: workflow.id } }, []);
	additionalData.currentNodeParameters = node.parameters;
	const { methods } = host.getByNameAndVersion(node.type, node.typeVersion);
	return { methods, context: new LoadOptionsContext(workflow, node, additionalData, '') };
}
