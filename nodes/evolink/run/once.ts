import type { TaskReading } from '../wait/poll';

/** An order that was sent. */
export interface Sent {
	/** ms since 1970. */
	at: number;
	answer: TaskReading;
}

/** More than this many orders of a process are forgotten, the oldest first. */
export const ORDERS_KEPT = 2000;

/**
 * EvoLink's answers to the orders of this process, and those it still owes, by Idempotency-Key.
 *
 * The ledger is part of the execution's data, and n8n may run an execution on from data that is older: where executions that
 * wake up wait for a slot, and where one failed execution is retried twice. What was ordered since is missing there, and EvoLink
 * does not promise to honour the key.
 */
export const ordersOfThisProcess = new Map<string, Promise<Sent>>();

/** Whether an order with this answer must not be sent again: it was taken, or may have been and is not wanted again. */
function isKept({ answer }: Sent, resend: boolean): boolean {
	return answer.ok || (answer.failure.charge === 'unknown' && !resend);
}

/**
 * Sends an order, unless this process already sent one under its key that may be charged: then its answer is the answer. Of
 * several at the same time only one is sent.
 *
 * @param resend whether an order of unknown outcome is wanted again
 * @param send must not repeat itself
 */
export async function orderOnce(key: string, resend: boolean, send: () => Promise<Sent>): Promise<Sent> {
	for (let other = ordersOfThisProcess.get(key); other; other = ordersOfThisProcess.get(key)) {
		const sent = await other.catch(() => undefined);
		if (sent && isKept(sent, resend)) return sent;
		// another run may have sent it anew meanwhile
		if (ordersOfThisProcess.get(key) === other) ordersOfThisProcess.delete(key);
	}
	const own = send();
	ordersOfThisProcess.set(key, own);
	const [oldest] = ordersOfThisProcess.keys();
	if (ordersOfThisProcess.size > ORDERS_KEPT) ordersOfThisProcess.delete(oldest);
	return await own;
}
