/** @type {import('jest').Config} */
module.exports = {
	testEnvironment: '<rootDir>/test/engine/jest-environment.cjs',
	setupFiles: ['<rootDir>/test/engine/share-n8n.ts'],
	roots: ['<rootDir>/test'],
	testMatch: ['<rootDir>/test/{unit,contract,engine}/**/*.test.ts'],
	modulePathIgnorePatterns: [
		'<rootDir>/dist',
		'<rootDir>/test/e2e',
		'<rootDir>/test/ui',
		'<rootDir>/test/bench',
		'<rootDir>/demo-output',
	],
	transform: {
		'^.+\\.[tj]s$': [
			'@swc/jest',
			{ jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2022' } },
		],
	},
	// openapi-backend needs this one, which ships as ES modules only
	transformIgnorePatterns: ['/node_modules/(?!@apidevtools/json-schema-ref-parser/)'],
	globalSetup: '<rootDir>/test/engine/global-setup.ts',
	// tests that run n8n wait more than they work
	maxWorkers: 4,
	// a process that ran n8n takes longer to end than the half second that Jest gives it
	workerGracefulExitTimeout: 10_000,
	testSequencer: '<rootDir>/test/longest-first.cjs',
	// only what hangs: a busy machine may be slow
	testTimeout: 180_000,
};
