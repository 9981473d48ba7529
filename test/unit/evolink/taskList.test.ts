import { listTasks } from '../../../nodes/evolink/api';
import { collectTasks, MOST_PAGES, type PageReading, type TaskQuery } from '../../../nodes/evolink/taskList';
import { failureOf, fakeContext, taskOf } from '../support';

const SIZE = 3;
/** Task number `n` was created `n` seconds before the newest. */
const NEWEST = 1_757_169_743;
const task = (n: number, more: object = {}) =>
	taskOf({ id: `task-unified-${n}`, status: 'completed', created: NEWEST - n, ...more });
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

/** An account with tasks 0 (the newest) to `count`, in pages of three, and what it was asked. */
function account(count: number, change: (page: number, answer: PageReading) => PageReading = (_, it) => it) {
	const asked: number[] = [];
	const readPage = async (page: number): Promise<PageReading> => {
		asked.push(page);
		const tasks = numbers(0, count).slice((page - 1) * SIZE, page * SIZE);
		return change(page, { ok: true, tasks: tasks.map((n) => task(n)), isLast: page * SIZE >= count });
	};
	const list = async (query: Partial<TaskQuery> = {}) =>
		await collectTasks(readPage, { limit: Infinity, ...query });
	return { asked, list };
}

const found = (listing: Awaited<ReturnType<typeof collectTasks>>) =>
	listing.ok ? listing.tasks.map(({ id }) => Number(id.slice(13))) : listing.failure;

describe('the list is read', () => {
	test.each([0, 1, 3, 4, 10])('to its end: %i tasks', async (count) => {
		const { list, asked } = account(count);
		expect(found(await list())).toEqual(numbers(0, count));
		expect(asked).toHaveLength(Math.max(1, Math.ceil(count / SIZE)));
	});

	test('no further than the limit asks for', async () => {
		const { list, asked } = account(10);
		expect(found(await list({ limit: 4 }))).toEqual([0, 1, 2, 3]);
		expect(asked).toEqual([1, 2]);
	});

	test('no further than the time asks for, which counts itself', async () => {
		const { list, asked } = account(10);
		expect(found(await list({ since: (NEWEST - 4) * 1000 }))).toEqual([0, 1, 2, 3, 4]);
		expect(asked).toEqual([1, 2, 3]);
	});

	test('past an older task that stands among newer ones', async () => {
		const { list } = account(9, (page, answer) =>
			page === 1 && answer.ok ? { ...answer, tasks: [task(0), task(900), task(2)] } : answer,
		);
		expect(found(await list({ since: (NEWEST - 4) * 1000 }))).toEqual([0, 2, 3, 4]);
	});

	test('with a limit to its pages, and that is told', async () => {
		const { list, asked } = account(10_000);
		expect(await list()).toMatchObject({ ok: true, isCut: true });
		expect(asked).toHaveLength(MOST_PAGES);
	});
});

test('a task without a time is taken, whatever time is asked for', async () => {
	const { list } = account(2, () => ({ ok: true, tasks: [task(0, { created: null })], isLast: true }));
	expect(found(await list({ since: NEWEST * 2000 }))).toEqual([0]);
});

test('a task that moves to the next page meanwhile is taken once', async () => {
	const { list } = account(7, (page, answer) =>
		page === 2 && answer.ok ? { ...answer, tasks: [task(2), task(3), task(4)] } : answer,
	);
	expect(found(await list())).toEqual([0, 1, 2, 3, 4, 6]);
});

test.each([
	['the same page again and again', [task(0), task(1)]],
	['pages without tasks', []],
])('%s ends in a failure, not in a loop', async (_, tasks) => {
	const { list, asked } = account(0, () => ({ ok: true, tasks, isLast: false }));
	expect(await list()).toMatchObject({ ok: false, failure: { kind: 'unexpected' } });
	expect(asked.length).toBeLessThanOrEqual(2);
});

test('a page that cannot be read is a failure: half a list is not passed off as a whole one', async () => {
	const failure = failureOf({ kind: 'rateLimited', status: 429 });
	const { list } = account(10, (page, answer) => (page === 2 ? { ok: false, failure } : answer));
	expect(await list()).toEqual({ ok: false, failure });
});

test('a status that EvoLink did not look at is looked at here', async () => {
	const tasks = [
		task(0, { status: 'pending' }),
		task(1, { status: 'processing' }),
		task(2),
		task(3, { status: 'failed' }),
		task(4, { status: 'canceled' }),
	];
	const { list } = account(0, () => ({ ok: true, tasks, isLast: true }));
	expect(found(await list({ status: 'processing' }))).toEqual([0, 1]);
	expect(found(await list({ status: 'completed' }))).toEqual([2]);
	expect(found(await list({ status: 'failed' }))).toEqual([3]);
	expect(found(await list({ status: 'cancelled' }))).toEqual([4]);
});

test('a stopped run reads no further page', async () => {
	const stop = new AbortController();
	const pages: number[] = [];
	await collectTasks(
		async (page) => {
			pages.push(page);
			stop.abort();
			return { ok: true, tasks: [task(page)], isLast: false };
		},
		{ limit: Infinity },
		stop.signal,
	);
	expect(pages).toEqual([1]);
});

describe('a page is the last one', () => {
	const entries = (count: number) =>
		numbers(0, count).map((n) => ({ id: `task-unified-${n}`, status: 'failed' }));
	const isLast = async (page: number, count: number, more: object) => {
		const { ctx } = fakeContext({ answer: () => ({ body: { data: entries(count), page, ...more } }) });
		const answer = await listTasks(ctx, {}, page);
		return answer.ok ? answer.isLast : answer.failure.message;
	};

	test.each<[string, number, number, object, boolean]>([
		['short, of a list that has more', 1, 48, { total: 120, page_size: 50 }, false],
		['the same, numbers as text', 2, 48, { page: '2', total: '120', page_size: '50' }, false],
		['the last by the total', 3, 20, { total: 120, page_size: 50 }, true],
		['of a size that is not told', 2, 20, { total: 120 }, false],
		['empty, whatever the total', 3, 0, { total: 120, page_size: 50 }, true],
		['short, of a list without a total', 1, 49, {}, true],
		['whole, of a list without a total', 1, 50, { total: null }, false],
	])('that is %s: page %i with %i tasks and %j: %s', async (_, page, count, more, last) => {
		expect(await isLast(page, count, more)).toBe(last);
	});

	test('or another one than was asked for, which is a failure', async () => {
		expect(await isLast(2, 50, { page: '3' })).toMatch(/another page/);
	});
});
