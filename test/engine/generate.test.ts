import type { Execution } from '../../tools/n8n-engine';
import { inLab } from './lab';
import { BY_HAND, SORA, prompts, sora } from './support';

/** What is asked for by a prompt alone. */
const ORDER = { model: 'sora-2-preview', prompt: 'a cat', aspect_ratio: '16:9', duration: 4 };

test.concurrent(
	'20 equal items overlap: every order is sent before the first is done, and order is kept',
	() =>
		inLab(async (lab) => {
			lab.evolink.script('', BY_HAND);
			const texts = Array.from({ length: 20 }, (_, index) => `cat ${index}.`);
			const started = await lab.start(sora(), prompts(...texts));
			await lab.evolink.until(() => lab.ids.length === 20);
			for (const id of lab.ids) lab.evolink.finish(id);
			const run = await lab.end(started);
			expect(run.json('After').map(({ id }) => id)).toEqual(texts.map((prompt) => lab.idOf(prompt)));
			expect(run.output(SORA).map(({ pairedItem }) => pairedItem)).toEqual(
				texts.map((_, item) => ({ item })),
			);
		}),
);

test.concurrent('orders begin five at a time: the sixth goes out when one of them is answered', () =>
	inLab(async (lab) => {
		lab.evolink.fault('create', { kind: 'slow', seconds: 4000 }, { times: 5 });
		const texts = Array.from({ length: 12 }, (_, index) => `cat ${index}.`);
		const run = await lab.start(sora(), prompts(...texts));
		await lab.evolink.until(() => lab.creates.length >= 5);
		// a sixth order would be on its way before this
		await fetch(lab.evolink.url);
		expect(lab.creates).toHaveLength(5);
		lab.evolink.advance(4000);
		expect((await lab.end(run)).output(SORA)).toHaveLength(12);
	}),
);

describe("'When a Task Fails' = output", () => {
	test.concurrent.each([
		['failed', { outcome: 'failed', code: 'content_policy_violation', message: 'Too wild' }, 'failed'],
		['cancelled', { outcome: 'cancelled' }, 'cancelled'],
		['canceled', { outcome: 'canceled' }, 'cancelled'],
		['completed without a result', { outcome: 'no-results' }, 'completed'],
	] as const)('a %s task goes on as data, without a file and without a second order', (_, script, status) =>
		inLab(async (lab) => {
			lab.evolink.script('', script);
			const options = { onTaskFailure: 'output', timeoutMinutes: 0.02 };
			const node = sora({ download: true, options }, { retryOnFail: true });
			const run = await lab.run(node);
			expect(run.status).toBe('success');
			const [item] = run.output('After');
			expect(item!.json).toMatchObject({ id: lab.idOf('a cat'), status });
			expect(item!.json).not.toHaveProperty('error');
			expect(item!.binary).toBeUndefined();
			if (status === 'failed') {
				const said = { code: 'content_policy_violation', message: 'Too wild', type: 'task_error' };
				expect(item!.json.taskError).toEqual({ ...said, retryable: false });
			}
			expect(lab.creates).toHaveLength(1);
		}),
	);
});

describe('what was asked for stands in the item', () => {
	const requests = (run: Execution) => run.json(SORA).map(({ request }) => request);

	test.concurrent("after a wait and without one, as it was sent, but for EvoLink's way back", () =>
		inLab(async (lab) => {
			const callbackUrl = 'https://n8n.example.com/webhook/1';
			for (const wait of ['auto', 'none']) {
				const run = await lab.run(sora({ wait, callbackUrl }), prompts('a cat', 'a dog'));
				expect(requests(run)).toEqual([ORDER, { ...ORDER, prompt: 'a dog' }]);
			}
			expect(lab.creates.at(-1)!.body).toHaveProperty('callback_url');
		}),
	);

	test.concurrent('of a task that failed, too, where it goes on as data', () =>
		inLab(async (lab) => {
			lab.evolink.script('', { outcome: 'failed', code: 'generation_timeout' });
			expect(requests(await lab.run(sora({ options: { onTaskFailure: 'output' } })))).toEqual([ORDER]);
		}),
	);
});

describe("'Simplify' leaves the fields that most workflows need", () => {
	const video = ['videoUrl', 'status', 'id', 'model', 'creditsUsed', 'createdAt', 'processingSeconds'];

	test.concurrent('of a video, with its file, and of one that is not waited for', () =>
		inLab(async (lab) => {
			const run = await lab.run(sora({ simplify: true, download: true }));
			const [{ json, binary }] = run.output(SORA);
			expect(Object.keys(json)).toEqual([...video, 'resultExpiresAt', 'request']);
			expect(json).toMatchObject({ id: lab.ids[0], status: 'completed', request: ORDER });
			expect(binary).toHaveProperty('data');
			lab.evolink.script('', BY_HAND);
			const [ordered] = (await lab.run(sora({ simplify: true, wait: 'none' }))).json(SORA);
			expect(Object.keys(ordered!)).toEqual(['status', 'id', 'model', 'createdAt', 'request']);
		}),
	);

	test.concurrent('of a failed task that goes on as data: the reason stays', () =>
		inLab(async (lab) => {
			lab.evolink.script('', { outcome: 'failed', code: 'generation_timeout' });
			const run = await lab.run(sora({ simplify: true, options: { onTaskFailure: 'output' } }));
			expect(run.json(SORA)).toMatchObject([{ taskError: { code: 'generation_timeout' }, request: ORDER }]);
			expect(run.json(SORA)[0]).not.toHaveProperty('usage');
		}),
	);
});

describe("'Wait' = none", () => {
	const callbackUrl = 'https://n8n.example.test/webhook/abc';

	test.concurrent('gives the task at once, unfinished, and hands EvoLink the callback URL', () =>
		inLab(
			async (lab) => {
				const hits: string[] = [];
				lab.evolink.events.on('callback', ({ url }) => hits.push(url));
				const node = sora({ wait: 'none', download: true, callbackUrl });
				const run = await lab.run(node);
				const [item] = run.output(SORA);
				expect(item!.json).toMatchObject({ id: lab.idOf('a cat'), status: 'pending' });
				expect(item!.json).not.toHaveProperty('resultExpiresAt');
				expect(item!.binary).toBeUndefined();
				expect(lab.creates[0]!.body).toMatchObject({ callback_url: callbackUrl });
				expect(lab.evolink.requests).toHaveLength(1);
				await lab.evolink.until(() => hits.length > 0);
				expect(hits[0]).toBe(callbackUrl);
			},
			{ callbackHosts: { 'n8n.example.test': 'http://127.0.0.1:9' } },
		),
	);
});
