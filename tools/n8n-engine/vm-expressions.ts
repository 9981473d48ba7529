import { Expression } from 'n8n-workflow';

/** Has expressions run as n8n's default has them run, in an isolate that is given copies of plain data. */
export async function useVmExpressions(): Promise<void> {
	await Expression.initExpressionEngine({
		engine: 'vm',
		bridgeTimeout: 5000,
		bridgeMemoryLimit: 128,
		maxCodeCacheSize: 64,
		poolSize: 1,
	} as never);
}

export async function useLegacyExpressions(): Promise<void> {
	await Expression.disposeExpressionEngine();
	Object.assign(Expression, { expressionEngine: 'legacy' });
}
