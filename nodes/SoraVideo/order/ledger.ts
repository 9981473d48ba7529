import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import uniq from 'lodash/uniq';
import { z } from 'zod';

import { ProblemError } from '../../host/errors';
import { unreadableLedger } from '../../host/messages';
import { executionToken } from '../../host/context';
import { roundOf } from './intent';
import { plainObject } from '../../evolink/json';

/**
 * One intent, one charge: this is where it is kept. An intent is one item of one run of one node in one execution; Retry
 * On Fail and the editor's Retry are the same intent. The ledger lives in the node's context, which is part of the
 * execution's own data, so both find what was ordered before.
 *
 * `sending` is written before the request leaves. An entry found in that state later belongs to a process that was lost or
 * an execution that was stopped meanwhile: it counts as `unknown`, and an order of unknown outcome keeps its key forever.
 */
const doubt = z.object({
	state: z.enum(['sending', 'unknown']),
	/** The Idempotency-Key. */
	key: z.string(),
	/** As sent: a repeat must be identical, whatever the item's expressions say by then. */
	body: plainObject,
	/** ms since 1970. */
	at: z.number(),
	/** EvoLink's id of the file that was uploaded for it. */
	fileId: z.string().optional(),
	/** EvoLink answered that it does not serve the model, in a way that leaves open whether it took the order. */
	isModelClosed: z.literal(true).optional(),
});

const accepted = z.object({
	state: z.literal('accepted'),
	key: z.string(),
	id: z.string(),
	at: z.number(),
	/** As sent, but for the callback URL: a retry's item may say something else by then. */
	request: plainObject.optional(),
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

const storedLedger = z.object({ version: z.literal(1), rounds });

export type LedgerEntry = z.infer<typeof entry>;

/** An order that may have been taken. */
export type Doubt = Omit<z.infer<typeof doubt>, 'state'>;

type StoredLedger = z.infer<typeof storedLedger>;

function isStored(ledger: unknown): ledger is StoredLedger {
	return storedLedger.safeParse(ledger).success;
}

/**
 * @returns the stored object itself: an agent's tool calls at the same time write to one ledger
 * @throws ProblemError, because an order that is not known must not be sent again
 */
function readLedger(stored: unknown): StoredLedger {
	if (stored === undefined) return { version: 1, rounds: {} };
	if (isStored(stored)) return stored;
	throw new ProblemError(unreadableLedger(namesIn(stored)));
}

/** Task ids and Idempotency-Keys in a ledger of any shape, each once. */
function namesIn(stored: unknown): string[] {
	if (typeof stored !== 'object' || stored === null) return [];
	const names = Object.entries(stored).flatMap(([name, inner]: [string, unknown]) =>
		typeof inner === 'string' && ['id', 'key'].includes(name) ? [inner] : namesIn(inner),
	);
	return uniq(names);
}

/** n8n's own Agents run the node as a tool in an execution that has no data to keep anything in. */
function contextOf(ctx: IExecuteFunctions): IDataObject {
	try {
		return ctx.getContext('node');
	} catch {
		return {};
	}
}

/** An order whose request is about to leave; exactly one of these says how that ended. */
export interface Sending {
	/**
	 * @param at ms since 1970, when it was ordered: earlier where another run has sent it
	 * @param request what was asked for; absent where that is not known
	 */
	accept(id: string, at: number, request?: IDataObject): void;
	/**
	 * It may have been taken.
	 *
	 * @param isModelClosed whether EvoLink answered that it does not serve the model
	 */
	doubt(isModelClosed?: boolean): void;
	/** It was not taken: the ledger is as it was before. */
	withdraw(): void;
}

export class Ledger {
	private constructor(private readonly entries: Record<string, LedgerEntry>) {}

	/**
	 * The ledger of this node run. Loops have one for each round.
	 *
	 * @throws ProblemError when it cannot be read
	 */
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

	/** Before a request leaves: what is found in this state later counts as unknown. */
	begin(slot: string, order: Doubt): Sending {
		const before = this.entries[slot];
		const { key, fileId } = order;
		this.entries[slot] = { ...order, state: 'sending' };
		return {
			accept: (id, at, request) => {
				const more = { ...(request && { request }), ...(fileId !== undefined && { fileId }) };
				this.entries[slot] = { key, state: 'accepted', id, at, ...more };
			},
			doubt: (isModelClosed) =>
				(this.entries[slot] = { ...order, state: 'unknown', ...(isModelClosed && { isModelClosed }) }),
			withdraw: () => {
				if (before === undefined) delete this.entries[slot];
				else this.entries[slot] = before;
			},
		};
	}

	/** EvoLink itself refused the order in this execution. */
	refuse(slot: string, executionId: string): void {
		this.entries[slot] = { state: 'refused', in: uniq([...this.refusals(slot), executionId]) };
	}

	/** Executions that EvoLink refused the order in. */
	refusals(slot: string): string[] {
		const entry = this.entries[slot];
		return entry?.state === 'refused' ? entry.in : [];
	}
}

/**
 * Whether this run may order under another key what the execution that it retries has ordered: where n8n gives no token, the
 * key hangs on the execution's id, and a process that was lost while it ordered leaves no ledger.
 */
export function mayOrderAnew(ctx: IExecuteFunctions): boolean {
	return ctx.getMode() === 'retry' && executionToken(ctx) === undefined && Ledger.of(ctx).isEmpty;
}
