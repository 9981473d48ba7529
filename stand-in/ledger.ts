import { createHash } from 'node:crypto';
import type { Account, Charge, Json, RefusedOrder } from './types';
import { Refusal } from './answer';

/** The account, what each created task was charged, and the orders that were refused. */
export class Ledger {
	readonly charges: Charge[] = [];
	readonly refused: RefusedOrder[] = [];
	readonly account: Account;

	constructor(balance: number) {
		this.account = { remaining: balance, used: 0, tokenLimit: null, dailyLimit: null };
	}

	/** Throws 402 before anything is taken. */
	check(credits: number): void {
		if (credits > this.account.remaining) throw new Refusal(402);
		const { tokenLimit, dailyLimit, used } = this.account;
		if (tokenLimit !== null && credits > tokenLimit) {
			throw new Refusal(402, { code: 'insufficient_token_quota', message: 'Token quota exceeded' });
		}
		if (dailyLimit !== null && used + credits > dailyLimit) {
			throw new Refusal(402, { code: 'token_daily_quota_exceeded', message: 'Daily token quota exceeded' });
		}
	}

	charge(
		task: { id: string; model: string; request: Json; idempotencyKey: string | undefined },
		credits: number,
	) {
		const charge: Charge = {
			at: Date.now(),
			taskId: task.id,
			model: task.model,
			prompt: String(task.request.prompt ?? ''),
			idempotencyKey: task.idempotencyKey,
			credits,
			intent: task.idempotencyKey ?? bodyHash(task.request),
			refunded: 0,
		};
		this.move(-credits);
		this.charges.push(charge);
		return charge;
	}

	refund(charge: Charge): void {
		if (charge.refunded > 0) return;
		charge.refunded = charge.credits;
		this.move(charge.credits);
	}

	chargesFor(filter: { prompt?: string; idempotencyKey?: string; taskId?: string }): Charge[] {
		const wanted = Object.entries(filter) as Array<['prompt' | 'idempotencyKey' | 'taskId', string]>;
		return this.charges.filter((charge) => wanted.every(([name, value]) => charge[name] === value));
	}

	private move(credits: number): void {
		const { account } = this;
		account.remaining = round(account.remaining + credits);
		account.used = round(account.used - credits);
		if (account.tokenLimit !== null) account.tokenLimit = round(account.tokenLimit + credits);
	}
}

/** Same request, same hash, whatever the order of the fields; `callback_url` does not count. */
export function bodyHash(body: Json): string {
	const { callback_url: _, ...rest } = body;
	return createHash('sha256')
		.update(JSON.stringify(sorted(rest)))
		.digest('hex')
		.slice(0, 16);
}

function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	if (value === null || typeof value !== 'object') return value;
	return Object.fromEntries(
		Object.entries(value)
			.sort(([a], [b]) => (a < b ? -1 : 1))
			.map(([name, inner]) => [name, sorted(inner)]),
	);
}

function round(credits: number): number {
	return Math.round(credits * 1e4) / 1e4;
}
