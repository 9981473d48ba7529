import { Pace, sendPaced } from '../../../../nodes/SoraVideo/order/pace';
import { failureOf } from '../../support';
import { VirtualClock } from './virtualClock';

const REQUESTS = 200;

/** Decides on a request at a time in ms: nothing where it gets through, otherwise ms for Retry-After, if that is said. */
type Limit = (now: number) => { retryAfterMs?: number } | undefined;

/** At most so many in any one second. */
function sliding(perSecond: number): Limit {
	const taken: number[] = [];
	return (now) => {
		while (taken.length > 0 && taken[0] <= now - 1000) taken.shift();
		if (taken.length >= perSecond) return { retryAfterMs: 1000 };
		taken.push(now);
		return undefined;
	};
}

/** At most so many in each second of the clock. */
function fixed(perSecond: number): Limit {
	const taken = new Map<number, number>();
	return (now) => {
		const second = Math.floor(now / 1000);
		const count = taken.get(second) ?? 0;
		if (count >= perSecond) return { retryAfterMs: 1000 };
		taken.set(second, count + 1);
		return undefined;
	};
}

/** A bucket of so many that fills up again within a second. */
function bucket(perSecond: number): Limit {
	let tokens = perSecond;
	let filledAt = 0;
	return (now) => {
		tokens = Math.min(tokens + ((now - filledAt) * perSecond) / 1000, perSecond);
		filledAt = now;
		if (tokens < 1) return { retryAfterMs: 1000 };
		tokens -= 1;
		return undefined;
	};
}

interface Run {
	/** When it was over, ms. */
	ms: number;
	/** When each request arrived, refused ones included. */
	arrivals: number[];
	through: number[];
	refused: number;
	givenUp: number[];
	mostAtOnce: number;
}

interface Way {
	latencyMs?: number;
	/** Some requests take up to so much longer. */
	jitterMs?: number;
	/** Every 40th request, and what begins with it, is sent so much later. */
	stallMs?: number;
}

/** Sends requests 0, 1, 2 … to an API. */
async function send(
	limit: Limit,
	{
		latencyMs = 0,
		jitterMs = 0,
		stallMs = 0,
		requests = REQUESTS,
		patienceMs = 600_000,
		isOver = () => false,
		signal,
	}: Way & {
		requests?: number;
		patienceMs?: number;
		isOver?: (run: Run) => boolean;
		signal?: AbortSignal;
	} = {},
): Promise<Run> {
	const clock = new VirtualClock();
	const run: Run = { ms: 0, arrivals: [], through: [], refused: 0, givenUp: [], mostAtOnce: 0 };
	let underWay = 0;
	let stalledUntil = 0;
	const request = async (at: number) => {
		run.mostAtOnce = Math.max(run.mostAtOnce, ++underWay);
		if (at % 40 === 0) stalledUntil = clock.ticks() + stallMs;
		await clock.sleep(Math.max(stalledUntil - clock.ticks(), 0));
		await clock.sleep(latencyMs / 2 + (jitterMs * ((at * 7) % 10)) / 10);
		run.arrivals.push(clock.ticks());
		const refusal = limit(clock.ticks());
		await clock.sleep(latencyMs / 2);
		underWay -= 1;
		if (refusal === undefined) {
			run.through.push(at);
			return undefined;
		}
		run.refused += 1;
		return failureOf({ kind: 'rateLimited', status: 429, charge: 'none', ...refusal });
	};
	await clock.run(
		async () =>
			await sendPaced(
				[...Array(requests).keys()],
				request,
				(at) => run.givenUp.push(at),
				() => isOver(run),
				{ patienceMs, clock, ...(signal && { signal }) },
			),
	);
	return { ...run, ms: clock.ticks() };
}

describe('orders to an API without a limit', () => {
	test('are five at once to begin with, twice as many after each wave, and never more than 64', async () => {
		const { ms, arrivals, mostAtOnce } = await send(() => undefined, { latencyMs: 250 });
		const waves = [0, 1, 2, 3, 4, 5].map((wave) => arrivals.filter((at) => at === wave * 250 + 125).length);
		expect(waves).toEqual([5, 10, 20, 40, 64, 61]);
		expect(mostAtOnce).toBe(64);
		expect(ms).toBe(1500);
	});

	test('all go out, in order', async () => {
		expect((await send(() => undefined)).through).toEqual([...Array(REQUESTS).keys()]);
	});
});

describe('orders to an API that allows ten a second', () => {
	const limits: Array<[string, (perSecond: number) => Limit]> = [
		['in any second', sliding],
		['in each second of the clock', fixed],
		['from a bucket', bucket],
	];
	const ways: Array<[string, Way]> = [
		['on the same machine', {}],
		['50 to 90 ms away', { latencyMs: 50, jitterMs: 40 }],
		['250 to 290 ms away', { latencyMs: 250, jitterMs: 40 }],
		['from a machine that stands still for 200 ms now and then', { latencyMs: 2, stallMs: 200 }],
	];
	test.each(limits.flatMap(([name, limit]) => ways.map((way) => [name, ...way, limit] as const)))(
		'%s, %s: all are taken, at about the pace of the limit, and few are refused on the way',
		async (_name, _where, way, limit) => {
			const run = await send(limit(10), way);
			expect([...run.through].sort((one, other) => one - other)).toEqual([...Array(REQUESTS).keys()]);
			expect(run.givenUp).toEqual([]);
			expect(run.ms).toBeLessThanOrEqual((REQUESTS / 10) * 1000 * 1.3);
			expect(run.refused).toBeLessThanOrEqual(REQUESTS / 7);
		},
	);

	test('are faster again once it allows more', async () => {
		const slow = sliding(10);
		const fast = sliding(50);
		const run = await send((now) => (now < 10_000 ? slow : fast)(now), { requests: 1000 });
		const late = run.arrivals.filter((at) => at > run.ms - 5000);
		expect(late.length / 5).toBeGreaterThan(15);
	});
});

describe('a 429', () => {
	test('holds back every order until its Retry-After is over', async () => {
		let count = 0;
		const { arrivals } = await send(() => (++count === 3 ? { retryAfterMs: 7000 } : undefined), {
			latencyMs: 10,
			requests: 20,
		});
		expect(arrivals.filter((at) => at > 15 && at < 7000)).toEqual([]);
		expect(arrivals).toHaveLength(21);
	});

	test('is waited for however often it comes, as long as EvoLink says how long', async () => {
		const run = await send((now) => (now < 300_000 ? { retryAfterMs: 60_000 } : undefined));
		expect(run.givenUp).toEqual([]);
		expect(run.through).toHaveLength(REQUESTS);
	});

	test('that does not say how long is tried again after 1, 2, 4 … s, as long as the run may wait', async () => {
		const run = await send(() => ({}), { requests: 1, patienceMs: 10_000 });
		expect(run.givenUp).toEqual([0]);
		expect(run.arrivals).toEqual([0, 1000, 3000, 7000]);
	});

	test('is given up when the next pause would last longer than the run may wait', async () => {
		const run = await send(() => ({ retryAfterMs: 60_000 }), { requests: 3, patienceMs: 300_000 });
		expect(run.givenUp.sort()).toEqual([0, 1, 2]);
		expect(run.ms).toBeGreaterThan(180_000);
		expect(run.ms).toBeLessThan(600_000);
	});

	test('that meets several orders at once slows the run down once', () => {
		const pace = new Pace(0, 60_000);
		const together = [1, 2, 3, 4].map(() => pace.begin(0));
		for (const ticket of together) pace.refused(ticket, { retryAfterMs: 1000 }, 10);
		expect(pace.opensAt).toBe(1010);
		pace.refused(pace.begin(1010), { retryAfterMs: 1000 }, 1020);
		// nothing got through in between
		expect(pace.opensAt).toBe(3020);
	});
});

describe('a run that is over', () => {
	test('begins no further order, and ends when those under way are answered', async () => {
		const run = await send(() => undefined, { latencyMs: 100, isOver: ({ through }) => through.length > 0 });
		expect(run.arrivals).toHaveLength(5);
		expect(run.through).toHaveLength(5);
	});

	test('waits for no Retry-After when it was stopped', async () => {
		const stop = new AbortController();
		const limit: Limit = () => {
			stop.abort();
			return { retryAfterMs: 60_000 };
		};
		const run = await send(limit, { isOver: () => stop.signal.aborted, signal: stop.signal });
		expect(run.ms).toBe(0);
		expect(run.arrivals).toHaveLength(5);
	});
});

describe('the pace', () => {
	test('waits for a 429 as long as the run may wait, from the last order that got through', () => {
		const pace = new Pace(5000, 1000);
		expect(pace.refused(pace.begin(5000), {}, 5000)).toBe(true);
		expect(pace.refused(pace.begin(5001), {}, 5001)).toBe(false);
	});

	test('grows no further once it has met a limit', () => {
		const pace = new Pace(0, 60_000);
		const round = pace.begin(0);
		pace.got(round, 10);
		expect(pace.atOnce).toBe(6);
		pace.refused(round, {}, 20);
		pace.got(pace.begin(2000), 2010);
		expect(pace.atOnce).toBe(6);
	});

	test('is set by the first 429 of a round; a later one only moves the next order', () => {
		const pace = new Pace(0, 60_000);
		const round = pace.begin(0);
		pace.refused(round, {}, 0);
		pace.refused(round, { retryAfterMs: 4000 }, 0);
		expect(pace.opensAt).toBe(4000);
		pace.begin(10_000);
		expect(pace.opensAt).toBe(11_050);
	});
});
