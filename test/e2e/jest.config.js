/**
 * `sqlite/` drives one n8n per file, `queue/` a whole queue-mode installation. E2E_FULL=1 (npm run test:e2e:full) adds
 * the `*.full.test.ts` files. Three files at a time: most of their time they wait for n8n's timers.
 *
 * E2E_HOST=oldest (npm run test:e2e:oldest) drives the oldest supported n8n: the files that rest on what n8n's versions do
 * differently, or with E2E_FULL=1 all of them. E2E_HOST=container (npm run test:e2e:container) drives an image with the former.
 *
 * @type {import('jest').Config}
 */
const isFull = process.env.E2E_FULL === '1';
const isShort = ['oldest', 'container'].includes(process.env.E2E_HOST) && !isFull;

module.exports = {
	rootDir: '../..',
	// never test/e2e itself: its node_modules holds all of n8n
	roots: ['lib', 'sqlite', 'queue', '../examples'].map((folder) => `<rootDir>/test/e2e/${folder}`),
	testMatch: [isShort ? '**/sqlite/{auto,rows,suspend,timer,trigger,wake}.test.ts' : '**/*.test.ts'],
	testPathIgnorePatterns: isFull ? [] : ['\\.full\\.test\\.ts$'],
	testEnvironment: 'node',
	globalSetup: '<rootDir>/test/e2e/lib/global-setup.ts',
	transform: {
		'^.+\\.[tj]s$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }],
	},
	// openapi-backend (the stand-in) requires this ES module
	transformIgnorePatterns: ['/node_modules/(?!@apidevtools/)'],
	maxWorkers: 3,
	testSequencer: '<rootDir>/test/longest-first.cjs',
	testTimeout: 60_000,
	verbose: true,
};
