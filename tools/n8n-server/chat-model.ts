import { createServer, type Server } from 'node:http';

import { listen, shut } from '../loopback';

interface ChatRequest {
	stream?: boolean;
	messages: Array<{ role: string; content: unknown }>;
	tools?: Array<{ function: { name: string; parameters?: { properties?: object } } }>;
}

/**
 * A chat model that any OpenAI client can talk to: it calls the first tool that takes the given arguments once, and
 * ends when it has the tool's answer.
 */
export class ChatModel {
	/** What tools answered, as the model got it. */
	readonly toolAnswers: string[] = [];

	/** For the credential's Base URL. */
	url = '';

	private constructor(private readonly server: Server) {}

	static async start(toolArguments: Record<string, string | number>): Promise<ChatModel> {
		const server = createServer((request, response) => {
			let text = '';
			request.on('data', (chunk: Buffer) => (text += chunk.toString()));
			request.on('end', () => {
				response.setHeader('content-type', 'application/json');
				response.end(JSON.stringify(model.answer(JSON.parse(text) as ChatRequest, toolArguments)));
			});
		});
		const model = new ChatModel(server);
		model.url = `${await listen(server)}/v1`;
		return model;
	}

	async close(): Promise<void> {
		await shut(this.server);
	}

	private answer({ messages, tools = [] }: ChatRequest, toolArguments: Record<string, string | number>) {
		const answers = messages
			.filter(({ role }) => role === 'tool')
			.map(({ content }) => JSON.stringify(content));
		this.toolAnswers.push(...answers);
		const fits = ({ parameters: { properties = {} } = {} }: { parameters?: { properties?: object } }) =>
			Object.keys(toolArguments).every((name) => name in properties);
		const tool = tools.find(({ function: offered }) => fits(offered));
		const call = {
			id: 'call_1',
			type: 'function',
			function: { name: tool?.function.name, arguments: JSON.stringify(toolArguments) },
		};
		const done = answers.length > 0 || tool === undefined;
		return {
			id: 'chatcmpl-1',
			object: 'chat.completion',
			created: 1,
			model: 'stand-in',
			choices: [
				{
					index: 0,
					finish_reason: done ? 'stop' : 'tool_calls',
					message: {
						role: 'assistant',
						...(done ? { content: 'Done.' } : { content: null, tool_calls: [call] }),
					},
				},
			],
			usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
		};
	}
}
