import fc from 'fast-check';

import {
	firstReadAt,
	isLeftToTimer,
	nextReadAt,
	passedMs,
	timerDelay,
	type ParkedWait,
} from '../../../../nodes/SoraVideo/run/schedule';
import { defaultTimeoutMs, MIN_SPACING_MS } from '../../../../nodes/SoraVideo/settings';
import { always, PROPERTY_TIMEOUT_MS } from '../../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const starts = fc.integer({ min: 0, max: 2 ** 42 });
const polls = fc.integer({ min: 250, max: 600_000 });
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const estimates = fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined });
const asked = fc.option(fc.double({ min: 0, noNaN: true }), { nil: undefined });

describe('the schedule of reads', () => {
	test('the first read comes after a quarter of the estimate, 15 s at most', () => {
		always(starts, polls, estimates, (start, pollMs, estimate) => {
			const at = firstReadAt(start, estimate, pollMs);
			expect(at).toBeGreaterThan(start);
			expect(at).toBeLessThanOrEqual(start + 15_000);
		});
		expect(firstReadAt(0, 40, 8000)).toBe(10_000);
		expect(firstReadAt(0, 300, 8000)).toBe(15_000);
		expect(firstReadAt(0, undefined, 8000)).toBe(8000);
	});

	test('reads keep their distance and stay near the chosen pace; a proxy that asks for an hour is asked again in two minutes', () => {
		always(starts, polls, randoms, asked, (now, pollMs, random, retryAfterMs = 0) => {
			const pauseMs = nextReadAt(now, pollMs, random, retryAfterMs) - now;
			const askedMs = Math.min(retryAfterMs, 120_000);
			expect(pauseMs).toBeGreaterThanOrEqual(Math.max(pollMs * 0.9, askedMs, MIN_SPACING_MS) - 1e-3);
			expect(pauseMs).toBeLessThanOrEqual(Math.max(pollMs * 1.1, askedMs, MIN_SPACING_MS) + 1e-3);
		});
		expect([nextReadAt(0, 10_000, 0), nextReadAt(0, 10_000, 1)]).toEqual([9000, 11_000]);
	});
});

describe('the timers of a parked run', () => {
	const MINUTE = 60_000;
	interface Wait extends Partial<ParkedWait> {
		waitedMs?: number;
		timeoutMs?: number;
	}
	const parked = ({ waitedMs = 0, timeoutMs = 24 * 60 * MINUTE, ...more }: Wait = {}): ParkedWait => ({
		oldestMs: waitedMs,
		youngestMs: waitedMs,
		leftMs: Math.max(timeoutMs - waitedMs, 0),
		callbackExpected: true,
		turnMs: Infinity,
		...more,
	});
	/** When the timers come, in ms from the start of a wait that nothing ends. */
	function timers(wait: Wait): number[] {
		const at: number[] = [];
		const { timeoutMs = 24 * 60 * MINUTE } = wait;
		for (let waitedMs = 0; waitedMs < timeoutMs; at.push(waitedMs)) {
			waitedMs += timerDelay(parked({ ...wait, waitedMs }));
			if (at.length > 1000) throw new Error('timers without end');
		}
		return at;
	}

	test("a healthy wait for a callback meets none: the first comes well after EvoLink's estimate", () => {
		expect(timerDelay(parked({ estimatedSeconds: 300 }))).toBe(525_000);
		expect(timerDelay(parked({ estimatedSeconds: 50 }))).toBe(150_000);
		expect(timerDelay(parked({ estimatedSeconds: 1 }))).toBe(150_000);
		expect(timerDelay(parked())).toBe(225_000);
		expect(timerDelay(parked({ estimatedSeconds: 1e9 }))).toBe(5_475_000);
		expect(timerDelay(parked({ estimatedSeconds: 300, waitedMs: 1000 }))).toBe(524_000);
	});

	test('a render that takes up to half as long again as estimated ends by its callback, never left to the timer', () => {
		const renders = fc.integer({ min: 1, max: 1500 });
		always(fc.integer({ min: 1, max: 3600 }), renders, (estimatedSeconds, permille) => {
			const endsAt = ORDERED + estimatedSeconds * permille;
			const wakesAt = ORDERED + timerDelay(parked({ estimatedSeconds }));
			expect(isLeftToTimer(wakesAt, endsAt)).toBe(false);
		});
	});

	test('a lost callback at most doubles the wait', () => {
		always(fc.integer({ min: 150_000, max: 86_400_000 }), estimates, (endsAfterMs, estimatedSeconds) => {
			const estimate = Math.min(estimatedSeconds ?? 100, 3600);
			const found = timers({ estimatedSeconds, timeoutMs: 10 * 86_400_000 }).find((at) => at >= endsAfterMs);
			expect(found).toBeLessThanOrEqual(Math.max(2 * endsAfterMs, estimate * 1500 + 75_000));
		});
	});

	test('without a callback the result is found at most a quarter late, or within a round of 66 s', () => {
		const lone = timers({ callbackExpected: false, timeoutMs: 10 * 86_400_000 });
		expect(lone.slice(0, 6)).toEqual([66_000, 132_000, 198_000, 264_000, 330_000, 412_500]);
		always(fc.integer({ min: 1, max: 86_400_000 }), (endsAfterMs) => {
			const found = lone.find((at) => at >= endsAfterMs)!;
			expect(found - endsAfterMs).toBeLessThanOrEqual(Math.max(66_000, endsAfterMs / 4));
		});
	});

	test('the last one comes at the deadline, never after it', () => {
		always(fc.integer({ min: 600, max: 86_400_000 }), fc.boolean(), (timeoutMs, callbackExpected) => {
			expect(timers({ timeoutMs, callbackExpected }).at(-1)).toBe(timeoutMs);
		});
		expect(timerDelay(parked({ waitedMs: 70_000, timeoutMs: 60_000 }))).toBe(0);
	});

	test('a queue goes on by the clock where nothing is under way, or no callback is expected', () => {
		const idle = { leftMs: Infinity, callbackExpected: false };
		expect(timerDelay(parked({ ...idle, turnMs: 90_000 }))).toBe(90_000);
		expect(timerDelay(parked({ ...idle, turnMs: 5000 }))).toBe(66_000);
		expect(timerDelay(parked({ callbackExpected: false, waitedMs: 20 * MINUTE, turnMs: 90_000 }))).toBe(
			90_000,
		);
		expect(timerDelay(parked({ turnMs: 90_000 }))).toBe(225_000);
	});

	test('where no callback is expected the shortest timer is kept for five minutes', () => {
		const wait = { callbackExpected: false, waitedMs: 5 * MINUTE };
		expect(timerDelay(parked({ ...wait, waitedMs: wait.waitedMs - 1 }))).toBe(66_000);
		expect(timerDelay(parked(wait))).toBe(75_000);
	});

	test("the timer is set by the youngest task's render, the time-out by the oldest", () => {
		const wait = parked({ estimatedSeconds: 300, oldestMs: 400_000, youngestMs: 100_000, leftMs: 1e6 });
		expect(timerDelay(wait)).toBe(425_000);
		expect(timerDelay({ ...wait, leftMs: 90_000 })).toBe(90_000);
	});

	test.each([
		[74_999, true],
		[75_000, false],
		[0, true],
		// n8n looks once a minute, so a short wait may end that much later
		[-69_999, true],
		// n8n is down, or does not look: nobody else would come
		[-70_000, false],
	])('a callback %i ms before the timer is left to it: %s', (dueIn, isLeft) => {
		expect(isLeftToTimer(ORDERED + dueIn, ORDERED)).toBe(isLeft);
	});
});

const ORDERED = 1_000_000;

describe('how long a parked run has waited', () => {
	const round = { parkedAt: ORDERED, wakesAt: ORDERED + 600_000 };

	test.each([
		['woken by a callback', 200_000, 200_000],
		['woken by the timer', 600_000, 600_000],
		['woken a minute late, as n8n does', 660_000, 600_000],
		['woken as late as n8n can be', 670_000, 600_000],
		['woken two hours late, or its clock set forward', 7_800_000, 300_000],
		['its clock set back', -7_000_000, 0],
	])('%s', (_, after, passed) => {
		expect(passedMs(round, ORDERED + after)).toBe(passed);
	});
});

test('a wait lasts half an hour, or twice what EvoLink estimates, a day at most', () => {
	expect(defaultTimeoutMs()).toBe(1_800_000);
	expect(defaultTimeoutMs(900)).toBe(1_800_000);
	expect(defaultTimeoutMs(3600)).toBe(7_200_000);
	expect(defaultTimeoutMs(1e9)).toBe(86_400_000);
});
