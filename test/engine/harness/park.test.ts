import {
	Host,
	createEngine,
	resumeByTimer,
	resumeByWebhook,
	runWorkflow,
	stopStored,
	type NodeFixture,
} from '../../../tools/n8n-engine';
import { probes } from './probes/probes';

const newEngine = () => createEngine(new Host([], probes));
const start: NodeFixture = { name: 'Start', type: 'n8n-nodes-base.scheduleTrigger' };
const after: NodeFixture = { name: 'After', type: 'n8n-nodes-base.noOp' };

describe('a parked execution', () => {
	const parker = (rounds: number): NodeFixture => ({
		name: 'Park',
		type: 'probe.parker',
		parameters: { rounds: String(rounds) },
	});

	test('with an ordinary date is passed over by the timer: its input is forwarded', async () => {
		const engine = newEngine();
		const wait: NodeFixture = { name: 'Wait', type: 'probe.plainWait' };
		const parked = await runWorkflow(
			engine,
			{ nodes: [start, wait, after] },
			{ items: [{ json: { path: '/a' } }] },
		);
		const ended = await (await resumeByTimer(engine, parked.executionId)).done;
		expect(ended.json('After')).toEqual([{ path: '/a' }]);
	});

	test('resumes by one of two calls at once; later calls get 409', async () => {
		const engine = newEngine();
		const { executionId } = await runWorkflow(engine, { nodes: [start, parker(9), after] });
		const [won, lost] = await Promise.all([
			resumeByWebhook(engine, executionId, { body: { done: true } }),
			resumeByWebhook(engine, executionId, { body: { done: true } }),
		]);
		expect([won.statusCode, lost.statusCode]).toEqual([200, 500]);
		const ended = await won.run!.done;
		expect(ended.json('After')).toEqual([{ via: 'callback' }]);
		expect(await resumeByWebhook(engine, executionId)).toMatchObject({ statusCode: 409 });
	});

	test('ends with an error when its webhook throws', async () => {
		const engine = newEngine();
		const { executionId } = await runWorkflow(engine, { nodes: [start, parker(9), after] });
		const outcome = await resumeByWebhook(engine, executionId, { body: { explode: true } });
		expect(outcome.statusCode).toBe(500);
		await outcome.run!.done;
		expect(engine.store.get(executionId).finished).toBe(true);
	});

	test('is over when it is stopped: its webhook answers 409', async () => {
		const engine = newEngine();
		const { executionId } = await runWorkflow(engine, { nodes: [start, parker(9), after] });
		stopStored(engine, executionId);
		expect(await resumeByWebhook(engine, executionId, { body: { done: true } })).toMatchObject({
			statusCode: 409,
		});
		await expect(resumeByTimer(engine, executionId)).rejects.toThrow('resumed already');
	});

	test('is kept while it waits and deleted at its end when nothing is to be saved', async () => {
		const engine = newEngine();
		const settings = { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none' } as const;
		const { executionId } = await runWorkflow(engine, { nodes: [start, parker(1)], settings });
		expect(engine.store.get(executionId).status).toBe('waiting');
		await (
			await resumeByTimer(engine, executionId)
		).done;
		expect(engine.store.find(executionId)).toBeUndefined();
		expect(await resumeByWebhook(engine, executionId)).toMatchObject({ statusCode: 404 });
	});
});
