import { waitForTasks, type TaskReading } from '../../nodes/evolink/wait/poll';
import { FakeClock, taskOf } from './support';

const PACE = { pollMs: 8000, deadline: 1_800_000 };

test('each task is read when its own time has come, not when another one is due', async () => {
	const clock = new FakeClock();
	const reads: Array<[string, number]> = [];
	const read = async (id: string): Promise<TaskReading> => {
		reads.push([id, clock.now()]);
		return { ok: true, task: taskOf({ id, status: 'completed' }) };
	};
	const tasks = [
		{ id: 'slow', submittedAt: 0, estimatedSeconds: 40 },
		{ id: 'quick', submittedAt: 0, estimatedSeconds: 4 },
	];
	await waitForTasks(tasks, read, PACE, clock);
	expect(reads).toEqual([
		['quick', 1000],
		['slow', 10_000],
	]);
});

test('a task that was ordered here was unfinished when it was ordered; one that existed before, nobody knows', async () => {
	const clock = new FakeClock(5000);
	const read = async (id: string): Promise<TaskReading> => ({
		ok: true,
		task: taskOf({ id, status: 'completed' }),
	});
	const tasks = [
		{ id: 'ordered', submittedAt: 4000 },
		{ id: 'existing', submittedAt: 4000, readAtOnce: true },
	];
	const results = await waitForTasks(tasks, read, PACE, clock);
	expect(results.get('ordered')).toMatchObject({ kind: 'ended', unfinishedAt: 4000 });
	expect(results.get('existing')).not.toHaveProperty('unfinishedAt');
});
