import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import mapValues from 'lodash/mapValues';
import omit from 'lodash/omit';

import { createTask } from '../../evolink/api';
import { retry } from '../../evolink/async';
import { hostClock } from '../../evolink/clock';
import type { Failure } from '../../evolink/failure';
import { isObject } from '../../evolink/json';
import { uploadFile } from '../../evolink/media/upload';
import type { Task } from '../../evolink/task';
import { cancelSignal, isToolRun } from '../../host/context';
import { problemOf, told, type Problem } from '../../host/errors';
import {
	fileRefused,
	keyInUse,
	notOrdered,
	orderRefused,
	outcomeUnknown,
	unknownBefore,
} from '../../host/messages';
import type { Draft, Order, PlacedOrder, RefusedOrder } from '../items';
import type { Watch } from '../watch';
import { ordersOfThisProcess } from './inFlight';
import { slotOf, toolSlotOf, type RunIntent } from './intent';
import type { Doubt, Ledger } from './ledger';
import { deleteUploads, isOutOfRoom } from '../uploads';

/** Ready to be sent, with nothing of this run sent yet. */
interface Uploaded {
	body: IDataObject;
	/** EvoLink's id of its file. */
	fileId?: string;
	/** An earlier try sent it, its outcome is unknown, and the user wants it sent once more. */
	doubt?: Doubt;
}

type State =
	/** Nothing is known of it. */
	| { is: 'new' }
	| { is: 'drafted'; draft: Draft }
	| { is: 'uploaded'; order: Uploaded }
	| { is: 'placed'; order: PlacedOrder }
	/** `unusedFile`: EvoLink's id of a file that was uploaded for nothing. */
	| { is: 'refused'; order: RefusedOrder; unusedFile?: string };

/** What the orders of a run have in common. */
export interface OrderRun {
	ctx: IExecuteFunctions;
	ledger: Ledger;
	intent: RunIntent;
	/** Whether the user wants orders of unknown outcome sent once more. */
	resendUnknown: boolean;
	/** Orders that came to a problem. */
	problems: number;
}

/** Pauses before an order is sent again for which no connection was made. */
const RESEND_PAUSES_MS = [1000, 2000];

/** The order of one item, from what an earlier try left of it to what became of it. What goes wrong becomes its problem. */
export class ItemOrder {
	private state: State = { is: 'new' };

	private slot: string;

	constructor(
		private readonly run: OrderRun,
		readonly item: number,
	) {
		this.slot = slotOf(item);
	}

	/** Whether nothing more can become of it. */
	get isSettled(): boolean {
		return this.state.is === 'placed' || this.state.is === 'refused';
	}

	/** Whether it waits for a file to be uploaded. */
	get hasFile(): boolean {
		return this.state.is === 'drafted' && this.state.draft.files !== undefined;
	}

	/** What is known of its task, once it has one. */
	get watch(): Watch | undefined {
		return this.state.is === 'placed' ? this.state.order.watch : undefined;
	}

	/** What became of it; `undefined` while its turn has not come. */
	get outcome(): Order | undefined {
		const { state } = this;
		return state.is === 'refused' || state.is === 'placed' ? state.order : undefined;
	}

	get result(): Order {
		return this.outcome ?? { item: this.item, problem: notOrdered() };
	}

	/** EvoLink's id of a file that was uploaded for it, where nothing was ordered with it. */
	get unusedFile(): string | undefined {
		const { state } = this;
		if (state.is === 'refused') return state.unusedFile;
		return state.is === 'uploaded' && state.order.doubt === undefined ? state.order.fileId : undefined;
	}

	/** @param unknownKey its Idempotency-Key, where it may have been taken */
	problem(problem: Problem, unknownKey?: string): void {
		const { item } = this;
		this.run.problems += 1;
		this.state =
			unknownKey === undefined
				? { is: 'refused', order: { item, problem }, unusedFile: this.unusedFile }
				: { is: 'refused', order: { item, problem, unknownKey } };
	}

	/** Whether an earlier try sent it, and the user wants it sent once more. */
	get isDoubtful(): boolean {
		return this.state.is === 'uploaded' && this.state.order.doubt !== undefined;
	}

	/** What is to be sent, but for the URL of its file; `undefined` if nothing is. */
	get pending(): IDataObject | undefined {
		const { state } = this;
		if (state.is === 'drafted') return state.draft.body;
		return state.is === 'uploaded' ? state.order.body : undefined;
	}

	/** It is not sent after all; one that an earlier try may have placed keeps its key. */
	hold(problem: Problem): void {
		const { state } = this;
		const doubt = state.is === 'uploaded' ? state.order.doubt : undefined;
		if (doubt === undefined) return this.problem(problem);
		const before = sentBefore(doubt);
		this.problem({ ...before, description: `${told(problem)} ${before.description}` }, doubt.key);
	}

	/** Takes the order from the ledger, or checks the item. Sends nothing. */
	async begin(draft: (itemIndex: number) => Promise<Draft>): Promise<void> {
		this.recall();
		if (this.state.is !== 'new') return;
		await this.attempt(async () => {
			const checked = await draft(this.item);
			if (isToolRun(this.run.ctx)) {
				// told apart by what they order
				const { body, reference } = checked;
				const whole = { ...body, ...(reference !== undefined && { reference }) };
				this.slot = toolSlotOf(this.item, whole);
				this.recall();
			}
			if (this.state.is === 'new') this.state = { is: 'drafted', draft: checked };
		});
	}

	private recall(): void {
		const entry = this.run.ledger.get(this.slot);
		if (entry === undefined || entry.state === 'refused') return;
		const { key, at, fileId } = entry;
		if (entry.state === 'accepted') {
			const { id, request } = entry;
			this.place({ id, orderedAt: at, fileId, request });
		} else if (this.run.resendUnknown) {
			const { body, isModelClosed } = entry;
			const more = { ...(fileId !== undefined && { fileId }), ...(isModelClosed && { isModelClosed }) };
			const doubt = { key, body, at, ...more };
			this.state = { is: 'uploaded', order: { ...doubt, doubt } };
		} else this.problem(sentBefore(entry), key);
	}

	private place(watch: Watch, task?: Task): void {
		this.state = { is: 'placed', order: { item: this.item, watch, task } };
	}

	/**
	 * Gives EvoLink the item's files, where it has some.
	 *
	 * @returns EvoLink's refusal where it has no room for a file now; the order can wait for some
	 */
	async upload(): Promise<Failure | undefined> {
		const { state } = this;
		if (state.is !== 'drafted') return undefined;
		const { draft } = state;
		const ids: string[] = [];
		const failure = await this.attempt(async () => await this.uploadAll(draft, ids));
		// of an order that cannot be sent now, no file stays
		if (this.state.is !== 'uploaded') await deleteUploads(this.run.ctx, ids);
		if (failure === undefined || isOutOfRoom(failure)) return failure;
		this.problem(fileRefused(failure));
		return undefined;
	}

	/** @param ids of the files that EvoLink has; added to */
	private async uploadAll(
		{ body, files = [], callbackUrl }: Draft,
		ids: string[],
	): Promise<Failure | undefined> {
		const { ctx, intent } = this.run;
		let whole = body;
		for (const [at, { source, standIn }] of files.entries()) {
			const name = `${intent.fileName(this.item)}${at === 0 ? '' : `-${at + 1}`}${source.extension}`;
			const result = await uploadFile(ctx, source, name, cancelSignal(ctx));
			if ('failure' in result) return result.failure;
			if (result.fileId !== undefined) ids.push(result.fileId);
			whole = withUrl(whole, standIn, result.url) as IDataObject;
		}
		this.ready(whole, callbackUrl, ids.length > 0 ? ids.join(',') : undefined);
		return undefined;
	}

	private ready(body: IDataObject, callbackUrl?: string, fileId?: string): void {
		this.state = {
			is: 'uploaded',
			order: {
				body: { ...body, ...(callbackUrl !== undefined && { callback_url: callbackUrl }) },
				...(fileId !== undefined && { fileId }),
			},
		};
	}

	/** Sends the order, once it is ready. @returns the 429 that it met: it can be sent again later */
	async send(): Promise<Failure | undefined> {
		const { state } = this;
		if (state.is !== 'uploaded') return undefined;
		return await this.attempt(async () => {
			const attempt = async () => {
				const result = await this.sendOnce(state.order);
				return { result, againInMs: result?.kind === 'network' ? 0 : undefined };
			};
			const failure = await retry(RESEND_PAUSES_MS, attempt, cancelSignal(this.run.ctx));
			if (failure?.kind === 'rateLimited') return failure;
			if (failure !== undefined) this.refuse(failure);
			return undefined;
		});
	}

	/** @returns why EvoLink cannot have taken it; `undefined` if it has, or may have */
	private async sendOnce({ body, fileId, doubt }: Uploaded): Promise<Failure | undefined> {
		const { ctx, ledger, intent, resendUnknown } = this.run;
		const key = doubt?.key ?? intent.key(this.slot, ledger.refusals(this.slot));
		const begunAt = doubt?.at ?? hostClock.now();
		const sending = ledger.begin(this.slot, {
			key,
			body,
			at: begunAt,
			...(fileId !== undefined && { fileId }),
		});
		const { at, answer } = await ordersOfThisProcess.once(key, resendUnknown, async () => {
			const created = await createTask(ctx, body, key);
			return { at: begunAt, answer: created.ok ? { ...created, id: created.task.id } : created };
		});
		if (answer.ok) {
			const { id, task } = answer;
			// what is sent once more is what was sent before
			const replayed = answer.replayed && doubt === undefined;
			const request = replayed ? undefined : omit(body, 'callback_url');
			sending.accept(id, at, request);
			const unfinishedAt = task && at;
			this.place({ id, orderedAt: at, fileId, unfinishedAt, replayed: replayed || undefined, request }, task);
			return undefined;
		}
		const { failure } = answer;
		if (failure.charge === 'unknown') {
			sending.doubt(failure.kind === 'modelUnavailable');
			this.problem(notTaken(failure, String(body.model), key), key);
			return undefined;
		}
		sending.withdraw();
		return failure;
	}

	/** EvoLink cannot have taken it, and it is not sent again. */
	refuse(failure: Failure): void {
		const doubt = this.state.is === 'uploaded' ? this.state.order.doubt : undefined;
		// what was unknown before stays unknown: this refusal says nothing about the first sending
		if (doubt !== undefined) return this.problem(sentBefore(doubt), doubt.key);
		const { ctx, ledger } = this.run;
		// a proxy or a network that is down cannot speak for EvoLink, and too many orders at once are no fault of this one
		const isEvoLinks = !['network', 'rateLimited'].includes(failure.kind) && !failure.fromProxy;
		// the ledger of a Retry may be lost, and an order that was taken with it: it keeps its key
		const isFirst = ctx.getMode() !== 'retry' || ledger.get(this.slot) !== undefined;
		if (isEvoLinks && isFirst) ledger.refuse(this.slot, ctx.getExecutionId());
		this.problem(orderRefused(failure, String(this.pending?.model)));
	}

	/** Takes a step; what it throws becomes the item's problem. */
	private async attempt<T>(step: () => Promise<T>): Promise<T | undefined> {
		try {
			return await step();
		} catch (error) {
			this.problem(problemOf(error));
			return undefined;
		}
	}
}

/** A body with the URL of a file in place of what stood for it. */
function withUrl(value: unknown, standIn: string, url: string): unknown {
	if (value === standIn) return url;
	if (Array.isArray(value)) return value.map((inner) => withUrl(inner, standIn, url));
	return isObject(value) ? mapValues(value, (inner) => withUrl(inner, standIn, url)) : value;
}

/** An earlier try sent it, and whether it was taken is not known. */
function sentBefore({ key, at, body, isModelClosed }: Doubt): Problem {
	return unknownBefore(key, at, isModelClosed && String(body.model));
}

/** EvoLink has an order under this key, or may have. */
function notTaken(failure: Failure, model: string, key: string): Problem {
	return failure.kind === 'submission' ? keyInUse(failure, key) : outcomeUnknown(failure, model, key);
}
