import { createServer, type Server } from 'node:http';
import { listen, shut } from '../../../tools/loopback';
import {
	Host,
	binaryOf,
	createEngine,
	recoverCrashed,
	retryExecution,
	runWorkflow,
	startWorkflow,
	receiveWebhook,
	type Execution,
	type NodeFixture,
} from '../../../tools/n8n-engine';
import { calls, probeApi, probes } from './probes/probes';

const KEY = 'sk-secret-key-0123456789';
const host = new Host([], probes).addCredentialType(probeApi);
const start: NodeFixture = { name: 'Start', type: 'n8n-nodes-base.scheduleTrigger' };
const after: NodeFixture = { name: 'After', type: 'n8n-nodes-base.noOp' };
const items = (...values: string[]) => values.map((path) => ({ json: { path } }));

let server: Server;
let baseUrl = '';
let authorizations: Array<string | undefined> = [];

beforeAll(async () => {
	server = createServer((request, response) => {
		authorizations.push(request.headers.authorization);
		response.end(Buffer.alloc(100_000, 7));
	});
	baseUrl = await listen(server);
});
afterAll(async () => await shut(server));
beforeEach(() => (authorizations = []));

const newEngine = () => createEngine(host, { probeApi: { apiKey: KEY, baseUrl } });
const fetcher: NodeFixture = {
	name: 'Fetch',
	type: 'probe.fetcher',
	parameters: { path: '={{ $json.path }}' },
};

describe('runWorkflow', () => {
	test('runs nodes with real credentials, real HTTP and the real binary store', async () => {
		const run = await runWorkflow(
			newEngine(),
			{ nodes: [start, fetcher, after] },
			{ items: items('/a', '/b') },
		);
		expect(run.status).toBe('success');
		expect(run.json('After')).toEqual([{ url: `${baseUrl}/a` }, { url: `${baseUrl}/b` }]);
		expect(authorizations).toEqual([`Bearer ${KEY}`, `Bearer ${KEY}`]);
		const file = await binaryOf(run.output('After')[1]!);
		expect(file).toMatchObject({ bytes: 100_000, fileName: 'file.bin', mimeType: 'application/x-probe' });
		expect((await file.buffer()).every((byte) => byte === 7)).toBe(true);
		expect(run.everythingWritten()).not.toContain(KEY);
	});

	test('Retry On Fail calls the node again, in the same execution and with the same node context', async () => {
		const retrying = { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };
		const flaky: NodeFixture = {
			name: 'Flaky',
			type: 'probe.flaky',
			parameters: { failures: '2' },
			...retrying,
		};
		const run = await runWorkflow(newEngine(), { nodes: [start, flaky] }, { mode: 'manual' });
		expect(run.status).toBe('success');
		expect(calls.get(run.executionId)).toBe(3);
		expect(run.json('Flaky')).toEqual([{ tries: 3 }]);
		expect(run.hints('Flaky')).toEqual([{ message: 'Try 3' }]);
		expect(run.uiMessages.map(({ messages }) => messages)).toEqual([['try 1'], ['try 2'], ['try 3']]);
		expect(run.logs.filter(({ message }) => message === 'flaky was called')).toHaveLength(3);
	});
});

describe('Stop', () => {
	const stopWhileSleeping = async (afterAbort: string) => {
		const engine = newEngine();
		const sleeper: NodeFixture = { name: 'Sleep', type: 'probe.sleeper', parameters: { afterAbort } };
		const run = await startWorkflow(engine, { nodes: [start, sleeper, after] }, { mode: 'manual' });
		await run.started('Sleep');
		await new Promise(setImmediate);
		await run.cancel();
		const execution = await run.done;
		expect(execution.status).toBe('canceled');
		expect(execution.task('After')).toBeUndefined();
		expect(engine.store.get(run.executionId).status).toBe('canceled');
		const stored = engine.store.readData(run.executionId);
		expect(stored.resultData.error?.message).toBe('The execution was cancelled manually');
		expect(stored.resultData.runData).toEqual({});
		return execution;
	};
	const endsSeen = ({ pushed }: Execution) =>
		pushed.flatMap((event) => (event.type === 'nodeExecuteAfter' ? [event.nodeName] : []));

	test('ends the wait at once; items that the node returns reach the open editor, with their hints', async () => {
		const execution = await stopWhileSleeping('return');
		expect(endsSeen(execution)).toEqual(['Start', 'Sleep']);
		expect(execution.hints('Sleep')).toEqual([{ message: 'Task t1 is still running' }]);
	});

	test('ends the wait at once; an error that the node throws does not reach the open editor', async () => {
		const execution = await stopWhileSleeping('throw');
		expect(endsSeen(execution)).toEqual(['Start']);
		expect(execution.hints('Sleep')).toEqual([]);
	});
});

describe('the time limit', () => {
	test.each([
		['return', 'The execution was cancelled because it timed out'],
		['throw', 'Task t1 is still running'],
	])('stores what the node does when its signal aborts: %s', async (afterAbort, message) => {
		const engine = newEngine();
		const sleeper: NodeFixture = { name: 'Sleep', type: 'probe.sleeper', parameters: { afterAbort } };
		const run = await startWorkflow(engine, { nodes: [start, sleeper, after] });
		await run.started('Sleep');
		await new Promise(setImmediate);
		run.timeOut();
		await run.done;
		expect(engine.store.get(run.executionId).status).toBe('canceled');
		const { resultData } = engine.store.readData(run.executionId);
		expect(resultData.runData.Sleep).toHaveLength(1);
		expect(resultData.error?.message).toBe(message);
	});
});

describe('Retry', () => {
	test('continues the stored data of the failed execution under a new id', async () => {
		const engine = newEngine();
		const flaky: NodeFixture = { name: 'Flaky', type: 'probe.flaky', parameters: { failures: '1' } };
		const first = await runWorkflow(engine, { nodes: [start, flaky, after] });
		expect(first.status).toBe('error');
		const second = await (await retryExecution(engine, first.executionId)).done;
		expect(second.status).toBe('success');
		expect(second.executionId).not.toBe(first.executionId);
		expect(second.json('After')).toEqual([{ tries: 2 }]);
		expect(second.runData.Flaky).toHaveLength(1);
		await expect(retryExecution(engine, second.executionId)).rejects.toThrow('succeeded');
	});

	test('after a crash the node is called again, with what was stored before it', async () => {
		const engine = newEngine();
		const sleeper: NodeFixture = {
			name: 'Sleep',
			type: 'probe.sleeper',
			parameters: { afterAbort: 'return' },
		};
		const run = await startWorkflow(engine, { nodes: [start, sleeper, after] });
		await run.started('Sleep');
		run.crash();
		recoverCrashed(engine, run);
		await run.cancel();
		await run.done;
		expect(engine.store.get(run.executionId).status).toBe('crashed');
		const retry = await retryExecution(engine, run.executionId);
		await retry.cancel();
		expect((await retry.done).status).toBe('canceled');
	});
});

test('a webhook trigger starts a workflow with the request', async () => {
	const hook: NodeFixture = { name: 'Hook', type: 'n8n-nodes-base.webhook', parameters: { path: 'in' } };
	const call = { body: { hello: 'you' }, headers: { 'X-Probe': '1' } };
	const outcome = await receiveWebhook(newEngine(), { nodes: [hook, after] }, 'Hook', call);
	expect(outcome.statusCode).toBe(200);
	const run = await outcome.run!.done;
	expect(run.json('After')[0]).toMatchObject({ body: { hello: 'you' }, headers: { 'x-probe': '1' } });
});
