import { once } from 'node:events';
import type { INodeExecutionData, INodeParameters, WorkflowExecuteMode } from 'n8n-workflow';
import {
	startStandIn,
	type SeenRequest,
	type StandIn,
	type StandInOptions,
	type StandInTask,
} from '../../stand-in';
import {
	Host,
	createEngine,
	loadPackage,
	recoverCrashed,
	resumeByTimer,
	resumeByWebhook,
	retryExecution,
	startWorkflow,
	type Engine,
	type Execution,
	type NodeFixture,
	type RetryOptions,
	type Run,
	type RunOptions,
	type WebhookCall,
	type WebhookOutcome,
	type WorkflowFixture,
} from '../../tools/n8n-engine';
import { readyBinaryStore } from '../../tools/n8n-engine/host';
import { SORA, freeze, parking, prompts, sora, withBothOutputs } from './support';

/** A workflow; or nodes, each of which leads to the next; or one node between Start, After and Failed. */
type Runnable = WorkflowFixture | NodeFixture[] | NodeFixture;

/** How the node is run that a test gives the parameters of. */
export interface SoraRun {
	/** Default: one empty item. */
	items?: INodeExecutionData[];
	onError?: NodeFixture['onError'];
	/** Default `manual`. */
	mode?: WorkflowExecuteMode;
	/** Instead of, or beside, the stand-in's key and addresses. */
	credential?: Partial<StandIn['credential']>;
}

/** A part of what is stored of a parked run. */
interface StoredWait {
	parkedAt: number;
	wakesAt: number;
	items: Array<{ watch: { unfinishedAt: number } }>;
}

/** What the node adds to n8n's resume URL: callbacks reach this node only. */
const SUFFIX = 'sora-video';

let host: Promise<Host> | undefined;

function fixtureOf(runnable: Runnable): WorkflowFixture {
	if (Array.isArray(runnable)) return { nodes: runnable };
	return 'nodes' in runnable ? runnable : withBothOutputs(runnable);
}

/**
 * One stand-in, one engine, and every execution that ran on them. Open it with `inLab`, `labForEachTest` or `labForFile`: they
 * close it, and ask what must hold after every test.
 */
export class Lab {
	evolink!: StandIn;
	engine!: Engine;
	/** For the one test that shows a second charge for the same intent. */
	mayPayTwice = false;

	private readonly executions: Execution[] = [];
	private readonly running = new Set<Run>();

	/** Tasks are done as soon as they are ordered unless `options` or a script says otherwise. */
	async open(options: StandInOptions = {}): Promise<void> {
		host ??= loadPackage().then((sources) => new Host([sources], { 'test.freeze': freeze }));
		await readyBinaryStore();
		this.evolink = await startStandIn({ timeScale: 40, defaults: { seconds: 0 }, ...options });
		this.engine = createEngine(await host, { evoLinkApi: this.evolink.credential });
	}

	/** Stops what a failed test left running, too: it would wait on, and keep the process alive. */
	async close(): Promise<void> {
		await Promise.all([...this.running].map(async (run) => await run.cancel()));
		await this.evolink.close();
		this.running.clear();
		this.executions.length = 0;
	}

	/** Runs a workflow to its end or its parking, in production mode unless said otherwise. */
	async run(
		workflow: Runnable,
		items?: INodeExecutionData[],
		options?: Omit<RunOptions, 'items'>,
	): Promise<Execution> {
		return await this.end(await this.start(workflow, items, options));
	}

	async start(
		workflow: Runnable,
		items: INodeExecutionData[] = prompts('a cat'),
		options: Omit<RunOptions, 'items'> = {},
	): Promise<Run> {
		return this.follow(await startWorkflow(this.engine, fixtureOf(workflow), { ...options, items }));
	}

	/** Runs the node with these parameters, which downloads unless told otherwise. */
	async make(parameters: INodeParameters, run: SoraRun = {}): Promise<Execution> {
		const { items = [{ json: {} }], onError, mode = 'manual', credential } = run;
		const { host: types, credentials } = this.engine;
		const engine = createEngine(types, { evoLinkApi: { ...credentials.evoLinkApi, ...credential } });
		const node = sora({ download: true, ...parameters }, onError && { onError });
		return await this.end(await startWorkflow(engine, withBothOutputs(node), { mode, items }));
	}

	/** One item for each prompt; items with errors go on with the others. */
	async makeAll(texts: string[], parameters: INodeParameters = {}, run: SoraRun = {}): Promise<Execution> {
		return await this.make(parameters, {
			items: prompts(...texts),
			onError: 'continueRegularOutput',
			...run,
		});
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
	async retry(run: Pick<Execution, 'executionId'>, options?: RetryOptions): Promise<Execution> {
		return await this.end(await this.startRetry(run, options));
	}

	async startRetry({ executionId }: Pick<Execution, 'executionId'>, options?: RetryOptions): Promise<Run> {
		return this.follow(await retryExecution(this.engine, executionId, options));
	}

	/** The process of a run is lost, with whatever it did not store; n8n's recovery follows. */
	async lose(run: Run): Promise<Run> {
		run.crash();
		recoverCrashed(this.engine, run);
		// a process that is gone sends nothing more
		await run.cancel();
		await this.end(run);
		return run;
	}

	/** The process is lost while EvoLink takes the first order: nothing of the order is stored. */
	async lostWhileOrdering(workflow: Runnable, items?: INodeExecutionData[]): Promise<Run> {
		const run = await this.start(workflow, items);
		await once(this.evolink.events, 'create');
		return await this.lose(run);
	}

	/** Runs the node until it is parked, and gives the ids of the execution and of its tasks. */
	async parked(
		node = parking(),
		items?: INodeExecutionData[],
	): Promise<[executionId: string, ...ids: string[]]> {
		const before = this.ids.length;
		const { executionId, status } = await this.run(node, items);
		expect(status).toBe('waiting');
		return [executionId, ...this.ids.slice(before)];
	}

	/** A callback of EvoLink for this task, as it would arrive at n8n. */
	async callback(executionId: string, id: string, call: WebhookCall = {}): Promise<WebhookOutcome> {
		const body = { id, status: 'completed' };
		const outcome = await resumeByWebhook(this.engine, executionId, { suffix: SUFFIX, body, ...call });
		if (outcome.run) this.follow(outcome.run);
		return outcome;
	}

	/** Somebody opens the status page of a parked run. */
	async look(executionId: string, call: WebhookCall = {}): Promise<WebhookOutcome> {
		return await this.callback(executionId, '', { method: 'GET', body: '', ...call });
	}

	/** A callback that changes nothing of the parked run. */
	async refused(executionId: string, id: string, status: number, call?: WebhookCall): Promise<void> {
		const outcome = await this.callback(executionId, id, call);
		expect([outcome.statusCode, outcome.run]).toEqual([status, undefined]);
	}

	/** The run that a callback wakes, to its end or its next parking. */
	async woken(executionId: string, id: string, call?: WebhookCall): Promise<Execution> {
		const { statusCode, run } = await this.callback(executionId, id, call);
		expect(statusCode).toBe(200);
		return await this.end(run!);
	}

	/** What n8n's timer does, whether or not it is due. */
	async timer(executionId: string): Promise<Execution> {
		return await this.end(await this.startTimer(executionId));
	}

	async startTimer(executionId: string): Promise<Run> {
		return this.follow(await resumeByTimer(this.engine, executionId));
	}

	/** Changes what is stored of the parked run of the node. */
	change(executionId: string, change: (wait: StoredWait) => unknown): void {
		const { store } = this.engine;
		const data = store.readData(executionId);
		change(data.executionData!.contextData[`node:${SORA}`]!.wait as unknown as StoredWait);
		store.write(executionId, {}, data);
	}

	/** Lets the time pass that a parked run still has until its timer. */
	makeDue(executionId: string): void {
		this.change(executionId, (wait) => {
			const left = Math.max(wait.wakesAt - Date.now(), 0);
			wait.parkedAt -= left;
			wait.wakesAt -= left;
		});
	}

	/** The timer of a parked run, once its time is over. */
	async timeIsUp(executionId: string): Promise<Execution> {
		this.makeDue(executionId);
		return await this.timer(executionId);
	}

	/** Requests of one kind as they arrived, in order; those that the stand-in dropped included. */
	requestsTo(...operations: string[]): SeenRequest[] {
		return this.evolink.requests.filter(({ operationId }) => operations.includes(String(operationId)));
	}

	get creates(): SeenRequest[] {
		return this.requestsTo('createVideoTask');
	}

	get reads(): SeenRequest[] {
		return this.requestsTo('getTask');
	}

	/** Prompts of the orders that were charged, in order, one entry for each charge. */
	get paid(): string[] {
		return this.evolink.charges.map(({ prompt }) => prompt);
	}

	/** Ids of the tasks that were charged, in order. */
	get ids(): string[] {
		return this.evolink.charges.map(({ taskId }) => taskId);
	}

	/** The different idempotency keys that orders arrived with. */
	get sentKeys(): Set<string | undefined> {
		return new Set(this.creates.map(({ headers }) => headers['idempotency-key']));
	}

	/** The task that this prompt was charged for. Fails where there is none, or more than one. */
	idOf(prompt: string): string {
		const charges = this.evolink.chargesFor({ prompt });
		expect(charges).toHaveLength(1);
		return charges[0]!.taskId;
	}

	/** The latest task of a prompt. */
	taskOf(prompt: string): StandInTask {
		const found = [...this.evolink.tasks.values()].findLast(({ request }) => request.prompt === prompt);
		if (!found) throw new Error(`No task was made for ${prompt}`);
		return found;
	}

	/**
	 * What holds after every test: the key was written nowhere and went to no other host, nobody paid twice for what was asked for
	 * once, and the stand-in itself did nothing wrong.
	 */
	check(): void {
		const { apiKey, charges, mediaStats, violations } = this.evolink;
		for (const execution of this.executions)
			expect(execution.everythingWritten().includes(apiKey)).toBe(false);
		expect(mediaStats.authorizations).toEqual([]);
		const intents = charges.map(({ intent }) => intent);
		if (!this.mayPayTwice) expect(intents).toEqual([...new Set(intents)]);
		expect(violations).toEqual([]);
	}
}

/** Gives a test a stand-in and an engine of its own. Tests may run side by side. */
export async function inLab<L extends Lab = Lab>(
	body: (lab: L) => Promise<void>,
	options: StandInOptions = {},
	lab = new Lab() as L,
): Promise<void> {
	await lab.open(options);
	try {
		await body(lab);
		lab.check();
	} finally {
		await lab.close();
	}
}

function hooked(open: typeof beforeEach, close: typeof afterEach, options?: StandInOptions): Lab {
	const lab = new Lab();
	open(async () => await lab.open(options));
	close(async () => {
		try {
			lab.check();
		} finally {
			await lab.close();
		}
	});
	return lab;
}

/** Gives each test of a file a stand-in and an engine of its own, whose tasks end by hand. */
export const labForEachTest = (options: StandInOptions = {}): Lab =>
	hooked(beforeEach, afterEach, { timeScale: 1, defaults: { seconds: 3600 }, ...options });

/** Gives all tests of a file one stand-in and one engine. */
export const labForFile = (options?: StandInOptions): Lab => hooked(beforeAll, afterAll, options);
