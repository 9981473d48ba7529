import { NodeConnectionTypes, deepCopy } from 'n8n-workflow';
import type { INodeProperties, INodeType, INodeTypeDescription } from 'n8n-workflow';

/**
 * The tool that n8n derives from a node with `usableAsTool`: same `execute`, no inputs, one `ai_tool` output, a
 * Tool Description field. Follows `convertNodeToAiTool` and `NodeTypes.getByNameAndVersion` of the n8n package.
 */
export function toolOf(nodeType: INodeType): INodeType {
	const { usableAsTool, ...description } = nodeType.description;
	if (!usableAsTool) throw new Error('Node cannot be used as a tool');
	const replaced: INodeTypeDescription = deepCopy({
		...description,
		...(typeof usableAsTool === 'object' ? usableAsTool.replacements : {}),
	});
	const toolDescription: INodeProperties = {
		displayName: 'Description',
		name: 'toolDescription',
		type: 'string',
		default: replaced.description,
		required: true,
	};
	const choosesDescription = replaced.properties.some(({ name }) => ['resource', 'operation'].includes(name));
	const descriptionType: INodeProperties = {
		displayName: 'Tool Description',
		name: 'descriptionType',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Set Automatically', value: 'auto' },
			{ name: 'Set Manually', value: 'manual' },
		],
		default: 'auto',
	};
	if (choosesDescription) toolDescription.displayOptions = { show: { descriptionType: ['manual'] } };
	const tool = Object.create(nodeType, {
		description: {
			value: {
				...replaced,
				name: `${replaced.name}Tool`,
				displayName: `${replaced.displayName} Tool`,
				inputs: [],
				outputs: [NodeConnectionTypes.AiTool],
				properties: [
					...(choosesDescription ? [descriptionType] : []),
					toolDescription,
					...replaced.properties,
				],
			},
		},
	}) as INodeType;
	return tool;
}
