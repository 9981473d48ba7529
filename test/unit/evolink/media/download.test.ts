import { Readable } from 'node:stream';

import { downloadMedia, type DownloadRequest } from '../../../../nodes/evolink/media/download';
import { FakeClock, fakeContext } from '../../support';

const REQUEST: DownloadRequest = {
	url: 'https://inside.example/v.mp4',
	trustedHosts: [],
	maxBytes: 1,
	expect: 'video',
	fileName: 'v',
};

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
			why: 'notPublic',
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
	expect(result).toMatchObject({ why: 'network', reason: expect.stringContaining('socket hang up') });
	expect(opened).toBe(2);
});
