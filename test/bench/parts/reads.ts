import { evolinkFacts } from '../../../nodes/evolink/generated/spec.gen';
import { httpFailure } from '../../../nodes/evolink/failure';
import {
	TaskReader,
	type BatchReading,
	type ReadTasks,
	type TaskReading,
} from '../../../nodes/evolink/reader';
import type { Task } from '../../../nodes/evolink/task';
import { waitForTasks } from '../../../nodes/SoraVideo/run/poll';
import type { Clock } from '../../../nodes/evolink/clock';
import type { PartResult, RunPart } from '../lib/report';
import { median, ratios, show } from '../lib/stats';
import { numbers } from '../lib/random';

const TASKS = 2000;
const CALLBACK_MS = 300;
const TASKS_OF_ONE_RUN = 50;

interface Cost {
	/** Reads per task. */
	reads: number;
	/** Mean from the end of a task to the answer that tells of it, ms. */
	delay: number;
}

/** Render times in ms: log-normal around 2 minutes, from about 40 s to 6 minutes; some estimates are far off. */
function* renders(seed: number): Generator<{ lasts: number; estimate: number }, never> {
	const random = numbers(seed);
	for (;;) {
		const normal =
			Math.sqrt(-2 * Math.log(1 - random.next().value)) * Math.cos(2 * Math.PI * random.next().value);
		const lasts = 120_000 * Math.exp(0.5 * normal);
		yield { lasts, estimate: (lasts / 1000) * (0.5 + random.next().value) };
	}
}

/** A clock that jumps to the end of every sleep. */
function virtualClock(random: () => number): Clock {
	let now = 0;
	return {
		now: () => now,
		ticks: () => now,
		sleep: async (ms) => {
			now += ms;
			await Promise.resolve();
		},
		random,
	};
}

/** The node's own poll loop over one render, on a virtual clock. */
async function poll(pollMs: number, seed: number): Promise<Cost> {
	const source = renders(seed);
	const jitter = numbers(seed + 1000);
	let reads = 0;
	let delay = 0;
	for (let index = 0; index < TASKS; index += 1) {
		const { lasts, estimate } = source.next().value;
		const clock = virtualClock(() => jitter.next().value);
		const read: ReadTasks = async ([id], record) => {
			reads += 1;
			record(id, { ok: true, task: taskAt(id, lasts, clock.now()) });
			await Promise.resolve();
		};
		const timing = { pollMs, timeoutMs: 30 * 60_000, firstAfter: { estimatedSeconds: estimate } };
		await waitForTasks([{ id: 'task', orderedAt: 0 }], read, timing, clock);
		delay += clock.now() - lasts;
	}
	return { reads: reads / TASKS, delay: delay / TASKS };
}

const taskAt = (id: string, lasts: number, now: number): Task => {
	const phase = now >= lasts ? 'completed' : 'running';
	return { id, status: phase, phase, raw: { id, status: phase } };
};

const missing = httpFailure({ status: 404, body: undefined, headers: {}, namesTask: false }, 0);

/** The node's own loop and reader over runs of many renders each, at an EvoLink that lets many be read at once or does not. */
async function together(seed: number, isOffered: boolean): Promise<number> {
	const source = renders(seed);
	const jitter = numbers(seed + 1000);
	const runs = TASKS / TASKS_OF_ONE_RUN;
	let requests = 0;
	for (let run = 0; run < runs; run += 1) {
		const clock = virtualClock(() => jitter.next().value);
		const rendered = Array.from({ length: TASKS_OF_ONE_RUN }, () => source.next().value);
		const lasts = new Map(rendered.map((render, at) => [`task-${at}`, render.lasts]));
		const taskOf = (id: string) => taskAt(id, lasts.get(id) ?? NaN, clock.now());
		const answer = async <Answer>(of: Answer) => {
			requests += 1;
			return await Promise.resolve(of);
		};
		const reader = new TaskReader(
			async (id) => await answer<TaskReading>({ ok: true, task: taskOf(id) }),
			async (ids) =>
				await answer<BatchReading>(
					isOffered
						? { ok: true, tasks: new Map(ids.map((id) => [id, taskOf(id)])) }
						: { ok: false, failure: missing },
				),
		);
		const firstAfter = { estimatedSeconds: Math.min(...rendered.map(({ estimate }) => estimate)) };
		await waitForTasks(
			[...lasts.keys()].map((id) => ({ id, orderedAt: 0 })),
			async (ids, record, signal) => await reader.read(ids, record, signal),
			{ pollMs: 8000, timeoutMs: 30 * 60_000, firstAfter },
			clock,
		);
	}
	return requests / TASKS;
}

/** A read every 10 s, the first one after 10 s. */
function fixed(seed: number): Cost {
	const source = renders(seed);
	let reads = 0;
	let delay = 0;
	for (let index = 0; index < TASKS; index += 1) {
		const { lasts } = source.next().value;
		const needed = Math.ceil(lasts / 10_000);
		reads += needed;
		delay += needed * 10_000 - lasts;
	}
	return { reads: reads / TASKS, delay: delay / TASKS };
}

/** By design: at the callback one read there and one where the run goes on. `resume` counts real ones. */
function suspended(): Cost {
	return { reads: 2, delay: CALLBACK_MS };
}

/** Requests to EvoLink per finished task, for renders of about two minutes; one seed per round, no real time passes. */
export const run: RunPart = async ({ rounds }): Promise<PartResult> => {
	const polling8: Cost[] = [];
	const polling10: Cost[] = [];
	const parked: Cost[] = [];
	const every10: Cost[] = [];
	const ofOneRun = { 'read together': [] as number[], 'read singly': [] as number[] };
	for (let seed = 1; seed <= rounds; seed += 1) {
		parked.push(suspended());
		polling8.push(await poll(8000, seed));
		polling10.push(await poll(10_000, seed));
		every10.push(fixed(seed));
		ofOneRun['read together'].push(await together(seed, true));
		ofOneRun['read singly'].push(await together(seed, false));
	}
	const all = {
		'Sora Video, suspended (by design)': parked,
		'Sora Video, Wait = Poll, 8 s': polling8,
		'Sora Video, Wait = Poll, 10 s': polling10,
		'fixed poll, 10 s': every10,
	};
	const each = (pick: (cost: Cost) => number) =>
		Object.fromEntries(Object.entries(all).map(([name, list]) => [name, list.map(pick)]));
	const readsOf = (costs: Cost[]) => costs.map(({ reads }) => reads);
	const delaysOf = (costs: Cost[]) => costs.map(({ delay }) => delay / 1000);
	const goal = (text: string, costs: Cost[]) => {
		const fewer = median(ratios(readsOf(costs), readsOf(every10)));
		const slower = median(ratios(delaysOf(costs), delaysOf(every10)));
		return {
			text: `${text}: fewer reads than a fixed 10 s poll, at equal or better delay`,
			measured: `${show(fewer)} × the reads, ${show(slower)} × the delay`,
			met: fewer < 1 && slower <= 1.02,
		};
	};
	const fewer = ratios(ofOneRun['read together'], ofOneRun['read singly']);
	return {
		name: 'reads',
		title: 'Requests to EvoLink per finished task',
		measures: [
			{ what: 'reads per finished task', unit: 'requests', values: each(({ reads }) => reads) },
			{ what: 'mean delay of the detection', unit: 's', values: each(({ delay }) => delay / 1000) },
			{
				what: `${TASKS_OF_ONE_RUN} tasks of one run, Wait = Poll (8 s): requests per task`,
				unit: 'requests',
				values: ofOneRun,
			},
		],
		ratios: [
			{ what: 'reads, suspended / fixed 10 s', values: ratios(readsOf(parked), readsOf(every10)) },
			{ what: 'reads, Poll 8 s / fixed 10 s', values: ratios(readsOf(polling8), readsOf(every10)) },
			{ what: 'reads, Poll 10 s / fixed 10 s', values: ratios(readsOf(polling10), readsOf(every10)) },
			{ what: `${TASKS_OF_ONE_RUN} tasks of one run, together / singly`, values: fewer },
		],
		goals: [
			goal('suspended', parked),
			goal('Wait = Poll with Poll Seconds = 10', polling10),
			goal('Wait = Poll as it comes (8 s)', polling8),
			{
				text: `${TASKS_OF_ONE_RUN} tasks of one run: at most a tenth of the requests of single reads`,
				measured: `${show(median(fewer))} ×`,
				met: Math.max(...fewer) <= 0.1,
			},
		],
		notes: [
			`${TASKS} renders a round, log-normal around 2 minutes; estimates between half and one and a half times the truth.`,
			"Polling runs the node's own loop on a virtual clock. An answer takes no time.",
			`Read together: up to ${evolinkFacts.task.perRead} tasks with one request, where EvoLink offers it; singly: where it answers 404.`,
			`Suspended: ${CALLBACK_MS} ms from the end to the next node, as the part resume measures.`,
		],
		curves: [],
	};
};
