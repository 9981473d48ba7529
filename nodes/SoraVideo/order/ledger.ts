import { createHash, randomUUID } from 'node:crypto';

import type { IDataObject, IExecuteFunctions, IRunExecutionData, ITaskData } from 'n8n-workflow';
import sortBy from 'lodash/sortBy';
import uniq from 'lodash/uniq';
import { z } from 'zod';

import { nodeError } from '../../host/errors';
import { unreadableLedger } from '../../host/messages';
import { isObject } from '../../evolink/task';
import { executionToken, isToolRun, runIndexOf } from '../../host/context';

/**
 * One intent, one charge: this is where it is kept. An intent is one item of one run of one node in one execution; Retry
 * On Fail and the editor's Retry are the same intent. The ledger lives in the node's context, which is part of the
 * execution's own data, so both find what was ordered before.
 *
 * `sending` is written before the request leaves. An entry found in that state later belongs to a process that was lost or
 * an execution that was stopped meanwhile: it counts as `unknown`, and an order of unknown outcome keeps its key for ever.
 */
const doubt = z.object({
	state: z.enum(['sending', 'unknown']),
	/** The Idempotency-Key. */
	key: z.string(),
	/** As sent: a repeat must be identical, whatever the item's expressions say by then. */
	body: z.custom<IDataObject>(isObject),
	/** ms since 1970. */
	at: z.number(),
	/** EvoLink's id of the file that was uploaded for it. */
	fileId: z.string().optional(),
});

const accepted = z.object({
	state: z.literal('accepted'),
	key: z.string(),
	id: z.string(),
	at: z.number(),
	fileId: z.string().optional(),
});

/** EvoLink itself said no: the order may be changed and sent under another key. `in`: ids of the executions. */
const refused = z.object({ state: z.literal('refused'), in: z.array(z.string()) });

const entry = z.discriminatedUnion('state', [
	doubt.extend({ state: z.literal('sending') }),
	doubt.extend({ state: z.literal('unknown') }),
	accepted,
	refused,
]);

/** By round, then by slot. */
const rounds = z.record(z.record(entry));

const version1 = z.object({ version: z.literal(1), rounds });

/** What 0.1.0 stored: the rounds alone. */
const version0 = rounds.transform((stored) => ({ version: 1 as const, rounds: stored }));

export type LedgerEntry = z.infer<typeof entry>;

/** An order that may have been taken. */
export type Doubt = z.infer<typeof doubt>;

type StoredLedger = z.infer<typeof version1>;

function isCurrent(stored: unknown): stored is StoredLedger {
	return version1.safeParse(stored).success;
}

/**
 * @returns the stored object itself where it is of this version: an agent's tool calls at the same time write to one ledger
 * @throws NodeOperationError, because an order that is not known must not be sent again
 */
function readLedger(ctx: IExecuteFunctions, stored: unknown): StoredLedger {
	if (isCurrent(stored)) return stored;
	const { success, data } = version0.safeParse(stored ?? {});
	if (success) return data;
	throw nodeError(ctx.getNode(), unreadableLedger(namesIn(stored)), 0);
}

/** Task ids and Idempotency-Keys in a ledger of any shape, each once. */
function namesIn(stored: unknown): string[] {
	if (typeof stored !== 'object' || stored === null) return [];
	const names = Object.entries(stored).flatMap(([name, inner]: [string, unknown]) =>
		typeof inner === 'string' && ['id', 'key'].includes(name) ? [inner] : namesIn(inner),
	);
	return uniq(names);
}

function refusals(entry: LedgerEntry | undefined): string[] {
	return entry?.state === 'refused' ? entry.in : [];
}

/** n8n's own Agents run the node as a tool in an execution that has no data to keep anything in. */
function contextOf(ctx: IExecuteFunctions): IDataObject {
	try {
		return ctx.getContext('node');
	} catch {
		return {};
	}
}

export class Ledger {
	private constructor(private readonly entries: Record<string, LedgerEntry>) {}

	/**
	 * The ledger of this node run. Loops have one for each round.
	 *
	 * @throws NodeOperationError when it cannot be read
	 */
	static of(ctx: IExecuteFunctions): Ledger {
		const context = contextOf(ctx);
		const ledger = readLedger(ctx, context.ledger);
		context.ledger = ledger;
		return new Ledger((ledger.rounds[roundOf(ctx)] ??= {}));
	}

	get isEmpty(): boolean {
		return Object.keys(this.entries).length === 0;
	}

	get(slot: string): LedgerEntry | undefined {
		return this.entries[slot];
	}

	/** @param entry nothing where nothing was ordered after all */
	set(slot: string, entry: LedgerEntry | undefined): void {
		if (entry === undefined) delete this.entries[slot];
		else this.entries[slot] = entry;
	}

	refuse(slot: string, executionId: string): void {
		const entry = this.entries[slot];
		this.entries[slot] = { state: 'refused', in: uniq([...refusals(entry), executionId]) };
	}
}

/** Where an item's order stands in the ledger: by item, so that a retry finds it whatever its fields say by then. */
export function slotOf(itemIndex: number): string {
	return `item${itemIndex}`;
}

/**
 * Where a tool call's order stands. n8n counts every call and every try of a tool as a run of its own, so only the order
 * itself tells a repeat from another call.
 */
export function toolSlotOf(itemIndex: number, body: IDataObject): string {
	return `item${itemIndex}-${hash(body).slice(0, 16)}`;
}

function roundOf(ctx: IExecuteFunctions): string {
	return isToolRun(ctx) ? 'tool' : `run${roundNumberOf(ctx)}`;
}

/**
 * The same for an execution that n8n has recovered from its event log: there the lost runs stay, without their data, and a retry
 * counts on behind them.
 */
function roundNumberOf(ctx: IExecuteFunctions): number {
	const index = runIndexOf(ctx);
	const { runExecutionData } = ctx as { runExecutionData?: IRunExecutionData };
	const before = runExecutionData?.resultData?.runData?.[ctx.getNode().name]?.slice(0, index) ?? [];
	return index - before.filter(isRecovered).length;
}

function isRecovered({ data }: ITaskData): boolean {
	return data?.main?.[0]?.[0]?.json.isArtificialRecoveredEventItem === true;
}

/** JSON with its keys in order, so that equal bodies hash alike, and an object unlike a list of its pairs. */
function canonical(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(canonical);
	if (typeof value !== 'object' || value === null) return value;
	return { pairs: sortBy(Object.entries(value), '0').map(([key, inner]) => [key, canonical(inner)]) };
}

function hash(value: unknown): string {
	return createHash('sha256')
		.update(JSON.stringify(canonical(value)))
		.digest('hex');
}

/**
 * Whether this run may order under another key what the execution that it retries has ordered: where n8n gives no token, the
 * key hangs on the execution's id, and a process that was lost while it ordered leaves no ledger.
 */
export function mayOrderAnew(ctx: IExecuteFunctions): boolean {
	return ctx.getMode() === 'retry' && executionToken(ctx) === undefined && Ledger.of(ctx).isEmpty;
}

/** Asking n8n for these builds all that an expression can see, and they are the same for every item of a run. */
const placesOfRuns = new WeakMap<IExecuteFunctions, unknown[]>();

function placeOf(ctx: IExecuteFunctions): unknown[] {
	const known = placesOfRuns.get(ctx);
	if (known !== undefined) return known;
	const workflowId = ctx.getWorkflow().id;
	const place = [
		ctx.getInstanceId(),
		workflowId,
		// without either, nothing tells one call of an agent from the next
		executionToken(ctx) ?? ctx.getExecutionId() ?? randomUUID(),
		ctx.getNode().id,
		roundNumberOf(ctx),
	];
	placesOfRuns.set(ctx, place);
	return place;
}

/** What tells this intent from every other one, of other n8n instances on the same EvoLink account included. */
export function intentOf(ctx: IExecuteFunctions, itemIndex: number): string {
	return hash([...placeOf(ctx), itemIndex]);
}

/**
 * The `Idempotency-Key` of an order: 16 to 96 of `[A-Za-z0-9._-]`. It names the intent and not the body: n8n runs a lost
 * execution anew from its trigger, and then a prompt that an AI model wrote, `$now` or the URL of an upload is another one.
 *
 * What was refused gets another key, but only in another execution: those refusals were stored before this one began, so that
 * a process that is lost, and its ledger with it, changes no key.
 */
export function idempotencyKey(ctx: IExecuteFunctions, slot: string, entry?: LedgerEntry): string {
	const before = refusals(entry).filter((id) => id !== ctx.getExecutionId());
	return `n8n-${hash([...placeOf(ctx), slot, before.length]).slice(0, 48)}`;
}
