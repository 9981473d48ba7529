import { startStandIn, type SeenRequest, type StandIn, type StandInOptions } from '../../stand-in';
import {
	Host,
	createEngine,
	loadPackage,
	resumeByTimer,
	resumeByWebhook,
	runWorkflow,
	type Engine,
	type Execution,
	type NodeFixture,
	type WebhookOutcome,
	type WorkflowFixture,
} from '../../tools/n8n-engine';
import { SORA, after, prompts, start } from './support';

/** What the node adds to n8n's resume URL: callbacks reach this node only. */
const SUFFIX = 'sora-video';

/** A Sora Video node as it comes, which suspends in production, with a prompt from each item. */
export const parking = (more: Partial<NodeFixture> = {}, name = SORA): NodeFixture => ({
	name,
	type: 'n8n-nodes-evolink-sora.soraVideo',
	...more,
	parameters: { prompt: '={{ $json.prompt }}', ...more.parameters },
});

/** One stand-in whose tasks end by hand, and one engine whose executions are parked and woken by hand. */
export class Parking {
	evolink!: StandIn;
	engine!: Engine;

	get taskIds(): string[] {
		return [...this.evolink.tasks.keys()];
	}

	/** Creates as they arrived, in order; those that the stand-in dropped included. */
	get creates(): SeenRequest[] {
		return this.evolink.requests.filter(({ operationId }) => operationId === 'createVideoTask');
	}

	async run(workflow: WorkflowFixture, items = prompts('a cat')): Promise<Execution> {
		return await runWorkflow(this.engine, workflow, { items });
	}

	/** Start → the node → After, run until it is parked. */
	async parked(node = parking(), items = prompts('a cat')): Promise<string> {
		const run = await this.run({ nodes: [start, node, after] }, items);
		expect(run.status).toBe('waiting');
		return run.executionId;
	}

	/** A callback of EvoLink for this task, as it would arrive at n8n. */
	async callback(
		executionId: string,
		id: string,
		call: Parameters<typeof resumeByWebhook>[2] = {},
	): Promise<WebhookOutcome> {
		const body = { id, status: 'completed' };
		return await resumeByWebhook(this.engine, executionId, { suffix: SUFFIX, body, ...call });
	}

	/** The run that a callback wakes, to its end or its next parking. */
	async woken(executionId: string, id: string): Promise<Execution> {
		return await (
			await this.callback(executionId, id)
		).run!.done;
	}

	/** Changes what is stored of the parked run of the node. */
	change(executionId: string, change: (wait: { parkedAt: number; wakesAt: number }) => void): void {
		const data = this.engine.store.readData(executionId);
		change(data.executionData!.contextData[`node:${SORA}`]!.wait as never);
		this.engine.store.write(executionId, {}, data);
	}

	/** What n8n's timer does, whether or not it is due. */
	async timer(executionId: string): Promise<Execution> {
		return await (
			await resumeByTimer(this.engine, executionId)
		).done;
	}
}

/** Gives each test of a file a stand-in and an engine of its own. */
export function parkingForEachTest(options: StandInOptions = {}): Parking {
	const lab = new Parking();
	let host: Host;
	beforeAll(async () => {
		host = new Host([await loadPackage()]);
	});
	beforeEach(async () => {
		lab.evolink = await startStandIn({ defaults: { seconds: 3600 }, ...options });
		lab.engine = createEngine(host, { evoLinkApi: lab.evolink.credential });
	});
	afterEach(async () => {
		expect(lab.evolink.violations).toEqual([]);
		await lab.evolink.close();
	});
	return lab;
}

export function expectParked(outcome: WebhookOutcome, statusCode: number): void {
	expect(outcome.statusCode).toBe(statusCode);
	expect(outcome.run).toBeUndefined();
}
