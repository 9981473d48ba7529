import { Refusal, type Answer } from './answer';
import { bodyHash } from './ledger';
import type { Task } from './task';
import type { Json, Modes } from './types';

/** What became of the orders of each idempotency key. */
export class IdempotencyKeys {
	private readonly taken = new Map<string, { body: string; task: Task }>();
	private readonly refused = new Map<string, { body: string; answer: Answer }>();

	constructor(private readonly modes: Modes) {}

	/** The task that was ordered with this key. Throws 409 if its body was another. */
	taskOf(key: string | undefined, request: Json): Task | undefined {
		const earlier = this.isHonoured(key) ? this.taken.get(key) : undefined;
		if (earlier && earlier.body !== wholeHash(request)) throw conflict();
		return earlier?.task;
	}

	/** The refusal that this key met before, where EvoLink repeats it. Throws 409 if its body was another. */
	refusalOf(key: string | undefined, request: Json): Answer | undefined {
		const { refusedKeys } = this.modes;
		if (refusedKeys === 'forgotten' || !this.isHonoured(key) || this.taken.has(key)) return undefined;
		const earlier = this.refused.get(key);
		if (earlier && earlier.body !== wholeHash(request)) throw conflict();
		return refusedKeys === 'replayed' ? earlier?.answer : undefined;
	}

	noteTask(key: string | undefined, request: Json, task: Task): void {
		if (key !== undefined) this.taken.set(key, { body: wholeHash(request), task });
	}

	/** The first refusal of a key is the one that stays. */
	noteRefusal(key: string | undefined, request: Json, answer: Answer): void {
		if (key === undefined || this.refused.has(key)) return;
		this.refused.set(key, { body: wholeHash(request), answer });
	}

	private isHonoured(key: string | undefined): key is string {
		return key !== undefined && this.modes.idempotency === 'honoured';
	}
}

function conflict(): Refusal {
	return new Refusal(409, { code: 'idempotency_conflict' });
}

function wholeHash(request: Json): string {
	return JSON.stringify([bodyHash(request), request.callback_url]);
}
