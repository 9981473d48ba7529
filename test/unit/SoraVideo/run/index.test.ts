import { Readable } from 'node:stream';

import type { IDataObject, IExecuteFunctions, IHttpRequestOptions } from 'n8n-workflow';

import type { RunSettings } from '../../../../nodes/SoraVideo/settings';
import { hostClock } from '../../../../nodes/evolink/clock';
import { isParked, resume } from '../../../../nodes/SoraVideo/run/resume';
import { orderRunOf, run, type Plan } from '../../../../nodes/SoraVideo/run';
import { CREDENTIAL, fakeContext, taskOf } from '../../support';
import type { Entry } from '../../../../nodes/SoraVideo/entries';

const SETTINGS: RunSettings = {
	wait: 'poll',
	timeoutMs: 60_000,
	pollMs: 250,
	onTaskFailure: 'error',
	maxDownloadBytes: 1_000_000,
	simplify: false,
	resendUnknown: false,
	checkBalance: false,
};

const DONE = { status: 'completed', results: ['https://files.evolink.ai/v.mp4'] };

const plan = (mode: 'poll' | 'suspend'): Plan => ({ decision: { mode }, callbacks: false });

async function settle(ctx: IExecuteFunctions, entry: Entry, mode: 'poll' | 'suspend') {
	const orders = orderRunOf(ctx, SETTINGS, { begunAt: hostClock.ticks() });
	return await run(orders, SETTINGS, [entry], plan(mode));
}

/** n8n as the wait sees it, with an EvoLink that answers every read of a task with `answer`. */
function host(answer: (id: string) => IDataObject, credential?: () => unknown) {
	const parked: Date[] = [];
	const downloads: string[] = [];
	const warnings: string[] = [];
	const { ctx } = fakeContext({
		answer: ({ url }) => {
			const id = String(url).split('/').pop() as string;
			return { body: { id, ...answer(id) } };
		},
		credential,
		continueOnFail: () => true,
		putExecutionToWait: async (at: Date) => void parked.push(at),
		runExecutionData: {},
		logger: { warn: (text: string) => void warnings.push(text), debug: () => {} },
		helpers: {
			httpRequest: async ({ url }: IHttpRequestOptions) => {
				downloads.push(String(url));
				const body = Readable.from([Buffer.from('\0\0\0\x18ftypisom\0\0\0\0', 'latin1')]);
				return { statusCode: 200, headers: {}, body };
			},
			prepareBinaryData: async (_: unknown, fileName: string) => ({ fileName }),
		},
	});
	return { ctx, parked, downloads, warnings };
}

const fresh = (id: string): Entry => ({
	phase: 'task',
	item: 0,
	field: null,
	from: 0,
	watch: {
		id,
		orderedAt: Date.now(),
		unfinishedAt: Date.now(),
		seen: taskOf({ id, status: 'pending', task_info: { estimated_time: 1 } }).raw,
	},
});
/** As the ledger remembers it: ordered by an earlier try. */
const recalled = (id: string, field: string | null = null): Entry => ({
	phase: 'task',
	item: 0,
	field,
	from: 0,
	watch: { id, orderedAt: Date.now() - 72_000_000 },
});

describe.each(['poll', 'suspend'] as const)('with %s', (mode) => {
	/** Waits until EvoLink says that the task is done: at the second look, when it was running at the first. */
	async function wait(entry: Entry) {
		let reads = 0;
		const { ctx, parked } = host(() => ((reads += 1) > 1 ? DONE : { status: 'processing' }));
		const waiting = await settle(ctx, entry, mode);
		if (mode === 'poll') return waiting;
		expect(parked).toHaveLength(1);
		expect(isParked(ctx)).toBe(true);
		reads = 1;
		return await resume(ctx);
	}

	test('a run that ordered the task says when its links end', async () => {
		const [{ json }] = await wait(fresh('task-1'));
		const end = Date.parse(String(json.resultExpiresAt));
		expect(Math.abs(end - Date.now() - 86_400_000)).toBeLessThan(60_000);
	});

	test('a retry that finds the task of an earlier try completed waits for nothing, and does not guess when its links end', async () => {
		const { ctx, parked } = host(() => DONE);
		const [{ json }] = await settle(ctx, recalled('task-1'), mode);
		expect(parked).toEqual([]);
		expect(json).toMatchObject({ id: 'task-1', status: 'completed' });
		expect(json).not.toHaveProperty('resultExpiresAt');
	});
});

test('a credential that cannot be read when the file is fetched loses neither the task nor the file', async () => {
	let reads = 0;
	const { ctx, downloads } = host(
		() => DONE,
		() => {
			reads += 1;
			if (reads > 2) throw new Error('the database is locked');
			return CREDENTIAL;
		},
	);
	const items = await settle(ctx, recalled('task-1', 'data'), 'poll');
	expect(downloads).toEqual(['https://files.evolink.ai/v.mp4']);
	expect(items[0]).toMatchObject({ json: { id: 'task-1' }, binary: { data: { fileName: 'task-1.mp4' } } });
});

test('a host that fails while it parks is polled instead, and the log names the tasks', async () => {
	let reads = 0;
	const { ctx, warnings } = host(() => ((reads += 1) > 1 ? DONE : { status: 'processing' }));
	ctx.putExecutionToWait = async () => {
		throw new Error('No active execution found');
	};
	const items = await settle(ctx, fresh('task-1'), 'suspend');
	expect(items).toMatchObject([{ json: { id: 'task-1', status: 'completed' } }]);
	expect(warnings).toEqual([expect.stringContaining('No active execution found')]);
});
