import fc from 'fast-check';
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { evolinkFacts } from '../../nodes/evolink/generated/spec.gen';
import {
	idempotencyKey,
	intentOf,
	Ledger,
	mayOrderAnew,
	slotOf,
	toolSlotOf,
} from '../../nodes/evolink/ledger';
import { always, NODE, PROPERTY_TIMEOUT_MS } from './support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

interface Place {
	instance: string;
	workflow: string;
	/** n8n's random token of an execution, kept on Retry; older hosts have none. */
	token?: string;
	execution: string;
	node: string;
	run: number;
	item: number;
}

const HOME: Place = {
	instance: 'instance-1',
	workflow: 'workflow-1',
	token: 'f00d',
	execution: '231',
	node: 'node-1',
	run: 0,
	item: 0,
};

function contextOf(
	place: Place,
	node: Record<string, unknown> = {},
	more: Partial<Record<keyof IExecuteFunctions, unknown>> = {},
): IExecuteFunctions {
	const signature = place.token === undefined ? '' : `?signature=${place.token}`;
	const resumeUrl = `https://n8n.example.test/webhook-waiting/${place.execution}${signature}`;
	const context = {
		getContext: (type: string) => (type === 'node' ? node : {}),
		getExecuteData: () => ({}),
		getExecutionId: () => place.execution,
		getInstanceId: () => place.instance,
		getNode: () => ({ ...NODE, id: place.node }),
		getWorkflow: () => ({ id: place.workflow, active: true }),
		getWorkflowDataProxy: () => ({ $execution: { resumeUrl }, $runIndex: place.run }),
		isToolExecution: () => false,
		...more,
	};
	return context as unknown as IExecuteFunctions;
}

const keyOf = (place: Place, body: IDataObject) =>
	idempotencyKey(intentOf(contextOf(place), place.item), body);

const BODY: IDataObject = {
	model: 'sora-2-preview',
	prompt: 'a cat',
	duration: 4,
	image_urls: ['https://a.test/1'],
};

const bodies = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), {
	maxKeys: 6,
	noNullPrototype: true,
});

/** The same JSON with the keys of every object in the opposite order. */
function reordered(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(reordered);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.reverse()
			.map(([key, inner]) => [key, reordered(inner)]),
	);
}

describe('the Idempotency-Key of an order', () => {
	test('has the form that EvoLink takes', () => {
		const pattern = new RegExp(evolinkFacts.idempotency.pattern);
		always(fc.string(), fc.string(), fc.nat(), bodies, (instance, execution, item, body) => {
			expect(keyOf({ ...HOME, instance, execution, item }, body as IDataObject)).toMatch(pattern);
		});
	});

	test('stays the same for the same order, whatever the order of its fields and the callback URL', () => {
		always(bodies, fc.webUrl(), (body, url) => {
			fc.pre(!('__proto__' in body && Object.hasOwn(body, '__proto__')));
			const again = { ...(reordered(body) as IDataObject), callback_url: url };
			expect(keyOf(HOME, again)).toBe(keyOf(HOME, body as IDataObject));
		});
	});

	test('differs whenever the body differs', () => {
		always(bodies, bodies, (one, other) => {
			const texts = [one, other].map((body) => JSON.stringify(reorderedByName(body)));
			fc.pre(texts[0] !== texts[1] && !('callback_url' in one) && !('callback_url' in other));
			expect(keyOf(HOME, one as IDataObject)).not.toBe(keyOf(HOME, other as IDataObject));
		});
		expect(keyOf(HOME, { a: { b: 1 } })).not.toBe(keyOf(HOME, { a: [['b', 1]] }));
		expect(keyOf(HOME, { a: { 0: 'b' } })).not.toBe(keyOf(HOME, { a: ['b'] }));
	});

	test.each<[string, Partial<Place>]>([
		['instance', { instance: 'instance-2' }],
		['workflow', { workflow: 'workflow-2' }],
		['execution', { token: 'beef' }],
		['execution with a token that begins alike', { token: 'f00e' }],
		['node', { node: 'node-2' }],
		['round of a loop', { run: 1 }],
		['item', { item: 1 }],
	])('differs for another %s', (_, change) => {
		expect(keyOf({ ...HOME, ...change }, BODY)).not.toBe(keyOf(HOME, BODY));
	});

	test("survives n8n's Retry, which runs under a new execution id", () => {
		expect(keyOf({ ...HOME, execution: '232' }, BODY)).toBe(keyOf(HOME, BODY));
	});

	test('follows the execution id on hosts without a token', () => {
		const old = { ...HOME, token: undefined };
		expect(keyOf({ ...old, execution: '232' }, BODY)).not.toBe(keyOf(old, BODY));
		expect(keyOf(old, BODY)).toBe(keyOf(old, BODY));
	});

	test('is known without a workflow id and without anything that n8n tells of the execution', () => {
		const bare = contextOf(HOME, undefined, {
			getWorkflow: () => ({ active: false }),
			getWorkflowDataProxy: () => ({ $runIndex: 0 }),
		});
		expect(idempotencyKey(intentOf(bare, 0), BODY)).toMatch(new RegExp(evolinkFacts.idempotency.pattern));
	});

	test('is the same in every version of this package: an order may be repeated after an upgrade', () => {
		expect(keyOf(HOME, BODY)).toBe('n8n-eac453dcdd77a4fb6dacbea64b79926720357e09b24a88de');
	});

	test('asks n8n where it is once for a run, however many items it has', () => {
		const getWorkflow = jest.fn(() => ({ id: 'workflow-1', active: true }));
		const ctx = contextOf(HOME, undefined, { getWorkflow });
		const intents = Array.from({ length: 20 }, (_, item) => intentOf(ctx, item));
		expect(new Set(intents).size).toBe(20);
		expect(getWorkflow).toHaveBeenCalledTimes(1);
	});

	test('gives nothing of the token away', () => {
		expect(keyOf({ ...HOME, token: 'deadbeefdeadbeef' }, BODY)).not.toContain('deadbeef');
	});

	test('cannot be made equal by moving text from one ingredient to the next', () => {
		expect(keyOf({ ...HOME, instance: 'ab', workflow: 'c' }, BODY)).not.toBe(
			keyOf({ ...HOME, instance: 'a', workflow: 'bc' }, BODY),
		);
		expect(keyOf({ ...HOME, run: 1, item: 11 }, BODY)).not.toBe(keyOf({ ...HOME, run: 11, item: 1 }, BODY));
	});
});

/** JSON text that is equal for equal bodies. */
function reorderedByName(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(reorderedByName);
	if (typeof value !== 'object' || value === null) return value;
	const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
	return { object: entries.map(([key, inner]) => [key, reorderedByName(inner)]) };
}

describe('the ledger', () => {
	const entry = { key: 'k', state: 'accepted', body: BODY, at: 0, id: 'task-1' } as const;

	test('is found again by the next try and after storage, and forgets what was never ordered', () => {
		const node: Record<string, unknown> = {};
		Ledger.of(contextOf(HOME, node)).set('item0', entry);
		Ledger.of(contextOf(HOME, node)).set('item1', entry);
		const stored = JSON.parse(JSON.stringify(node)) as Record<string, unknown>;
		expect(Ledger.of(contextOf(HOME, stored)).get('item0')).toEqual(entry);
		Ledger.of(contextOf(HOME, stored)).forget('item0');
		expect(Ledger.of(contextOf(HOME, stored)).get('item0')).toBeUndefined();
		expect(Ledger.of(contextOf(HOME, stored)).get('item1')).toEqual(entry);
	});

	test('has one page for each round of a loop', () => {
		const node: Record<string, unknown> = {};
		Ledger.of(contextOf(HOME, node)).set('item0', entry);
		expect(Ledger.of(contextOf({ ...HOME, run: 1 }, node)).get('item0')).toBeUndefined();
		expect(Ledger.of(contextOf(HOME, node)).get('item0')).toEqual(entry);
	});

	test('has one page for all calls of a tool, which n8n counts as runs of their own', () => {
		const node: Record<string, unknown> = {};
		const isTool = { isToolExecution: () => true };
		Ledger.of(contextOf(HOME, node, isTool)).set('item0', entry);
		expect(Ledger.of(contextOf({ ...HOME, run: 7 }, node, isTool)).get('item0')).toEqual(entry);
		expect(Ledger.of(contextOf(HOME, node)).get('item0')).toBeUndefined();
	});

	test('tells the order of one item from the next, and of tool calls by what they order', () => {
		expect(slotOf(0)).not.toBe(slotOf(1));
		expect(toolSlotOf(0, BODY)).toBe(toolSlotOf(0, reordered(BODY) as IDataObject));
		const others = [toolSlotOf(1, BODY), toolSlotOf(0, { ...BODY, prompt: 'a dog' }), slotOf(0)];
		for (const other of others) expect(other).not.toBe(toolSlotOf(0, BODY));
	});

	test('that an execution has stored is found by every version of this package', () => {
		const isTool = { isToolExecution: () => true };
		const node = { ledger: { run0: { item3: entry }, tool: { 'item3-c8f70549fa04ae85': entry } } };
		expect(Ledger.of(contextOf(HOME, node)).get(slotOf(3))).toEqual(entry);
		expect(Ledger.of(contextOf(HOME, node, isTool)).get(toolSlotOf(3, BODY))).toEqual(entry);
	});
});

describe('a Retry that may order again what was ordered', () => {
	const old = { ...HOME, token: undefined };
	const judge = (place: Place, mode: string, entries: IDataObject = {}) =>
		mayOrderAnew(contextOf(place, { ledger: { run0: entries } }, { getMode: () => mode }));

	test('is one on an n8n without a token that finds no earlier order', () => {
		expect(judge(old, 'retry')).toBe(true);
		expect(judge(old, 'retry', { item0: { key: 'k', state: 'sending', at: 0 } })).toBe(false);
	});

	test('is none where n8n keeps a token, and no first run is one', () => {
		expect(judge(HOME, 'retry')).toBe(false);
		for (const mode of ['trigger', 'manual', 'webhook']) expect(judge(old, mode)).toBe(false);
	});
});
