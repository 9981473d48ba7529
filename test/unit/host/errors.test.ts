import type { Failure } from '../../../nodes/evolink/failure';
import { nodeError } from '../../../nodes/host/errors';
import { NODE } from '../support';

describe("n8n's name for a cause", () => {
	const failure = (kind: Failure['kind']): Failure => ({
		kind,
		message: 'No',
		transient: false,
		charge: 'none',
		retryAfterMs: 5000,
	});

	test.each([
		['rateLimited', { cause: 'rate-limited', retryAfterMs: 5000 }],
		['balance', { cause: 'quota-exhausted' }],
		['keyLimit', { cause: 'quota-exhausted' }],
		['server', { cause: 'temporarily-unavailable' }],
		['network', { cause: 'temporarily-unavailable' }],
		['unauthorized', { cause: 'credential-invalid' }],
		['keyState', { cause: 'credential-invalid' }],
	] as const)('of %s stands in the error, where this n8n knows causes', (kind, expected) => {
		const error = nodeError(NODE, { message: 'No.', failure: failure(kind) }, 0);
		expect((error as { failure?: unknown }).failure).toEqual(expected);
	});

	test('is not guessed for a wrong field or a refused picture', () => {
		for (const kind of ['badRequest', 'content', 'notFound'] as const) {
			const error = nodeError(NODE, { message: 'No.', failure: failure(kind) }, 0);
			expect((error as { failure?: unknown }).failure).toBeUndefined();
		}
	});
});
