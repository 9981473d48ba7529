import { Readable } from 'node:stream';

import type { IDataObject, IHttpRequestOptions } from 'n8n-workflow';

import type { RunSettings } from '../../../../nodes/SoraVideo/settings';
import { isParked, resume } from '../../../../nodes/SoraVideo/run/suspend';
import { settleOrders, type WaitPlan } from '../../../../nodes/SoraVideo/run';
import { CREDENTIAL, fakeContext, taskOf } from '../../support';
import type { Order } from '../../../../nodes/SoraVideo/items';

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

const plan = (mode: 'poll' | 'suspend', field: string | null = null): WaitPlan => ({
	settings: SETTINGS,
	fileFieldOf: () => field,
	decision: { mode },
	callbacks: false,
});

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
		logger: { warn: (text: string) => void warnings.push(text) },
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

const fresh = (id: string): Order => ({
	item: 0,
	watch: { id, orderedAt: Date.now(), unfinishedAt: Date.now() },
	task: taskOf({ id, status: 'pending', task_info: { estimated_time: 1 } }),
});
/** As the ledger remembers it: ordered by an earlier try. */
const recalled = (id: string): Order => ({ item: 0, watch: { id, orderedAt: Date.now() - 72_000_000 } });

describe.each(['poll', 'suspend'] as const)('with %s', (mode) => {
	/** Waits until EvoLink says that the task is done; the second look when suspended. */
	async function settle(order: Order) {
		const { ctx, parked } = host(() => DONE);
		const waiting = await settleOrders(ctx, [order], plan(mode));
		if (mode === 'poll') return waiting;
		expect(parked).toHaveLength(1);
		expect(isParked(ctx)).toBe(true);
		return await resume(ctx);
	}

	test('a run that ordered the task says when its links end', async () => {
		const [{ json }] = await settle(fresh('task-1'));
		const end = Date.parse(String(json.resultExpiresAt));
		expect(Math.abs(end - Date.now() - 86_400_000)).toBeLessThan(60_000);
	});

	test('a retry that finds the task of an earlier try completed does not guess when its links end', async () => {
		const [{ json }] = await settle(recalled('task-1'));
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
	const items = await settleOrders(ctx, [recalled('task-1')], plan('poll', 'data'));
	expect(downloads).toEqual(['https://files.evolink.ai/v.mp4']);
	expect(items[0]).toMatchObject({ json: { id: 'task-1' }, binary: { data: { fileName: 'task-1.mp4' } } });
});

test('a host that fails while it parks is polled instead, and the log names the tasks', async () => {
	const { ctx, warnings } = host(() => DONE);
	ctx.putExecutionToWait = async () => {
		throw new Error('No active execution found');
	};
	const items = await settleOrders(ctx, [fresh('task-1')], plan('suspend'));
	expect(items).toMatchObject([{ json: { id: 'task-1', status: 'completed' } }]);
	expect(warnings).toEqual([expect.stringContaining('No active execution found')]);
});
