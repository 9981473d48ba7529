import type { Failure } from '../../evolink/failure';
import { Recent } from '../../evolink/recent';
import type { Task } from '../../evolink/task';

/** An order that was sent. */
export interface Sent {
	/** ms since 1970. */
	at: number;
	/** `replayed`: of an earlier order. `task` is the answer's; not there for who did not send the order. */
	answer: { ok: true; id: string; task?: Task; replayed: boolean } | { ok: false; failure: Failure };
}

/** More than this many orders of a process are forgotten, the oldest first. */
export const ORDERS_KEPT = 2000;

/** Whether an order with this answer must not be sent again: it was taken, or may have been and is not wanted again. */
function isKept({ answer }: Sent, resend: boolean): boolean {
	return answer.ok || (answer.failure.charge === 'unknown' && !resend);
}

function withoutBody({ at, answer }: Sent): Sent {
	return { at, answer: answer.ok ? { ok: true, id: answer.id, replayed: true } : answer };
}

/**
 * What became of orders, and those whose answer EvoLink still owes, by Idempotency-Key. No answer is kept whole: one may have
 * 4 MB.
 *
 * The ledger is part of the execution's data, and n8n may run an execution on from data that is older: where executions that
 * wake up wait for a slot, and where one failed execution is retried twice. What was ordered since is missing there, and EvoLink
 * does not promise to honour the key.
 */
export class SentOrders {
	private readonly orders = new Recent<Promise<Sent | undefined>>(ORDERS_KEPT);

	/**
	 * Sends an order, unless one under its key was sent that may be charged: then its answer is the answer. Of several at the same
	 * time only one is sent.
	 *
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
		const own = send();
		orders.set(
			key,
			own.then(withoutBody, () => undefined),
		);
		return await own;
	}
}

export const ordersOfThisProcess = new SentOrders();
