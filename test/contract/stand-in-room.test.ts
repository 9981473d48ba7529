import type { FullAnswer } from '../../stand-in';
import { client, evolink, misfit, standInForEachTest, type Reply } from './stand-in-client';

standInForEachTest();

const order = async (prompt: string, key?: string) =>
	await client.create(
		{ model: 'sora-2-preview', prompt },
		key === undefined ? {} : { 'idempotency-key': key },
	);
const errorOf = (reply: Reply) => reply.json?.error;

const WORDS = {
	code: 429,
	message: 'Rate limit exceeded',
	type: 'rate_limit_error',
	fallback_suggestion: 'retry after 60 seconds',
};
const FAILED = {
	code: 'internal_error',
	message: 'Failed to create video generation task',
	type: 'api_error',
};
const FULL: Array<[FullAnswer, number, object, string | null, number]> = [
	['429', 429, WORDS, null, 0],
	['429-retry-after', 429, { code: 'rate_limit_exceeded' }, '5', 0],
	['500', 500, FAILED, null, 0],
	['500-taken', 500, FAILED, null, 1],
];

describe('an account that has room for two', () => {
	test.each(FULL)('answers a third order as it was seen: %s', async (full, status, error, wait, taken) => {
		evolink.room = { tasks: 2, full };
		const replies = await Promise.all(['one', 'two', 'three'].map(async (prompt) => await order(prompt)));
		expect(replies.map((reply) => reply.status)).toEqual([200, 200, status]);
		const [, , refused] = replies;
		expect([errorOf(refused), refused.headers.get('retry-after')]).toEqual([
			expect.objectContaining(error),
			wait,
		]);
		expect(misfit('createVideoTask', refused)).toBeUndefined();
		expect(evolink.charges).toHaveLength(2 + taken);
		expect(evolink.refused.map(({ prompt }) => prompt)).toEqual(taken ? [] : ['three']);
		expect((await client.list()).json?.total).toBe(2 + taken);
	});

	test('a task that ends gives its place back', async () => {
		evolink.room = { tasks: 1 };
		const id = await client.start('one');
		expect((await order('two')).status).toBe(429);
		evolink.finish(id);
		expect((await order('two')).status).toBe(200);
	});

	test('another user of the account takes the room away, and gives it back', async () => {
		evolink.room = { tasks: 1, full: '500' };
		const theirs = await evolink.order({ model: 'sora-2-preview', prompt: 'theirs' }, { outcome: 'stuck' });
		expect((await order('mine')).status).toBe(500);
		evolink.finish(theirs.id);
		expect((await order('mine')).status).toBe(200);
		expect(evolink.charges.map(({ prompt }) => prompt)).toEqual(['theirs', 'mine']);
	});

	test('a wrong order is still refused for what is wrong, and a repeated one finds its task', async () => {
		evolink.room = { tasks: 1 };
		const first = await order('one', 'key-of-sixteen-signs');
		expect((await order('')).status).toBe(400);
		const again = await order('one', 'key-of-sixteen-signs');
		expect([again.status, again.json?.id]).toEqual([200, first.json?.id]);
	});

	test('the room may be taken away, given back, or asked for in a prompt', async () => {
		evolink.room = { tasks: 0 };
		expect((await order('one')).status).toBe(429);
		evolink.room = undefined;
		expect((await order('one')).status).toBe(200);
		expect((await order('[stand-in: room 1 429-retry-after] two')).headers.get('retry-after')).toBe('5');
		expect((await order('[stand-in: room 2] three')).status).toBe(200);
	});
});
