import fc from 'fast-check';
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { evolinkFacts } from '../../../../nodes/evolink/generated/spec.gen';
import {
	idempotencyKey,
	Ledger,
	mayOrderAnew,
	slotOf,
	toolSlotOf,
	type LedgerEntry,
} from '../../../../nodes/SoraVideo/order/ledger';
import { always, NODE, PROPERTY_TIMEOUT_MS } from '../../support';
import version0 from '../../golden/ledger.v0.json';
import version1 from '../../golden/ledger.v1.json';

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

const keyOf = (place: Place, entry?: LedgerEntry) =>
	idempotencyKey(contextOf(place), slotOf(place.item), entry);

const refusedIn = (...executions: string[]): LedgerEntry => ({ state: 'refused', in: executions });

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
		always(fc.string(), fc.string(), fc.nat(), (instance, execution, item) => {
			expect(keyOf({ ...HOME, instance, execution, item })).toMatch(pattern);
		});
	});

	test('is the same after n8n has recovered a lost execution, whose runs stay without their data', () => {
		const run = (json: IDataObject) => ({ data: { main: [[{ json }]] } });
		const keyIn = (index: number, ...runs: unknown[]) => {
			const runExecutionData = { resultData: { runData: { [NODE.name]: runs } } };
			const context = Object.assign(contextOf({ ...HOME, run: index }), { runExecutionData });
			return idempotencyKey(context, slotOf(0));
		};
		const recovered = run({ isArtificialRecoveredEventItem: true });
		expect(keyIn(1, recovered)).toBe(keyOf(HOME));
		expect(keyIn(2, recovered, run({ id: 'x' }))).toBe(keyOf({ ...HOME, run: 1 }));
		expect(keyIn(1, run({ id: 'x' }))).toBe(keyOf({ ...HOME, run: 1 }));
		expect(keyIn(1)).toBe(keyOf({ ...HOME, run: 1 }));
	});

	test('differs once an earlier execution was refused, so that the order may be changed', () => {
		const keys = [[], ['230'], ['229', '230']].map((executions) => keyOf(HOME, refusedIn(...executions)));
		expect(new Set(keys).size).toBe(3);
		expect(keys[0]).toBe(keyOf(HOME));
	});

	test('stays the same in the execution that was refused: its ledger may be lost', () => {
		expect(keyOf(HOME, refusedIn(HOME.execution))).toBe(keyOf(HOME));
		expect(keyOf(HOME, refusedIn('230', HOME.execution))).toBe(keyOf(HOME, refusedIn('230')));
	});

	test('does not hang on what else the ledger knows', () => {
		const doubt: LedgerEntry = { state: 'unknown', key: 'k', body: BODY, at: 0 };
		expect(keyOf(HOME, doubt)).toBe(keyOf(HOME));
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
		expect(keyOf({ ...HOME, ...change })).not.toBe(keyOf(HOME));
	});

	test("survives n8n's Retry, which runs under a new execution id", () => {
		expect(keyOf({ ...HOME, execution: '232' })).toBe(keyOf(HOME));
	});

	test('follows the execution id on hosts without a token', () => {
		const old = { ...HOME, token: undefined };
		expect(keyOf({ ...old, execution: '232' })).not.toBe(keyOf(old));
		expect(keyOf(old)).toBe(keyOf(old));
	});

	test('is known without a workflow id and without anything that n8n tells of the execution', () => {
		const bare = contextOf(HOME, undefined, {
			getWorkflow: () => ({ active: false }),
			getWorkflowDataProxy: () => ({ $runIndex: 0 }),
		});
		expect(idempotencyKey(bare, slotOf(0))).toMatch(new RegExp(evolinkFacts.idempotency.pattern));
	});

	test('is the same in every version of this package: an order may be repeated after an upgrade', () => {
		expect(keyOf(HOME)).toBe('n8n-c0cea3fa5a73215336fbf868398cc238eb98f14d74e843c4');
	});

	test('asks n8n where it is once for a run, however many items it has', () => {
		const getWorkflow = jest.fn(() => ({ id: 'workflow-1', active: true }));
		const ctx = contextOf(HOME, undefined, { getWorkflow });
		const keys = Array.from({ length: 20 }, (_, item) => idempotencyKey(ctx, slotOf(item)));
		expect(new Set(keys).size).toBe(20);
		expect(getWorkflow).toHaveBeenCalledTimes(1);
	});

	test('gives nothing of the token away', () => {
		expect(keyOf({ ...HOME, token: 'deadbeefdeadbeef' })).not.toContain('deadbeef');
	});

	test('cannot be made equal by moving text from one ingredient to the next', () => {
		expect(keyOf({ ...HOME, instance: 'ab', workflow: 'c' })).not.toBe(
			keyOf({ ...HOME, instance: 'a', workflow: 'bc' }),
		);
		expect(keyOf({ ...HOME, run: 1, item: 11 })).not.toBe(keyOf({ ...HOME, run: 11, item: 1 }));
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
	const entry = { key: 'k', state: 'accepted', at: 0, id: 'task-1' } as const;

	test('is found again by the next try and after storage, and forgets what was never ordered', () => {
		const node: Record<string, unknown> = {};
		Ledger.of(contextOf(HOME, node)).set('item0', entry);
		Ledger.of(contextOf(HOME, node)).set('item1', entry);
		const stored = JSON.parse(JSON.stringify(node)) as Record<string, unknown>;
		expect(Ledger.of(contextOf(HOME, stored)).get('item0')).toEqual(entry);
		Ledger.of(contextOf(HOME, stored)).set('item0', undefined);
		expect(Ledger.of(contextOf(HOME, stored)).get('item0')).toBeUndefined();
		expect(Ledger.of(contextOf(HOME, stored)).get('item1')).toEqual(entry);
	});

	test('is one and the same for tool calls at the same time', () => {
		const node: Record<string, unknown> = {};
		const first = Ledger.of(contextOf(HOME, node));
		first.set('item0', { state: 'sending', key: 'k', body: BODY, at: 0 });
		const second = Ledger.of(contextOf(HOME, node));
		first.set('item0', entry);
		second.set('item1', entry);
		expect(second.get('item0')).toEqual(entry);
		const stored = JSON.parse(JSON.stringify(node)) as Record<string, unknown>;
		for (const slot of ['item0', 'item1'])
			expect(Ledger.of(contextOf(HOME, stored)).get(slot)).toEqual(entry);
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

	test('tells the order of one item from the next, and of a tool call from both', () => {
		expect(slotOf(0)).not.toBe(slotOf(1));
		const others = [toolSlotOf(1, BODY), toolSlotOf(0, { ...BODY, prompt: 'a dog' }), slotOf(0)];
		for (const other of others) expect(other).not.toBe(toolSlotOf(0, BODY));
	});

	test('tells tool calls apart by what they order, whatever the order of its fields', () => {
		always(bodies, bodies, (one, other) => {
			fc.pre(!Object.hasOwn(one, '__proto__'));
			expect(toolSlotOf(0, reordered(one) as IDataObject)).toBe(toolSlotOf(0, one as IDataObject));
			const texts = [one, other].map((body) => JSON.stringify(reorderedByName(body)));
			fc.pre(texts[0] !== texts[1]);
			expect(toolSlotOf(0, one as IDataObject)).not.toBe(toolSlotOf(0, other as IDataObject));
		});
		expect(toolSlotOf(0, { a: { b: 1 } })).not.toBe(toolSlotOf(0, { a: [['b', 1]] }));
		expect(toolSlotOf(0, { a: { 0: 'b' } })).not.toBe(toolSlotOf(0, { a: ['b'] }));
	});

	test('keeps in which executions an order was refused, each once', () => {
		const ledger = Ledger.of(contextOf(HOME));
		for (const execution of ['230', '231', '231']) ledger.refuse('item0', execution);
		expect(ledger.get('item0')).toEqual(refusedIn('230', '231'));
		ledger.set('item1', entry);
		ledger.refuse('item1', '231');
		expect(ledger.get('item1')).toEqual(refusedIn('231'));
	});

	test('that an execution has stored is found by every version of this package', () => {
		const isTool = { isToolExecution: () => true };
		const rounds = { run0: { item3: entry }, tool: { 'item3-c8f70549fa04ae85': entry } };
		for (const stored of [rounds, { version: 1, rounds }]) {
			const node = { ledger: structuredClone(stored) };
			expect(Ledger.of(contextOf(HOME, node)).get(slotOf(3))).toEqual(entry);
			expect(Ledger.of(contextOf(HOME, node, isTool)).get(toolSlotOf(3, BODY))).toEqual(entry);
		}
	});

	test.each([
		['0.1.0', version0],
		['this version', version1],
	])('as %s stored it, in every state, is read', (_, stored) => {
		const ledger = Ledger.of(contextOf(HOME, { ledger: structuredClone(stored) as IDataObject }));
		expect(ledger.get('item0')).toEqual({
			state: 'accepted',
			key: 'n8n-0fddc64124b89ac7b7bf0637b4f09441ecfc79d6cf91df6c',
			at: 1795511340656,
			id: 'task-unified-1795511340-was98kwz',
		});
		expect(ledger.get('item1')).toMatchObject({ state: 'sending', body: { prompt: 'a dog' } });
		expect(ledger.get('item2')).toMatchObject({ state: 'unknown', body: { prompt: 'a cow' } });
		expect(ledger.get('item3')).toEqual(stored === version1 ? refusedIn('230') : undefined);
	});

	test.each([
		['a later version', { version: 2, rounds: { run0: { item0: entry } } }],
		['an entry of an unknown state', { run0: { item0: { ...entry, state: 'paid' } } }],
		['an order without its body', { run0: { item0: { ...entry, state: 'unknown' } } }],
	])('%s is refused in words that name what may be paid, instead of ordering again', (_, ledger) => {
		expect(() => Ledger.of(contextOf(HOME, { ledger }))).toThrow(
			/^Nothing was ordered: .* names k, task-1\./,
		);
	});

	test('is empty where an agent of n8n runs the node in an execution that keeps nothing', () => {
		const getContext = () => {
			throw new Error('`executionData` is not initialized');
		};
		expect(Ledger.of(contextOf(HOME, {}, { getContext })).isEmpty).toBe(true);
	});

	test('the same order in two calls of such an agent has two keys', () => {
		const call = () =>
			contextOf(
				{ ...HOME, token: undefined },
				{},
				{ getExecutionId: () => undefined, isToolExecution: () => true },
			);
		const [one, other] = [call(), call()];
		expect(idempotencyKey(one, 'slot')).toBe(idempotencyKey(one, 'slot'));
		expect(idempotencyKey(one, 'slot')).not.toBe(idempotencyKey(other, 'slot'));
	});
});

describe('a Retry that may order again what was ordered', () => {
	const old = { ...HOME, token: undefined };
	const judge = (place: Place, mode: string, entries: IDataObject = {}) =>
		mayOrderAnew(contextOf(place, { ledger: { run0: entries } }, { getMode: () => mode }));

	test('is one on an n8n without a token that finds no earlier order', () => {
		expect(judge(old, 'retry')).toBe(true);
		expect(judge(old, 'retry', { item0: { key: 'k', state: 'sending', at: 0, body: {} } })).toBe(false);
	});

	test('is none where n8n keeps a token, and no first run is one', () => {
		expect(judge(HOME, 'retry')).toBe(false);
		for (const mode of ['trigger', 'manual', 'webhook']) expect(judge(old, mode)).toBe(false);
	});
});
