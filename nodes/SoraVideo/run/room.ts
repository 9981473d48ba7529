import { z } from 'zod';

/** How long a turn is waited for where nothing of the run ends: the first time, and at most. EvoLink's pages ask for a minute. */
const FIRST_WAIT_MS = 66_000;
const LONGEST_WAIT_MS = 300_000;

/** Up to half as long again: many executions must not come back in step. */
const JITTER = 0.5;

/** A refusal that is looked up stops the run for half a minute, so while tasks are under way one is risked more rarely. */
const DEAR = 10;

/**
 * How many tasks of this run EvoLink has room for, as far as its refusals tell: the limit of an account is not published, and
 * others use the account, too. Times are ms of the run's own clock.
 */
export const roomSchema = z.object({
	/** Tasks of the run that were under way when an order was refused. */
	cap: z.number(),
	/** Since EvoLink was last found to have more room. */
	strikes: z.number(),
	/** When one more than `cap` may be tried. */
	tryAt: z.number(),
	/** The same while tasks of the run are under way. */
	tryMoreAt: z.number(),
	/** By how much the cap grows with the next order that gets through; 0 while it is kept. */
	growBy: z.number(),
});

/** Absent as long as nothing was refused. */
export type Room = z.infer<typeof roomSchema>;

/** `most`: tasks of this run at once, as the user wants it. */
export function allowance(room: Room | undefined, underWay: number, now: number, most = Infinity): number {
	const free = Math.max(most - underWay, 0);
	if (room === undefined) return free;
	const own = Math.max(room.cap - underWay, 0);
	return Math.min(free, own > 0 ? own : now >= turnAt(room, underWay) ? 1 : 0);
}

/** When the next order may be tried, if no task of the run ends before. */
export function turnAt(room: Room | undefined, underWay: number, most = Infinity): number {
	if (underWay >= most) return Infinity;
	if (room === undefined || underWay < room.cap) return 0;
	return underWay > 0 ? room.tryMoreAt : room.tryAt;
}

/** An order was refused for lack of room. `chance`: 0 to 1; `askedMs`: to wait; `isDear`: it had to be looked up. */
export function refusedFor(
	room: Room | undefined,
	{ underWay, now, chance, askedMs = 0, isDear = false }: RefusedOrder,
): Room {
	const strikes = (room?.strikes ?? 0) + 1;
	const usual = Math.min(FIRST_WAIT_MS * 2 ** (strikes - 1), LONGEST_WAIT_MS);
	const pause = Math.max(Math.min(askedMs, LONGEST_WAIT_MS) || usual, strikes > 1 ? usual : 0);
	const waitMs = pause * (1 + JITTER * chance);
	return {
		cap: underWay,
		strikes,
		tryAt: now + waitMs,
		tryMoreAt: now + waitMs * (isDear ? DEAR : 1),
		growBy: 0,
	};
}

interface RefusedOrder {
	underWay: number;
	now: number;
	chance: number;
	askedMs?: number;
	isDear?: boolean;
}

/** `underWay`: tasks of the run, this one included. */
export function tookOne(room: Room | undefined, underWay: number): Room | undefined {
	if (room === undefined || underWay < room.cap || (underWay === room.cap && room.growBy === 0)) return room;
	// one more than it had room for: there is more, and how much is tried in growing steps
	const growBy = Math.max(room.growBy * 2, 1);
	return { ...room, cap: underWay + growBy, growBy, strikes: 0 };
}
