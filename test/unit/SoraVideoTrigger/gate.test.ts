import {
	LINES_KEPT,
	LogGate,
	QUEUE_LENGTH,
	ReadGate,
	READS_AT_ONCE,
} from '../../../nodes/SoraVideoTrigger/gate';
import type { TaskReading } from '../../../nodes/evolink/reader';
import type { Clock } from '../../../nodes/evolink/clock';
import { failureOf, taskOf } from '../support';

const known: TaskReading = { ok: true, task: taskOf({ id: 'task-unified-1-a', status: 'completed' }) };
const notOurs: TaskReading = { ok: false, failure: failureOf({ kind: 'notFound', transient: false }) };
const isNotOurs = (reading: TaskReading) => !reading.ok;

/** A clock whose sleeps end by hand. */
function handClock() {
	const sleeping: Array<{ ms: number; end: () => void }> = [];
	const clock: Clock = {
		now: () => 0,
		ticks: () => 0,
		random: () => 0.5,
		sleep: async (ms, signal) =>
			await new Promise((resolve) => {
				sleeping.push({ ms, end: resolve });
				signal?.addEventListener('abort', () => resolve());
			}),
	};
	return { clock, endAll: () => sleeping.splice(0).forEach(({ end }) => end()) };
}

/** A gate and the reads that it has let through, which are answered by hand. */
function gated() {
	const { clock, endAll } = handClock();
	const gate = new ReadGate(clock);
	const begun: Array<{ key: string; answer: (reading: TaskReading) => void }> = [];
	const ask = async (key: string) =>
		await gate.read(
			key,
			async () => await new Promise<TaskReading>((answer) => begun.push({ key, answer })),
			isNotOurs,
		);
	return { ask, begun, endAll };
}

const settled = async () => await new Promise(setImmediate);
const keys = (count: number) => Array.from({ length: count }, (_, at) => `task ${at}`);

test('a thousand forged callbacks at once make five reads, and all but the queue are turned away at once', async () => {
	const { ask, begun, endAll } = gated();
	const answers = keys(1000).map(ask);
	await settled();
	expect(begun).toHaveLength(READS_AT_ONCE);
	const early = await Promise.all(answers.slice(QUEUE_LENGTH));
	expect(early.every((answer) => answer === undefined)).toBe(true);
	endAll();
	expect(await Promise.all(answers.slice(READS_AT_ONCE, QUEUE_LENGTH))).toEqual(
		Array(QUEUE_LENGTH - READS_AT_ONCE).fill(undefined),
	);
	// whoever has left the queue takes up no place in it
	const later = ask('later');
	for (const { answer } of begun) answer(known);
	expect(await Promise.all(answers.slice(0, READS_AT_ONCE))).toEqual(Array(READS_AT_ONCE).fill(known));
	await settled();
	expect(begun.map(({ key }) => key)).toEqual([...keys(READS_AT_ONCE), 'later']);
	begun.at(-1)!.answer(known);
	expect(await later).toBe(known);
});

test('three hundred deliveries about one task make one read, and each gets its answer', async () => {
	const { ask, begun } = gated();
	const answers = Array.from({ length: 300 }, async () => await ask('task'));
	await settled();
	expect(begun).toHaveLength(1);
	begun[0]!.answer(known);
	expect(await Promise.all(answers)).toEqual(Array(300).fill(known));
	void ask('task');
	await settled();
	expect(begun).toHaveLength(2);
});

test('real callbacks take turns as fast as EvoLink answers', async () => {
	const { ask, begun } = gated();
	const answers = keys(50).map(ask);
	for (let at = 0; at < 50; at += 1) {
		await settled();
		begun[at]!.answer(known);
	}
	expect(await Promise.all(answers)).toEqual(Array(50).fill(known));
});

test('whoever makes up ids waits: a read that found nothing keeps its place for a while', async () => {
	const { ask, begun, endAll } = gated();
	const answers = keys(READS_AT_ONCE).map(ask);
	await settled();
	for (const { answer } of begun) answer(notOurs);
	expect(await Promise.all(answers)).toEqual(Array(READS_AT_ONCE).fill(notOurs));
	const later = ask('real');
	await settled();
	expect(begun).toHaveLength(READS_AT_ONCE);
	endAll();
	expect(await later).toBeUndefined();
	const last = ask('real');
	await settled();
	begun.at(-1)!.answer(known);
	expect(await last).toBe(known);
});

test('a read that throws is told to all who asked, and gives its place back', async () => {
	const gate = new ReadGate(handClock().clock);
	const broken = async () => {
		throw new Error('no credential');
	};
	for (let times = 0; times < 2 * READS_AT_ONCE; times += 1)
		await expect(gate.read('task', broken, isNotOurs)).rejects.toThrow('no credential');
});

test('one line a minute for each kind; the next one counts those left out', () => {
	let now = 0;
	const log = new LogGate({ ticks: () => now });
	expect(log.admit('a')).toBe('');
	expect([log.admit('a'), log.admit('a')]).toEqual([undefined, undefined]);
	expect(log.admit('b')).toBe('');
	now = 59_999;
	expect(log.admit('a')).toBeUndefined();
	now = 60_000;
	expect(log.admit('a')).toBe(' (3 more since the last line)');
	now = 120_000;
	expect(log.admit('a')).toBe('');
});

test('lines of any number of kinds do not fill the memory', () => {
	const log = new LogGate({ ticks: () => 0 });
	for (let kind = 0; kind <= LINES_KEPT; kind += 1) log.admit(String(kind));
	expect([log.admit('1'), log.admit('0')]).toEqual([undefined, '']);
});
