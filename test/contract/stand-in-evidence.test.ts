import { client, evolink, misfit, standInForEachTest, type Json } from './stand-in-client';

standInForEachTest({ defaults: { seconds: 0 } });

const VEO = 'veo-3.1-fast-generate-preview';
const readOf = async (prompt: string, more: Json = {}) => {
	const id = await client.start(prompt, more);
	await evolink.until(() => evolink.tasks.get(id)?.terminal);
	return (await client.read(id)).json as Json & { results: string[] };
};

describe('results', () => {
	test('n orders so many videos, each with a link of its own, and costs as many', async () => {
		const { results } = await readOf('three', { model: VEO, n: 3, duration: 4, quality: '720p' });
		expect(new Set(results).size).toBe(3);
		for (const link of results)
			expect((await fetch(link, { headers: { 'user-agent': 'test' } })).status).toBe(200);
		const [{ credits }] = evolink.charges;
		expect(credits).toBe(114.048);
		expect((await client.list()).json?.data).toMatchObject([{ result_count: 3, credits_used: 114.048 }]);
	});

	test.each([
		['results[].url', { results: [{ url: expect.stringMatching(/mp4$/) as string }] }],
		['output.video_url', { output: { video_url: expect.stringMatching(/mp4$/) as string } }],
		['output[]', { output: [expect.stringMatching(/mp4$/)] }],
		['video_url', { video_url: expect.stringMatching(/mp4$/) as string }],
		['videos[].url', { videos: [{ url: expect.stringMatching(/mp4$/) as string }] }],
	])('may stand at %s', async (resultsAt, expected) => {
		evolink.script('', { resultsAt });
		const read = await readOf('a cat');
		expect(read).toMatchObject(expected);
		expect(read.results === undefined).toBe(!resultsAt.startsWith('results'));
	});

	test('may come late, under other words and in an envelope', async () => {
		evolink.script('', { resultsLate: 60, words: { completed: 'succeeded' }, envelope: true });
		expect(await readOf('a cat')).toMatchObject({ code: 200, data: { status: 'succeeded', results: [] } });
		evolink.advance(61);
		const [id] = evolink.tasks.keys();
		expect((await client.read(id)).json).toMatchObject({ data: { results: [expect.any(String)] } });
	});
});

describe('a replica that lags', () => {
	test('knows nothing of a fresh task, and shows an ended one as running', async () => {
		const reads = evolink.fault('read', { kind: 'stale', seconds: 30 });
		const lists = evolink.fault('list', { kind: 'stale', seconds: 30 });
		const id = await client.start('[stand-in: seconds 60] a cat');
		expect((await client.read(id)).status).toBe(404);
		expect((await client.list()).json).toMatchObject({ data: [], total: 0 });
		evolink.advance(65);
		await evolink.until(() => evolink.tasks.get(id)?.terminal);
		const stale = await client.read(id);
		expect([stale.json?.status, misfit('getTask', stale)]).toEqual(['processing', undefined]);
		expect((await client.list('?status=processing')).json).toMatchObject({ data: [{ id }] });
		reads.remove();
		lists.remove();
		expect((await client.read(id)).json?.status).toBe('completed');
	});

	test('a list may lack tasks, have short pages and tell its total as text', async () => {
		for (const prompt of ['one', 'two', 'three']) await client.start(prompt);
		evolink.fault('list', {
			kind: 'lacking',
			hide: ({ request }) => request.prompt === 'three',
			pageSize: 1,
			total: '3',
		});
		const { json } = await client.list();
		expect(json).toMatchObject({ total: '3', page_size: 20, data: [{ id: [...evolink.tasks.keys()][1] }] });
		expect(json?.data).toHaveLength(1);
	});
});

describe('the account', () => {
	test('a key may have a limit for the day, or none at all', async () => {
		expect((await client.call('GET', '/v1/credits')).json?.data).toMatchObject({
			token: { unlimited_credits: true, remaining_credits: 99_999 },
		});
		evolink.account.dailyLimit = 30;
		await client.start('one');
		expect((await client.call('GET', '/v1/credits')).json?.data).toMatchObject({
			token: { daily_limit_credits: 30, daily_used_credits: 23.04, reset_timezone: 'UTC' },
		});
		const refused = await client.create({ model: 'sora-2-preview', prompt: 'two' });
		expect([refused.status, refused.json?.error]).toEqual([
			402,
			expect.objectContaining({ code: 'token_daily_quota_exceeded' }),
		]);
	});
});
