const { TestEnvironment } = require('jest-environment-node');

/**
 * Engine tests get n8n as a process has it: loaded once, by Node itself, for all test files of a worker. Jest would load its
 * thousand modules anew for each file. Not so for coverage, whose TypeScript Node cannot load, nor for a file that asks for an n8n
 * of its own, with other settings (`@jest-environment-options {"ownN8n": true}`).
 */
module.exports = class extends TestEnvironment {
	constructor(config, context) {
		const isEngine = context.testPath.startsWith(__dirname);
		// before Jest copies the environment
		if (isEngine) require('../../tools/n8n-engine/environment.cjs');
		super(config, context);
		const { ownN8n } = config.projectConfig.testEnvironmentOptions;
		if (!isEngine || ownN8n || process.env.ENGINE_PACKAGE === 'source') return;
		this.global.requireOutside = require;
		this.global.process.env = process.env;
	}
};
