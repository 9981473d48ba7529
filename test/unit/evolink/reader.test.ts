import fc from 'fast-check';
import type { IDataObject, IHttpRequestOptions } from 'n8n-workflow';

import { getTasks, taskReader } from '../../../nodes/evolink/api';
import type { Failure } from '../../../nodes/evolink/failure';
import { evolinkFacts } from '../../../nodes/evolink/generated/spec.gen';
import { TaskReader, type BatchReading, type TaskReading } from '../../../nodes/evolink/reader';
import {
	CREDENTIAL,
	alwaysAsync,
	failureOf,
	fakeContext,
	hostileBody,
	hostileJson,
	PROPERTY_TIMEOUT_MS,
	taskOf,
	type FakeAnswer,
} from '../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const MOST = evolinkFacts.task.perRead;
const idsOf = (count: number) => Array.from({ length: count }, (_, at) => `task-unified-1-${at}`);
const counts = fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 180 }));

const unauthorized = failureOf({ kind: 'unauthorized', status: 401, transient: false });
const rateLimited = failureOf({ kind: 'rateLimited', status: 429, retryAfterMs: 7000 });
/** What says that EvoLink, or the way to it, is in trouble. */
const outages = [
	failureOf(),
	failureOf({ kind: 'modelUnavailable', status: 503 }),
	failureOf({ kind: 'network', status: undefined }),
];
/** What speaks against this way of reading. */
const refusals = [
	failureOf({ kind: 'unexpected', status: 404, transient: false }),
	failureOf({ kind: 'badRequest', status: 405, transient: false }),
	failureOf({ kind: 'badRequest', status: 400, transient: false }),
	failureOf({ kind: 'forbidden', status: 403, transient: false }),
	failureOf({ kind: 'unexpected', status: 302, transient: false }),
	failureOf({ kind: 'unexpected', status: 200 }),
];
const singleFailures = [failureOf({ kind: 'notFound', status: 404, transient: false }), ...outages];

interface Server {
	/** By id: why a single read fails; else it succeeds. */
	single?: (id: string) => Failure | undefined;
	/** By number of the request: why a batch read fails; else it has every id that `has` names. */
	batch?: (request: number) => Failure | undefined;
	has?: (id: string) => boolean;
}

/** An EvoLink that does what a test says, a reader of it, and what it was asked. */
function reading({ single = () => undefined, batch = () => undefined, has = () => true }: Server) {
	const seen = { singles: [] as string[], batches: [] as Array<readonly string[]>, atOnce: 0 };
	let open = 0;
	const answering = async <Answer>(answer: Answer): Promise<Answer> => {
		seen.atOnce = Math.max(seen.atOnce, ++open);
		await Promise.resolve();
		open--;
		return answer;
	};
	const readOne = (id: string) => {
		seen.singles.push(id);
		const failure = single(id);
		const task = taskOf({ id, from: 'single' });
		return answering<TaskReading>(failure ? { ok: false, failure } : { ok: true, task });
	};
	const readMany = (ids: readonly string[]) => {
		const failure = batch(seen.batches.push(ids) - 1);
		const tasks = new Map(ids.filter(has).map((id) => [id, taskOf({ id, from: 'batch' })]));
		return answering<BatchReading>(failure ? { ok: false, failure } : { ok: true, tasks });
	};
	const state = { isUsable: true };
	return { reader: new TaskReader(readOne, readMany, state), state, seen };
}

/** What came of it, by id. Fails where one is recorded twice. */
async function readingsOf(reader: TaskReader, ids: readonly string[], signal?: AbortSignal) {
	const readings = new Map<string, TaskReading>();
	const record = (id: string, one: TaskReading) => {
		if (readings.has(id)) throw new Error(`${id} was recorded twice`);
		readings.set(id, one);
	};
	await reader.read(ids, record, signal);
	return readings;
}

const failureOrNone = fc.option(
	fc.constantFrom(unauthorized, rateLimited, ...outages, ...refusals, ...singleFailures),
	{ nil: undefined },
);
const servers = fc.record({
	single: fc.func(failureOrNone),
	batch: fc.func(failureOrNone),
	has: fc.func(fc.boolean()),
});

describe('reading the tasks of a wait', () => {
	test('whatever EvoLink answers, each id gets one reading, of its own task, and nothing is asked twice', async () => {
		await alwaysAsync(counts, servers, async (count, server) => {
			const ids = idsOf(count);
			const { reader, seen } = reading(server);
			const readings = await readingsOf(reader, [...ids, ...ids]);
			expect([...readings.keys()].sort()).toEqual([...ids].sort());
			for (const [id, one] of readings) if (one.ok) expect(one.task.id).toBe(id);
			expect(new Set(seen.singles).size).toBe(seen.singles.length);
			expect(seen.batches.every((batch) => batch.length <= MOST)).toBe(true);
			expect(new Set(seen.batches.flat()).size).toBe(seen.batches.flat().length);
			expect(seen.atOnce).toBeLessThanOrEqual(5);
		});
	});

	test('fifty tasks take one request, three take three', async () => {
		await alwaysAsync(counts, async (count) => {
			const { reader, seen } = reading({});
			await readingsOf(reader, idsOf(count));
			expect(seen.batches.length + seen.singles.length).toBe(count > 3 ? Math.ceil(count / MOST) : count);
		});
	});

	test('a single unknown task behind fifty known ones does not speak against batch reads', async () => {
		const { reader, seen, state } = reading({ has: (id) => id !== idsOf(51)[50] });
		await readingsOf(reader, idsOf(51));
		expect([seen.batches.length, seen.singles, state.isUsable]).toEqual([2, [idsOf(51)[50]], true]);
	});

	test('a last part of three unknown tasks does not, either', async () => {
		const ids = idsOf(MOST + 3);
		const { reader, state } = reading({ has: (id) => ids.indexOf(id) < MOST });
		await reader.read(ids, () => {});
		expect(state.isUsable).toBe(true);
	});

	test('no more are read singly than the caller has time for', async () => {
		const { reader, seen } = reading({ has: () => false });
		await reader.read(idsOf(20), () => {}, undefined, 2);
		expect(seen.singles).toEqual(idsOf(2));
	});

	test('what a batch read does not have is read singly, and asked for in the next one again', async () => {
		const { reader, seen } = reading({ has: (id) => id.endsWith('0') });
		const ids = idsOf(20);
		const readings = await readingsOf(reader, ids);
		expect([...readings.values()].map((one) => one.ok && one.task.raw.from).sort()).toEqual([
			...Array<string>(2).fill('batch'),
			...Array<string>(18).fill('single'),
		]);
		await readingsOf(reader, ids);
		expect(seen.batches).toHaveLength(2);
	});

	test.each([
		...refusals.map((failure) => [`${failure.status} ${failure.kind}`, { batch: () => failure }] as const),
		['an answer with none of the tasks', { has: () => false }] as const,
	])('%s: every task is read singly, and so for good', async (_, server) => {
		const { reader, seen, state } = reading(server);
		for (const round of [1, 2]) {
			const readings = await readingsOf(reader, idsOf(50));
			expect([...readings.values()].every((one) => one.ok && one.task.raw.from === 'single')).toBe(true);
			expect(seen.singles).toHaveLength(50 * round);
		}
		expect(seen.batches).toHaveLength(1);
		expect(state.isUsable).toBe(false);
	});

	test.each(outages.map((failure) => [failure.kind, failure] as const))(
		'an outage (%s) is the reading of all, at the price of one single read, and the next batch read is tried',
		async (_, failure) => {
			let isDown = true;
			const down = () => (isDown ? failure : undefined);
			const { reader, seen } = reading({ batch: down, single: down });
			const readings = await readingsOf(reader, idsOf(50));
			expect([...readings.values()]).toEqual(Array(50).fill({ ok: false, failure }));
			expect([seen.batches.length, seen.singles.length]).toEqual([1, 1]);
			isDown = false;
			expect([...(await readingsOf(reader, idsOf(50))).values()].every(({ ok }) => ok)).toBe(true);
			expect([seen.batches.length, seen.singles.length]).toEqual([2, 1]);
		},
	);

	test.each([undefined, singleFailures[0]])(
		'a batch read that alone is broken costs no task: the rest is read singly for good (first: %j)',
		async (first) => {
			const [firstId] = idsOf(1);
			const { reader, seen } = reading({
				batch: () => failureOf(),
				single: (id) => (id === firstId ? first : undefined),
			});
			for (const round of [1, 2]) {
				const readings = await readingsOf(reader, idsOf(50));
				expect([...readings.values()].filter(({ ok }) => ok)).toHaveLength(first ? 49 : 50);
				expect(seen.singles).toHaveLength(50 * round);
			}
			expect(seen.batches).toHaveLength(1);
		},
	);

	test.each([unauthorized, rateLimited])(
		'$status is the reading of all, and no single read follows',
		async (failure) => {
			const { reader, seen, state } = reading({ batch: () => failure });
			const readings = await readingsOf(reader, idsOf(120));
			expect([...readings.values()]).toEqual(Array(120).fill({ ok: false, failure }));
			expect([seen.batches.length, seen.singles.length, state.isUsable]).toEqual([3, 0, true]);
		},
	);

	test.each([
		['single', { has: () => false }, 50],
		['batch', {}, 500],
	])('after a stop no %s read begins', async (_, server, count) => {
		const stop = new AbortController();
		const requests = () => seen.singles.length + seen.batches.length;
		const stopAt7 = () => (requests() === 7 ? void stop.abort() : undefined);
		const { reader, seen } = reading({ ...server, single: stopAt7, batch: stopAt7 });
		const readings = await readingsOf(reader, idsOf(count), stop.signal);
		expect(requests()).toBeLessThan(12);
		expect(readings.size).toBeLessThan(count);
	});
});

/** n8n with one EvoLink behind it. */
const host = (answer: (url: string) => FakeAnswer, baseUrl = CREDENTIAL.baseUrl) =>
	fakeContext({ answer: ({ url }) => answer(url), credential: () => ({ ...CREDENTIAL, baseUrl }) });

describe('one request for many tasks', () => {
	const ids = idsOf(4);

	test('names the ids and takes the asked tasks alone, whatever else is in the list', async () => {
		const tasks: IDataObject[] = ids.slice(0, 2).map((id) => ({ id, status: 'processing' }));
		const body = { data: [null, 7, { id: 'another' }, { status: 'completed' }, ...tasks], total: 2 };
		const { ctx, requests } = host(() => ({ status: 200, body }));
		const answer = await getTasks(ctx, ids);
		expect(answer.ok && [...answer.tasks.keys()]).toEqual(ids.slice(0, 2));
		expect(requests).toMatchObject([
			{
				method: 'POST',
				url: 'https://api.evolink.ai/v1/tasks/batch',
				body: JSON.stringify({ task_ids: ids }),
				timeout: 30_000,
			},
		]);
	});

	test('ends in the time that the caller has', async () => {
		const { ctx, requests } = host(() => ({ status: 404, body: {} }));
		const reader = await taskReader(ctx, 0, 5000);
		await readingsOf(reader, ids);
		expect(requests.map(({ timeout }) => timeout)).toEqual(Array(5).fill(5000));
	});

	test.each<[string, boolean, IDataObject]>([
		['has completed without a link', false, { status: 'completed', has_results: true }],
		['has completed with a link', true, { status: 'completed', results: ['https://x.example.com/a.mp4'] }],
		['has failed without a reason', false, { status: 'failed', has_error: true }],
		['has failed with a reason', true, { status: 'failed', error: { code: 'service_error' } }],
		['is cancelled', true, { status: 'cancelled' }],
		['is running', true, { status: 'queued_upstream' }],
	])('a task that %s: enough? %s', async (_, isEnough, task) => {
		const answer = await getTasks(
			host(() => ({ status: 200, body: { data: [{ id: ids[0], ...task }] } })).ctx,
			ids,
		);
		expect(answer.ok && answer.tasks.has(ids[0])).toBe(isEnough);
	});

	test('no answer makes it throw, and only a list is an answer', async () => {
		const bodies = fc.oneof(
			hostileBody,
			fc.record({ data: hostileJson }),
			fc.record({ data: fc.array(fc.oneof(hostileBody, fc.record({ id: fc.constantFrom(...ids) }))) }),
			fc.constantFrom<unknown>('', '<html>', '{"data":[', [], null),
		);
		await alwaysAsync(bodies, fc.constantFrom(200, 204, 302, 404, 405, 500), async (body, status) => {
			const answer = await getTasks(host(() => ({ status, body })).ctx, ids);
			if (!answer.ok) return expect(answer.failure.message).not.toBe('');
			expect(Array.isArray((body as IDataObject).data)).toBe(true);
			for (const [id, task] of answer.tasks) expect([ids.includes(id), task.id]).toEqual([true, id]);
		});
	});
});

describe('the reader of a run', () => {
	const missing = (url: string) =>
		url.endsWith('/batch')
			? { status: 405, body: {} }
			: { status: 200, body: { id: url.split('/').at(-1), status: 'processing' } };
	const batchReads = (requests: IHttpRequestOptions[]) =>
		requests.filter(({ url }) => url.endsWith('/batch')).length;

	test('what one wake-up found out the next one knows, for ten minutes and for that server alone', async () => {
		const { ctx, requests } = host(missing, 'https://one.example.com');
		const start = 1_000_000;
		for (const [at, batches] of [
			[start, 1],
			[start + 599_999, 1],
			[start + 600_000, 2],
		]) {
			const readings = await readingsOf(await taskReader(ctx, at), idsOf(5));
			expect([...readings.values()].every(({ ok }) => ok)).toBe(true);
			expect(batchReads(requests)).toBe(batches);
		}
		const other = host(missing, 'https://two.example.com');
		await readingsOf(await taskReader(other.ctx, start), idsOf(5));
		expect(batchReads(other.requests)).toBe(1);
	});

	test('a credential that cannot be read is a reading of each task, not an error', async () => {
		const { ctx } = host(missing);
		ctx.getCredentials = async () => {
			throw new Error('no such credential');
		};
		const readings = await readingsOf(await taskReader(ctx, 0), idsOf(5));
		expect(readings.size).toBe(5);
		for (const one of readings.values()) {
			expect(one).toMatchObject({ ok: false, failure: { kind: 'unauthorized', transient: false } });
		}
	});
});
