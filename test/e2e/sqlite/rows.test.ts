import { items, json } from '../../../tools/n8n-server/client';
import { openInstallation } from '../lib/installation';
import {
	chain,
	node,
	noOp,
	setFields,
	soraVideo,
	splitOut,
	webhookTrigger,
	wires,
} from '../../../tools/n8n-server/workflows';

const n8n = openInstallation({ name: 'rows' });
beforeAll(() => {
	n8n.evolink.script('a singer', { outcome: 'failed', code: 'content_policy_violation' });
});

const quick = { download: false, waitMode: 'poll', options: { pollSeconds: 0.25 } };
const lastFailed = () =>
	[...n8n.evolink.tasks.values()].filter(({ request }) => request.prompt === 'a singer').at(-1)!.id;
const PROMPTS = ['a cat', 'a singer', 'a dog'];

/** Expressions over the node's items, in n8n's default engine. */
const read = {
	all: "={{ $('Video').all().length }}",
	mine: "={{ $('Video').item.json.error?.message ?? $('Video').item.json.status }}",
	first: "={{ $('Video').first().json.status }}",
	errors: "={{ $('Video').all().filter(({ json }) => json.error).length }}",
};

it.each([
	['continueRegularOutput', 0],
	['continueErrorOutput', 1],
] as const)(
	'with On Error = %s a failed row empties no expression, two nodes further either',
	async (onError, output) => {
		const nodes = [
			webhookTrigger('Call', onError),
			splitOut('Jobs', 'body.jobs'),
			soraVideo('Video', n8n.credential, { prompt: '={{ $json.prompt }}', ...quick }, { onError }),
			noOp('Between'),
			setFields('Later', read),
			setFields('Problem', {}),
		];
		const connections = wires(
			['Call', 'Jobs'],
			['Jobs', 'Video'],
			['Video', 'Between'],
			['Between', 'Later'],
			['Video', 'Problem', 1],
		);
		const workflow = await n8n.publish({ name: onError, nodes, connections });
		await n8n.call(onError, { jobs: PROMPTS.map((prompt) => ({ prompt })) });
		const done = await n8n.latest(workflow, ['success', 'error']);
		expect(done.status).toBe('success');
		const failed = items(done, 'Video', output).find((item) => item.json.error);
		expect(failed?.json.error).toMatchObject({ taskId: lastFailed(), code: 'content_policy_violation' });
		const later = json(done, 'Later');
		expect(later).toHaveLength(output === 0 ? 3 : 2);
		for (const row of later) {
			expect(row).toMatchObject({ all: `${later.length}`, first: 'completed', errors: `${3 - output - 2}` });
			expect(row.mine).toMatch(row.error ? /^Task .* failed/ : /^completed$/);
		}
		// n8n puts the row beside the error there
		if (output === 1)
			expect(json(done, 'Problem')).toEqual([expect.objectContaining({ prompt: 'a singer' })]);
	},
);

it('an error workflow is told the task and the code', async () => {
	const handler = [node('Failed', 'n8n-nodes-base.errorTrigger'), setFields('Seen', {})];
	const errors = await n8n.publish({ name: 'errors', nodes: handler, connections: chain(...handler) });
	const nodes = [
		webhookTrigger('Call', 'fails'),
		soraVideo('Video', n8n.credential, { prompt: 'a singer', ...quick }),
	];
	const settings = { errorWorkflow: errors.id };
	await n8n.publish({ name: 'fails', nodes, connections: chain(...nodes), settings });
	await n8n.call('fails');
	const [seen] = json(await n8n.latest(errors, ['success']), 'Seen');
	const { error } = seen.execution as { error: { message: string; context: object } };
	expect(error.message).toContain(lastFailed());
	expect(error.context).toMatchObject({ taskId: lastFailed(), code: 'content_policy_violation' });
});
