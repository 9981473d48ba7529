import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import uniq from 'lodash/uniq';
import { z } from 'zod';

import { ProblemError } from '../../host/errors';
import { unreadableLedger } from '../../host/messages';
import { executionToken } from '../../host/context';
import { roundOf } from './intent';
import { plainObject } from '../../evolink/json';
import { doubtSchema, type Doubt } from '../entries';

/**
 * One intent, one charge: this is where it is kept. An intent is one item of one run of one node in one execution, its retries
 * included. The ledger lives in the node's context, which is part of the execution's data, so a retry finds what was ordered
 * before.
 *
 * `sending` is written before the request leaves. Found later, it is of a process that was lost or an execution that was
 * stopped: it counts as `unknown`, and an order of unknown outcome keeps its key forever.
 */
const refusals = {
	/** Keys under which EvoLink itself said no, and when it first did: ms since 1970. */
	refusedKeys: z.array(z.string()).optional(),
	refusedAt: z.number().optional(),
};

const doubt = doubtSchema.extend(refusals);

const accepted = z.object({
	state: z.literal('accepted'),
	key: z.string(),
	id: z.string(),
	at: z.number(),
	/** As sent, but for the callback URL: a retry's item may say something else by then. */
	request: plainObject.optional(),
	fileIds: z.array(z.string()).optional(),
	...refusals,
});

/** Nothing was taken: the order may be changed and sent again. */
const refused = z.object({
	state: z.literal('refused'),
	refusedKeys: z.array(z.string()),
	refusedAt: z.number(),
});

const entry = z.discriminatedUnion('state', [
	doubt.extend({ state: z.literal('sending') }),
	doubt.extend({ state: z.literal('unknown') }),
	accepted,
	refused,
]);

/** By round, then by slot. */
const rounds = z.record(z.string(), z.record(z.string(), entry));

const storedLedger = z.object({ version: z.literal(1), rounds });

export type LedgerEntry = z.infer<typeof entry>;

type StoredLedger = z.infer<typeof storedLedger>;

function isStored(ledger: unknown): ledger is StoredLedger {
	return storedLedger.safeParse(ledger).success;
}

/**
 * The stored object itself: an agent's tool calls at the same time write to one ledger.
 * @throws ProblemError, because an order that is not known must not be sent again
 */
function readLedger(stored: unknown): StoredLedger {
	if (stored === undefined) return { version: 1, rounds: {} };
	if (isStored(stored)) return stored;
	throw new ProblemError(unreadableLedger(namesIn(stored)));
}

/** Task ids and Idempotency-Keys in a ledger of any shape. */
function namesIn(stored: unknown, fields: readonly string[] = ['id', 'key']): string[] {
	if (typeof stored !== 'object' || stored === null) return [];
	const names = Object.entries(stored).flatMap(([name, inner]: [string, unknown]) =>
		typeof inner === 'string' && fields.includes(name) ? [inner] : namesIn(inner, fields),
	);
	return uniq(names);
}

/** Tasks that the node has ordered in this execution, or in one round of it. */
export function orderedIn(ctx: IExecuteFunctions, round?: string): string[] {
	const { ledger } = contextOf(ctx);
	return namesIn(round !== undefined && isStored(ledger) ? ledger.rounds[round] : ledger, ['id']);
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

	/** The ledger of this node run: loops have one for each round. @throws ProblemError when it cannot be read */
	static of(ctx: IExecuteFunctions): Ledger {
		const context = contextOf(ctx);
		const ledger = readLedger(context.ledger);
		context.ledger = ledger;
		return new Ledger((ledger.rounds[roundOf(ctx)] ??= {}));
	}

	get isEmpty(): boolean {
		return Object.keys(this.entries).length === 0;
	}

	get(slot: string): LedgerEntry | undefined {
		return this.entries[slot];
	}

	/**
	 * Before a request leaves: what is found in this state later counts as unknown. Exactly one of what it returns says how that
	 * ended.
	 */
	begin(slot: string, order: Doubt) {
		const before = this.entries[slot];
		const earlier = { refusedKeys: before?.refusedKeys, refusedAt: before?.refusedAt };
		const { key, fileIds } = order;
		this.entries[slot] = { ...order, state: 'sending', ...earlier };
		return {
			/** `at`: ms since 1970, when it was ordered. `request`: what was asked for, as far as that is known. */
			accept: (id: string, at: number, request?: IDataObject) => {
				this.entries[slot] = { key, state: 'accepted', id, at, request, fileIds, ...earlier };
			},
			/** It may have been taken. `isModelClosed`: EvoLink answered that it does not serve the model. */
			doubt: (isModelClosed = false) => {
				const closed = isModelClosed || undefined;
				this.entries[slot] = { ...order, state: 'unknown', ...earlier, isModelClosed: closed };
			},
			/** It was not taken: the ledger is as it was before. */
			withdraw: () => {
				if (before === undefined) delete this.entries[slot];
				else this.entries[slot] = before;
			},
		};
	}

	/** It turned out that an order of unknown outcome was not taken. */
	withdraw(slot: string): void {
		const refusedKeys = this.refusedKeys(slot);
		if (refusedKeys.length === 0) delete this.entries[slot];
		else this.entries[slot] = { state: 'refused', refusedKeys, refusedAt: this.refusedAt(slot) };
	}

	/** EvoLink itself refused the order that went out under this key. @param at ms since 1970 */
	refuse(slot: string, key: string, at: number): void {
		const refusedKeys = uniq([...this.refusedKeys(slot), key]);
		this.entries[slot] = { state: 'refused', refusedKeys, refusedAt: Math.min(at, this.refusedAt(slot)) };
	}

	refusedAt(slot: string): number {
		return this.entries[slot]?.refusedAt ?? Infinity;
	}

	refusedKeys(slot: string): string[] {
		return this.entries[slot]?.refusedKeys ?? [];
	}
}

/**
 * Whether this run may order anew what the one it retries has ordered: without n8n's token the key hangs on the execution's
 * id, and a process that was lost while it ordered leaves no ledger.
 */
export function mayOrderAnew(ctx: IExecuteFunctions): boolean {
	return ctx.getMode() === 'retry' && executionToken(ctx) === undefined && Ledger.of(ctx).isEmpty;
}
