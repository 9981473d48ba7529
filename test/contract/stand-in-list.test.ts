import { client, evolink, misfit, standInForEachTest, type Json } from './stand-in-client';

standInForEachTest();

const idsIn = (json: Json | undefined) => (json?.data as Json[]).map(({ id }) => id);

describe('the list of tasks', () => {
	test('has them newest first, in pages, without links and reasons', async () => {
		evolink.script('ends', { seconds: 0 });
		evolink.script('fails', { seconds: 0, outcome: 'failed', code: 'service_error' });
		const ids: string[] = [];
		for (const prompt of ['ends', 'fails', 'runs']) ids.unshift(await client.start(prompt));
		const answer = await client.list('?page=1&page_size=2');
		expect([answer.status, misfit('listTasks', answer)]).toEqual([200, undefined]);
		expect(idsIn(answer.json)).toEqual(ids.slice(0, 2));
		expect(answer.json).toMatchObject({ total: 3, page: 1, page_size: 2 });
		const rest = await client.list('?page=2&page_size=2');
		expect(rest.json?.data).toEqual([
			expect.objectContaining({ id: ids[2], status: 'completed', has_results: true, credits_used: 23.04 }),
		]);
		for (const entry of [...(answer.json?.data as Json[]), ...(rest.json?.data as Json[])])
			expect(Object.keys(entry)).not.toEqual(
				expect.arrayContaining([expect.stringMatching(/^results$|^error$/)]),
			);
		expect(idsIn((await client.list('?page=3&page_size=2')).json)).toEqual([]);
	});

	test('can be asked for some of them', async () => {
		evolink.script('ends', { seconds: 0 });
		evolink.script('stops', { seconds: 0, outcome: 'canceled' });
		const [ends, stops, runs] = [
			await client.start('ends'),
			await client.start('stops'),
			await client.start('runs'),
		];
		expect(idsIn((await client.list('?status=completed')).json)).toEqual([ends]);
		expect(idsIn((await client.list('?status=cancelled')).json)).toEqual([stops]);
		expect(idsIn((await client.list('?status=processing')).json)).toEqual([runs]);
		expect(idsIn((await client.list('?model=sora-2-pro-preview')).json)).toEqual([]);
		expect(idsIn((await client.list('?model=sora-2-preview&type=video')).json)).toHaveLength(3);
		expect(idsIn((await client.list('?type=image')).json)).toEqual([]);
	});

	test.each(['?page=0', '?page_size=51', '?status=done', '?type=film', '?page=one'])(
		'%s is refused',
		async (query) => {
			const refused = await client.list(query);
			expect([refused.status, misfit('listTasks', refused)]).toEqual([400, undefined]);
		},
	);

	test.each([404, 405] as const)('it can be missing: %i, and reads by id go on', async (status) => {
		const id = await client.start('a cat');
		evolink.taskList = status;
		expect(await client.list()).toMatchObject({ status, json: { error: { code: 'route_not_found' } } });
		expect((await client.read(id)).status).toBe(200);
	});
});
