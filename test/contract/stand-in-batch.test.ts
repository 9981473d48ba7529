import { evolinkFacts } from '../../nodes/evolink/generated/spec.gen';
import { client, evolink, misfit, standInForEachTest, type Json } from './stand-in-client';

standInForEachTest();

describe('many tasks read at once', () => {
	test('each task is as a single read has it, whatever its status, and counts as read once', async () => {
		evolink.script(/./, { seconds: 1e6 });
		evolink.script('fails', { seconds: 0, outcome: 'failed', code: 'service_error' });
		evolink.script('ends', { seconds: 0 });
		evolink.script('odd', { outcome: 'unknown-status' });
		const ids = await Promise.all(['fails', 'ends', 'odd', 'runs'].map((prompt) => client.start(prompt)));
		const answer = await client.readMany([...ids, ids[0]]);
		expect(misfit('getTasks', answer)).toBeUndefined();
		expect(ids.map((id) => evolink.tasks.get(id)?.reads)).toEqual([1, 1, 1, 1]);
		const singles = await Promise.all(ids.map(async (id) => (await client.read(id)).json));
		expect(answer.json).toEqual({ data: singles });
		expect(singles.map((task) => task?.status)).toEqual([
			'failed',
			'completed',
			'queued_upstream',
			'pending',
		]);
	});

	test('unknown, expired and malformed ids are absent, not an error', async () => {
		evolink.script('gone', { seconds: 0, outcome: 'expired' });
		const [gone, known] = [await client.start('gone'), await client.start('a cat')];
		const answer = await client.readMany([gone, 'task-unified-1-aaaaaaaa', known, 'video_1']);
		expect([answer.status, misfit('getTasks', answer)]).toEqual([200, undefined]);
		expect((answer.json?.data as Json[]).map(({ id }) => id)).toEqual([known]);
		expect((await client.readMany([gone])).json).toEqual({ data: [] });
	});

	test('as many as the spec says, and no more', async () => {
		const ids = Array.from({ length: evolinkFacts.task.perRead }, (_, at) => `task-unified-1-${at}`);
		expect((await client.readMany(ids)).status).toBe(200);
		const tooMany = await client.readMany([...ids, 'task-unified-1-x']);
		expect([tooMany.status, misfit('getTasks', tooMany)]).toEqual([400, undefined]);
		expect(tooMany.json).toMatchObject({ error: { param: 'task_ids' } });
	});

	test.each([undefined, [], 'task-unified-1-a', [7], ['']])('%j is refused', async (ids) => {
		const refused = await client.readMany(ids);
		expect([refused.status, misfit('getTasks', refused)]).toEqual([400, undefined]);
	});

	test.each([404, 405] as const)('it can be missing: %i, and single reads go on', async (status) => {
		const id = await client.start('a cat');
		evolink.batchRead = status;
		const missing = await client.readMany([id]);
		expect([missing.status, missing.json]).toMatchObject([status, { error: { code: 'route_not_found' } }]);
		expect((await client.read(id)).status).toBe(200);
		evolink.batchRead = 'offered';
		expect((await client.readMany([id])).status).toBe(200);
		expect(evolink.requests.map(({ operationId }) => operationId)).toEqual([
			'createVideoTask',
			'getTasks',
			'getTask',
			'getTasks',
		]);
	});

	test('a fault of single reads does not meet it, nor its own fault them', async () => {
		const id = await client.start('a cat');
		const single = evolink.fault('read', { kind: 'http', status: 503 });
		const many = evolink.fault('batch', { kind: 'body', body: { tasks: [] } });
		expect((await client.readMany([id])).json).toEqual({ tasks: [] });
		expect((await client.read(id)).status).toBe(503);
		expect([single.hits, many.hits]).toEqual([1, 1]);
	});
});
