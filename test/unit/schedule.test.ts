import fc from 'fast-check';

import { firstReadAt, MIN_SPACING_MS, nextReadAt } from '../../nodes/evolink/wait/schedule';
import { always, PROPERTY_TIMEOUT_MS } from './support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const starts = fc.integer({ min: 0, max: 2 ** 42 });
const waits = fc.integer({ min: 600, max: 86_400_000 });
const polls = fc.integer({ min: 250, max: 600_000 });
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const estimates = fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined });
const asked = fc.option(fc.double({ min: 0, noNaN: true }), { nil: undefined });

describe('the schedule of reads', () => {
	test('the first read comes after a quarter of the estimate, 15 s at most, and never past the deadline', () => {
		always(starts, waits, polls, estimates, (start, wait, pollMs, estimate) => {
			const deadline = start + wait;
			const at = firstReadAt(start, estimate, { pollMs, deadline });
			expect(at).toBeGreaterThan(start);
			expect(at).toBeLessThanOrEqual(Math.min(start + 15_000, deadline));
		});
		expect(firstReadAt(0, 40, { pollMs: 8000, deadline: 1e6 })).toBe(10_000);
		expect(firstReadAt(0, 300, { pollMs: 8000, deadline: 1e6 })).toBe(15_000);
		expect(firstReadAt(0, undefined, { pollMs: 8000, deadline: 1e6 })).toBe(8000);
	});

	test('reads keep their distance, stay near the chosen pace and never pass the deadline', () => {
		always(starts, waits, polls, randoms, asked, (now, wait, pollMs, random, retryAfterMs) => {
			const deadline = now + wait;
			const at = nextReadAt(now, { pollMs, deadline }, random, retryAfterMs);
			expect(at).toBeLessThanOrEqual(deadline);
			if (at === deadline) return;
			expect(at - now).toBeGreaterThanOrEqual(MIN_SPACING_MS - 1e-3);
			expect(at - now).toBeGreaterThanOrEqual(Math.max(pollMs * 0.9, retryAfterMs ?? 0) - 1e-3);
			expect(at - now).toBeLessThanOrEqual(Math.max(pollMs * 1.1, retryAfterMs ?? 0, MIN_SPACING_MS) + 1e-3);
		});
	});

	test('a Retry-After beyond the deadline leaves the last read at the deadline', () => {
		expect(nextReadAt(0, { pollMs: 8000, deadline: 60_000 }, 0.5, 3_600_000)).toBe(60_000);
		expect(nextReadAt(0, { pollMs: 8000, deadline: 60_000 }, 0.5, Infinity)).toBe(60_000);
	});
});
