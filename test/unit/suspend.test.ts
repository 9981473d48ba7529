import { timeForCallback } from '../../nodes/evolink/run/suspend';

const NOW = 1_000_000;

test.each([
	[66_000, 65_000],
	[1001, 1],
	[1000, 0],
	[0, 0],
	// n8n looks once a minute: a wait of less than that may end so much later
	[-69_000, 0],
	[-71_000, 66_000],
])('with the timer due in %i ms a callback may work for %i ms', (dueIn, time) => {
	expect(timeForCallback({ wakesAt: NOW + dueIn }, NOW)).toBe(time);
});
