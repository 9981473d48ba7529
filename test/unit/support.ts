import { Readable } from 'node:stream';

import fc from 'fast-check';
import type { IDataObject, IExecuteFunctions, IHttpRequestOptions, INode } from 'n8n-workflow';

import type { Failure } from '../../nodes/evolink/failure';
import { readTask, type Task } from '../../nodes/evolink/task';
import { displayNamesOf, ItemParameters } from '../../nodes/host/parameters';
import { soraVideoFields } from '../../nodes/SoraVideo/operations/fields';
import type { Clock } from '../../nodes/evolink/clock';

/** Set by `stryker.config.json` alone, where the whole suite runs once for each of a thousand mutants. */
const { MUTATION_RUNS } = globalThis as { MUTATION_RUNS?: number };

/** How many cases each property sees; raised with `PROPERTY_RUNS=10000`, and never lowered by it. */
export const RUNS = MUTATION_RUNS ?? Math.max(Number(process.env.PROPERTY_RUNS ?? 1000), 1000);

/** Mutants are judged by the same cases every time, so that scores can be compared, and need no smallest case. */
const CASES: fc.Parameters<unknown> =
	MUTATION_RUNS === undefined ? { numRuns: RUNS } : { numRuns: RUNS, seed: 1, endOnFailure: true };

/** Long enough for 10,000 cases on a busy machine. */
export const PROPERTY_TIMEOUT_MS = 120_000;

/** Holds for every case, or fails with the smallest one that breaks it. */
export function always<Values extends [unknown, ...unknown[]]>(
	...args: [...{ [At in keyof Values]: fc.Arbitrary<Values[At]> }, (...values: Values) => void]
): void {
	fc.assert(fc.property<Values>(...(args as Parameters<typeof fc.property<Values>>)), CASES);
}

/** The same for what ends later. */
export async function alwaysAsync<Values extends [unknown, ...unknown[]]>(
	...args: [...{ [At in keyof Values]: fc.Arbitrary<Values[At]> }, (...values: Values) => Promise<void>]
): Promise<void> {
	await fc.assert(fc.asyncProperty<Values>(...(args as Parameters<typeof fc.asyncProperty<Values>>)), CASES);
}

/** JSON that means harm: keys that conversions and prototypes look at, deep nesting, odd numbers. */
export const hostileJson: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
	value: fc.oneof(
		{ maxDepth: 4, withCrossShrink: true },
		fc.constantFrom<unknown>(
			null,
			true,
			false,
			0,
			-1,
			1e308,
			'',
			' ',
			'\0',
			'failed',
			'completed',
			'canceled',
		),
		fc.string(),
		fc.double(),
		fc.array(tie('value'), { maxLength: 4 }),
		fc.dictionary(
			fc.oneof(
				fc.constantFrom('toString', 'valueOf', 'toJSON', 'constructor', 'length', 'then', 'code', 'message'),
				fc.string(),
			),
			tie('value'),
			{ maxKeys: 4, noNullPrototype: true },
		),
	),
})).value;

const FIELDS = [
	'id',
	'task_id',
	'status',
	'error',
	'data',
	'results',
	'result_data',
	'task_info',
	'progress',
	'usage',
	'__proto__',
];

/** A parsed body whose fields have the right names and anything in them. */
export const hostileBody: fc.Arbitrary<unknown> = fc
	.oneof(
		fc.dictionary(fc.constantFrom(...FIELDS), hostileJson, { maxKeys: 8, noNullPrototype: true }),
		fc.record({ id: fc.constant('task-unified-1-abc'), error: hostileJson, task_info: hostileJson }),
		hostileJson,
	)
	.map((value) => JSON.parse(JSON.stringify(value) ?? 'null') as unknown);

/** Ids that EvoLink could send. */
export const taskIds = fc
	.tuple(fc.integer({ min: 0, max: 2_000_000_000 }), fc.stringMatching(/^[a-z0-9]{8}$/))
	.map(([at, tail]) => `task-unified-${at}-${tail}`);

export function taskOf(body: IDataObject): Task {
	const task = readTask(body);
	if (task === undefined) throw new Error('not a task');
	return task;
}

export function failureOf(overrides: Partial<Failure> = {}): Failure {
	return {
		kind: 'server',
		message: 'Internal server error',
		status: 500,
		transient: true,
		charge: 'unknown',
		...overrides,
	};
}

/** A clock that moves only when somebody sleeps on it. */
export class FakeClock implements Clock {
	readonly sleeps: number[] = [];

	constructor(
		private time = 0,
		private readonly jitter: () => number = () => 0.5,
		/** Called before each sleep, with how many went before. */
		private readonly beforeSleep: (count: number) => void = () => {},
	) {}

	now(): number {
		return this.time;
	}

	ticks(): number {
		return this.time;
	}

	async sleep(ms: number, signal?: AbortSignal): Promise<void> {
		if (this.sleeps.length > 100_000) throw new Error('a hot loop: 100,000 sleeps');
		this.beforeSleep(this.sleeps.length);
		this.sleeps.push(ms);
		if (!signal?.aborted) this.time += ms;
	}

	random(): number {
		return this.jitter();
	}

	/** Time that passes in a request. */
	pass(ms: number): void {
		this.time += ms;
	}
}

export const NODE: INode = {
	id: 'node-1',
	name: 'Sora Video',
	type: 'n8n-nodes-evolink-sora.soraVideo',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};

/** The node's parameters for one item. */
export const parametersIn = (values: Record<string, unknown>): ItemParameters =>
	new ItemParameters(
		(name, fallback) => (Object.hasOwn(values, name) ? values[name] : fallback),
		displayNamesOf(soraVideoFields),
	);

/** The credential of `fakeContext`. */
export const CREDENTIAL = {
	apiKey: 'sk-evo-0123456789abcdef',
	baseUrl: 'https://api.evolink.ai',
	filesUrl: 'https://files-api.evolink.ai',
};

/** An answer of EvoLink. A body that is neither text nor bytes is sent as JSON. */
export interface FakeAnswer {
	status?: number;
	body?: unknown;
	headers?: Record<string, string>;
}

export interface FakeHost extends Partial<Record<Exclude<keyof IExecuteFunctions, 'helpers'>, unknown>> {
	/** What EvoLink says to a request with the key. */
	answer?: (request: IHttpRequestOptions) => FakeAnswer;
	/** Read anew each time. */
	credential?: () => unknown;
	helpers?: object;
	runExecutionData?: object;
}

/** n8n as the nodes see it: an ordinary run with one empty item, but for what a test gives. Requests are noted in order. */
export function fakeContext(host: FakeHost = {}) {
	const { answer = (): FakeAnswer => ({}), credential = () => CREDENTIAL, helpers, ...more } = host;
	const requests: IHttpRequestOptions[] = [];
	const [node, entry] = [{}, {}];
	const context = {
		addExecutionHints: () => {},
		continueOnFail: () => false,
		getContext: (type: string) => (type === 'node' ? node : {}),
		getCredentials: async () => credential(),
		getExecuteData: () => entry,
		getExecutionCancelSignal: () => undefined,
		getExecutionId: () => '231',
		getInputData: () => [{ json: {} }],
		getInstanceId: () => 'instance-1',
		getMode: () => 'trigger',
		getNode: () => NODE,
		getWorkflow: () => ({ id: 'workflow-1', active: true }),
		getWorkflowDataProxy: () => ({ $execution: {}, $runIndex: 0 }),
		isToolExecution: () => false,
		logger: { warn: () => {}, debug: () => {} },
		...more,
		helpers: {
			httpRequestWithAuthentication: async (_: string, options: IHttpRequestOptions) => {
				requests.push(options);
				const { status = 200, body = {}, headers = {} } = answer(options);
				const raw = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
				return { statusCode: status, headers, body: Readable.from([Buffer.from(raw)]) };
			},
			...helpers,
		},
	};
	return { ctx: context as unknown as IExecuteFunctions, requests };
}
