import type { IDataObject } from 'n8n-workflow';
import { binaryOf, recoverCrashed, retryExecution } from '../../tools/n8n-engine';
import { CALLBACK_URL, TRIGGER, activate, withTrigger, type TriggerLab } from './trigger-support';
import type { TaskScript } from '../../stand-in';
import { inLab } from './lab';
import { BY_HAND, sora, start } from './support';

/** No run, no stored execution, and the status that EvoLink gets. */
function expectRefused(trigger: TriggerLab, status: number): void {
	expect(trigger.received.map(({ statusCode }) => statusCode)).toEqual([status]);
	expect(trigger.started).toEqual([]);
}

describe('the reference of an order', () => {
	/** Orders with a Sora Video node, as many as there are references, and waits until the trigger has run for each. */
	async function orderWith(trigger: TriggerLab, ...references: string[]): Promise<void> {
		const callback = { callbackUrl: `${CALLBACK_URL}?from=n8n`, reference: '={{ $json.row }}' };
		const node = sora({ prompt: 'a cat', wait: 'none', ...callback });
		const items = references.map((row) => ({ json: { row } }));
		const run = await trigger.run([start, node], items);
		expect(run.error).toBeUndefined();
		await trigger.evolink.until(() => trigger.started.length >= references.length);
	}

	test.each([false, true])(
		'comes back with its task, and is told to be the one that was sent (Simplify: %s)',
		async (simplify) => {
			await withTrigger({ simplify }, async (trigger) => {
				await orderWith(trigger, 'row 17', 'chat äöü & co');
				const told = trigger.started.map(({ reference, referenceVerified }) => [
					reference,
					referenceVerified,
				]);
				expect(told.sort()).toEqual([
					['chat äöü & co', true],
					['row 17', true],
				]);
			});
		},
	);

	test('is left out where it does not match its signature; the workflow starts for its task all the same', async () => {
		await withTrigger({}, async (trigger) => {
			const id = await trigger.order('a cat', `${CALLBACK_URL}?reference=row+17&reference_signature=made-up`);
			await trigger.evolink.until(() => trigger.started.length > 0);
			const [item] = trigger.started;
			expect(item).toMatchObject({ id, referenceProblem: expect.stringContaining('does not match') });
			expect(item).not.toHaveProperty('reference');
		});
	});

	test('comes through once, although somebody called for the task without it before', async () => {
		await withTrigger({}, async (trigger) => {
			trigger.evolink.fault('callback', { kind: 'late', seconds: 3600 });
			const callback = { callbackUrl: CALLBACK_URL, reference: 'row 17' };
			const run = await trigger.run([start, sora({ prompt: 'a cat', wait: 'none', ...callback })]);
			expect(run.error).toBeUndefined();
			const id = trigger.idOf('a cat');
			const { searchParams } = new URL(String((trigger.creates[0].body as IDataObject).callback_url));
			const query = Object.fromEntries(searchParams);
			await trigger.evolink.until(() => trigger.evolink.tasks.get(id)!.status === 'completed');
			for (const each of [{}, {}, query, query, {}]) await trigger.call({ body: { id }, query: each });
			expect(trigger.started.map(({ reference }) => reference)).toEqual([undefined, 'row 17']);
		});
	});

	test('starts nothing by itself', async () => {
		await withTrigger({}, async (trigger) => {
			const query = { reference: 'row 17', reference_signature: 'made-up' };
			await trigger.call({ body: { id: 'task-unified-1-made0up0' }, query });
			await trigger.call({ body: {}, query });
			expect(trigger.started).toEqual([]);
			expect(trigger.received.map(({ statusCode }) => statusCode)).toEqual([404, 400]);
		});
	});

	test("is told to be unverified where 'Verify' is off", async () => {
		await withTrigger({ verify: false }, async (trigger) => {
			await orderWith(trigger, 'row 17');
			expect(trigger.started[0]).toMatchObject({ reference: 'row 17', referenceVerified: false });
		});
	});
});

describe('a callback of EvoLink', () => {
	test('starts the workflow with the task as the key reads it, and says until when its links work', async () => {
		await withTrigger({}, async (trigger) => {
			const id = await trigger.orderAndDeliver('a cat');
			const [task, ...more] = trigger.started;
			expect(more).toEqual([]);
			expect(task).toMatchObject({ id, status: 'completed', model: 'sora-2-preview' });
			expect(task.videoUrl).toBe((task.results as string[])[0]);
			expect(task).not.toHaveProperty('error');
			// the callback may be late: from the creation on is what is sure
			const expires = Date.parse(String(task.resultExpiresAt)) - 24 * 3_600_000;
			expect(expires).toBe(Number(task.created) * 1000);
			expect(trigger.reads).toHaveLength(1);
			expect(trigger.deliveries(id).map(({ status }) => status)).toEqual([200]);
		});
	});

	test.each([
		['failed', { outcome: 'failed', code: 'content_policy_violation' }, ['failed']],
		['cancelled', { outcome: 'cancelled' }, ['cancelled']],
		['canceled (the other spelling)', { outcome: 'canceled' }, ['cancelled']],
		['cancelled by request, which EvoLink calls failed', { outcome: 'request-cancelled' }, ['cancelled']],
	] as const)('starts it for a task that %s, with the reason', async (_, script, events) => {
		await withTrigger({ events: [...events] }, async (trigger) => {
			trigger.evolink.script('a cat', script);
			const id = await trigger.orderAndDeliver('a cat');
			expect(trigger.started).toEqual([expect.objectContaining({ id })]);
			expect(trigger.started[0]).not.toHaveProperty('error');
			expect(trigger.started[0]).not.toHaveProperty('resultExpiresAt');
			if ('code' in script)
				expect(trigger.started[0]?.taskError).toMatchObject({ code: script.code, retryable: false });
		});
	});

	test.each([
		['wrapped in data, with task_id', { kind: 'wrapped' }],
		['whose body tells lies about the task', { kind: 'forged' }],
	] as const)('is only asked for the id: one %s gives the true task', async (_, fault) => {
		await withTrigger({}, async (trigger) => {
			trigger.evolink.fault('callback', fault);
			const id = await trigger.orderAndDeliver('a cat');
			expect(trigger.started).toEqual([expect.objectContaining({ id })]);
			expect(String(trigger.started[0]?.videoUrl)).toContain(trigger.evolink.url);
		});
	});

	test.each(['text/plain', 'application/octet-stream', ''])(
		'is understood as content type "%s"',
		async (type) => {
			await withTrigger({}, async (trigger) => {
				const id = await trigger.order('a cat', 'https://elsewhere.example.test/');
				await trigger.call({ body: JSON.stringify({ id }), headers: { 'content-type': type } });
				expect(trigger.started).toEqual([expect.objectContaining({ id, status: 'completed' })]);
			});
		},
	);
});

describe('answers 2xx and starts nothing', () => {
	test('when the callback comes twice', async () => {
		await withTrigger({}, async (trigger) => {
			trigger.evolink.fault('callback', { kind: 'duplicate', times: 3 });
			const id = await trigger.order('a cat');
			await trigger.evolink.until(() => trigger.received.length === 3);
			expect(trigger.deliveries(id).map(({ status }) => status)).toEqual([200, 200, 200]);
			expect(trigger.started).toHaveLength(1);
		});
	});

	test('when ten deliveries of one callback arrive at the same time, all but one', async () => {
		await withTrigger({}, async (trigger) => {
			const id = await trigger.order('a cat', 'https://elsewhere.example.test/');
			await Promise.all(Array.from({ length: 10 }, async () => await trigger.call({ body: { id } })));
			expect(trigger.received.map(({ statusCode }) => statusCode)).toEqual(Array(10).fill(200));
			expect(trigger.started).toHaveLength(1);
		});
	});

	test('but starts it each time when Ignore Repeats is off', async () => {
		await withTrigger({ options: { ignoreRepeats: false } }, async (trigger) => {
			trigger.evolink.fault('callback', { kind: 'duplicate', times: 2 });
			await trigger.order('a cat');
			await trigger.evolink.until(() => trigger.received.length === 2);
			expect(trigger.started).toHaveLength(2);
		});
	});

	test('when the event is not chosen, whatever the callback claims', async () => {
		await withTrigger({ events: ['completed'] }, async (trigger) => {
			trigger.evolink.script('a cat', { outcome: 'failed' });
			const id = await trigger.order('a cat', 'https://elsewhere.example.test/');
			await trigger.call({ body: { id, status: 'completed' } });
			expectRefused(trigger, 200);
		});
	});

	test.each([
		[['sora-2-pro-preview'], 0],
		['sora-2-pro-preview, sora-2-preview', 1],
		[[], 1],
	])('when the model is not one of %j', async (models, starts) => {
		await withTrigger({ options: { models } }, async (trigger) => {
			await trigger.orderAndDeliver('a cat');
			expect(trigger.started).toHaveLength(starts);
		});
	});
});

describe('answers 4xx and starts nothing', () => {
	test.each([
		['a forged id', { id: 'task-unified-1757165031-forged00', status: 'completed' }, 404],
		['an id that EvoLink could not have given', { id: 'evt_1', status: 'completed' }, 404],
		['an id that climbs in the path', { id: '../credits' }, 404],
		['an id that is the path above', { id: '..' }, 400],
		['a foreign body', { event: 'push', ref: 'refs/heads/main' }, 400],
		['an id that is no text', { id: { $gt: '' } }, 400],
		['a list', [{ id: 'x' }], 400],
		['an empty body', '', 400],
		['one megabyte in the id', { id: 'x'.repeat(1_000_000) }, 400],
		['one megabyte elsewhere', { blob: 'x'.repeat(1_000_000) }, 400],
	])('to %s', async (_, body, status) => {
		await withTrigger({}, async (trigger) => {
			await trigger.call({ body });
			expectRefused(trigger, status);
			const asked = trigger.evolink.requests.map(({ operationId }) => operationId);
			expect(asked.filter((operation) => operation !== 'getTask')).toEqual([]);
		});
	});

	test.each([
		['text/plain', 'completed'],
		['application/octet-stream', '\u0000\u0001'],
		['text/plain', '{"id": "task-'],
		['text/plain', `{"id": "${'x'.repeat(2_000_000)}"}`],
	])('to a body of %s that is no callback', async (type, body) => {
		await withTrigger({}, async (trigger) => {
			await trigger.call({ body, headers: { 'content-type': type } });
			expectRefused(trigger, 400);
		});
	});

	test('to the id of another account', async () => {
		await withTrigger({}, async (trigger) => {
			trigger.evolink.fault('read', { kind: 'http', status: 403, code: 'permission_denied' });
			await trigger.call({ body: { id: 'task-unified-1757165031-another0' } });
			expectRefused(trigger, 404);
		});
	});
});

describe('answers 503, so that EvoLink tries again,', () => {
	test.each([
		['EvoLink has trouble', { kind: 'http', status: 503 }],
		['EvoLink asks to slow down', { kind: 'http', status: 429 }],
		['the connection breaks', { kind: 'drop-before' }],
		['another task is read than was asked for', { kind: 'body', body: { id: 'task-unified-1-other000' } }],
		['the key is wrong', { kind: 'http', status: 401 }],
	] as const)('while %s, and takes the next delivery', async (_, fault) => {
		await withTrigger({}, async (trigger) => {
			const handle = trigger.evolink.fault('read', fault, { times: 1 });
			const id = await trigger.orderAndDeliver('a cat');
			expect(handle.hits).toBe(1);
			expect(trigger.deliveries(id).map(({ status }) => status)).toEqual([503, 200]);
			expect(trigger.started).toEqual([expect.objectContaining({ id, status: 'completed' })]);
		});
	});

	test('while the task is still in the making, whatever the callback claims', async () => {
		await withTrigger({}, async (trigger) => {
			trigger.evolink.script('a cat', { outcome: 'stuck' });
			const id = await trigger.order('a cat');
			await trigger.call({ body: { id, status: 'completed', results: ['https://evil.example/x.mp4'] } });
			expectRefused(trigger, 503);
		});
	});

	test('and says in the log what is wrong with the key and where to look', async () => {
		await withTrigger({}, async (trigger) => {
			trigger.evolink.fault('read', { kind: 'http', status: 401, code: 'revoked_api_key' });
			await trigger.call({ body: { id: 'task-unified-1757165031-abcdefgh' } });
			expectRefused(trigger, 503);
			const errors = trigger.received[0]!.logs.filter(({ level }) => level === 'error');
			expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('API key')]);
			expect(errors[0]!.text).toContain(TRIGGER);
			expect(JSON.stringify(errors)).not.toContain(trigger.evolink.apiKey);
		});
	});

	test('in less than the 10 s after which EvoLink gives up, when EvoLink itself does not answer the reading', async () => {
		await withTrigger({}, async (trigger) => {
			trigger.evolink.fault('read', { kind: 'slow', seconds: 1_000_000 });
			const before = Date.now();
			const { sentAt = Infinity } = await trigger.call({ body: { id: 'task-unified-1757165031-abcdefgh' } });
			expectRefused(trigger, 503);
			expect(sentAt - before).toBeLessThan(10_000);
		});
	});

	test('when the credential is missing', async () => {
		await withTrigger(
			{},
			async (trigger) => {
				await trigger.call({ body: { id: 'task-unified-1757165031-abcdefgh' } });
				expectRefused(trigger, 503);
				expect(trigger.received[0]!.logs.map(({ text }) => text).join()).toMatch(/credential/);
			},
			{ node: { credentials: {} } },
		);
	});
});

describe('with Download', () => {
	test('the file is fetched in the execution: the answer is sent before, and the video is there in the end', async () => {
		await withTrigger({ download: true, binaryField: 'film' }, async (trigger) => {
			trigger.evolink.script('a cat', { media: { delaySeconds: 40 } });
			const id = await trigger.orderAndDeliver('a cat');
			const [{ execution, sentAt = Infinity }] = trigger.received;
			const media = trigger.evolink.requests.find(({ operationId }) => operationId === 'media');
			expect(sentAt).toBeLessThanOrEqual(media?.at ?? 0);
			expect(trigger.deliveries(id)).toHaveLength(1);
			const file = await binaryOf(execution!.output('After')[0]!, 'film');
			expect(file).toMatchObject({ mimeType: 'video/mp4', fileName: `${id}.mp4` });
			expect((await file.buffer()).length).toBe(file.bytes);
		});
	});

	test('the link that the task had is used where a later read comes from a replica that lags', async () => {
		await withTrigger({ download: true }, async (trigger) => {
			trigger.evolink.script('a cat', BY_HAND);
			const id = await trigger.order('a cat');
			let reads = 0;
			const stale = { kind: 'body', body: { id, status: 'processing' } } as const;
			trigger.evolink.fault('read', stale, { match: () => ++reads === 2 });
			trigger.evolink.finish(id);
			await trigger.evolink.until(() => trigger.received.length > 0);
			const [item] = trigger.received[0].execution!.output('After');
			expect(item!.json).not.toHaveProperty('downloadError');
			expect((await binaryOf(item!)).mimeType).toBe('video/mp4');
			expect(reads).toBe(2);
		});
	});

	test('a process that is lost while it fetches leaves an execution that Retry finishes', async () => {
		await withTrigger({ download: true }, async (trigger) => {
			const slow = trigger.evolink.fault(
				'media',
				{ kind: 'media', media: { delaySeconds: 600 } },
				{ times: 1 },
			);
			const id = await trigger.order('a cat', 'https://elsewhere.example.test/');
			const { run } = await trigger.begin({ body: { id } });
			await trigger.evolink.until(() => slow.hits === 1);
			run!.crash();
			recoverCrashed(trigger.engine, run!);
			const again = await (await retryExecution(trigger.engine, run!.executionId)).done;
			expect(again.status).toBe('success');
			expect(again.json('After')).toMatchObject([{ id, status: 'completed' }]);
			expect((await binaryOf(again.output('After')[0]!)).mimeType).toBe('video/mp4');
		});
	});

	test.each([
		['the link is gone', { media: { status: 404 } }, /404/],
		['the link leads to a private host', { results: ['https://10.0.0.1/x.mp4'] }, /private host/],
		['there is no link', { outcome: 'no-results' }, /no link/],
		['it is no video', { media: { body: 'html' } }, /expected/],
	] satisfies Array<[string, TaskScript, RegExp]>)(
		'the workflow starts without it when %s, and the item says so',
		async (_, script, reason) => {
			await withTrigger({ download: true }, async (trigger) => {
				trigger.evolink.script('a cat', script);
				const id = await trigger.orderAndDeliver('a cat');
				expect(trigger.started).toEqual([
					expect.objectContaining({ id, status: 'completed', downloadError: expect.stringMatching(reason) }),
				]);
				const [{ execution }] = trigger.received;
				expect(execution?.status).toBe('success');
				expect(execution?.output('After')[0]?.binary).toBeUndefined();
			});
		},
	);

	test.each<[string, TaskScript, object]>([
		['the file', {}, {}],
		['why there is none', { media: { status: 404 } }, { downloadError: expect.any(String) }],
	])("'Simplify' leaves the fields that most workflows need, and %s", async (_, script, more) => {
		await withTrigger({ download: true, simplify: true }, async (trigger) => {
			trigger.evolink.script('a cat', script);
			const id = await trigger.orderAndDeliver('a cat');
			const [{ json, binary }] = trigger.received[0]!.execution!.output('After');
			const made = {
				createdAt: expect.any(String),
				creditsUsed: 23.04,
				processingSeconds: expect.any(Number),
			};
			expect(json).toEqual({
				id,
				status: 'completed',
				model: 'sora-2-preview',
				videoUrl: expect.any(String),
				resultExpiresAt: expect.any(String),
				...made,
				...more,
			});
			expect(binary === undefined).toBe('downloadError' in more);
		});
	});

	test('a failed task starts the workflow without asking for a file', async () => {
		await withTrigger({ download: true }, async (trigger) => {
			trigger.evolink.script('a cat', { outcome: 'failed' });
			await trigger.orderAndDeliver('a cat');
			expect(trigger.started[0]).not.toHaveProperty('downloadError');
			expect(trigger.evolink.mediaStats.requests).toBe(0);
		});
	});
});

describe('with Verify off', () => {
	test('the callback is taken at its word without a credential, and nothing is read or fetched', async () => {
		await withTrigger(
			{ verify: false, download: true },
			async (trigger) => {
				const id = await trigger.orderAndDeliver('a cat');
				expect(trigger.started).toEqual([expect.objectContaining({ id, status: 'completed' })]);
				expect(trigger.started[0]).not.toHaveProperty('resultExpiresAt');
				expect(trigger.reads).toEqual([]);
				expect(trigger.evolink.mediaStats.requests).toBe(0);
			},
			{ node: { credentials: {} } },
		);
	});

	test.each([
		['an event that is not chosen', { id: 'task-unified-1-a', status: 'cancelled' }, 200],
		['a status that is no end', { id: 'task-unified-1-b', status: 'processing' }, 200],
		['no task id', { status: 'completed' }, 400],
	])('%s starts nothing', async (_, body, status) => {
		await withTrigger({ verify: false }, async (trigger) => {
			await trigger.call({ body });
			expectRefused(trigger, status);
		});
	});
});

describe('activation', () => {
	test('is refused with Verify on and no credential, with the reason', async () => {
		await inLab(async (lab) => {
			const refused = activate(lab, { credentials: {} });
			await expect(refused).rejects.toThrow(/'Verify' is on.*credential/);
			await expect(activate(lab, { credentials: {}, parameters: { verify: false } })).resolves.toBeDefined();
		});
	});

	test.each([
		[{ events: [] }, /'Events' is empty/],
		[{ events: ['finished'] }, /'Events' is 'finished'/],
		[{ download: true, binaryField: '__proto__' }, /'Output Data Field Name' is '__proto__'/],
		[{ download: true, options: { maxDownloadMb: 0 } }, /'Max Download MB' is 0/],
	])('is refused with %j, which could never start anything', async (parameters, message) => {
		await inLab(async (lab) => {
			await expect(activate(lab, { parameters })).rejects.toThrow(message);
		});
	});

	test.each([
		['http://n8n.example.test/webhook', 'is http'],
		['http://localhost:5678/webhook', 'is http'],
		['https://192.168.1.5/webhook', "names the private host '192.168.1.5'"],
	])('at %s warns that EvoLink cannot reach it, and goes on', async (base, why) => {
		await inLab(async (lab) => {
			const warnings = (await activate(lab, {}, base)).filter(({ level }) => level === 'warn');
			expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining(why)]);
			expect(warnings[0]?.message).toContain(base);
		});
	});

	test('at a public https URL says nothing, and may happen again and again', async () => {
		await inLab(async (lab) => {
			for (let times = 0; times < 3; times += 1) {
				const lines = await activate(lab, {});
				expect(lines.filter(({ level }) => level !== 'debug')).toEqual([]);
			}
		});
	});
});
