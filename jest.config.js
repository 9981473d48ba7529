/** @type {import('jest').Config} */
module.exports = {
	testEnvironment: 'node',
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
	maxWorkers: 2,
	// A worker that has loaded n8n many times takes longer to end than Jest waits for it.
	workerIdleMemoryLimit: '300MB',
	testSequencer: '<rootDir>/test/longest-first.cjs',
	// only what hangs: a busy machine may be slow
	testTimeout: 180_000,
};
