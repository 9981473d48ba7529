import {
	Host,
	createEngine,
	startWorkflow,
	type Execution,
	type NodeFixture,
} from '../../../tools/n8n-engine';
import { probes } from './probes/probes';

const start: NodeFixture = { name: 'Start', type: 'n8n-nodes-base.scheduleTrigger' };
const after: NodeFixture = { name: 'After', type: 'n8n-nodes-base.noOp' };
const newEngine = () => createEngine(new Host([], probes));

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
