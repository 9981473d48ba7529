import { createHash } from 'node:crypto';

import { readCredential, type EvoLinkContext } from '../../evolink/client';
import type { Failure } from '../../evolink/failure';
import { Recent } from '../../evolink/recent';
import type { Task } from '../../evolink/task';

export interface Sent {
	/** ms since 1970. */
	at: number;
	/** See `accountOf`. */
	account?: string;
	/** The start of its prompt. */
	prompt?: string;
	/** `replayed`: of an earlier order. `task` is the answer's; not there for who did not send the order. */
	answer: { ok: true; id: string; task?: Task; replayed: boolean } | { ok: false; failure: Failure };
}

/** More than this many orders of a process are forgotten, the oldest first. */
export const ORDERS_KEPT = 2000;

/** Whether it must not be sent again: it was taken, or may have been and is not wanted again. */
function isKept({ answer }: Sent, resend: boolean): boolean {
	return answer.ok || (answer.failure.charge === 'unknown' && !resend);
}

function withoutBody({ at, answer }: Sent): Sent {
	return { at, answer: answer.ok ? { ok: true, id: answer.id, replayed: true } : answer };
}

/**
 * What became of orders by Idempotency-Key, and those whose answer EvoLink still owes. No answer is kept whole: one may have 4
 * MB. The ledger is part of the execution's data, which may be older when n8n runs on: where woken executions wait for a slot,
 * or a failed one is retried twice. What was ordered since is missing there, and EvoLink does not promise to honour the key.
 */
export class SentOrders {
	private readonly orders = new Recent<Promise<Sent | undefined>>(ORDERS_KEPT);

	private readonly tasks = new Recent<{ key: string; prompt?: string }>(ORDERS_KEPT);

	private owed = 0;

	get isSending(): boolean {
		return this.owed > 0;
	}

	/** The key under which this process ordered a task, and the start of its prompt. */
	orderOf(account: string, id: string): { key: string; prompt?: string } | undefined {
		return this.tasks.get(`${account} ${id}`);
	}

	/** It turned out that the order under this key was not taken. */
	forgetOrder(key: string): void {
		this.orders.delete(key);
	}

	/**
	 * Sends an order, unless one under its key may be charged: then its answer is the answer. Of several at once only one is sent.
	 * @param resend whether an order of unknown outcome is wanted again
	 * @param send must not repeat itself
	 */
	async once(key: string, resend: boolean, send: () => Promise<Sent>): Promise<Sent> {
		const { orders } = this;
		for (let other = orders.get(key); other; other = orders.get(key)) {
			const sent = await other;
			if (sent && isKept(sent, resend)) return sent;
			// another run may have sent it anew meanwhile
			if (orders.get(key) === other) orders.delete(key);
		}
		this.owed += 1;
		const own = send().finally(() => (this.owed -= 1));
		void own.then(
			({ account, prompt, answer }) =>
				answer.ok && account !== undefined && this.tasks.set(`${account} ${answer.id}`, { key, prompt }),
			() => undefined,
		);
		orders.set(
			key,
			own.then(withoutBody, () => undefined),
		);
		return await own;
	}
}

export const ordersOfThisProcess = new SentOrders();

/** A hash of EvoLink's address and the key. */
export async function accountOf(ctx: EvoLinkContext): Promise<string> {
	const credential = await readCredential(ctx).catch(() => undefined);
	return createHash('sha256').update(`${credential?.api} ${credential?.apiKey}`).digest('hex').slice(0, 16);
}
