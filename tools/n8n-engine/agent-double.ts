import { NodeConnectionTypes } from 'n8n-workflow';
import type {
	EngineRequest,
	EngineResponse,
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
} from 'n8n-workflow';

interface Tool {
	name: string;
	invoke(input: IDataObject): Promise<unknown>;
}

async function answerOf(tool: Tool, input: IDataObject): Promise<unknown> {
	try {
		return JSON.parse(String(await tool.invoke(input)));
	} catch (error) {
		return [{ error: (error as Error).message }];
	}
}

/**
 * Double of the AI Agent: it calls each connected tool once, with its parameter `toolInput` as the model's arguments,
 * and outputs the answers as `{ answers }`. n8n has two ways to run a tool, and so has the double (`via`):
 *
 * - `engine`: the agent returns an EngineRequest and the engine runs the tool as a node of its own (Agent v3)
 * - `agent`: the agent invokes the tool inside its own `execute` (older agents, MCP and sub-agents)
 */
export const agent: INodeType = {
	description: {
		displayName: 'AI Agent',
		name: 'agent',
		group: ['transform'],
		version: 1,
		description: 'Double of the AI Agent',
		defaults: { name: 'AI Agent' },
		inputs: [NodeConnectionTypes.Main, { type: NodeConnectionTypes.AiTool, displayName: 'Tool' }],
		outputs: [NodeConnectionTypes.Main],
		properties: [
			{ displayName: 'Tool Input', name: 'toolInput', type: 'json', default: {} },
			{ displayName: 'Via', name: 'via', type: 'string', default: 'engine' },
		],
	},
	async execute(
		this: IExecuteFunctions,
		response?: EngineResponse,
	): Promise<INodeExecutionData[][] | EngineRequest> {
		const input = this.getNodeParameter('toolInput', 0) as IDataObject;
		const answer = (answers: unknown): INodeExecutionData[][] => [
			[{ json: { answers } as IDataObject, pairedItem: { item: 0 } }],
		];
		if (this.getNodeParameter('via', 0) === 'agent') {
			const tools = (await this.getInputConnectionData(NodeConnectionTypes.AiTool, 0)) as Tool[];
			const answers: unknown[] = [];
			for (const tool of tools) answers.push(await answerOf(tool, input));
			return answer(answers);
		}
		const responses = response?.actionResponses ?? [];
		if (responses.length > 0)
			return answer(
				responses.map(({ data }) => data.data?.[NodeConnectionTypes.AiTool]?.[0]?.map(({ json }) => json)),
			);
		const tools = this.getParentNodes(this.getNode().name, {
			connectionType: NodeConnectionTypes.AiTool,
			depth: 1,
		});
		return {
			actions: tools.map(({ name }, index) => ({
				actionType: 'ExecutionNodeAction' as const,
				nodeName: name,
				input,
				type: NodeConnectionTypes.AiTool,
				id: `call_${index}`,
				metadata: {},
			})),
			metadata: {},
		};
	},
};
