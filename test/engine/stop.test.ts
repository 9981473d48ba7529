import { inLab, type Lab } from './lab';
import { BY_HAND, SORA, prompts, retryOnFail, sora, failedWith, errorsOf, type ErrorData } from './support';

const ITEMS = prompts('a cat', 'a dog');

/** Two long renders, each looked at once; the next look is half a minute away. */
async function waiting(lab: Lab, more = {}, mode: 'manual' | 'trigger' = 'manual') {
	const { evolink } = lab;
	evolink.script('', BY_HAND);
	const run = await lab.start(sora({ options: { pollSeconds: 30 } }, more), ITEMS, { mode });
	await evolink.until(
		() => evolink.tasks.size === ITEMS.length && [...evolink.tasks.values()].every(({ reads }) => reads > 0),
	);
	return run;
}

describe('Stop during the wait', () => {
	test.concurrent.each([
		['an ordinary node', {}],
		['a node with Retry On Fail', retryOnFail],
		['a node that goes on after errors', { onError: 'continueErrorOutput' as const }],
	])('%s: ends at once and names the running tasks where n8n still shows it', (_, more) =>
		inLab(async (lab) => {
			const run = await waiting(lab, more);
			await run.cancel();
			const stopped = await lab.end(run);
			expect(stopped.status).toBe('canceled');
			expect(stopped.task('After')).toBeUndefined();
			expect(lab.reads).toHaveLength(2);
			const output = [...stopped.json(SORA), ...stopped.json(SORA, 1)];
			const hint = stopped.hints(SORA).find(({ type }) => type === 'warning');
			const log = stopped.logs.find(
				({ message, level }) => level === 'warn' && message.includes(lab.ids[0]!),
			);
			for (const text of [
				...output.map(({ error }) => (error as ErrorData).message),
				hint?.message,
				log?.message,
			])
				for (const id of lab.ids) expect(text).toContain(id);
			for (const text of [hint?.message, log?.message])
				expect(text).toMatch(/charged on completion.*Get Task/);
			expect(output).toHaveLength(2);
		}),
	);

	test.concurrent('names only the tasks that still run', () =>
		inLab(async (lab) => {
			lab.evolink.script('a dog', BY_HAND);
			const run = await lab.start(sora({ options: { pollSeconds: 30 } }), ITEMS, { mode: 'manual' });
			await lab.evolink.until(
				() => [...lab.evolink.tasks.values()].filter((task) => task.reads > 0).length === 2,
			);
			await run.cancel();
			const warning = (await lab.end(run)).hints(SORA).find(({ type }) => type === 'warning');
			expect(warning?.message).toContain(lab.idOf('a dog'));
			expect(warning?.message).not.toContain(lab.idOf('a cat'));
		}),
	);

	test.concurrent('the time limit of the workflow ends it in the same way', () =>
		inLab(async (lab) => {
			const run = await waiting(lab);
			run.timeOut();
			const ended = await lab.end(run);
			expect(ended.status).toBe('canceled');
			for (const id of lab.ids) expect(errorsOf(ended)[0]).toContain(id);
			expect(ended.json(SORA)).toEqual(lab.ids.map((taskId) => failedWith('canceled', { taskId })));
		}),
	);

	test.concurrent('Retry sends the same orders under the same keys, which pays nothing new', () =>
		inLab(async (lab) => {
			const run = await waiting(lab);
			await run.cancel();
			const stopped = await lab.end(run);
			for (const id of lab.ids) lab.evolink.finish(id);
			const retried = await lab.retry(stopped);
			expect(retried.executionId).not.toBe(stopped.executionId);
			expect(retried.json(SORA).map(({ id }) => id)).toEqual([lab.idOf('a cat'), lab.idOf('a dog')]);
			expect(lab.creates).toHaveLength(4);
			expect(lab.sentKeys.size).toBe(2);
			expect(lab.evolink.charges).toHaveLength(2);
		}),
	);
});

describe('Stop during the submit', () => {
	test.concurrent('names what was ordered and the keys of what was being sent; nothing more is ordered', () =>
		inLab(async (lab) => {
			const { evolink } = lab;
			evolink.script('', BY_HAND);
			const match = ({ request }: { request: { body: unknown } }) =>
				(request.body as { prompt: string }).prompt.startsWith('slow');
			evolink.fault('create', { kind: 'slow', seconds: 3600 }, { match });
			const slow = Array.from({ length: 7 }, (_, at) => `slow ${at}`);
			const items = prompts('cat 1', 'cat 2', ...slow, 'cat 3');
			const run = await lab.start(sora(), items, { mode: 'manual' });
			// five at once, and one more for each answer: the slow ones block every slot as soon as both cats are answered
			await evolink.until(
				() => lab.creates.length === 9 && lab.creates.filter(({ status }) => status === 200).length === 2,
			);
			await run.cancel();
			const stopped = await lab.end(run);
			expect(stopped.status).toBe('canceled');
			expect(stopped.task('After')).toBeUndefined();
			expect(lab.creates).toHaveLength(9);
			const warning = stopped.hints(SORA).find(({ type }) => type === 'warning')?.message;
			for (const prompt of ['cat 1', 'cat 2']) expect(warning).toContain(lab.idOf(prompt));
			for (const { body, headers } of lab.creates) {
				const isSlow = (body as { prompt: string }).prompt.startsWith('slow');
				expect(warning?.includes(String(headers['idempotency-key']))).toBe(isSlow);
			}
		}),
	);

	test.concurrent('ends the pause before an order is sent again; it is not sent', () =>
		inLab(async (lab) => {
			lab.evolink.fault('create', { kind: 'http', status: 429, retryAfter: 29 });
			const run = await lab.start(sora(), prompts('a cat'), { mode: 'manual' });
			await lab.evolink.until(() => lab.creates.some(({ status }) => status === 429));
			// the answer has left the stand-in; one more look at EvoLink's account comes after it
			await fetch(`${lab.evolink.url}/v1/credits`).then(async (answer) => await answer.text());
			await run.cancel();
			expect((await lab.end(run)).status).toBe('canceled');
			expect(lab.creates).toHaveLength(1);
		}),
	);
});
