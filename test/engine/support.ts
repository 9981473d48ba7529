import { NodeConnectionTypes, type IExecuteFunctions, type INodeType } from 'n8n-workflow';
import { PATHS } from '../../nodes/evolink/generated/spec.gen';
import { startStandIn, type SeenRequest, type StandIn, type StandInOptions } from '../../stand-in';
import {
	Host,
	connect,
	createEngine,
	loadPackage,
	retryExecution,
	startWorkflow,
	type Engine,
	type Execution,
	type NodeFixture,
	type Run,
	type RunOptions,
	type WorkflowFixture,
} from '../../tools/n8n-engine';

export const SORA = 'Sora Video';
export const start: NodeFixture = { name: 'Start', type: 'n8n-nodes-base.scheduleTrigger' };
export const after: NodeFixture = { name: 'After', type: 'n8n-nodes-base.noOp' };
export const failed: NodeFixture = { name: 'Failed', type: 'n8n-nodes-base.noOp' };

/** Retry On Fail with the shortest pause that the engine keeps (0 would mean its default of a second). */
export const retryOnFail = { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };

/** Shape of EvoLink's task ids. */
export const TASK_ID = /task-unified-\d+-\w+/;

type Parameters = NonNullable<NodeFixture['parameters']>;

/**
 * A Sora Video node that takes its prompt from each item, polls as often as it may, and downloads nothing. It gives up
 * soon, so that a test that fails ends.
 */
export function sora(
	{ options = {}, ...parameters }: Parameters = {},
	more: Partial<NodeFixture> = {},
): NodeFixture {
	return {
		name: SORA,
		type: 'n8n-nodes-evolink-sora.soraVideo',
		parameters: {
			prompt: '={{ $json.prompt }}',
			wait: 'poll',
			download: false,
			options: { pollSeconds: 0.25, timeoutMinutes: 0.3, ...(options as object) },
			...parameters,
		},
		...more,
	};
}

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
const freeze: INodeType = {
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

let host: Promise<Host> | undefined;

/** One stand-in, one engine, and every execution that ran on them. */
export class Lab {
	private readonly executions: Execution[] = [];
	private readonly running = new Set<Run>();

	constructor(
		readonly evolink: StandIn,
		readonly engine: Engine,
	) {}

	/** Runs a workflow (nodes alone are linked in their order) from items, in production mode unless said otherwise. */
	async run(workflow: WorkflowFixture | NodeFixture[], options: RunOptions = {}): Promise<Execution> {
		return await this.end(await this.start(workflow, options));
	}

	async start(workflow: WorkflowFixture | NodeFixture[], options: RunOptions = {}): Promise<Run> {
		const fixture = Array.isArray(workflow) ? { nodes: workflow } : workflow;
		return this.follow(await startWorkflow(this.engine, fixture, options));
	}

	private follow(run: Run): Run {
		this.running.add(run);
		return run;
	}

	async end(run: Run): Promise<Execution> {
		const execution = await run.done;
		this.running.delete(run);
		this.executions.push(execution);
		return execution;
	}

	/** The editor's "Retry" of an execution, to its end. */
	async retry({ executionId }: Pick<Execution, 'executionId'>): Promise<Execution> {
		return await this.end(this.follow(await retryExecution(this.engine, executionId)));
	}

	/** Creates as they arrived, in order; those that the stand-in dropped included. */
	get creates(): SeenRequest[] {
		const { method, path } = PATHS.createVideoTask;
		return this.evolink.requests.filter((request) => request.method === method && request.path === path);
	}

	/** Prompts of the orders that were charged, in order, one entry for each charge. */
	get paid(): string[] {
		return this.evolink.charges.map(({ prompt }) => prompt);
	}

	/** Ids of the tasks that were charged, in order. */
	get ids(): string[] {
		return this.evolink.charges.map(({ taskId }) => taskId);
	}

	/** The task that this prompt was charged for. Fails where there is none, or more than one. */
	idOf(prompt: string): string {
		const charges = this.evolink.charges.filter((charge) => charge.prompt === prompt);
		expect(charges).toHaveLength(1);
		return charges[0]!.taskId;
	}

	/** Stops what a failed test left running: it would wait on, and keep the process alive. */
	async stopAll(): Promise<void> {
		await Promise.all([...this.running].map(async (run) => await run.cancel()));
	}

	/** What holds after every test: the key was written nowhere, and the stand-in itself did nothing wrong. */
	check(): void {
		for (const execution of this.executions)
			expect(execution.everythingWritten().includes(this.evolink.apiKey)).toBe(false);
		expect(this.evolink.mediaStats.authorizations).toEqual([]);
		expect(this.evolink.violations).toEqual([]);
	}
}

/** Gives a test a stand-in and an engine of its own. Tests may run side by side. */
export async function inLab(body: (lab: Lab) => Promise<void>, options: StandInOptions = {}): Promise<void> {
	host ??= loadPackage().then((sources) => new Host([sources], { 'test.freeze': freeze }));
	const evolink = await startStandIn({ timeScale: 40, ...options });
	const lab = new Lab(evolink, createEngine(await host, { evoLinkApi: evolink.credential }));
	try {
		await body(lab);
		lab.check();
	} finally {
		await lab.stopAll();
		await evolink.close();
	}
}

/** What the node's hints say, but for what each run with an order says: the credits that were reserved. */
export const hintsOf = (run: Execution) =>
	run
		.hints(SORA)
		.map(({ message }) => message)
		.filter((message) => !message.startsWith('EvoLink reserved '));

/** Matches the orders with this prompt, for a fault that is to hit no others. */
export const ordersOf =
	(prompt: string) =>
	({ request }: { request: SeenRequest }) =>
		(request.body as { prompt?: string }).prompt === prompt;

/** The different idempotency keys that orders arrived with. */
export const sentKeys = ({ creates }: Lab) =>
	new Set(creates.map(({ headers }) => headers['idempotency-key']));
