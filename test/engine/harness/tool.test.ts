import { Host, connect, createEngine, runWorkflow, type NodeFixture } from '../../../tools/n8n-engine';
import { probes } from './probes/probes';

const start: NodeFixture = { name: 'Start', type: 'n8n-nodes-base.scheduleTrigger' };
const tool: NodeFixture = {
	name: 'Tool',
	type: 'probe.echoTool',
	parameters: { text: "={{ $fromAI('words', 'what to echo', 'string') }}" },
};
const connections = connect(['Start', 'Agent'], ['Tool', 'Agent', 'ai_tool']);

test.each([
	['engine', false],
	['agent', true],
])('a node runs as a tool of an agent, by way of the %s', async (via, isToolExecution) => {
	const parameters = { via, toolInput: { words: 'hello' } };
	const agent: NodeFixture = { name: 'Agent', type: '@n8n/n8n-nodes-langchain.agent', parameters };
	const engine = createEngine(new Host([], probes));
	const run = await runWorkflow(engine, { nodes: [start, agent, tool], connections });
	expect(run.error).toBeUndefined();
	expect(run.json('Agent')).toEqual([
		{ answers: [[{ text: 'hello', isToolExecution, outputs: [{ type: 'ai_tool' }] }]] },
	]);
});

test('a node without usableAsTool is no tool', () => {
	expect(() => new Host([], probes).getByName('probe.sleeperTool')).toThrow('cannot be used as a tool');
});
