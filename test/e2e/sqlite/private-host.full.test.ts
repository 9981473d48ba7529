import { json } from '../../../tools/n8n-server/client';
import { Flow } from '../lib/flow';
import { openInstallation } from '../lib/installation';
import { webhookUrl } from '../../../tools/n8n-server/n8n';

const n8n = openInstallation({ name: 'private-host', env: webhookUrl('http://localhost:5678/') });

it('where EvoLink cannot reach n8n no callback URL is sent: the timer alone finishes the video, and a hint says so', async () => {
	const flow = await Flow.publish(n8n, 'private', { video: { waitMode: 'suspend' } });
	await flow.call('behind a router');
	const task = await n8n.taskOf('behind a router');
	expect(task.request.callback_url).toBeUndefined();
	const { id, data } = await n8n.latest(flow.workflow, ['waiting']);
	expect(JSON.stringify(data.resultData.runData.Video[0].hints)).toMatch(/timer.*because/);
	const done = await n8n.client.until(id, ['success', 'error', 'crashed'], 150_000);
	expect(json(done, 'Next')).toEqual([expect.objectContaining({ id: task.id, status: 'completed' })]);
}, 200_000);
