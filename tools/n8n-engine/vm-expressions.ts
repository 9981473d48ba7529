import { ExpressionEvaluator, IsolatedVmBridge } from '@n8n/expression-runtime';
import { Expression } from 'n8n-workflow';
import { expressionSandboxHooks } from 'n8n-workflow/dist/cjs/expression-sandboxing';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Has expressions run as n8n's default has them run, in an isolate that is given copies of plain data. n8n's own way to begin
 * imports the runtime in a way that Jest cannot follow.
 */
export async function useVmExpressions(): Promise<void> {
	const evaluator = new ExpressionEvaluator({
		createBridge: () => new IsolatedVmBridge({ timeout: 5000, memoryLimit: 128, logger }),
		maxCodeCacheSize: 64,
		poolSize: 1,
		hooks: expressionSandboxHooks,
		logger,
	} as never);
	await evaluator.initialize();
	Object.assign(Expression, { expressionEngine: 'vm', vmEvaluator: evaluator });
}

export async function useLegacyExpressions(): Promise<void> {
	await Expression.disposeExpressionEngine();
	Object.assign(Expression, { expressionEngine: 'legacy' });
}
