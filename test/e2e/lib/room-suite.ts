import { items, json, type Execution, type SavedWorkflow } from '../../../tools/n8n-server/client';
import { type Installation, type InstallationOptions } from '../../../tools/n8n-server/installation';
import {
	loop,
	setFields,
	soraVideo,
	splitOut,
	toJpeg,
	webhookTrigger,
	wires,
} from '../../../tools/n8n-server/workflows';
import type { Room } from '../../../stand-in';
import { jpeg } from '../../engine/media-files';
import { ordersOf } from '../../match';
import { errorText, Flow } from './flow';
import { openInstallation } from './installation';

/** A turn that only the clock brings comes after 66 to 99 s, and n8n looks for suspended runs once a minute. */
const CLOCK_MS = 240_000;
const TEST_MS = 300_000;

/** Of another length for each. */
const picture = (at: number) => Buffer.concat([jpeg(1280, 720), Buffer.alloc(at)]).toString('base64');

/** An n8n whose EvoLink takes three seconds for a video, and has room for whatever a test says. */
export function openRoom(name: string, mode: InstallationOptions['mode'] = 'regular'): Installation {
	const standIn = { timeScale: 1, defaults: { seconds: 3, estimatedTime: 3 } };
	const n8n = openInstallation({ name, mode, standIn });
	afterEach(() => (n8n.evolink.room = undefined));
	return n8n;
}

export const prompts = (name: string, count = 10) =>
	Array.from({ length: count }, (_, at) => `${name} ${at}`);

/** Prompts of the charges for these, sorted. */
const charged = ({ evolink }: Installation, asked: string[]) =>
	evolink.charges
		.map(({ prompt }) => String(prompt))
		.filter((prompt) => asked.includes(prompt))
		.sort();

/** The newest run of a workflow, once it has ended so. */
export async function ended(
	n8n: Installation,
	workflow: SavedWorkflow,
	{ status = 'success', clockMs = CLOCK_MS } = {},
): Promise<Execution> {
	const done = await n8n.latest(workflow, ['success', 'error', 'crashed'], clockMs);
	expect(`${done.status} ${errorText(done)}`).toMatch(new RegExp(`^${status}`));
	return done;
}

/** A video for each prompt, in their order, each paid once. */
export function expectVideos(n8n: Installation, done: Execution, asked: string[]): void {
	const rows = json(done, 'Next');
	expect(rows.map((row) => row.asked)).toEqual(asked);
	expect(rows.map(({ status }) => status)).toEqual(asked.map(() => 'completed'));
	expect(charged(n8n, asked)).toEqual([...asked].sort());
}

/**
 * Runs with more orders than EvoLink has room for, on a real n8n.
 *
 * @param extra tests that only this mode has
 */
export function roomSuite(
	mode: InstallationOptions['mode'],
	extra: (n8n: Installation) => void = () => {},
): void {
	const n8n = openRoom(`room-${mode}`, mode);
	const poll = { waitMode: 'poll', options: { pollSeconds: 0.5 } };
	const video = { download: false };

	it.each<[Required<Room>['full'], string, object]>([
		['429', 'suspended', {}],
		['429', 'polled', poll],
		['429-retry-after', 'suspended', {}],
		['429-retry-after', 'polled', poll],
		['500', 'suspended', {}],
		['500', 'polled', poll],
	])(
		'an account with room for three that answers %s, ten items, %s: ten videos, each paid once, in their order',
		async (full, how, parameters) => {
			n8n.evolink.room = { tasks: 3, full };
			const asked = prompts(`${full} ${how}`);
			const flow = await Flow.publish(n8n, `room ${full} ${how}`, { video: { ...video, ...parameters } });
			expect((await flow.call(...asked)).ok).toBe(true);
			expectVideos(n8n, await ended(n8n, flow.workflow), asked);
		},
		TEST_MS,
	);

	it.each([
		['suspended', {}],
		['polled', poll],
	])(
		'with On Error = error output, %s, the row that EvoLink refuses comes out there, all others are videos',
		async (how, parameters) => {
			n8n.evolink.room = { tasks: 2 };
			const asked = prompts(`branch ${how}`, 5);
			const refused = { kind: 'http', status: 400, code: 'content_policy_violation' } as const;
			const fault = n8n.evolink.fault('create', refused, {
				match: ordersOf(asked[2]),
			});
			const flow = await Flow.publish(n8n, `room branch ${how}`, {
				video: { ...video, ...parameters },
				extra: { onError: 'continueErrorOutput' },
			});
			expect((await flow.call(...asked)).ok).toBe(true);
			const done = await ended(n8n, flow.workflow);
			fault.remove();
			expectVideos(n8n, done, asked.toSpliced(2, 1));
			expect(json(done, 'Problem')).toEqual([expect.objectContaining({ asked: asked[2] })]);
		},
		TEST_MS,
	);

	it(
		'with On Error = stop, nothing that is queued is ordered after a refusal, and the error names what runs',
		async () => {
			n8n.evolink.room = { tasks: 2 };
			const asked = prompts('stops', 6);
			const broke = n8n.evolink.fault(
				'create',
				{ kind: 'http', status: 402, code: 'insufficient_quota' },
				{ match: ordersOf(asked[3]) },
			);
			const flow = await Flow.publish(n8n, 'room stops', { video });
			expect((await flow.call(...asked)).ok).toBe(true);
			const failed = await ended(n8n, flow.workflow, { status: 'error' });
			const paid = charged(n8n, asked);
			broke.remove();
			expect(paid.length).toBeLessThan(asked.length - 1);
			for (const { id, request } of n8n.evolink.tasks.values())
				if (asked.includes(String(request.prompt))) expect(errorText(failed)).toContain(id);
			const retried = await n8n.client.until(
				await n8n.client.retry(failed.id),
				['success', 'error'],
				CLOCK_MS,
			);
			expect(paid).not.toContain(asked[3]);
			expectVideos(n8n, retried, asked);
		},
		TEST_MS,
	);

	it(
		'a run that is stopped while most of it is queued orders nothing more; Retry orders the rest, once',
		async () => {
			n8n.evolink.room = { tasks: 2 };
			const asked = prompts('stopped', 5);
			const flow = await Flow.publish(n8n, 'room stopped', { video });
			expect((await flow.call(...asked)).ok).toBe(true);
			const waiting = await n8n.latest(flow.workflow, ['waiting']);
			await n8n.client.stop(waiting.id);
			const stopped = charged(n8n, asked).length;
			expect(stopped).toBeLessThan(5);
			const again = await n8n.client.until(
				await n8n.client.retry(waiting.id),
				['success', 'error'],
				CLOCK_MS,
			);
			expectVideos(n8n, again, asked);
		},
		TEST_MS,
	);

	it(
		'the files of queued items are sent with their own orders, from binary fields, also suspended',
		async () => {
			n8n.evolink.room = { tasks: 2 };
			const asked = prompts('picture', 5);
			const nodes = [
				webhookTrigger('Call', `room-files-${mode}`),
				splitOut('Jobs', 'body.jobs'),
				toJpeg('To File'),
				soraVideo('Video', n8n.credential, {
					...video,
					prompt: "={{ $('Jobs').item.json.prompt }}",
					startImage: 'binary',
				}),
				setFields('Next', { asked: "={{ $('Jobs').item.json.prompt }}" }),
			];
			const workflow = await n8n.publish({
				name: 'room files',
				nodes,
				connections: wires(['Call', 'Jobs'], ['Jobs', 'To File'], ['To File', 'Video'], ['Video', 'Next']),
			});
			const jobs = asked.map((prompt, at) => ({ prompt, file: picture(at) }));
			expect((await n8n.call(`room-files-${mode}`, { jobs })).ok).toBe(true);
			const done = await ended(n8n, workflow);
			expectVideos(n8n, done, asked);
			const urls = [...n8n.evolink.tasks.values()]
				.filter(({ request }) => asked.includes(String(request.prompt)))
				.flatMap(({ request }) => request.image_urls as string[]);
			expect(new Set(urls).size).toBe(asked.length);
		},
		TEST_MS,
	);

	it(
		'each round of a loop finds room for its own items',
		async () => {
			n8n.evolink.room = { tasks: 2 };
			const asked = prompts('looped', 6);
			const nodes = [
				webhookTrigger('Call', `room-loop-${mode}`),
				splitOut('Jobs', 'body.jobs'),
				loop('Loop', { batchSize: 3 }),
				soraVideo('Video', n8n.credential, { ...video, prompt: '={{ $json.prompt }}' }),
				setFields('Next', {}),
			];
			const workflow = await n8n.publish({
				name: 'room loop',
				nodes,
				connections: wires(
					['Call', 'Jobs'],
					['Jobs', 'Loop'],
					['Loop', 'Next', 0],
					['Loop', 'Video', 1],
					['Video', 'Loop'],
				),
			});
			const jobs = asked.map((prompt) => ({ prompt }));
			expect((await n8n.call(`room-loop-${mode}`, { jobs })).ok).toBe(true);
			const done = await ended(n8n, workflow);
			expect(items(done, 'Next')).toHaveLength(asked.length);
			expect(charged(n8n, asked)).toEqual(asked);
		},
		TEST_MS,
	);

	extra(n8n);
}
