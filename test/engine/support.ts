import {
	NodeConnectionTypes,
	type IBinaryData,
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
} from 'n8n-workflow';
import { connect, type Execution, type NodeFixture, type WorkflowFixture } from '../../tools/n8n-engine';

export const SORA = 'Sora Video';
export const start: NodeFixture = { name: 'Start', type: 'n8n-nodes-base.scheduleTrigger' };
export const after: NodeFixture = { name: 'After', type: 'n8n-nodes-base.noOp' };
export const failed: NodeFixture = { name: 'Failed', type: 'n8n-nodes-base.noOp' };

/** Retry On Fail with the shortest pause that the engine keeps (0 would mean its default of a second). */
export const retryOnFail = { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };

/** A script for tasks that end when the test says so. */
export const BY_HAND = { seconds: 1e9, estimatedTime: 0 };

/** Shape of EvoLink's task ids. */
export const TASK_ID = /task-unified-\d+-\w+/;

/** What an item that failed holds, and nothing else. */
export interface ErrorData {
	message: string;
	description?: string;
	taskId?: string;
	code?: string;
	status?: number;
	link?: string;
	idempotencyKey?: string;
	chargedCredits?: number;
}

const errorIn = (json: IDataObject) => json.error as ErrorData | undefined;

/** What an item says of its error: message and description. */
export const errorTextOf = ({ json }: INodeExecutionData): string =>
	[errorIn(json)?.message, errorIn(json)?.description].filter(Boolean).join('. ');

/** The data of an item that failed with such a message, whatever else is said. */
export const failedWith = (message: string | RegExp, more: Partial<ErrorData> = {}) => ({
	error: expect.objectContaining({
		message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
		...more,
	}) as ErrorData,
});

type Parameters = NonNullable<NodeFixture['parameters']>;

/**
 * A Sora Video node that takes its prompt from each item, polls as often as it may, and downloads nothing. It gives up
 * before Jest does, so that a test that fails says why.
 */
export function sora(
	{ options = {}, waitMode = 'poll', ...parameters }: Parameters = {},
	more: Partial<NodeFixture> = {},
): NodeFixture {
	return {
		name: SORA,
		type: 'n8n-nodes-evolink-sora.soraVideo',
		parameters: {
			prompt: '={{ $json.prompt }}',
			wait: 'auto',
			download: false,
			simplify: false,
			options: { waitMode, pollSeconds: 0.25, timeoutMinutes: 0.9, ...(options as object) },
			...parameters,
		},
		...more,
	};
}

/** A Sora Video node as it comes, which suspends in production, with a prompt from each item. */
export const parking = (more: Partial<NodeFixture> = {}, name = SORA): NodeFixture => ({
	name,
	type: 'n8n-nodes-evolink-sora.soraVideo',
	...more,
	parameters: { prompt: '={{ $json.prompt }}', simplify: false, ...more.parameters },
});

/** Start → the node, its success output → After, its error output → Failed. */
export function withBothOutputs(node: NodeFixture): WorkflowFixture {
	const connections = connect(['Start', node.name], [node.name, 'After'], [[node.name, 1], 'Failed']);
	return { nodes: [start, node, after, failed], connections };
}

/** Start items, one for each prompt. */
export const prompts = (...texts: string[]) => texts.map((prompt) => ({ json: { prompt } }));

function deepFreeze<T>(value: T): T {
	if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
	return value;
}

/** Hands on its items deep-frozen: whoever writes to them afterwards throws. */
export const freeze: INodeType = {
	description: {
		displayName: 'Freeze',
		name: 'freeze',
		group: ['transform'],
		version: 1,
		description: 'Probe',
		defaults: { name: 'Freeze' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		properties: [],
	},
	async execute(this: IExecuteFunctions) {
		const items = this.getInputData();
		return [items.map(({ json }, item) => deepFreeze({ json: { ...json }, pairedItem: { item } }))];
	},
};

/** What the node's hints say, but for the receipt. */
export const hintsOf = (run: Execution) =>
	run
		.hints(SORA)
		.map(({ message }) => message)
		.filter((message) => !message.startsWith('Made '));

/** What the node says of how it came to wait. */
export const reasonsOf = ({ logs }: Execution) =>
	logs.map(({ message }) => message).filter((message) => message.startsWith('Waited by polling'));

/** The text of each error item, or nothing for an item without an error. */
export const errorsOf = (run: Execution, output = 0) =>
	run.json(SORA, output).map((json) => errorIn(json)?.message);

/** A file that an item carries in itself. */
export const inline = (bytes: Buffer, mimeType = 'image/png', fileName = 'cat.png'): IBinaryData => ({
	data: bytes.toString('base64'),
	mimeType,
	fileName,
});
