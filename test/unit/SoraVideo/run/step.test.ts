import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import type { Failure } from '../../../../nodes/evolink/failure';
import { readTask, type Task } from '../../../../nodes/evolink/task';
import {
	isQueued,
	isRefused,
	isTask,
	openTasks,
	type Entry,
	type QueuedEntry,
} from '../../../../nodes/SoraVideo/entries';
import { observe, type Watch } from '../../../../nodes/SoraVideo/watch';
import { beginRun, readRun, type RunState } from '../../../../nodes/SoraVideo/run/state';
import { dropFiles, step, type RunIo } from '../../../../nodes/SoraVideo/run/step';
import { PROPERTY_TIMEOUT_MS } from '../../support';
import { VirtualClock } from '../order/virtualClock';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

/** How an account without room refuses an order. `takes`: EvoLink says that it failed and has the task all the same. */
type Refusal = 'words' | 'seconds' | 'fault' | 'takes';

interface World {
	items: number;
	room: number;
	refusal: Refusal;
	/** ms that a task takes, by turns. */
	renders: number[];
	/** Which task fails, if any. */
	failing?: number;
	/** From when to when another user of the account takes all its room, ms. */
	away?: [from: number, to: number];
	/** Whether the list of tasks tells nothing. */
	listIsMissing?: boolean;
	tasksAtOnce?: number;
	suspends?: boolean;
	stopsOnError?: boolean;
	timeoutMs?: number;
	/** How long a callback takes to wake a suspended run, ms. */
	latency?: number;
}

const failure = (more: Partial<Failure>): Failure => ({
	kind: 'rateLimited',
	message: 'Rate limit exceeded',
	status: 429,
	transient: true,
	charge: 'none',
	...more,
});

const REFUSALS: Record<Refusal, Failure> = {
	words: failure({ retryAfterMs: 60_000 }),
	seconds: failure({ retryAfterMs: 5000 }),
	fault: failure({ kind: 'server', status: 500, answered: true, charge: 'unknown' }),
	takes: failure({ kind: 'server', status: 500, answered: true, charge: 'unknown' }),
};

/** An EvoLink of one account that keeps no keys: whatever is sent twice is paid twice. */
class EvoLink {
	readonly paid: Array<{ id: string; item: number; at: number; endsAt: number; fails: boolean }> = [];
	refused = 0;
	peak = 0;
	readonly clock = new VirtualClock();

	constructor(readonly world: World) {}

	private get isAway(): boolean {
		const [from, to] = this.world.away ?? [0, 0];
		return this.clock.ticks() >= from && this.clock.ticks() < to;
	}

	get underWay(): number {
		return this.paid.filter(({ endsAt }) => endsAt > this.clock.ticks()).length;
	}

	take(item: number): string {
		const { renders, failing } = this.world;
		const at = this.clock.ticks();
		const id = `task-${this.paid.length}`;
		const render = renders[this.paid.length % renders.length];
		this.paid.push({ id, item, at, endsAt: at + render, fails: this.paid.length === failing });
		this.peak = Math.max(this.peak, this.underWay);
		return id;
	}

	async create(item: number): Promise<{ id: string } | Failure> {
		await this.clock.sleep(50);
		if (!this.isAway && this.underWay < this.world.room) return { id: this.take(item) };
		this.refused += 1;
		if (this.world.refusal === 'takes' && !this.isAway) this.take(item);
		return REFUSALS[this.world.refusal];
	}

	task(id: string): Task {
		const { endsAt, fails, at } = this.paid.find((task) => task.id === id)!;
		const isOver = endsAt <= this.clock.ticks();
		const status = isOver ? (fails ? 'failed' : 'completed') : 'processing';
		const results = status === 'completed' ? ['https://files.evolink.ai/v.mp4'] : [];
		return readTask({ id, status, model: 'm', created: Math.floor(at / 1000), results } as IDataObject)!;
	}
}

const queuedEntry = (item: number): Entry => ({
	phase: 'queued',
	item,
	field: null,
	slot: `item${item}`,
	draft: { body: { model: 'm', prompt: `${item}` } },
});

function ioFor(evolink: EvoLink): RunIo {
	const { clock, world } = evolink;
	const known = new Set<string>();
	let owed = 0;
	const send = async (entry: QueuedEntry) => {
		owed += 1;
		const answer = await evolink.create(entry.item);
		owed -= 1;
		const { item, field, slot, draft } = entry;
		if ('id' in answer) {
			const { id } = answer;
			known.add(id);
			const watch: Watch = { id, orderedAt: clock.now(), seen: evolink.task(id).raw };
			return {
				entry: { phase: 'task' as const, item, field, watch, from: clock.ticks(), isCalledBack: true },
				isNew: true,
			};
		}
		if (answer.charge === 'none') return { entry, noRoom: answer };
		const since = clock.now() - 1000;
		return {
			entry: { phase: 'asked' as const, item, field, slot, draft, key: slot, since, failure: answer },
		};
	};
	return {
		clock,
		now: () => clock.ticks(),
		waits: true,
		turnMs: world.suspends ? 86_400_000 : undefined,
		stopsOnError: world.stopsOnError === true,
		read: async (watches) => {
			await clock.sleep(20);
			for (const watch of watches) observe(watch, { ok: true, task: evolink.task(watch.id) }, clock.now());
		},
		release: async () => {},
		drop: async () => {},
		upload: async (entry) => ({ entry }),
		send,
		refuse: async ({ item, field }, problem) => ({ phase: 'refused', item, field, problem }),
		list: async () =>
			world.listIsMissing
				? { ok: false, failure: failure({ kind: 'notFound' }) }
				: { ok: true, tasks: evolink.paid.map(({ id }) => evolink.task(id)), isCut: false },
		knows: async (id) => known.has(id),
		isSending: () => owed > 0,
		answered: ({ item, field, slot, draft }, isFree) =>
			isFree
				? { phase: 'queued', item, field, slot, draft }
				: { phase: 'refused', item, field, problem: { message: 'unknown', idempotencyKey: slot } },
		keyOf: ({ slot }) => slot,
	};
}

const SETTINGS = {
	onTaskFailure: 'error' as const,
	maxDownloadBytes: 1,
	simplify: true,
	resendUnknown: false,
	pollMs: 1000,
	wait: 'auto' as const,
	checkBalance: false,
};

/** Runs a world to its end; a suspended run is stored and read again before each step. */
async function live(world: World) {
	const evolink = new EvoLink(world);
	const { tasksAtOnce, timeoutMs } = world;
	const items = Array.from({ length: world.items }, (_, item) => queuedEntry(item));
	let state = beginRun(
		{ ...SETTINGS, tasksAtOnce, timeoutMs },
		{ token: 't', executionId: '1', runIndex: 0, items, callsBack: true },
	);
	let io = ioFor(evolink);
	let steps = 0;
	let wakes = 0;
	await evolink.clock.run(async () => {
		for (;;) {
			steps += 1;
			if (steps > 20_000) throw new Error('it never ends');
			const at = await step(state, io);
			if (at === undefined) return await dropFiles(state, io);
			const now = evolink.clock.ticks();
			if (!world.suspends || state.lookup !== undefined) {
				await evolink.clock.sleep(Math.max(at - now, 1));
				continue;
			}
			const ends = openTasks(state.items).map(({ watch }) => {
				const { endsAt } = evolink.paid.find(({ id }) => id === watch.id)!;
				return Math.max(endsAt, now);
			});
			wakes += 1;
			state = readRun(JSON.parse(JSON.stringify(state)))!;
			const next = Math.min(...ends.map((end) => end + (world.latency ?? 0)), Math.max(at, now + 66_000));
			await evolink.clock.sleep(Math.max(next - now, 1));
			state.readAt = evolink.clock.ticks();
			io = { ...io };
		}
	});
	return { evolink, state, wakes, endedAt: evolink.clock.ticks() };
}

const idsIn = ({ items }: RunState) => items.filter(isTask).map(({ watch }) => watch.id);
const unknownIn = ({ items }: RunState) =>
	items.filter(isRefused).filter(({ problem }) => problem.idempotencyKey !== undefined);

const worlds: fc.Arbitrary<World> = fc.record({
	items: fc.integer({ min: 1, max: 12 }),
	room: fc.integer({ min: 0, max: 5 }),
	refusal: fc.constantFrom<Refusal>('words', 'seconds', 'fault', 'takes'),
	renders: fc.array(fc.integer({ min: 100, max: 400_000 }), { minLength: 1, maxLength: 5 }),
	failing: fc.option(fc.nat(12), { nil: undefined }),
	away: fc.option(
		fc
			.tuple(fc.nat(400_000), fc.nat(900_000))
			.map(([from, length]): [number, number] => [from, from + length]),
		{ nil: undefined },
	),
	listIsMissing: fc.boolean(),
	tasksAtOnce: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
	suspends: fc.boolean(),
	stopsOnError: fc.boolean(),
	timeoutMs: fc.option(fc.integer({ min: 1000, max: 3_600_000 }), { nil: undefined }),
	latency: fc.nat(3000),
});

test('whatever the account does: nothing is paid twice, no paid task is lost, and every run ends', async () => {
	const runs = Number(process.env.PROPERTY_RUNS ?? 60);
	await fc.assert(
		fc.asyncProperty(worlds, async (world) => {
			const { evolink, state } = await live(world);
			const items = evolink.paid.map(({ item }) => item);
			expect(new Set(items).size).toBe(items.length);
			const named = new Set([...idsIn(state), ...unknownIn(state).map(({ item }) => item)]);
			for (const { id, item } of evolink.paid) expect(named.has(id) || named.has(item)).toBe(true);
			// what is left in the queue was never sent, and is only left where the run stopped
			if (!world.stopsOnError) expect(state.items.some(isQueued)).toBe(false);
			// what is in doubt, or no longer waited for, cannot be counted
			if (world.tasksAtOnce && world.refusal !== 'takes' && world.timeoutMs === undefined)
				expect(evolink.peak).toBeLessThanOrEqual(world.tasksAtOnce);
		}),
		{ numRuns: Math.min(runs, 2000) },
	);
});

describe('thirty items on an account with room for three', () => {
	const thirty: World = { items: 30, room: 3, refusal: 'words', renders: [180_000] };

	test.each<[string, Partial<World>, number, number]>([
		['refused in words', {}, 1.15, 0.5],
		['asked to come back in 5 s', { refusal: 'seconds' }, 1.15, 0.5],
		['refused by a fault of EvoLink', { refusal: 'fault' }, 1.2, 0.5],
		['suspended', { suspends: true }, 1.1, 0.5],
	])('%s, become thirty videos in ten waves', async (_, more, waves, refusals) => {
		const { evolink, state, endedAt, wakes } = await live({ ...thirty, ...more });
		expect(idsIn(state)).toHaveLength(30);
		expect(evolink.peak).toBe(3);
		expect(endedAt / (10 * 180_000)).toBeLessThanOrEqual(waves);
		expect(evolink.refused / 30).toBeLessThanOrEqual(refusals);
		expect(wakes / 30).toBeLessThanOrEqual(1);
	});

	test('do not meet more refusals for each video where there are a hundred', async () => {
		const { evolink } = await live({ ...thirty, items: 100 });
		expect(evolink.refused / 100).toBeLessThanOrEqual(0.5);
	});

	test('go on when a second user takes the room away for ten minutes', async () => {
		const { state } = await live({ ...thirty, away: [100_000, 700_000] });
		expect(idsIn(state)).toHaveLength(30);
	});
});

test("without any room nothing is ordered, and after 'Timeout Minutes' it is said that nothing was charged", async () => {
	const { state, endedAt } = await live({
		items: 2,
		room: 0,
		refusal: 'words',
		renders: [1],
		timeoutMs: 720_000,
	});
	expect(endedAt).toBeLessThan(800_000);
	const problems = state.items.filter(isRefused).map(({ problem }) => problem);
	expect(problems).toMatchObject([
		{ message: expect.stringMatching(/^Nothing was ordered .* 12 minutes/) },
		{},
	]);
	expect(problems[0].description).toContain('Nothing was charged');
});

test('each task has the whole time-out from its own order, however long the queue is', async () => {
	const { state } = await live({ items: 8, room: 2, refusal: 'words', renders: [4000], timeoutMs: 9000 });
	expect(idsIn(state)).toHaveLength(8);
	expect(state.items.filter(isTask).some(({ isOver }) => isOver)).toBe(false);
});

test("the first failed task ends the queue where 'On Error' is to stop; what runs is waited for", async () => {
	const world: World = { items: 10, room: 3, refusal: 'words', renders: [1000, 4000, 4000], failing: 0 };
	const { evolink, state } = await live({ ...world, stopsOnError: true });
	expect(evolink.paid).toHaveLength(3);
	expect(idsIn(state)).toHaveLength(3);
	expect(state.items.filter(isQueued)).toHaveLength(7);
	expect((await live(world)).evolink.paid).toHaveLength(10);
});

test('an order that EvoLink failed and took all the same is never sent again', async () => {
	const { evolink, state } = await live({ items: 5, room: 3, refusal: 'takes', renders: [60_000] });
	expect(evolink.paid).toHaveLength(5);
	expect(unknownIn(state).length).toBeGreaterThan(0);
});

test('where the list tells nothing, an order that EvoLink failed stays unknown', async () => {
	const world: World = { items: 4, room: 3, refusal: 'fault', renders: [60_000], listIsMissing: true };
	const { evolink, state } = await live(world);
	expect(evolink.paid).toHaveLength(3);
	expect(unknownIn(state)).toHaveLength(1);
});
