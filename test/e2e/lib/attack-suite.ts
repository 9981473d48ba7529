import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import type { IConnections, INode } from 'n8n-workflow';

import { type StandInTask } from '../../../stand-in';
import { json, type Execution, type SavedWorkflow } from '../../../tools/n8n-server/client';
import { errorText, Flow, type FlowOptions, type Started } from './flow';
import { BY_HAND, keepsTheKey, openInstallation } from './installation';
import {
	executionIdOf,
	type Installation,
	type InstallationOptions,
} from '../../../tools/n8n-server/installation';
import { Mischief, type Lane, type Lie, type Rule } from './mischief';
import { PUBLIC_HOST } from '../../../tools/n8n-server/n8n';
import { lockDatabase } from './lock';
import { eventually, sleep } from '../../../tools/n8n-server/poll';
import { order, TriggerFlow } from './trigger';
import { wires } from '../../../tools/n8n-server/workflows';

const ENDED = ['success', 'error', 'crashed', 'canceled'];

/** An HTTP request to the callback URL of a parked run. */
interface Knock {
	method?: string;
	url?: string;
	headers?: Record<string, string>;
	body?: string | Buffer;
}

const page = '<!doctype html><title>Gateway</title>';
const deep = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

/**
 * Hostile callers, edits and neighbours against a real n8n; hostile answers and files are tried in its engine (test/faults, test/engine). Nobody calls back by itself here, and the timers are over
 * an hour away: a run goes on when a test calls it, and never else.
 *
 * @param extra tests that only this mode has
 */
export function attackSuite(
	mode: InstallationOptions['mode'],
	extra: (n8n: Installation) => void = () => {},
): void {
	const n8n = openInstallation({ name: `attack-${mode}`, mode, standIn: BY_HAND });
	let mischief: Mischief;
	beforeAll(async () => {
		n8n.evolink.fault('callback', { kind: 'never' });
		mischief = await Mischief.open(n8n.evolink);
	});
	afterAll(async () => await mischief?.close());

	const publish = async (title: string, lane?: Lane, { extra, ...options }: FlowOptions = {}) =>
		await Flow.publish(n8n, title, {
			...options,
			extra: { ...extra, ...(lane && { credentials: { evoLinkApi: lane.credential } }) },
		});
	const urlOf = ({ request }: StandInTask) => String(request.callback_url);
	const here = (url: string) => url.replace(`https://${PUBLIC_HOST}`, n8n.webhook.url);
	const call = async (task: StandInTask, body: unknown = { id: task.id, status: 'completed' }) =>
		await n8n.evolink.forgeCallback(urlOf(task), body);
	const knock = async (task: StandInTask, { method = 'POST', url, headers, body }: Knock) => {
		const answer = await fetch(here(url ?? urlOf(task)), {
			method,
			headers: { 'content-type': 'application/json', ...headers },
			...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
		});
		await answer.arrayBuffer();
		return answer.status;
	};
	const finishAll = ({ tasks }: Started) => tasks.forEach(({ id }) => n8n.evolink.finish(id));
	const once = (prompt: string) => expect(n8n.evolink.chargesFor({ prompt })).toHaveLength(1);

	/** The run has ended well, once, with the videos of its own tasks in their order, each paid once. */
	async function endsWell(flow: Flow, started: Started): Promise<Execution> {
		const done = await flow.end(started);
		expect([done.status, errorText(done)]).toEqual(['success', '']);
		expect(json(done, 'Next').map(({ id, status }) => [id, status])).toEqual(
			started.tasks.map(({ id }) => [id, 'completed']),
		);
		expect(done.data.resultData.runData.Video).toHaveLength(1);
		expect(done.data.resultData.runData.Next).toHaveLength(1);
		for (const { request } of started.tasks) once(String(request.prompt));
		return done;
	}

	// ------------------------------------------------------------------------------------------ the callback URL

	it('a parked run of 300 items has a page, which reads EvoLink at most twelve times and wakes nobody', async () => {
		const flow = await publish('three hundred', undefined, { video: { download: false } });
		const prompts = Array.from({ length: 300 }, (_, item) => `<b>${item}</b> of 300`);
		const started = await flow.park(...prompts);
		const reads = () =>
			n8n.evolink.requests.filter(({ operationId }) => ['getTask', 'getTasks'].includes(String(operationId)))
				.length;
		const before = reads();
		const answer = await fetch(here(urlOf(started.tasks[0])));
		expect(answer.status).toBe(200);
		const page = await answer.text();
		for (const [item, { id }] of started.tasks.entries()) {
			expect(page).toContain(`<code>${id}</code>`);
			expect(page).toContain(`&lt;b&gt;${item}&lt;/b&gt; of 300`);
		}
		expect(page).not.toContain('<b>');
		expect(reads() - before).toBeLessThanOrEqual(12);
		expect((await n8n.client.execution(started.executionId)).status).toBe('waiting');
		finishAll(started);
		await call(started.tasks[0]);
		await flow.end(started, 120_000);
	}, 240_000);

	describe('a parked run whose task has ended is woken by nobody who', () => {
		let flow: Flow;
		let own: Started;
		let other: Started;
		let past: Started;
		let parked: Execution;

		beforeAll(async () => {
			flow = await publish('callers');
			past = await flow.park('ended long ago');
			finishAll(past);
			await call(past.tasks[0]);
			await endsWell(flow, past);
			other = await flow.park('of another run');
			own = await flow.park('of this run');
			finishAll(other);
			finishAll(own);
			parked = await n8n.client.execution(own.executionId);
		}, 120_000);

		const id = () => own.tasks[0].id;
		const good = () => JSON.stringify({ id: id(), status: 'completed' });
		const url = () => urlOf(own.tasks[0]);

		it.each<[string, () => Knock]>([
			['asks with HEAD', () => ({ method: 'HEAD' })],
			['asks with OPTIONS', () => ({ method: 'OPTIONS' })],
			['sends PUT', () => ({ method: 'PUT', body: good() })],
			['sends PATCH', () => ({ method: 'PATCH', body: good() })],
			['sends DELETE', () => ({ method: 'DELETE', body: good() })],
			['overrides the method', () => ({ method: 'PUT', headers: { 'x-http-method-override': 'POST' } })],
			['opens its page without a signature', () => ({ method: 'GET', url: url().split('?')[0] })],
			[
				'opens its page with the signature of another run',
				() => ({ method: 'GET', url: url().replace(/signature=.*/, urlOf(other.tasks[0]).split('?')[1]) }),
			],
			['opens the bare resume URL', () => ({ method: 'GET', url: url().replace('/sora-video', '') })],
			['uses no signature', () => ({ url: url().split('?')[0], body: good() })],
			[
				'signs with a list of a wrong and the right signature',
				() => ({ url: url().replace('signature=', 'signature=0&signature='), body: good() }),
			],
			[
				'has the signature of another run',
				() => ({ url: url().replace(/signature=.*/, urlOf(other.tasks[0]).split('?')[1]), body: good() }),
			],
			[
				'has the id of another run under this signature',
				() => ({ url: url().replace(own.executionId, other.executionId), body: good() }),
			],
			['leaves out the path of this node', () => ({ url: url().replace('/sora-video', ''), body: good() })],
			[
				'goes on behind that path',
				() => ({ url: url().replace('/sora-video', '/sora-video/x'), body: good() }),
			],
			[
				'writes that path in capitals',
				() => ({ url: url().replace('/sora-video', '/SORA-VIDEO'), body: '{}' }),
			],
			['names a task of another run', () => ({ body: JSON.stringify({ id: other.tasks[0].id }) })],
			['names a task that ended long ago', () => ({ body: JSON.stringify({ id: past.tasks[0].id }) })],
			['names two tasks with one key', () => ({ body: `{"id":"${id()}","id":"${other.tasks[0].id}"}` })],
			[
				'writes the id in lookalikes',
				() => ({ body: JSON.stringify({ id: id().replace('task', 'tаsk').replace('-', '‐') }) }),
			],
			['writes the id in capitals', () => ({ body: JSON.stringify({ id: id().toUpperCase() }) })],
			['ends the id with NUL', () => ({ body: JSON.stringify({ id: `${id()}\0` }) })],
			['asks for every id', () => ({ body: '{"id":"*"}' })],
			['hides the id in __proto__', () => ({ body: `{"__proto__":{"id":"${id()}"}}` })],
			['hides the id in constructor', () => ({ body: `{"constructor":{"prototype":{"id":"${id()}"}}}` })],
			['hides the id two levels deep', () => ({ body: `{"data":{"data":{"id":"${id()}"}}}` })],
			['sends an id that is infinite', () => ({ body: '{"id":1e999}' })],
			['nests 100,000 deep', () => ({ body: deep(100_000) })],
			['sends half the body', () => ({ body: good().slice(0, -3) })],
			[
				'sends junk that calls itself gzip',
				() => ({ headers: { 'content-encoding': 'gzip' }, body: good() }),
			],
			['sends UTF-16', () => ({ body: Buffer.from(good(), 'utf16le') })],
			[
				'sends a form with a file',
				() => ({
					headers: { 'content-type': 'multipart/form-data; boundary=x' },
					body: `--x\r\nContent-Disposition: form-data; name="id"; filename="a"\r\nContent-Type: text/plain\r\n\r\n${id()}\r\n--x--\r\n`,
				}),
			],
		])('%s', async (_, attack) => {
			expect(await knock(own.tasks[0], attack())).not.toBe(200);
			const now = await n8n.client.execution(own.executionId);
			expect([now.status, now.waitTill]).toEqual(['waiting', parked.waitTill]);
			expect((await n8n.client.execution(other.executionId)).status).toBe('waiting');
		});

		it('and then both go on with their own', async () => {
			for (const started of [own, other]) {
				expect((await call(started.tasks[0])).status).toBe(200);
				await endsWell(flow, started);
			}
		});
	});

	describe('an odd callback that names the right task never wakes a run twice or breaks it:', () => {
		const prompt = (name: string) => `odd: ${name}`;

		it.each<[string, (task: StandInTask) => Knock]>([
			[
				'gzip',
				({ id }) => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(JSON.stringify({ id })) }),
			],
			['5 MB', ({ id }) => ({ body: JSON.stringify({ id, padding: 'x'.repeat(5e6) }) })],
			['a byte order mark', ({ id }) => ({ body: `\ufeff${JSON.stringify({ id })}` })],
			[
				'XML by its type',
				({ id }) => ({ headers: { 'content-type': 'text/xml' }, body: JSON.stringify({ id }) }),
			],
			[
				'Latin-1 by its type',
				({ id }) => ({
					headers: { 'content-type': 'application/json; charset=latin1' },
					body: JSON.stringify({ id }),
				}),
			],
			[
				'an error at the top',
				({ id }) => ({ body: JSON.stringify({ id, error: { code: 'x' }, status: 'failed' }) }),
			],
			['__proto__ beside the id', ({ id }) => ({ body: `{"id":"${id}","__proto__":{"disabled":true}}` })],
			[
				'one more parameter',
				(task) => ({ url: `${urlOf(task)}&x=1`, body: JSON.stringify({ id: task.id }) }),
			],
			[
				'a second, wrong signature',
				(task) => ({ url: `${urlOf(task)}&signature=0`, body: JSON.stringify({ id: task.id }) }),
			],
			['spaces around the id', ({ id }) => ({ body: JSON.stringify({ id: ` ${id}\r\n` }) })],
		])('%s', async (name, attack) => {
			const flow = await publish(prompt(name));
			const started = await flow.park(prompt(name));
			finishAll(started);
			await knock(started.tasks[0], attack(started.tasks[0]));
			await call(started.tasks[0]);
			await endsWell(flow, started);
		});

		it('30 at once with mixed ids for three tasks', async () => {
			const flow = await publish('thirty');
			const started = await flow.park('thirty a', 'thirty b', 'thirty c');
			finishAll(started);
			const ids = [...started.tasks.map(({ id }) => id), 'task-unified-1-nobody', '', 'x'.repeat(300)];
			const calls = Array.from({ length: 30 }, (_, index) => ids[index % ids.length]);
			// each costs n8n up to 0.3 s of its processor, so that EvoLink may not wait for the last ones
			const answers = await Promise.all(
				calls.map(
					async (id) => await knock(started.tasks[0], { body: JSON.stringify({ id, status: 'completed' }) }),
				),
			);
			expect(answers).toContain(200);
			await eventually(
				'n8n is itself again',
				async () => (await fetch(`${n8n.webhook.url}/healthz/readiness`)).ok,
			);
			await endsWell(flow, started);
		});
	});

	// ------------------------------------------------------------------------------------------ what EvoLink answers

	describe('to the read of many tasks EvoLink answers', () => {
		type Listed = Record<string, unknown> & { id: string };
		const listed =
			(change: (tasks: Listed[]) => unknown): Rule =>
			async ({ path, honest }) => {
				if (path !== '/v1/tasks/batch') return undefined;
				const { data } = JSON.parse((await honest()).body) as { data: Listed[] };
				return { body: JSON.stringify({ data: change(data) }) };
			};
		const batch =
			(lie: Lie): Rule =>
			({ path }) =>
				path === '/v1/tasks/batch' ? lie : undefined;
		const foreign = {
			id: 'task-unified-1-foreign',
			status: 'completed',
			results: ['https://evil.example/x.mp4'],
		};

		it.each<[string, Rule]>([
			['tasks of others, too', listed((tasks) => [foreign, ...tasks, foreign])],
			['each task three times', listed((tasks) => [...tasks, ...tasks, ...tasks])],
			[
				'each task, then that it is still pending',
				listed((tasks) => [...tasks, ...tasks.map(({ id }) => ({ id, status: 'pending' }))]),
			],
			[
				'completed tasks without a link',
				listed((tasks) => tasks.map(({ id }) => ({ id, status: 'completed' }))),
			],
			['failed tasks without a reason', listed((tasks) => tasks.map(({ id }) => ({ id, status: 'failed' })))],
			['tasks whose ids are lists', listed((tasks) => tasks.map((task) => ({ ...task, id: [task.id] })))],
			['nulls and numbers', listed(() => [null, 1, 'x', [], {}])],
			['an object where the list should be', listed((tasks) => ({ ...tasks }))],
			['a list in a list', listed((tasks) => [tasks])],
			['50 MB', batch({ body: JSON.stringify({ data: 'x'.repeat(50e6) }) })],
			['10,000 levels', batch({ body: `{"data":${deep(10_000)}}` })],
			['404', batch({ status: 404, body: '{"error":{"code":404,"message":"no"}}' })],
			['a page', batch({ headers: { 'content-type': 'text/html' }, body: page })],
			['a redirect', batch({ status: 307, headers: { location: '/v1/credits' } })],
			['500', batch({ status: 500, body: '{}' })],
			['a byte a second', batch({ drips: true, body: '{"data":[]}' })],
		])(
			'%s: all five videos arrive, each once',
			async (name, rule) => {
				const lane = await mischief.lane(n8n.client);
				const flow = await publish(`many ${name}`, lane, { video: { download: false } });
				const started = await flow.park(...['a', 'b', 'c', 'd', 'e'].map((one) => `many ${name} ${one}`));
				finishAll(started);
				lane.rule = rule;
				await call(started.tasks[0]);
				await eventually('the read of many', () => lane.hits > 0);
				await sleep(500);
				// a reading that lies may cost one more callback
				if ((await n8n.client.execution(started.executionId)).status === 'waiting') {
					lane.rule = undefined;
					await call(started.tasks[1]);
				}
				await endsWell(flow, started);
				expect(lane.hits).toBeGreaterThan(0);
			},
			60_000,
		);

		it('429 with Retry-After: the run stays parked, and finishes when EvoLink is sound again', async () => {
			const lane = await mischief.lane(n8n.client);
			const flow = await publish('many 429', lane, { video: { download: false } });
			const started = await flow.park(...['a', 'b', 'c', 'd', 'e'].map((one) => `many 429 ${one}`));
			finishAll(started);
			lane.rule = batch({ status: 429, headers: { 'retry-after': '3600' }, body: '{}' });
			expect((await call(started.tasks[0])).status).toBe(503);
			expect((await n8n.client.execution(started.executionId)).status).toBe('waiting');
			lane.rule = undefined;
			expect((await call(started.tasks[0])).status).toBe(200);
			await endsWell(flow, started);
		});
	});

	// ------------------------------------------------------------------------------------------ while it is parked

	describe('while a run is parked', () => {
		type Stored = SavedWorkflow & { isArchived?: boolean };
		const change = async (flow: Flow, edit: (workflow: Stored) => void) => {
			const at = `/rest/workflows/${flow.workflow.id}`;
			const workflow = await n8n.client.request<Stored>('GET', at);
			edit(workflow);
			const { name, nodes, connections, settings, versionId } = workflow;
			const saved = await n8n.client.request<SavedWorkflow>('PATCH', at, {
				name,
				nodes,
				connections,
				settings,
				versionId,
			});
			await n8n.client.activate(saved);
		};
		const video = ({ nodes }: Stored) => nodes.find(({ name }) => name === 'Video')!;
		const edit = (act: (workflow: Stored) => void) => async (flow: Flow) => await change(flow, act);
		const ask =
			(method: string, path: (flow: Flow) => string, body: unknown = {}) =>
			async (flow: Flow) =>
				void (await n8n.client.request(method, path(flow), body));

		it.each<[string, (flow: Flow) => Promise<void>]>([
			[
				'its node is renamed',
				edit((workflow) => {
					const text = JSON.stringify([workflow.nodes, workflow.connections]).replaceAll('"Video"', '"Film"');
					[workflow.nodes, workflow.connections] = JSON.parse(text) as [INode[], IConnections];
				}),
			],
			[
				'its node is deleted',
				edit((workflow) => {
					workflow.nodes = workflow.nodes.filter(({ name }) => name !== 'Video');
					delete workflow.connections.Video;
					delete workflow.connections.Jobs;
				}),
			],
			['its node is disabled', edit((workflow) => (video(workflow).disabled = true))],
			[
				'its node gets another id and type',
				edit((workflow) =>
					Object.assign(video(workflow), { id: randomUUID(), type: 'n8n-nodes-base.noOp', credentials: {} }),
				),
			],
			['its prompt is changed', edit((workflow) => (video(workflow).parameters.prompt = 'something else'))],
			[
				'its wait is changed to Poll',
				edit((workflow) => (video(workflow).parameters.options = { waitMode: 'poll' })),
			],
			['its On Error is changed', edit((workflow) => (video(workflow).onError = 'continueErrorOutput'))],
			[
				'another Sora Video is put before it',
				edit((workflow) => {
					workflow.nodes.push({ ...video(workflow), id: randomUUID(), name: 'Before' });
					workflow.connections = {
						...workflow.connections,
						...wires(['Jobs', 'Before'], ['Before', 'Video']),
					};
				}),
			],
			['its workflow is deactivated', async (flow) => await n8n.client.deactivate(flow.workflow)],
			[
				'its workflow is archived',
				async (flow) => {
					await n8n.client.deactivate(flow.workflow);
					await ask('POST', ({ workflow }) => `/rest/workflows/${workflow.id}/archive`)(flow);
				},
			],
		])('%s: it finishes as it was begun', async (name, act) => {
			const flow = await publish(name);
			const started = await flow.park(`parked: ${name}`);
			await act(flow);
			finishAll(started);
			expect((await call(started.tasks[0])).status).toBe(200);
			await endsWell(flow, started);
		});

		it.each<[string, (lane: Lane) => Promise<unknown>, RegExp]>([
			[
				'its credential is deleted',
				async ({ credential }) => await n8n.client.request('DELETE', `/rest/credentials/${credential.id}`),
				/credential/i,
			],
			[
				'its key is replaced by a wrong one',
				async ({ credential, url }) =>
					await n8n.client.request('PATCH', `/rest/credentials/${credential.id}`, {
						...credential,
						type: 'evoLinkApi',
						data: { ...n8n.evolink.credential, apiKey: 'sk-evo-wrong', baseUrl: url },
					}),
				/401|key/i,
			],
		])('%s: it ends with an error that names the task, or stays parked', async (name, act, reason) => {
			const lane = await mischief.lane(n8n.client);
			const flow = await publish(name, lane);
			const started = await flow.park(`parked: ${name}`);
			await act(lane);
			finishAll(started);
			await call(started.tasks[0]);
			const done = await flow.end(started);
			expect(done.status).toBe('error');
			expect(errorText(done)).toContain(started.tasks[0].id);
			expect(errorText(done)).toMatch(reason);
			once(`parked: ${name}`);
		});

		it('its key is replaced by another good one: it finishes', async () => {
			const lane = await mischief.lane(n8n.client);
			const flow = await publish('rotated', lane);
			const started = await flow.park('rotated');
			const data = { ...n8n.evolink.credential, baseUrl: n8n.evolink.url };
			await n8n.client.request('PATCH', `/rest/credentials/${lane.credential.id}`, {
				...lane.credential,
				type: 'evoLinkApi',
				data,
			});
			finishAll(started);
			await call(started.tasks[0]);
			await endsWell(flow, started);
		});

		it('its execution is deleted by hand: its callback starts nothing, and nothing is paid again', async () => {
			const flow = await publish('deleted');
			const started = await flow.park('deleted');
			await n8n.client.request('POST', '/rest/executions/delete', { ids: [started.executionId] });
			finishAll(started);
			expect((await call(started.tasks[0])).status).toBe(404);
			const { results } = await n8n.client.executions({ workflowId: flow.workflow.id });
			expect(results).toEqual([]);
			once('deleted');
		});

		it('n8n saves nothing of what ends well: it finishes all the same', async () => {
			const settings = {
				saveDataSuccessExecution: 'none',
				saveDataErrorExecution: 'none',
				saveManualExecutions: false,
			} as const;
			const flow = await publish('saves nothing', undefined, { settings });
			const started = await flow.park('saves nothing');
			finishAll(started);
			const { requests } = n8n.evolink.mediaStats;
			expect((await call(started.tasks[0])).status).toBe(200);
			await n8n.evolink.until(() => n8n.evolink.mediaStats.requests > requests, 30_000);
			await eventually(
				'n8n forgets the run',
				async () => (await n8n.client.executions({ workflowId: flow.workflow.id })).results.length === 0,
			);
			once('saves nothing');
		});

		it('n8n saves after each node: it finishes', async () => {
			const flow = await publish('saves all', undefined, { settings: { saveExecutionProgress: true } });
			const started = await flow.park('saves all');
			finishAll(started);
			await call(started.tasks[0]);
			await endsWell(flow, started);
		});

		it('a second run of the same workflow has the same prompt: two orders, and each gets its own video', async () => {
			const flow = await publish('twins');
			const [,] = await Promise.all([flow.call('twins'), flow.call('twins')]);
			const tasks = await n8n.evolink.until(() => {
				const found = [...n8n.evolink.tasks.values()].filter(({ request }) => request.prompt === 'twins');
				return found.length === 2 ? found : undefined;
			});
			expect(tasks[0].idempotencyKey).not.toBe(tasks[1].idempotencyKey);
			for (const task of tasks) await n8n.client.until(executionIdOf(task), ['waiting']);
			for (const task of tasks) {
				n8n.evolink.finish(task.id);
				await call(task);
				const done = await n8n.client.until(executionIdOf(task), ENDED);
				expect(json(done, 'Next').map(({ id }) => id)).toEqual([task.id]);
			}
			expect(n8n.evolink.chargesFor({ prompt: 'twins' })).toHaveLength(2);
		});

		describe("n8n's database is locked for 3 s", () => {
			const runs: Array<{ flow: Flow; started: Started }> = [];
			const begin = async (prompt: string, rule?: Rule) => {
				n8n.evolink.script(prompt, { estimatedTime: 60 });
				const flow = await publish(prompt, await mischief.lane(n8n.client, rule));
				const started = await flow.park(prompt);
				finishAll(started);
				runs.push({ flow, started });
				return started;
			};

			it('at the moment of the callback: the run goes on, or keeps its timer', async () => {
				const { tasks, executionId } = await begin('locked at the callback');
				const { waitTill } = await n8n.client.execution(executionId);
				await lockDatabase(n8n, 3000);
				await call(tasks[0]);
				await sleep(4000);
				const now = await n8n.client.execution(executionId);
				expect([
					['success', null],
					['waiting', waitTill],
				]).toContainEqual([now.status, now.waitTill]);
			});

			it('when the video has been fetched: the run goes on', async () => {
				const { tasks } = await begin('locked at the end');
				n8n.evolink.events.once('media', () => void lockDatabase(n8n, 3000));
				expect((await call(tasks[0])).status).toBe(200);
			});

			it('and then all of them finish', async () => {
				for (const { flow, started } of runs) await flow.end(started, 240_000);
				for (const { flow, started } of runs) await endsWell(flow, started);
			}, 300_000);

			it('at the moment of the callback, and n8n is restarted before the timer: it finishes, or Retry finishes it', async () => {
				const prompt = 'locked before a restart';
				const flow = await publish(prompt);
				const started = await flow.park(prompt);
				finishAll(started);
				await lockDatabase(n8n, 3000);
				await call(started.tasks[0]);
				await sleep(4000);
				let id = started.executionId;
				if ((await n8n.client.execution(id)).status === 'waiting') {
					await n8n.main.stop();
					await n8n.main.boot();
					if ((await n8n.client.until(id, ['crashed', 'waiting'])).status === 'crashed')
						id = await n8n.client.retry(id);
					else expect((await call(started.tasks[0])).status).toBe(200);
				}
				const done = await n8n.client.until(id, ENDED, 60_000);
				expect(json(done, 'Next').map((task) => task.id)).toEqual([started.tasks[0].id]);
				once(prompt);
			}, 180_000);

			it('when it should be parked: it is parked; or it is seen as crashed, and Retry pays nothing and names the order', async () => {
				const prompt = 'locked at the parking';
				let lock: Promise<void> | undefined;
				const rule: Rule = async ({ path: asked }) => {
					if (asked === '/v1/videos/generations') await (lock ??= lockDatabase(n8n, 3000));
					return undefined;
				};
				const flow = await publish(prompt, await mischief.lane(n8n.client, rule));
				// an EvoLink that ignores the key charges again for what a lost process has ordered
				n8n.evolink.idempotency = 'honoured';
				await flow.call(prompt);
				const task = await n8n.taskOf(prompt);
				await sleep(6000);
				const executionId = executionIdOf(task);
				const { status } = await n8n.client.execution(executionId);
				if (status === 'waiting') {
					n8n.evolink.finish(task.id);
					expect((await call(task)).status).toBe(200);
					expect(json(await n8n.client.until(executionId, ENDED), 'Next')[0].id).toBe(task.id);
				} else {
					// SQLite waits a second, then n8n gives up what it wanted to store
					await n8n.main.stop();
					await n8n.main.boot();
					await n8n.client.until(executionId, ['crashed']);
					const again = await n8n.client.until(await n8n.client.retry(executionId), ENDED);
					expect(again.status).toBe('error');
					expect(errorText(again)).toContain(String(task.idempotencyKey));
				}
				n8n.evolink.idempotency = 'ignored';
				once(prompt);
			}, 120_000);
		});
	});

	// ------------------------------------------------------------------------------------------ the trigger

	describe('the trigger', () => {
		const make = async (prompt: string, url: string) => {
			const id = await order(n8n, prompt, url);
			n8n.evolink.finish(id);
			return id;
		};
		const tell = async (flow: TriggerFlow, id: string) =>
			(await n8n.evolink.forgeCallback(flow.url, { id, status: 'completed' })).status;

		it('while EvoLink is down: each callback is asked to come again, and then starts one execution', async () => {
			const flow = await TriggerFlow.publish(n8n, 'storm');
			const id = await make('storm', flow.url);
			const down = n8n.evolink.fault(
				'read',
				{ kind: 'http', status: 503 },
				{ match: ({ task }) => task?.id === id },
			);
			const answers = await Promise.all(Array.from({ length: 20 }, async () => await tell(flow, id)));
			expect(new Set(answers)).toEqual(new Set([503]));
			down.remove();
			const later = await Promise.all(Array.from({ length: 20 }, async () => await tell(flow, id)));
			expect(new Set(later)).toEqual(new Set([200]));
			expect((await flow.outcomes(1)).map((task) => task.id)).toEqual([id]);
		});

		it('told of one task at two triggers: each starts once', async () => {
			const [one, two] = [await TriggerFlow.publish(n8n, 'one'), await TriggerFlow.publish(n8n, 'two')];
			const id = await make('for two triggers', one.url);
			for (const flow of [one, two, one, two]) expect(await tell(flow, id)).toBe(200);
			for (const flow of [one, two]) expect((await flow.outcomes(1)).map((task) => task.id)).toEqual([id]);
		});

		it('knows after a restart what it has started', async () => {
			const flow = await TriggerFlow.publish(n8n, 'restarted');
			const id = await make('restarted', flow.url);
			expect(await tell(flow, id)).toBe(200);
			await flow.outcomes(1);
			await n8n.webhook.stop();
			await n8n.webhook.boot();
			const again = await n8n.evolink.forgeCallback(flow.url, { id, status: 'completed' });
			expect([again.status, again.body]).toEqual([200, expect.stringContaining('Repeated')]);
			expect(await flow.executionIds()).toHaveLength(1);
		}, 120_000);

		it.each<[string, unknown]>([
			['a task that failed, told as completed', 'failed'],
			['a completed task, told as failed', 'completed'],
		])('%s: what EvoLink says counts', async (name, outcome) => {
			const flow = await TriggerFlow.publish(n8n, name);
			const id = await order(n8n, name, flow.url);
			n8n.evolink.finish(id, { outcome: outcome as 'failed' });
			const body = {
				id,
				status: outcome === 'failed' ? 'completed' : 'failed',
				results: ['https://evil.example/x.mp4'],
			};
			expect((await n8n.evolink.forgeCallback(flow.url, body)).status).toBe(200);
			const [told] = await flow.outcomes(1);
			expect(told.status).toBe(outcome);
			expect(JSON.stringify(told)).not.toContain('evil.example');
		});
	});

	extra(n8n);

	keepsTheKey(n8n);
}
