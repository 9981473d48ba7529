import * as fc from 'fast-check';
import type { IDataObject, IWebhookFunctions } from 'n8n-workflow';
import { forgetEverything, Recent } from '../../../nodes/evolink/recent';
import { MEMORY_SIZE, memoryIn, memoryOf } from '../../../nodes/SoraVideoTrigger/memory';
import { EVENTS, readTriggerSettings, type TriggerSettings } from '../../../nodes/SoraVideoTrigger/settings';
import {
	callbackOf,
	verdictOnBody,
	verdictOnReading,
	type Verdict,
} from '../../../nodes/SoraVideoTrigger/verdict';
import { httpFailure } from '../../../nodes/evolink/failure';
import { readTask, type Task } from '../../../nodes/evolink/task';
import type { TaskReading } from '../../../nodes/evolink/reader';

/** `HOSTILE_BODIES=10000` for the long run. */
const numRuns = Number(process.env.HOSTILE_BODIES ?? 1000);

const never = () => false;

function settings(more: Partial<TriggerSettings> = {}): TriggerSettings {
	return {
		events: ['completed', 'failed'],
		verify: true,
		download: false,
		binaryField: 'data',
		maxDownloadBytes: 1,
		simplify: false,
		models: [],
		ignoreRepeats: true,
		...more,
	};
}

const task = (body: object): Task =>
	readTask({ id: 'task-unified-1-real0000', model: 'sora-2-preview', ...body })!;
const reads = (body: object): TaskReading => ({ ok: true, task: task(body) });
const refuses = (status: number, code?: string): TaskReading => ({
	ok: false,
	failure: httpFailure({ status, headers: {}, namesTask: true, body: { error: { code, message: 'no' } } }, 0),
});

const statusOf = (verdict: Verdict | ReturnType<typeof callbackOf>) =>
	verdict.kind === 'answer' ? verdict.status : verdict.kind;

/** What becomes of a body when EvoLink says this of its task. */
function verdictOn(body: unknown, reading: TaskReading, of: TriggerSettings = settings()): Verdict {
	const callback = callbackOf(body, of, never);
	return callback.kind === 'answer' ? callback : verdictOnReading(reading, of);
}

/** Values and names that make bodies which nearly fit. */
const words = [
	'task-unified-1757165031-abcdefgh',
	'completed',
	'COMPLETED ',
	'failed',
	'../../v1/credits',
	'..',
	'x'.repeat(300),
	'\u0000',
];
const names = [
	'id',
	'task_id',
	'data',
	'status',
	'error',
	'results',
	'task_info',
	'__proto__',
	'toString',
	'length',
];
const values = fc.oneof(
	fc.constantFrom(...words),
	fc.constantFrom<unknown>(['https://evil.example/x.mp4'], null, -1, Number.NaN, true),
);
const word = fc.constantFrom(...words);
const nearlyFitting = (field: fc.Arbitrary<unknown>) =>
	fc.record({ id: word, status: word, results: field, error: field }, { requiredKeys: ['id'] });
const hostile = fc.letrec<{ body: unknown }>((tie) => ({
	body: fc.oneof(
		{ maxDepth: 4 },
		values,
		fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }),
		fc.array(tie('body'), { maxLength: 3 }),
		{ arbitrary: nearlyFitting(tie('body')), weight: 4 },
		fc.record({ data: tie('body') }),
		fc.dictionary(fc.constantFrom(...names), tie('body'), { maxKeys: 5 }),
	),
})).body;

describe('hostile bodies', () => {
	test('never throw, and start nothing before EvoLink was asked', () => {
		fc.assert(
			fc.property(hostile, (body) => {
				const callback = callbackOf(body, settings(), never);
				expect([400, 'task']).toContain(statusOf(callback));
				if (callback.kind === 'task') expect(callback.id).toMatch(/^[\x21-\x7e]{1,256}$/);
			}),
			{ numRuns },
		);
	});

	test('start nothing but the task that was read, whatever they claim', () => {
		const reading = reads({ status: 'completed' });
		fc.assert(
			fc.property(hostile, (body) => {
				const verdict = verdictOn(body, reading);
				if (verdict.kind === 'start') expect(verdict.task).toBe(reading.ok && reading.task);
				else expect(statusOf(verdict)).toBe(400);
			}),
			{ numRuns },
		);
	});

	test('start nothing when EvoLink does not know the task, or cannot be asked', () => {
		const outcomes = fc.constantFrom(400, 401, 403, 404, 408, 429, 500, 503);
		fc.assert(
			fc.property(hostile, outcomes, (body, status) => {
				const verdict = verdictOn(body, refuses(status));
				expect([400, 404, 503]).toContain(statusOf(verdict));
			}),
			{ numRuns },
		);
	});

	test('never throw with Verify off, and start only what names a task and a chosen event', () => {
		fc.assert(
			fc.property(hostile, (body) => {
				const verdict = verdictOnBody(body, settings({ verify: false }));
				expect([200, 400, 'start']).toContain(statusOf(verdict));
				if (verdict.kind === 'start') expect(['completed', 'failed']).toContain(verdict.task.phase);
			}),
			{ numRuns },
		);
	});
});

describe('what EvoLink says of the task decides', () => {
	const body = { id: 'task-unified-1-real0000', status: 'completed' };

	test.each([
		['an id that cannot be one', refuses(400, 'invalid_task_id'), 404],
		['a task of another account', refuses(403, 'permission_denied'), 404],
		['an unknown task', refuses(404, 'task_not_found'), 404],
		['a wrong key', refuses(401, 'unauthorized'), 503],
		['no balance', refuses(402, 'quota_exceeded'), 503],
		['too many requests', refuses(429), 503],
		['trouble at EvoLink', refuses(500), 503],
		['a running task', reads({ status: 'processing' }), 503],
		['a status that nobody knows', reads({ status: 'a word of tomorrow' }), 503],
		['an event that is not chosen', reads({ status: 'cancelled' }), 200],
		[
			'a failure that means cancelled',
			reads({ status: 'failed', error: { code: 'request_cancelled' } }),
			200,
		],
		['a failed task', reads({ status: 'failed' }), 'start'],
		['a completed task in other letters', reads({ status: 'Completed' }), 'start'],
	])('%s', (_, reading, expected) => {
		expect(statusOf(verdictOn(body, reading))).toBe(expected);
	});

	test('a task that has started before is not even read', () => {
		const started = (id: string) => id === body.id;
		expect(statusOf(callbackOf(body, settings(), started))).toBe(200);
		expect(statusOf(callbackOf(body, settings({ ignoreRepeats: false }), started))).toBe('task');
	});

	test('a task without a model is not one of the chosen models', () => {
		const reading: TaskReading = { ok: true, task: readTask({ ...body })! };
		const chosen = settings({ models: ['sora-2-preview'] });
		expect(statusOf(verdictOn(body, reading, chosen))).toBe(200);
	});
});

describe('the memory', () => {
	test('survives a restart through the static data', () => {
		const stored: IDataObject = {};
		memoryIn(stored, new Map(), 'w/n').add('a');
		const restarted = memoryIn(JSON.parse(JSON.stringify(stored)) as IDataObject, new Map(), 'w/n');
		expect([restarted.has('a'), restarted.has('b')]).toEqual([true, false]);
	});

	test('sees what another delivery of this process took on, but not what another node did', () => {
		const shared = new Map<string, true>();
		memoryIn({}, shared, 'w/n').add('a');
		expect(memoryIn({}, shared, 'w/n').has('a')).toBe(true);
		expect(memoryIn({}, shared, 'w/other').has('a')).toBe(false);
	});

	test('takes a task with a verified reference for another one, once: who calls without it first keeps nobody out', () => {
		const memory = memoryIn({}, new Map(), 'w/n');
		memory.add('a');
		expect([memory.has('a'), memory.has('a', true)]).toEqual([true, false]);
		memory.add('a', true);
		expect([memory.has('a'), memory.has('a', true)]).toEqual([true, true]);
		memory.add('b', true);
		expect([memory.has('b'), memory.has('b', true)]).toEqual([true, true]);
	});

	test('keeps the latest ones and no more', () => {
		const stored: IDataObject = {};
		const memory = memoryIn(stored, new Recent(MEMORY_SIZE), 'w/n');
		for (let count = 0; count <= MEMORY_SIZE; count += 1) memory.add(`task ${count}`);
		expect([memory.has('task 0'), memory.has('task 1'), memory.has(`task ${MEMORY_SIZE}`)]).toEqual([
			false,
			true,
			true,
		]);
		expect(stored.started).toHaveLength(MEMORY_SIZE);
	});

	test.each([
		['manual', false],
		['webhook', true],
	])('in mode %s: a task that comes again is known: %s', (mode, known) => {
		const stored: IDataObject = {};
		const host = {
			getMode: () => mode,
			getWorkflow: () => ({ id: mode }),
			getNode: () => ({ id: 'node' }),
			getWorkflowStaticData: () => stored,
		} as unknown as IWebhookFunctions;
		memoryOf(host).add('a');
		expect(memoryOf(host).has('a')).toBe(known);
		expect(stored.started).toEqual(known ? ['a'] : undefined);
		stored.started = [];
		expect(memoryOf(host).has('a')).toBe(known);
		forgetEverything();
		expect(memoryOf(host).has('a')).toBe(false);
	});

	test.each([null, 'a', { 0: 'a' }, [1, null]])('takes static data %j for empty', (started) => {
		expect(memoryIn({ started } as IDataObject, new Map(), 'w/n').has('a')).toBe(false);
	});
});

describe('settings', () => {
	const read = (given: Record<string, unknown>) =>
		readTriggerSettings((name, fallback) => given[name] ?? fallback);

	test('Download is off without Verify, whatever its field still says', () => {
		const off = { events: EVENTS, verify: false, download: true, binaryField: '' };
		expect(read(off)).toMatchObject({ verify: false, download: false });
		expect(read({ ...off, verify: true, binaryField: 'film' })).toMatchObject({ download: true });
	});

	test('models may come as a list or as a text with commas', () => {
		const models = ['sora-3', 'sora-2-preview'];
		expect(read({ events: EVENTS, options: { models } })).toMatchObject({ models });
		expect(read({ events: EVENTS, options: { models: 'sora-3, sora-2-preview,' } })).toMatchObject({
			models,
		});
	});
});
