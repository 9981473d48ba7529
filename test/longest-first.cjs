const { default: Sequencer } = require('@jest/test-sequencer');

/** Of the end-to-end tests and of all others, the longest first. */
const LONGEST = [
	'sqlite/room',
	'sqlite/crash',
	'queue/wake',
	'sqlite/wake',
	'sqlite/timer',
	'engine/faults',
	'engine/retry',
	'engine/download',
];

/** Where nothing was run before, as in CI, Jest goes by the size of the files, and the longest of ours are short. */
module.exports = class extends Sequencer {
	sort(tests) {
		const rank = ({ path }) => {
			const at = LONGEST.findIndex((name) => path.endsWith(`/${name}.test.ts`));
			return at < 0 ? LONGEST.length : at;
		};
		return super.sort(tests).toSorted((one, other) => rank(one) - rank(other));
	}
};
