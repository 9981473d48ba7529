/** EvoLink keeps about 100 uploaded files of an account, for 72 hours each. */
import type { IBinaryData } from 'n8n-workflow';
import { facts } from '../contract/openapi';
import { png } from './media-files';
import { ordersOf } from '../match';
import { inLab, labForEachTest, type Lab } from './lab';
import { BY_HAND, SORA, parking, sora } from './support';

const PICTURE: IBinaryData = {
	data: png(1280, 720).toString('base64'),
	mimeType: 'image/png',
	fileName: 'cat.png',
};
const ROOM = facts.upload.maxFiles.default;

const pictures = (count: number) =>
	Array.from({ length: count }, (_, at) => ({
		json: { prompt: `picture ${at}` },
		binary: { data: PICTURE },
	}));
const node = (parameters = {}, more = {}) => sora({ startImage: 'binary', ...parameters }, more);

/** Files of others on the same account, so that few of ours have room. */
async function leaveRoomFor(lab: Lab, files: number): Promise<void> {
	const { url, apiKey } = lab.evolink;
	for (let at = lab.evolink.files.size; at < ROOM - files; at += 1) {
		const form = new FormData();
		form.append('file_name', `other-${at}.png`);
		form.append('file', new Blob([new Uint8Array(png(1, 1))], { type: 'image/png' }), `other-${at}.png`);
		const headers = { authorization: `Bearer ${apiKey}` };
		await fetch(`${url}/api/v1/files/upload/stream`, { method: 'POST', headers, body: form });
	}
}

describe('more pictures than EvoLink has room for', () => {
	test.concurrent(
		'all 120 of a batch are ordered once, in input order, and no file is left',
		() =>
			inLab(async (lab) => {
				lab.evolink.script('', { seconds: 10, estimatedTime: 0 });
				const run = await lab.run(node(), pictures(120));
				expect(run.error).toBeUndefined();
				expect(run.json(SORA).map(({ id }) => lab.evolink.tasks.get(id as string)!.request.prompt)).toEqual(
					pictures(120).map(({ json }) => json.prompt),
				);
				expect(lab.paid).toHaveLength(120);
				expect(lab.evolink.files.size).toBe(0);
			}),
		60_000,
	);

	test.concurrent(
		'orders wait for the first tasks of their own run, also where nothing else is waited for',
		() =>
			inLab(async (lab) => {
				lab.evolink.script('', { seconds: 4, estimatedTime: 0 });
				await leaveRoomFor(lab, 3);
				const run = await lab.run(node({ wait: 'none' }), pictures(8));
				expect(run.error).toBeUndefined();
				expect(lab.paid).toHaveLength(8);
			}),
	);

	test.concurrent(
		'where the files are not ours, the item is told what to do, and nothing is ordered for it',
		() =>
			inLab(async (lab) => {
				await leaveRoomFor(lab, 0);
				const run = await lab.run(node(), pictures(2));
				expect(run.errorText).toMatch(
					/did not take the input file: The account's file quota is used up .*40003.*EvoLink keeps each uploaded file for 72 hours.* instead of a file\. Nothing was ordered/,
				);
				expect(run.error?.message).toContain('[item 0]');
				expect(lab.requestsTo('uploadFileStream').filter(({ status }) => status === 200)).toHaveLength(
					ROOM + 2,
				);
				expect(lab.creates).toHaveLength(0);
			}),
	);

	test.concurrent('tasks that do not end within the limit end the waiting, and stand in the message', () =>
		inLab(async (lab) => {
			lab.evolink.script('', BY_HAND);
			await leaveRoomFor(lab, 2);
			const short = node({ options: { timeoutMinutes: 0.02, pollSeconds: 0.25 } });
			const run = await lab.run(short, pictures(3));
			// of the two tasks and the item, either may be told first
			expect(run.errorText).toMatch(
				/Nothing was ordered for item 2|item 2: Nothing was ordered for this item/,
			);
			for (const id of lab.ids) expect(run.error?.message).toContain(id);
			expect(lab.ids).toHaveLength(2);
		}),
	);
});

describe('a file of ours', () => {
	test.concurrent.each<[string, { outcome?: 'failed'; code?: string }]>([
		['completed', {}],
		['failed', { outcome: 'failed', code: 'service_error' }],
	])('is deleted once its task has %s', (_, outcome) =>
		inLab(async (lab) => {
			lab.evolink.script('', outcome);
			await lab.run(node(), pictures(2));
			expect(lab.requestsTo('deleteFile')).toHaveLength(2);
			expect(lab.evolink.files.size).toBe(0);
		}),
	);

	test.concurrent('stays while its task runs, and is deleted by the Retry that sees it end', () =>
		inLab(async (lab) => {
			lab.evolink.script('', BY_HAND);
			const short = node({ options: { timeoutMinutes: 0.01, pollSeconds: 0.25 } });
			const first = await lab.run(short, pictures(1));
			expect(first.status).toBe('error');
			expect(lab.evolink.files.size).toBe(1);
			lab.evolink.finish(lab.ids[0]!);
			expect((await lab.retry(first)).status).toBe('success');
			expect(lab.evolink.files.size).toBe(0);
		}),
	);

	test.concurrent('does not stay where EvoLink refuses its order', () =>
		inLab(async (lab) => {
			lab.evolink.script('', BY_HAND);
			lab.evolink.fault('create', { kind: 'http', status: 402 }, { match: ordersOf('picture 0') });
			const run = await lab.run(node(), pictures(20));
			expect(run.error?.message).toContain('402');
			// the run stops on errors: whatever was uploaded and not ordered goes, too
			expect(lab.requestsTo('uploadFileStream')).toHaveLength(20);
			expect(lab.evolink.files.size).toBe(lab.paid.length);
			expect(lab.paid.length).toBeLessThan(19);
		}),
	);

	test.concurrent(
		'stays where the order may have been taken, and goes when a repeat has found its task',
		() =>
			inLab(async (lab) => {
				lab.evolink.fault('create', { kind: 'drop-after' }, { times: 1 });
				const resend = node({ options: { resendUnknown: true, pollSeconds: 0.25 } });
				const first = await lab.run(resend, pictures(1));
				expect(first.error?.message).toContain('Idempotency-Key');
				expect(lab.evolink.files.size).toBe(1);
				expect((await lab.retry(first)).status).toBe('success');
				expect(lab.requestsTo('uploadFileStream')).toHaveLength(1);
				expect(lab.evolink.files.size).toBe(0);
			}),
	);

	test.concurrent('does not stay where the run is stopped before its order', () =>
		inLab(async (lab) => {
			const slow = lab.evolink.fault('upload', { kind: 'slow', seconds: 400 }, { skip: 1, times: 1 });
			const run = await lab.start(node(), pictures(2));
			await lab.evolink.until(() => slow.hits === 1 && lab.requestsTo('uploadFileStream')[0]?.status === 200);
			await run.cancel();
			await lab.end(run);
			await lab.evolink.until(() => lab.requestsTo('deleteFile').length === 1);
			expect(lab.creates).toHaveLength(0);
		}),
	);
});

describe('a parked run', () => {
	const lab = labForEachTest();

	test('deletes each file at the first wake-up after its task has ended, and none before', async () => {
		const binary = { startImage: 'binary', download: false };
		const [executionId, first, second] = await lab.parked(parking({ parameters: binary }), pictures(2));
		expect(lab.evolink.files.size).toBe(2);
		lab.evolink.finish(first);
		expect((await lab.timer(executionId)).status).toBe('waiting');
		const urls = [...lab.evolink.files.values()].map(({ url }) => url);
		expect(urls).toEqual(lab.evolink.tasks.get(second)!.request.image_urls);
		lab.evolink.finish(second);
		expect((await lab.timer(executionId)).status).toBe('success');
		expect(lab.evolink.files.size).toBe(0);
		expect(lab.requestsTo('deleteFile')).toHaveLength(2);
	});
});
