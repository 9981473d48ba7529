import { items, json } from '../../../tools/n8n-server/client';
import { dispatches, FOREIGN_NODES, parkBeforeDispatch } from '../lib/dispatch';
import { Flow } from '../lib/flow';
import { keepsTheKey, openInstallation } from '../lib/installation';
import { PACKAGE_NAME } from '../../../tools/n8n-server/package-under-test';
import { eventually } from '../../../tools/n8n-server/poll';

const n8n = openInstallation({
	name: 'suspend',
	// makes n8n count the executions that hold a slot, and lets only one run at a time
	env: { N8N_CONCURRENCY_PRODUCTION_LIMIT: '1', ...FOREIGN_NODES },
	// tasks end when a test ends them
	standIn: { defaults: { seconds: 1_000_000 } },
});

const running = async () => {
	const { results, concurrentExecutionsCount } = await n8n.client.executions({ status: ['running', 'new'] });
	return { stored: results.length, slots: concurrentExecutionsCount };
};

describe('installed as n8n installs community packages', () => {
	it('is listed with its nodes, and loads without a restart', async () => {
		const installed = await n8n.client.request<
			Array<{ packageName: string; installedNodes: Array<{ type: string }> }>
		>('GET', '/rest/community-packages');
		expect(installed.map(({ packageName }) => packageName)).toEqual([PACKAGE_NAME]);
		expect(installed[0].installedNodes.map(({ type }) => type).sort()).toEqual([
			`${PACKAGE_NAME}.soraVideo`,
			`${PACKAGE_NAME}.soraVideoTrigger`,
		]);
		const types = await n8n.client.request<Array<{ name: string }>>('GET', '/types/nodes.json');
		expect(types.map(({ name }) => name)).toContain(`${PACKAGE_NAME}.soraVideoTool`);
	});

	it.each([
		['right key is told so', {}, 'OK'],
		['wrong key is told so', { apiKey: 'sk-evo-wrong' }, 'Error'],
	])('the %s by the credential test', async (_, given, status) => {
		const data = { ...n8n.evolink.credential, ...given };
		const credentials = { ...n8n.credential, type: 'evoLinkApi', data };
		const answer = await n8n.client.request<{ status: string }>('POST', '/rest/credentials/test', {
			credentials,
		});
		expect(answer.status).toBe(status);
	});
});

describe('a suspended video', () => {
	let flow: Flow;
	beforeAll(async () => {
		flow = await Flow.publish(n8n, 'suspended');
	});

	it('holds no execution slot while it waits, and its callback hands the file to the next node', async () => {
		const started = await flow.park('a cat on a roof');
		expect(await running()).toEqual({ stored: 0, slots: 0 });

		n8n.evolink.finish(started.tasks[0].id);
		const done = await flow.end(started);
		expect(done.status).toBe('success');
		expect(json(done, 'Next')).toEqual([
			expect.objectContaining({ id: started.tasks[0].id, status: 'completed', asked: 'a cat on a roof' }),
		]);
		const [item] = items(done, 'Video');
		expect(item.json.videoUrl).toContain(n8n.evolink.url);
		const { callback_url: _, ...asked } = started.tasks[0].request;
		expect(item.json.request).toEqual(asked);
		expect(item.pairedItem).toMatchObject({ item: 0 });
		expect(item.binary?.data).toMatchObject({ mimeType: 'video/mp4', bytes: expect.any(Number) as number });
		expect(n8n.evolink.chargesFor({ prompt: 'a cat on a roof' })).toHaveLength(1);
	});

	it('leaves the only slot free: ten wait at once where n8n runs one execution at a time', async () => {
		const started = await flow.parkEach('ten at once', 10);
		expect(await running()).toEqual({ stored: 0, slots: 0 });
		for (const { tasks } of started) n8n.evolink.finish(tasks[0].id);
		await flow.expectEach(started);
	});

	it('cannot be reached without the token of its resume URL', async () => {
		const started = await flow.park('signed');
		const url = String(started.tasks[0].request.callback_url);
		const answer = await n8n.evolink.forgeCallback(url.replace(/signature=[^&]+/, 'signature=0'), {
			id: 'x',
		});
		expect(answer.status).toBe(401);
		n8n.evolink.finish(started.tasks[0].id);
		expect((await flow.end(started)).status).toBe('success');
	});

	it('goes on once when its callback arrives five times at the same moment, and shrugs off a late one', async () => {
		const started = await flow.park('five callbacks');
		const [task] = started.tasks;
		const own = n8n.evolink.fault(
			'callback',
			{ kind: 'never' },
			{ match: (context) => context.task.id === task.id },
		);
		n8n.evolink.finish(task.id);
		const url = String(task.request.callback_url);
		const call = async () => await n8n.evolink.forgeCallback(url, { id: task.id, status: 'completed' });
		const answers = await Promise.all([call(), call(), call(), call(), call()]);
		own.remove();
		expect(answers.map(({ status }) => status)).toContain(200);
		const end = await flow.end(started);
		expect(end.status).toBe('success');
		expect(end.data.resultData.runData.Next).toHaveLength(1);
		expect(json(end, 'Next')).toHaveLength(1);
		expect((await call()).status).toBe(409);
		expect(n8n.evolink.chargesFor({ prompt: 'five callbacks' })).toHaveLength(1);
	});

	it.each(['text/plain', 'application/octet-stream', undefined])(
		'is woken by a callback that calls itself %s',
		async (value) => {
			const prompt = `called as ${value}`;
			const started = await flow.park(prompt);
			const [{ id }] = started.tasks;
			n8n.evolink.fault('callback', { kind: 'content-type', ...(value && { value }) }, { times: 1 });
			n8n.evolink.finish(id);
			expect((await flow.end(started)).status).toBe('success');
			expect(n8n.evolink.callbacks.filter(({ taskId }) => taskId === id)).toHaveLength(1);
		},
	);

	it('ends when it is stopped by hand, and its callback then starts nothing', async () => {
		const started = await flow.park('stopped');
		await n8n.client.stop(started.executionId);
		n8n.evolink.finish(started.tasks[0].id);
		await n8n.evolink.until(() => n8n.evolink.callbacks.some(({ taskId }) => taskId === started.tasks[0].id));
		const end = await flow.end(started);
		expect(end.status).toBe('canceled');
		expect(end.data.resultData.runData.Next).toBeUndefined();
	});
});

it('three callbacks of one run come while the only slot is taken: the run keeps waiting, then goes on once', async () => {
	const { tasks, executionId, parked } = await parkBeforeDispatch(
		n8n,
		'slot-taken',
		'no slot a',
		'no slot b',
		'no slot c',
	);

	const slot = await Flow.publish(n8n, 'takes the slot', {
		video: { waitMode: 'poll', options: { pollSeconds: 0.25 } },
	});
	await slot.call('takes the slot');
	const holder = await n8n.taskOf('takes the slot');
	for (const { id } of tasks) n8n.evolink.finish(id);
	const accepted = () =>
		tasks.every(({ id }) =>
			n8n.evolink.callbacks.some(({ taskId, status }) => taskId === id && status === 200),
		);
	await n8n.evolink.until(accepted);
	const { status, waitTill } = await n8n.client.execution(executionId);
	// what n8n has stored still has its timer: a restart now loses nothing
	expect([status, waitTill]).toEqual(['waiting', parked.waitTill]);
	expect(dispatches(n8n.main, executionId)).toBe(0);

	n8n.evolink.finish(holder.id);
	await eventually('the run at Dispatch', () => dispatches(n8n.main, executionId) > 0);
	// whoever else is in n8n's queue for the slot comes before this one
	const last = await Flow.publish(n8n, 'last in the queue');
	await last.park('last in the queue');
	expect(dispatches(n8n.main, executionId)).toBe(1);
	await n8n.client.stop(executionId);
});

it('what n8n writes can be searched', () => {
	expect(n8n.filesWith('a cat on a roof')).not.toEqual([]);
});

keepsTheKey(n8n);
