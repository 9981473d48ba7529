/**
 * One coverage figure for the shipped code, over unit, contract and engine tests together. A packed copy cannot be
 * looked into, so here the engine tests load the TypeScript sources instead (tools/n8n-engine/host.ts); `npm test`
 * runs the very same tests on the packed copy. Left out is what tests the stand-in, and what takes long for lines that
 * others meet, too.
 */
const base = require('./jest.config.js');

process.env.ENGINE_PACKAGE = 'source';

/** @type {import('jest').Config} */
module.exports = {
	...base,
	// Files that no test loads count too, and Jest only finds them below a root.
	roots: [...base.roots, '<rootDir>/nodes', '<rootDir>/credentials'],
	testPathIgnorePatterns: [
		'/contract/stand-in',
		'/contract/live',
		'/engine/(faults|retry|download|memory|attempts|failed-rows)\\.test',
	],
	collectCoverage: true,
	collectCoverageFrom: ['{nodes,credentials}/**/*.ts'],
	coverageDirectory: 'coverage',
	coverageReporters: ['text', 'lcovonly'],
	coverageThreshold: { global: { lines: 95 } },
};
