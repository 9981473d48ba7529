import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import { facts } from '../../../contract/openapi';
import { RunIntent, slotOf, toolSlotOf } from '../../../../nodes/SoraVideo/order/intent';
import { always, NODE, PROPERTY_TIMEOUT_MS } from '../../support';
import { BODY, contextOf, HOME, type Place } from './support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const keyOf = (place: Place, attempt?: number) =>
	new RunIntent(contextOf(place)).key(slotOf(place.item), attempt);

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

test('the file of each item of each run has a name of its own, short and the same on a retry', () => {
	const nameOf = (place: Place) => new RunIntent(contextOf(place)).fileName(place.item);
	const places = [HOME, { ...HOME, item: 1 }, { ...HOME, run: 1 }, { ...HOME, node: 'node-2' }];
	const names = places.map(nameOf);
	expect(new Set(names).size).toBe(places.length);
	for (const name of names) expect(name).toMatch(/^n8n-[0-9a-f]{32}$/);
	expect(nameOf({ ...HOME, execution: '232' })).toBe(names[0]);
});

describe('the Idempotency-Key of an order', () => {
	test('has the form that EvoLink takes', () => {
		const pattern = new RegExp(facts.idempotency.pattern);
		always(fc.string(), fc.string(), fc.nat(), (instance, execution, item) => {
			expect(keyOf({ ...HOME, instance, execution, item })).toMatch(pattern);
		});
	});

	test('is the same after n8n has recovered a lost execution, whose runs stay without their data', () => {
		const run = (json: IDataObject) => ({ data: { main: [[{ json }]] } });
		const keyIn = (index: number, ...runs: unknown[]) => {
			const runExecutionData = { resultData: { runData: { [NODE.name]: runs } } };
			const context = Object.assign(contextOf({ ...HOME, run: index }), { runExecutionData });
			return new RunIntent(context).key(slotOf(0));
		};
		const recovered = run({ isArtificialRecoveredEventItem: true });
		expect(keyIn(1, recovered)).toBe(keyOf(HOME));
		expect(keyIn(2, recovered, run({ id: 'x' }))).toBe(keyOf({ ...HOME, run: 1 }));
		expect(keyIn(1, run({ id: 'x' }))).toBe(keyOf({ ...HOME, run: 1 }));
		expect(keyIn(1)).toBe(keyOf({ ...HOME, run: 1 }));
		// of this run and later ones nothing counts, and some runs are stored without an item, or without data
		expect(keyIn(0, recovered)).toBe(keyOf(HOME));
		for (const bare of [{}, { data: {} }, { data: { main: [] } }, { data: { main: [[]] } }])
			expect(keyIn(1, bare)).toBe(keyOf({ ...HOME, run: 1 }));
	});

	test('is another one only where EvoLink is found to keep a refusal under it', () => {
		const keys = [0, 1, 2].map((attempt) => keyOf(HOME, attempt));
		expect(new Set(keys).size).toBe(3);
		expect(keys[0]).toBe(keyOf(HOME));
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
		expect(new RunIntent(bare).key(slotOf(0))).toMatch(new RegExp(facts.idempotency.pattern));
	});

	test('is the same in every version of this package: an order may be repeated after an upgrade', () => {
		expect(keyOf(HOME)).toBe('n8n-c0cea3fa5a73215336fbf868398cc238eb98f14d74e843c4');
	});

	test('asks n8n where it is once for a run, however many items it has', () => {
		const getWorkflow = jest.fn(() => ({ id: 'workflow-1', active: true }));
		const ctx = contextOf(HOME, undefined, { getWorkflow });
		const intent = new RunIntent(ctx);
		const keys = Array.from({ length: 20 }, (_, item) => intent.key(slotOf(item)));
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

	test('the same order in two calls of an agent without an execution of its own has two keys', () => {
		const call = () =>
			contextOf(
				{ ...HOME, token: undefined },
				{},
				{ getExecutionId: () => undefined, isToolExecution: () => true },
			);
		const [one, other] = [new RunIntent(call()), new RunIntent(call())];
		expect(one.key('slot')).toBe(one.key('slot'));
		expect(one.key('slot')).not.toBe(other.key('slot'));
	});
});

/** JSON text that is equal for equal bodies. */
function reorderedByName(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(reorderedByName);
	if (typeof value !== 'object' || value === null) return value;
	const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
	return { object: entries.map(([key, inner]) => [key, reorderedByName(inner)]) };
}

describe('the slot of an order', () => {
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
});
