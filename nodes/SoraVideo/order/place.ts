import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import sortBy from 'lodash/sortBy';
import pLimit from 'p-limit';

import { createTask } from '../../evolink/api';
import type { Failure } from '../../evolink/failure';
import { idempotencyKey, intentOf, Ledger, slotOf, toolSlotOf, type Doubt } from './ledger';
import { uploadFile, type UploadableFile, type Upload } from '../../evolink/media/upload';
import type { Task } from '../../evolink/task';
import { hostClock } from '../../evolink/clock';
import { defaultTimeoutMs } from '../wait/schedule';
import type { Watch } from '../wait/watch';
import { reportOf, type Report } from '../../host/errors';
import { orderOnce } from './inFlight';
import {
	fileRefused,
	keyInUse,
	notOrdered,
	orderRefused,
	outcomeUnknown,
	unknownBefore,
} from '../../host/messages';
import { stopOnReport } from '../deliver';
import type { RunSettings } from '../settings';
import { deleteUploads, isOutOfRoom, makeRoom } from './uploads';
import { cancelSignal, isToolRun } from '../../host/context';

/** One item's order, checked in full, with nothing sent yet. */
export interface Draft {
	body: IDataObject;
	/** A file that EvoLink must be given first, and where its URL goes in the body. */
	file?: { source: UploadableFile; attach(body: IDataObject, url: string): IDataObject };
}

/** What became of one item's order. */
export type Order =
	| {
			item: number;
			id: string;
			/** ms since 1970; absent for tasks that were there before. */ orderedAt?: number;
			/** As the create answered; absent for one that was ordered before. */ task?: Task;
			/** Ordered by an earlier try, whose order this try does not know: it may have been another one. */ replayed?: true;
			/** EvoLink's id of the file that was uploaded for it. */ fileId?: string;
	  }
	| { item: number; report: Report; /** Of an order that may have been taken. */ unknownKey?: string };

const SUBMITS_AT_ONCE = 5;
const UPLOADS_AT_ONCE = 2;

/**
 * Orders whose files are uploaded before the first of them is sent. Up to this many, a file that EvoLink refuses costs nothing;
 * more, and a batch would take up all the places for files that EvoLink gives an account.
 */
const WINDOW = 25;

/** Pauses before an order that cannot have been taken (429, no connection) is sent again. EvoLink asks for 1 to 2 s. */
const RESEND_PAUSES_MS = [1000, 2000];

/** A longer Retry-After is reported instead of waited for. */
const LONGEST_PAUSE_MS = 30_000;

/**
 * Turns every item of the run into an order, each intent at most once: everything is checked before the first request, files
 * are uploaded just before their orders, every order is sent before anything is waited for. Only where EvoLink has no room for
 * another file do orders wait, for the first tasks of this run to end. Items that an earlier try already ordered are taken from
 * the ledger, whatever their fields say now. A stopped execution gets what there is: no further order is begun.
 *
 * @param draft checks one item and builds its body; throws n8n errors, sends nothing
 * @param callbackUrl sent with every order, where there is one
 * @throws NodeApiError or NodeOperationError naming every id known so far, when the node stops on errors
 */
export async function placeOrders(
	ctx: IExecuteFunctions,
	draft: (itemIndex: number) => Promise<Draft>,
	settings: RunSettings,
	callbackUrl?: string,
): Promise<Order[]> {
	const ledger = Ledger.of(ctx);
	const orders = new Map<number, Order>();
	const drafts = new Map<number, Draft>();
	const run = new OrderRun(ctx, ledger, orders, settings.resendUnknown);

	for (const item of ctx.getInputData().keys()) {
		const isKnown = run.recall(item);
		if (!isKnown) await run.attempt(item, async () => void drafts.set(item, await draft(item)));
	}
	if (isToolRun(ctx)) run.recallDrafts(drafts);
	run.stopOnReport();

	const waiting = [...drafts.keys(), ...run.repeats.keys()];
	const hasFiles = [...drafts.values()].some(({ file }) => file !== undefined);
	const pace = { pollMs: settings.pollMs, timeoutMs: settings.timeoutMs ?? defaultTimeoutMs() };
	while (waiting.length > 0 && !run.isOver) {
		const window = waiting.splice(0, hasFiles ? WINDOW : waiting.length);
		const later = await run.place(window, drafts, callbackUrl);
		if (later.size === 0 || run.isOver) continue;
		if (await makeRoom(ctx, run.held, pace)) waiting.unshift(...later.keys());
		else for (const [item, failure] of later) orders.set(item, { item, report: fileRefused(failure) });
	}
	run.stopOnReport(run.untouched);
	return ctx.getInputData().map((_, item) => run.result(item));
}

class OrderRun {
	/** Orders of unknown outcome that the user wants sent once more. */
	readonly repeats = new Map<number, Doubt>();

	/** Tasks with an upload of ours, by item. */
	private readonly tasks = new Map<number, Watch>();

	private readonly slots = new Map<number, string>();

	private readonly stopsOnError: boolean;

	constructor(
		private readonly ctx: IExecuteFunctions,
		private readonly ledger: Ledger,
		private readonly orders: Map<number, Order>,
		/** Whether the user wants orders of unknown outcome sent once more. */
		private readonly resendUnknown: boolean,
	) {
		this.stopsOnError = !ctx.continueOnFail();
	}

	private slot(item: number): string {
		return this.slots.get(item) ?? slotOf(item);
	}

	/** Takes an item's order from the ledger. @returns false when nothing was ordered for it yet */
	recall(item: number): boolean {
		const entry = this.ledger.get(this.slot(item));
		if (entry === undefined || entry.state === 'refused') return false;
		const { key, at } = entry;
		if (entry.state === 'accepted') {
			const { id, fileId } = entry;
			this.orders.set(item, { item, id, orderedAt: at });
			if (fileId !== undefined) this.tasks.set(item, { id, orderedAt: at, fileId });
		} else if (this.resendUnknown) this.repeats.set(item, entry);
		else this.orders.set(item, { item, report: unknownBefore(key, at), unknownKey: key });
		return true;
	}

	/** A tool's orders are told apart by what they order, so they are looked up once that is known. */
	recallDrafts(drafts: Map<number, Draft>): void {
		for (const [item, { body }] of drafts) {
			this.slots.set(item, toolSlotOf(item, body));
			if (this.recall(item)) drafts.delete(item);
		}
	}

	/** Runs one step of one item; what it throws becomes the item's report. */
	async attempt(item: number, step: () => Promise<void>): Promise<void> {
		if (this.orders.has(item)) return;
		try {
			await step();
		} catch (error) {
			this.report(item, error);
		}
	}

	report(item: number, error: unknown): void {
		this.orders.set(item, { item, report: reportOf(error) });
	}

	/** Runs a step for many items, in order of the items, a few at once. A run that stops on errors begins none after the first. */
	async each(items: number[], atOnce: number, step: (item: number) => Promise<void>): Promise<void> {
		const limit = pLimit(atOnce);
		await Promise.all(
			items.map(
				async (item) =>
					await limit(async () => {
						if (!this.isOver) await this.attempt(item, async () => await step(item));
					}),
			),
		);
	}

	/**
	 * Uploads the files of some items, then orders these items. Of orders that were not placed, no file stays.
	 *
	 * @returns the items that wait for room for their file, with EvoLink's refusal
	 */
	async place(
		items: number[],
		drafts: ReadonlyMap<number, Draft>,
		callbackUrl: string | undefined,
	): Promise<Map<number, Failure>> {
		const files = new Map<number, Upload>();
		const later = new Map<number, Failure>();
		await this.each(items, UPLOADS_AT_ONCE, async (item) => {
			const file = drafts.get(item)?.file;
			if (file === undefined) return;
			const [known] = later.values();
			if (known !== undefined) return void later.set(item, known);
			const name = uploadName(this.ctx, item, file.source);
			const result = await uploadFile(this.ctx, file.source, name, cancelSignal(this.ctx));
			if ('url' in result) files.set(item, result);
			else if (isOutOfRoom(result.failure)) later.set(item, result.failure);
			else this.orders.set(item, { item, report: fileRefused(result.failure) });
		});
		const ready = items.filter((item) => !later.has(item));
		await this.each(ready, SUBMITS_AT_ONCE, async (item) => {
			const uploaded = files.get(item);
			await this.submit(item, this.bodyOf(item, drafts.get(item), uploaded?.url, callbackUrl));
			this.keepFile(item, uploaded?.fileId);
		});
		const unused = [...files].flatMap(([item, { fileId }]) =>
			this.mayHaveOrdered(item) ? [] : (fileId ?? []),
		);
		await deleteUploads(this.ctx, unused);
		return later;
	}

	private bodyOf(item: number, draft: Draft | undefined, url?: string, callbackUrl?: string): IDataObject {
		const doubt = this.repeats.get(item);
		if (doubt !== undefined) return doubt.body;
		const body = draft?.body ?? {};
		return {
			...(draft?.file && url !== undefined ? draft.file.attach(body, url) : body),
			...(callbackUrl !== undefined && { callback_url: callbackUrl }),
		};
	}

	private mayHaveOrdered(item: number): boolean {
		const order = this.orders.get(item);
		return order !== undefined && ('id' in order || order.unknownKey !== undefined);
	}

	/** The file of an order is known as long as the order, to be deleted when its task has ended. */
	private keepFile(item: number, fileId = this.repeats.get(item)?.fileId): void {
		const entry = this.ledger.get(this.slot(item));
		if (fileId === undefined || entry === undefined || entry.state === 'refused') return;
		this.ledger.set(this.slot(item), { ...entry, fileId });
		const order = this.orders.get(item);
		if (order && 'id' in order) this.tasks.set(item, { id: order.id, orderedAt: entry.at, fileId });
	}

	/** Tasks of this run with an upload of ours. */
	get held(): Watch[] {
		return [...this.tasks.values()];
	}

	result(item: number): Order {
		const fileId = this.tasks.get(item)?.fileId;
		const order = this.orders.get(item) ?? { item, report: notOrdered() };
		return 'id' in order && fileId !== undefined ? { ...order, fileId } : order;
	}

	async submit(item: number, body: IDataObject): Promise<void> {
		const slot = this.slot(item);
		const before = this.ledger.get(slot);
		const doubt = this.repeats.get(item);
		const key = doubt?.key ?? idempotencyKey(this.ctx, slot, before);
		for (let attempt = 0; ; attempt += 1) {
			const entry: Doubt = { key, state: 'sending', body, at: doubt?.at ?? hostClock.now() };
			this.ledger.set(slot, entry);
			const { at, answer } = await orderOnce(key, this.resendUnknown, async () => {
				const created = await createTask(this.ctx, body, key);
				return { at: entry.at, answer: created.ok ? { ...created, id: created.task.id } : created };
			});
			if (answer.ok) {
				const { id, task } = answer;
				// what is sent once more is what was sent before
				const replayed = answer.replayed && doubt === undefined;
				this.ledger.set(slot, { key, at, state: 'accepted', id });
				this.orders.set(item, {
					item,
					id,
					orderedAt: at,
					...(task && { task }),
					...(replayed && { replayed }),
				});
				return;
			}
			const { failure } = answer;
			if (failure.charge === 'unknown') {
				this.ledger.set(slot, { ...entry, state: 'unknown' });
				this.orders.set(item, { item, report: notTaken(failure, key), unknownKey: key });
				return;
			}
			this.ledger.set(slot, before);
			const pause = resendPause(failure, attempt);
			if (pause === undefined) {
				this.refuse(item, failure);
				return;
			}
			await hostClock.sleep(pause, cancelSignal(this.ctx));
			if (this.isStopped()) return;
		}
	}

	private refuse(item: number, failure: Failure): void {
		const doubt = this.repeats.get(item);
		// what was unknown before stays unknown: this refusal says nothing about the first sending
		if (doubt !== undefined) {
			const { key, at } = doubt;
			this.orders.set(item, { item, report: unknownBefore(key, at), unknownKey: key });
			return;
		}
		// a proxy or a network that is down cannot speak for EvoLink, and too many orders at once are no fault of this one
		const isEvoLinks = !['network', 'rateLimited'].includes(failure.kind) && !failure.foreign;
		// the ledger of a Retry may be lost, and an order that was taken with it: it keeps its key
		const isFirst = this.ctx.getMode() !== 'retry' || this.ledger.get(this.slot(item)) !== undefined;
		if (isEvoLinks && isFirst) this.ledger.refuse(this.slot(item), this.ctx.getExecutionId());
		this.orders.set(item, { item, report: orderRefused(failure) });
	}

	/** @throws the first report, naming all ids known so far, when the node stops on errors */
	stopOnReport(untouched: readonly number[] = []): void {
		if (!this.isStopped()) stopOnReport(this.ctx, sortBy([...this.orders.values()], 'item'), untouched);
	}

	/** Items whose turn has not come. */
	get untouched(): number[] {
		return [...this.ctx.getInputData().keys()].filter((item) => !this.orders.has(item));
	}

	/** Whether no further request may be begun: the run was stopped, or stops on an error. */
	get isOver(): boolean {
		return this.isStopped() || (this.stopsOnError && this.hasReport());
	}

	private hasReport(): boolean {
		return [...this.orders.values()].some((order) => 'report' in order);
	}

	private isStopped(): boolean {
		return cancelSignal(this.ctx)?.aborted === true;
	}
}

/** Each intent has a name of its own, because a file of the same name would replace another one's. */
function uploadName(ctx: IExecuteFunctions, item: number, { extension }: UploadableFile): string {
	return `n8n-${intentOf(ctx, item).slice(0, 32)}${extension}`;
}

/** EvoLink has an order under this key, or may have. */
function notTaken(failure: Failure, key: string): Report {
	return failure.kind === 'submission' ? keyInUse(failure, key) : outcomeUnknown(failure, key);
}

/** How long to wait before the order is sent again; nothing when it is not. */
function resendPause(failure: Failure, attempt: number): number | undefined {
	if (failure.kind !== 'rateLimited' && failure.kind !== 'network') return undefined;
	const planned = RESEND_PAUSES_MS.at(attempt);
	if (planned === undefined) return undefined;
	const pause = Math.max(planned, failure.retryAfterMs ?? 0);
	return pause <= LONGEST_PAUSE_MS ? pause : undefined;
}
