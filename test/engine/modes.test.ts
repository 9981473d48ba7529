import { connect, receiveWebhook, type NodeFixture } from '../../tools/n8n-engine';
import { inLab, type Lab } from './lab';
import { SORA, hintsOf, reasonsOf, prompts, retryOnFail, sora, start, failedWith } from './support';

const auto = sora({ wait: 'auto', waitMode: 'auto' });

describe("'Wait' = auto", () => {
	test.concurrent('parks a production run and says what wakes it', () =>
		inLab(async (lab) => {
			const run = await lab.run(auto);
			expect(run.status).toBe('waiting');
			expect(run.task('After')).toBeUndefined();
			expect(hintsOf(run)).toEqual([
				expect.stringContaining(
					"The execution is suspended until the tasks have ended: EvoLink's callback wakes it, or a timer if the callback is lost.",
				),
			]);
		}),
	);

	test.concurrent('polls in a test run in the editor', () =>
		inLab(async (lab) => {
			const run = await lab.run(auto, prompts('a cat'), { mode: 'manual' });
			expect(run.status).toBe('success');
			expect(reasonsOf(run)).toContain(
				'Waited by polling: this is a test run in the editor; in production the execution is suspended instead.',
			);
			expect(hintsOf(run)).toEqual([]);
			expect(lab.creates[0]!.body).not.toHaveProperty('callback_url');
		}),
	);

	const triggers: Array<[type: string, parameters: NonNullable<NodeFixture['parameters']>, hint: string]> = [
		['n8n-nodes-base.webhook', { responseMode: 'lastNode' }, "the caller of 'Hook' waits for the answer"],
		['n8n-nodes-base.webhook', { responseMode: 'responseNode' }, "the caller of 'Hook' waits for the answer"],
		['n8n-nodes-base.formTrigger', { responseMode: 'lastNode' }, "the caller of 'Hook' waits for the answer"],
		['@n8n/n8n-nodes-langchain.chatTrigger', {}, "the chat behind 'Hook' waits for the answer"],
	];

	test.concurrent.each(triggers)(
		'polls behind %s with %j, because somebody waits',
		(type, parameters, hint) =>
			inLab(async (lab) => {
				const hook: NodeFixture = { name: 'Hook', type, parameters: { path: 'in', ...parameters } };
				const node = sora({ wait: 'auto', waitMode: 'auto', prompt: 'a cat' });
				const { run } = await receiveWebhook(lab.engine, { nodes: [hook, node] }, 'Hook');
				const execution = await lab.end(run!);
				expect(execution.status).toBe('success');
				expect(reasonsOf(execution)).toContain(`Waited by polling: ${hint}.`);
			}),
	);

	test.concurrent('parks behind a webhook that has answered already', () =>
		inLab(async (lab) => {
			const hook: NodeFixture = { name: 'Hook', type: 'n8n-nodes-base.webhook', parameters: { path: 'in' } };
			const node = sora({ wait: 'auto', waitMode: 'auto', prompt: 'a cat' });
			const { run } = await receiveWebhook(lab.engine, { nodes: [hook, node] }, 'Hook');
			expect((await lab.end(run!)).status).toBe('waiting');
		}),
	);

	test.concurrent.each([
		['parks behind a Respond to Webhook node that has run: nobody waits', 'responseNode', 'waiting'],
		['polls where the last node answers, whatever else has run', 'lastNode', 'success'],
	])('%s', (_, responseMode, status) =>
		inLab(async (lab) => {
			const parameters = { path: 'in', responseMode };
			const hook: NodeFixture = { name: 'Hook', type: 'n8n-nodes-base.webhook', parameters };
			const respond: NodeFixture = { name: 'Respond', type: 'n8n-nodes-base.respondToWebhook' };
			const node = sora({ wait: 'auto', waitMode: 'auto', prompt: 'a cat' });
			const { run } = await receiveWebhook(lab.engine, { nodes: [hook, respond, node] }, 'Hook');
			expect((await lab.end(run!)).status).toBe(status);
		}),
	);

	test.concurrent('polls behind a Wait node whose caller came after the answer to another one', () =>
		inLab(async (lab) => {
			const respond: NodeFixture = { name: 'Respond', type: 'n8n-nodes-base.respondToWebhook' };
			const parameters = { resume: 'webhook', responseMode: 'responseNode' };
			const wait: NodeFixture = { name: 'Wait', type: 'n8n-nodes-base.wait', parameters };
			const run = await lab.run([start, respond, wait, auto]);
			expect(reasonsOf(run)).toContain("Waited by polling: the caller of 'Wait' waits for the answer.");
		}),
	);

	test.concurrent.each<[string, NonNullable<NodeFixture['parameters']>]>([
		['success', { resume: 'webhook', responseMode: 'lastNode' }],
		['success', { resume: 'form', responseMode: 'responseNode' }],
		['waiting', { resume: 'webhook' }],
		['waiting', { resume: 'timeInterval', responseMode: 'lastNode' }],
	])('ends as %s behind a Wait node with %j: its caller may wait for the answer', (status, parameters) =>
		inLab(async (lab) => {
			const wait: NodeFixture = { name: 'Wait', type: 'n8n-nodes-base.wait', parameters };
			const run = await lab.run([start, wait, auto]);
			expect(run.status).toBe(status);
			if (status === 'success') {
				expect(reasonsOf(run)).toContain("Waited by polling: the caller of 'Wait' waits for the answer.");
			}
		}),
	);

	const calledWith = async (lab: Lab, ...texts: string[]) => {
		const called: NodeFixture = { name: 'Called', type: 'n8n-nodes-base.executeWorkflowTrigger' };
		return await lab.run([called, auto], prompts(...texts), { mode: 'integrated' });
	};

	test.concurrent.each([[['a cat']], [['a cat', 'a dog']]])(
		'polls in a workflow that was called with %j: one of its callers may have called for each item',
		(items) =>
			inLab(async (lab) => {
				const run = await calledWith(lab, ...items);
				expect(run.status).toBe('success');
				expect(reasonsOf(run)).toContainEqual(
					expect.stringMatching(/^Waited by polling: another workflow called this one/),
				);
			}),
	);

	test.concurrent('an error of a workflow that was called says that a Retry of the caller orders anew', () =>
		inLab(async (lab) => {
			lab.evolink.script('', { outcome: 'failed', code: 'service_error' });
			const run = await calledWith(lab, 'a cat', 'a dog');
			expect(run.error?.description).toContain('a Retry of the caller orders everything anew');
			expect(run.errorText).not.toMatch(/retry of this execution|Retry picks them up/);
		}),
	);

	test.concurrent('parks when another trigger of the workflow started it, not the webhook', () =>
		inLab(async (lab) => {
			const parameters = { path: 'in', responseMode: 'lastNode' };
			const hook: NodeFixture = { name: 'Hook', type: 'n8n-nodes-base.webhook', parameters };
			const connections = connect(['Start', SORA], ['Hook', SORA]);
			const fixture = { nodes: [start, hook, auto], connections };
			const run = await lab.run(fixture, prompts('a cat'), { startNode: 'Start' });
			expect(run.status).toBe('waiting');
		}),
	);
});

test.concurrent("the way that was chosen is taken, and needs no hint: 'Wait' = poll, in production", () =>
	inLab(async (lab) => {
		const run = await lab.run(sora());
		expect(run.status).toBe('success');
		expect(hintsOf(run)).toEqual([]);
	}),
);

describe('as a tool of an AI agent', () => {
	const asTool = (
		via: string,
		wait: string,
		more: Partial<NodeFixture> = {},
		options: { toolWaitSeconds?: number } = {},
	) => {
		const agent: NodeFixture = {
			name: 'Agent',
			type: '@n8n/n8n-nodes-langchain.agent',
			parameters: { via, toolInput: { what: 'a cat' } },
		};
		const node = sora(
			{
				wait: wait === 'none' ? 'none' : 'auto',
				waitMode: wait === 'none' ? 'auto' : wait,
				download: true,
				simplify: true,
				options,
				prompt: "={{ $fromAI('what', 'what the video shows', 'string') }}",
			},
			{ type: 'n8n-nodes-evolink-sora.soraVideoTool', ...more },
		);
		return {
			nodes: [start, agent, node],
			connections: connect(['Start', 'Agent'], [SORA, 'Agent', 'ai_tool']),
		};
	};

	test.concurrent.each([
		['engine', 'auto'],
		['engine', 'suspend'],
		['agent', 'auto'],
		['agent', 'suspend'],
	])('(by way of the %s, Wait = %s) it polls and gives the link without a file', (via, wait) =>
		inLab(async (lab) => {
			const run = await lab.run(asTool(via, wait));
			expect(run.status).toBe('success');
			const id = lab.idOf('a cat');
			expect(run.json('Agent')).toMatchObject([{ answers: [[{ id, status: 'completed' }]] }]);
			expect(JSON.stringify(run.json('Agent'))).toContain('"videoUrl":"http');
			expect(lab.evolink.mediaStats.requests).toBe(0);
			expect(lab.paid).toEqual(['a cat']);
		}),
	);

	test.concurrent.each([
		['engine', 'auto', 0],
		['agent', 'auto', 0],
		['engine', 'poll', 0.5],
		['agent', 'suspend', 0.5],
	])(
		'(by way of the %s, Wait = %s) after %s Tool Wait Seconds it returns the running task, and what to do next',
		(via, wait, toolWaitSeconds) =>
			inLab(async (lab) => {
				lab.evolink.script('', { seconds: 3600, estimatedTime: 1 });
				const run = await lab.run(asTool(via, wait, {}, { toolWaitSeconds }));
				expect(run.status).toBe('success');
				const id = lab.idOf('a cat');
				const [[[answer]]] = run.json('Agent').map(({ answers }) => answers as object[][]) as [[[object]]];
				expect(answer).toMatchObject({
					id,
					nextStep: expect.stringMatching(
						new RegExp(`Use the tool that gets a task with the ID ${id} .*Do not order again`),
					),
				});
				expect(lab.evolink.tasks.get(id)!.reads > 0).toBe(toolWaitSeconds > 0);
			}),
	);

	test.concurrent('a task that cannot be read in that time is returned by its ID', () =>
		inLab(async (lab) => {
			lab.evolink.script('', { seconds: 3600, estimatedTime: 1 });
			lab.evolink.fault('read', { kind: 'http', status: 503 });
			const run = await lab.run(asTool('engine', 'auto', {}, { toolWaitSeconds: 0.5 }));
			expect(run.json('Agent')).toMatchObject([
				{ answers: [[{ id: lab.idOf('a cat'), nextStep: expect.stringContaining('gets a task') }]] },
			]);
		}),
	);

	test.concurrent('a read that EvoLink does not answer holds nobody up', () =>
		inLab(async (lab) => {
			lab.evolink.script('', { seconds: 3600, estimatedTime: 1 });
			// ten times as long as a read may take
			lab.evolink.fault('read', { kind: 'slow', seconds: 6000 });
			const before = performance.now();
			const run = await lab.run(asTool('engine', 'auto', {}, { toolWaitSeconds: 0.5 }));
			expect(performance.now() - before).toBeLessThan(14_000);
			expect(run.json('Agent')).toMatchObject([{ answers: [[{ id: lab.idOf('a cat') }]] }]);
		}),
	);

	test.concurrent(
		'a 429 that asks for more time than the call has is told at once, and nothing is ordered',
		() =>
			inLab(async (lab) => {
				lab.evolink.fault('create', { kind: 'http', status: 429, retryAfter: 60 });
				const run = await lab.run(asTool('engine', 'auto', { onError: 'continueRegularOutput' }));
				expect(JSON.stringify(run.json('Agent'))).toContain('Nothing was charged');
				expect(lab.creates).toHaveLength(1);
			}),
	);

	test.concurrent.each([
		['engine', 'stopWorkflow'],
		['engine', 'continueRegularOutput'],
		['agent', 'stopWorkflow'],
		['agent', 'continueRegularOutput'],
	] as const)(
		'(by way of the %s, On Error = %s) a failure tells the model what to do, and that nothing is to be ordered again',
		(via, onError) =>
			inLab(async (lab) => {
				lab.evolink.fault('create', { kind: 'drop-after' });
				const run = await lab.run(asTool(via, 'auto', { onError }));
				const answers = run.json('Agent').map((json) => json.answers);
				const [idempotencyKey] = lab.sentKeys;
				expect(answers).toEqual([
					[
						[
							failedWith(/^It is not known whether EvoLink took the order: [^[]*$/, {
								description: expect.stringMatching(
									/^(?!.*(Retry|turn on)).*do not order again; .*tool that gets many tasks/,
								),
								idempotencyKey,
							}),
						],
					],
				]);
				expect(lab.paid).toEqual(['a cat']);
			}),
	);

	test.concurrent('no other run has such a limit', () =>
		inLab(async (lab) => {
			lab.evolink.script('', { seconds: 40, estimatedTime: 1 });
			const run = await lab.run(sora({ options: { toolWaitSeconds: 0 } }));
			expect(run.json(SORA)).toMatchObject([{ status: 'completed' }]);
			const unwaited = await lab.run(sora({ wait: 'none' }), prompts('a dog'));
			expect(unwaited.json(SORA)[0]).not.toHaveProperty('nextStep');
		}),
	);

	test.concurrent.each(['engine', 'agent'])('(by way of the %s) a retried call pays once', (via) =>
		inLab(async (lab) => {
			lab.evolink.fault('read', { kind: 'http', status: 404 }, { times: 1 });
			await lab.run(asTool(via, 'auto', { ...retryOnFail, onError: 'stopWorkflow' }));
			expect(lab.paid).toEqual(['a cat']);
			expect(lab.sentKeys.size).toBe(1);
		}),
	);
});

describe("'How to Wait'", () => {
	test.concurrent.each(['poll', 'suspend'])('= %s does what it says', (waitMode) =>
		inLab(async (lab) => {
			const run = await lab.run(sora({ wait: 'auto', options: { waitMode } }), prompts('a cat'), {
				mode: waitMode === 'poll' ? 'trigger' : 'manual',
			});
			expect(run.status).toBe(waitMode === 'poll' ? 'success' : 'waiting');
		}),
	);

	test.concurrent('is no reason to wait where the node does not', () =>
		inLab(async (lab) => {
			const run = await lab.run(sora({ wait: 'none', options: { waitMode: 'poll' } }));
			expect(run.json('After')).toMatchObject([{ status: 'pending' }]);
		}),
	);
});
