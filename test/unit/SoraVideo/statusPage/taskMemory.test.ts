import { REST_MS, TaskMemory } from '../../../../nodes/SoraVideo/statusPage/taskMemory';
import { viewOf } from '../../../../nodes/SoraVideo/statusPage/taskView';
import type { ReadTasks, TaskReading } from '../../../../nodes/evolink/reader';
import { FakeClock, failureOf, taskOf } from '../../support';

const never = new AbortController().signal;

/** Counts what is read; `answer` says what comes of it, now or later. */
function evolink(answer: (id: string) => TaskReading | Promise<TaskReading>) {
	const reads: string[] = [];
	const read: ReadTasks = async (ids, record, signal, singly) => {
		for (const id of ids.slice(0, singly)) {
			if (signal?.aborted) return;
			reads.push(id);
			record(id, await answer(id));
		}
	};
	return { reads, how: { read, viewOf } };
}

const isRunning = (id: string): TaskReading => ({ ok: true, task: taskOf({ id, status: 'processing' }) });
const isDone = (id: string): TaskReading => ({ ok: true, task: taskOf({ id, status: 'completed' }) });
const fails = (): TaskReading => ({ ok: false, failure: failureOf() });

function memoryAt() {
	const clock = new FakeClock();
	return { clock, memory: new TaskMemory(clock) };
}

test('many viewers are one read in five seconds', async () => {
	const { clock, memory } = memoryAt();
	const { reads, how } = evolink(isRunning);
	const look = async () => await memory.statusOf('a', ['t1', 't2'], how, never);
	const seen = await Promise.all(Array.from({ length: 20 }, look));
	expect(seen.every((tasks) => tasks.get('t2')?.view?.status === 'processing')).toBe(true);
	await clock.sleep(REST_MS - 1);
	await look();
	expect(reads).toEqual(['t1', 't2']);
	await clock.sleep(1);
	await look();
	expect(reads).toHaveLength(4);
});

test('a slow read is not begun a second time, and counts from its end', async () => {
	const { clock, memory } = memoryAt();
	let answer: (reading: TaskReading) => void = () => {};
	const { reads, how } = evolink(async () => await new Promise((resolve) => (answer = resolve)));
	const look = async () => await memory.statusOf('a', ['t'], how, never);
	const both = [look(), look()];
	await new Promise(setImmediate);
	await clock.sleep(3 * REST_MS);
	both.push(look());
	answer(isRunning('t'));
	await Promise.all(both);
	await look();
	expect(reads).toEqual(['t']);
});

test('a task that has ended is not read again', async () => {
	const { clock, memory } = memoryAt();
	const { reads, how } = evolink(isDone);
	await memory.statusOf('a', ['t'], how, never);
	await clock.sleep(100 * REST_MS);
	const seen = await memory.statusOf('a', ['t'], how, never);
	expect(seen.get('t')?.view?.phase).toBe('completed');
	expect(reads).toHaveLength(1);
});

test('while EvoLink cannot be read, the last known state stays, with the reason beside it', async () => {
	const { clock, memory } = memoryAt();
	await memory.statusOf('a', ['t'], evolink(isRunning).how, never);
	await clock.sleep(REST_MS);
	const down = evolink(fails);
	const seen = await memory.statusOf('a', ['t'], down.how, never);
	expect(seen.get('t')).toMatchObject({ view: { status: 'processing' }, failure: { status: 500 } });
	await memory.statusOf('a', ['t'], down.how, never);
	expect(down.reads).toHaveLength(1);
	await clock.sleep(REST_MS);
	expect(
		(await memory.statusOf('a', ['t'], evolink(isRunning).how, never)).get('t')?.failure,
	).toBeUndefined();
});

test('what one wait may see is not shown to another, which may have another key', async () => {
	const { memory } = memoryAt();
	await memory.statusOf('a', ['t'], evolink(isDone).how, never);
	const other = evolink(fails);
	expect((await memory.statusOf('b', ['t'], other.how, never)).get('t')?.view).toBeUndefined();
	expect(other.reads).toEqual(['t']);
});

test('who looks is answered in time; what was not read by then comes first at the next look', async () => {
	const { clock, memory } = memoryAt();
	const late = new AbortController();
	const { reads, how } = evolink(async (id) => {
		if (id === 't2') late.abort();
		return isRunning(id);
	});
	const seen = await memory.statusOf('a', ['t1', 't2', 't3'], how, late.signal);
	expect(seen.has('t3')).toBe(false);
	await new Promise(setImmediate);
	await clock.sleep(REST_MS);
	await memory.statusOf('a', ['t1', 't2', 't3'], how, never);
	expect(reads).toEqual(['t1', 't2', 't3', 't1', 't2']);
});

test('where tasks are read one by one, twenty are in five seconds, in turn, however many look', async () => {
	const { clock, memory } = memoryAt();
	const { reads, how } = evolink(isRunning);
	const ids = Array.from({ length: 50 }, (_, at) => `t${at}`);
	for (const round of [1, 2, 3]) {
		for (let viewer = 0; viewer < 3; viewer += 1) await memory.statusOf('a', ids, how, never);
		expect(reads).toHaveLength(20 * round);
		await clock.sleep(REST_MS);
	}
	expect(reads).toEqual([...ids, ...ids.slice(0, 10)]);
});

test('an error in reading is told, and does not keep others from looking', async () => {
	const { memory } = memoryAt();
	const broken = { read: async () => await Promise.reject(new Error('no')), viewOf };
	await expect(memory.statusOf('a', ['t'], broken, never)).rejects.toThrow('no');
	expect((await memory.statusOf('a', ['t'], evolink(isDone).how, never)).size).toBe(1);
});

test('it forgets those that nobody has looked at for longest', async () => {
	const memory = new TaskMemory(new FakeClock(), 2);
	const { reads, how } = evolink(isDone);
	for (const id of ['t1', 't2', 't1', 't3', 't1', 't2']) await memory.statusOf('a', [id], how, never);
	expect(reads).toEqual(['t1', 't2', 't3', 't2']);
});
