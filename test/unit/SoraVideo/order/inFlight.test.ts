import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { Failure } from '../../../../nodes/evolink/failure';
import { accountOf, ORDERS_KEPT, SentOrders, type Sent } from '../../../../nodes/SoraVideo/order/inFlight';
import { CREDENTIAL, fakeContext, taskOf } from '../../support';

const KEY = 'n8n-1';
const sent = (answer: unknown) => ({ at: 1, answer }) as Sent;
const taken = (id: string, replayed = false) => sent({ ok: true, id, replayed });
const failed = (charge: Failure['charge']) => sent({ ok: false, failure: { charge } });

/** An EvoLink that answers each order when it is told to, or has been. */
class Orders {
	sent = 0;
	private readonly memory = new SentOrders();
	private readonly answers: Array<Promise<Sent>> = [];
	private readonly tell: Array<(reading: Sent | Promise<never>) => void> = [];

	constructor() {
		for (let at = 0; at < 3; at += 1) this.answers.push(new Promise((resolve) => (this.tell[at] = resolve)));
	}

	order = async (resend = false, key = KEY): Promise<Sent> =>
		await this.memory.once(key, resend, async () => await this.answers[this.sent++]);

	answer(at: number, reading: Sent): void {
		this.tell[at](reading);
	}

	break(at: number): void {
		this.tell[at](Promise.reject(new Error('no credential')));
	}
}

let orders: Orders;
beforeEach(() => {
	orders = new Orders();
});

test('an order that was taken is not sent again', async () => {
	orders.answer(0, taken('a'));
	expect(await orders.order()).toEqual(taken('a'));
	expect(await orders.order()).toEqual(taken('a', true));
	expect(await orders.order(true)).toEqual(taken('a', true));
	expect(orders.sent).toBe(1);
});

test('another order is another one', async () => {
	orders.answer(0, taken('a'));
	orders.answer(1, taken('b'));
	expect(await orders.order()).toEqual(taken('a'));
	expect(await orders.order(false, 'n8n-2')).toEqual(taken('b'));
});

test('the same order at the same time is sent once, and all get its answer', async () => {
	const all = [orders.order(), orders.order(), orders.order()];
	orders.answer(0, taken('a'));
	expect(await Promise.all(all)).toEqual([taken('a'), taken('a', true), taken('a', true)]);
	expect(orders.sent).toBe(1);
});

test('an order of unknown outcome is sent again only where that is wanted', async () => {
	orders.answer(0, failed('unknown'));
	expect(await orders.order()).toEqual(failed('unknown'));
	expect(await orders.order()).toEqual(failed('unknown'));
	expect(orders.sent).toBe(1);
	orders.answer(1, taken('a'));
	expect(await orders.order(true)).toEqual(taken('a'));
	expect(await orders.order()).toEqual(taken('a', true));
	expect(orders.sent).toBe(2);
});

test.each<[string, (at: number) => void]>([
	['was refused', (at) => orders.answer(at, failed('none'))],
	['could not be sent', (at) => orders.break(at)],
])('an order that %s may be sent again, by one at a time', async (_, spoil) => {
	const first = orders.order();
	const others = [orders.order(), orders.order()];
	first.catch(() => {});
	spoil(0);
	orders.answer(1, taken('b'));
	expect(await Promise.all(others)).toEqual([taken('b'), taken('b', true)]);
	expect(orders.sent).toBe(2);
	expect((await Promise.allSettled([first]))[0]).not.toMatchObject({ value: taken('b') });
});

test('an order that turned out not to be taken is sent again', async () => {
	const memory = new SentOrders();
	await memory.once(KEY, false, async () => failed('unknown'));
	memory.forgetOrder(KEY);
	expect(await memory.once(KEY, false, async () => taken('a'))).toEqual(taken('a'));
});

test('an order is being sent until it is answered, or fails', async () => {
	const memory = new SentOrders();
	expect(memory.isSending).toBe(false);
	const ends = [async () => taken('a'), async () => await Promise.reject(new Error('no credential'))];
	for (const [at, end] of ends.entries()) {
		const order = memory.once(`n8n-${at}`, false, end);
		expect(memory.isSending).toBe(true);
		await order.catch(() => {});
		expect(memory.isSending).toBe(false);
	}
});

describe('a task', () => {
	const memory = new SentOrders();
	const ordered = async (key: string, order: Sent) => await memory.once(key, false, async () => order);

	test('that this process ordered is known by its account, with the key and the prompt of the order', async () => {
		await ordered('n8n-1', { ...taken('a'), account: 'mine', prompt: 'a cat' });
		await ordered('n8n-2', { ...taken('b'), account: 'mine', prompt: 'a dog' });
		expect(memory.orderOf('mine', 'a')).toEqual({ key: 'n8n-1', prompt: 'a cat' });
		expect(memory.orderOf('mine', 'b')).toEqual({ key: 'n8n-2', prompt: 'a dog' });
	});

	test('of another account, of an account that is not known, or of no order is not known', async () => {
		await ordered('n8n-3', taken('c'));
		await ordered('n8n-4', { ...failed('unknown'), account: 'mine', prompt: 'a cow' });
		for (const [account, id] of [
			['other', 'a'],
			['undefined', 'c'],
			['mine', 'undefined'],
		] as const)
			expect(memory.orderOf(account, id)).toBeUndefined();
	});
});

test('an account is known by a short hash of its address and key, and without a credential, too', async () => {
	const of = async (credential: () => unknown) => await accountOf(fakeContext({ credential }).ctx);
	const accounts = await Promise.all([
		of(() => CREDENTIAL),
		of(() => ({ ...CREDENTIAL, apiKey: 'sk-evo-another-key-01234' })),
		of(() => ({ ...CREDENTIAL, baseUrl: 'https://gateway.example' })),
		of(() => {
			throw new Error('no credential');
		}),
	]);
	for (const account of accounts) expect(account).toMatch(/^[0-9a-f]{16}$/);
	expect(new Set(accounts).size).toBe(4);
	expect(await of(() => CREDENTIAL)).toBe(accounts[0]);
});

test('the oldest orders are forgotten, so that the memory of a process stays small', async () => {
	const memory = new SentOrders();
	const order = async (n: number, id: string) => await memory.once(`n8n-${n}`, false, async () => taken(id));
	for (let n = 0; n <= ORDERS_KEPT; n += 1) await order(n, 'first');
	expect(await order(1, 'second')).toEqual(taken('first', true));
	expect(await order(0, 'second')).toEqual(taken('second'));
});

test('whoever sent the order gets the whole answer; what is remembered is when, and the id', async () => {
	const task = taskOf({ id: 'a', status: 'pending' });
	const whole = sent({ ok: true, id: 'a', task, replayed: false });
	const memory = new SentOrders();
	expect(await memory.once(KEY, false, async () => whole)).toEqual(whole);
	expect(await memory.once(KEY, false, async () => whole)).toEqual(taken('a', true));
});

test('no answer is kept, however large: only its id and when it was given', async () => {
	setFlagsFromString('--expose-gc');
	const collect = runInNewContext('gc') as () => void;
	const memory = new SentOrders();
	const answers: Array<WeakRef<object>> = [];
	for (let n = 0; n < 50; n += 1) {
		const send = async () => {
			const task = taskOf({ id: `task-unified-${n}-abcdefgh`, status: 'pending' });
			answers.push(new WeakRef(task), new WeakRef(task.raw));
			return sent({ ok: true, id: task.id, task, replayed: false });
		};
		await memory.once(`n8n-${n}`, false, send);
	}
	const alive = () => answers.filter((answer) => answer.deref() !== undefined);
	// what a turn of the event loop has seen stays alive until its end
	for (let turns = 0; turns < 10 && (turns === 0 || alive().length > 0); turns += 1) {
		await new Promise(setImmediate);
		collect();
	}
	expect(alive()).toEqual([]);
});
