const path = require('node:path');

// the end-to-end library keeps databases and logs there; its own suite may run at the same time
process.env.E2E_RUN_DIR = path.join(__dirname, '.run');

/** @type {import('jest').Config} */
module.exports = {
	...require('../e2e/jest.config.js'),
	roots: ['<rootDir>/test/ui'],
	modulePathIgnorePatterns: ['<rootDir>/test/ui/.run', '<rootDir>/test/ui/node_modules'],
	testPathIgnorePatterns: ['/node_modules/', '/.run/'],
	testTimeout: 120_000,
};
