import { Readable } from 'node:stream';

import { createTask } from '../../../nodes/evolink/api';
import type { Failure } from '../../../nodes/evolink/failure';
import { downloadMedia, type DownloadRequest } from '../../../nodes/evolink/media/download';
import { nodeError } from '../../../nodes/host/errors';
import { CREDENTIAL, FakeClock, NODE, fakeContext } from '../support';

const REQUEST: DownloadRequest = {
	url: 'https://inside.example/v.mp4',
	trustedHosts: [],
	maxBytes: 1,
	expect: 'video',
	fileName: 'v',
};

const accepted = (limits: object) =>
	fakeContext({ credential: () => ({ ...CREDENTIAL, ...limits }), answer: () => ({ body: { id: 't' } }) });

describe("the credential's list of allowed domains", () => {
	test('goes along with every request, so that n8n keeps the key from any other host', async () => {
		const { ctx, requests } = accepted({
			allowedHttpRequestDomains: 'domains',
			allowedDomains: 'api.evolink.ai',
		});
		await createTask(ctx, {}, 'k');
		expect(requests[0]).toMatchObject({ allowedDomains: 'api.evolink.ai' });
	});

	test.each(['all', 'none', undefined])('is left out where the credential says %j', async (choice) => {
		const { ctx, requests } = accepted({ allowedHttpRequestDomains: choice, allowedDomains: 'x.test' });
		await createTask(ctx, {}, 'k');
		expect(requests[0]).not.toHaveProperty('allowedDomains');
	});
});

test("an order that n8n's own protection blocks is known to cost nothing, and n8n is named", async () => {
	const { ctx } = fakeContext({
		answer: () => {
			throw new Error('The request was blocked because it resolves to a restricted IP address');
		},
	});
	const reading = await createTask(ctx, {}, 'k');
	expect(reading).toMatchObject({ ok: false, failure: { charge: 'none' } });
	expect(JSON.stringify(reading)).toContain('n8n does not allow requests to api.evolink.ai');
});

describe("n8n's check of where a name leads", () => {
	const download = async (isAllowed: boolean | Error) => {
		const opened: unknown[] = [];
		const asked: string[] = [];
		const { ctx } = fakeContext({
			helpers: {
				getSecureEgressFilter: (policy: string) => ({
					validateUrl: async ({ hostname }: URL) => {
						asked.push(`${policy} ${hostname}`);
						if (isAllowed instanceof Error) throw isAllowed;
						return { ok: isAllowed };
					},
				}),
				httpRequest: async (options: unknown) => {
					opened.push(options);
					return { statusCode: 404, headers: {}, body: Readable.from([]) };
				},
			},
		});
		const result = await downloadMedia(ctx, REQUEST);
		return { result, opened, asked };
	};

	test('keeps a result link that leads inside from being opened, even where the protection is off', async () => {
		const { result, opened, asked } = await download(false);
		expect(result).toMatchObject({
			ok: false,
			reason: expect.stringContaining('leads to a private address'),
		});
		expect(asked).toEqual(['enforced inside.example']);
		expect(opened).toEqual([]);
	});

	test.each([
		['an outside host', true] as const,
		['a name only a proxy knows', new Error('ENOTFOUND')] as const,
	])('lets %s through to the request', async (_, isAllowed) => {
		expect((await download(isAllowed)).opened).toHaveLength(1);
	});
});

test('a download that breaks off again and again ends after ten minutes, however many tries it would have left', async () => {
	const clock = new FakeClock();
	let opened = 0;
	const httpRequest = async () => {
		opened += 1;
		async function* dripping() {
			yield Buffer.from('000000186674797069736f6d', 'hex');
			clock.pass(6 * 60_000);
			throw new Error('socket hang up');
		}
		return { statusCode: 200, headers: {}, body: Readable.from(dripping()) };
	};
	const prepareBinaryData = async (body: Readable) => await body.toArray();
	const { ctx } = fakeContext({ helpers: { httpRequest, prepareBinaryData } });
	const request = { ...REQUEST, maxBytes: 1e6 };
	const result = await downloadMedia(ctx, request, clock);
	expect(result).toMatchObject({ ok: false, reason: expect.stringContaining('socket hang up') });
	expect(opened).toBe(2);
});

describe("n8n's name for a cause", () => {
	const failure = (kind: Failure['kind']): Failure => ({
		kind,
		message: 'No',
		advice: 'Wait.',
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
