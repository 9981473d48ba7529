import type { IDataObject } from 'n8n-workflow';

import { slotOf, toolSlotOf } from '../../../../nodes/SoraVideo/order/intent';
import type { Doubt } from '../../../../nodes/SoraVideo/entries';
import { Ledger, mayOrderAnew, orderedIn, type LedgerEntry } from '../../../../nodes/SoraVideo/order/ledger';
import { BODY, contextOf, HOME, type Place } from './support';
import version1 from '../../golden/ledger.v1.json';

const refusedUnder = (...refusedKeys: string[]): LedgerEntry => ({
	state: 'refused',
	refusedKeys,
	refusedAt: 5,
});

describe('the ledger', () => {
	const entry = { key: 'k', state: 'accepted', at: 2, id: 'task-1' } as const;
	const order: Doubt = { key: 'k', body: BODY, at: 1 };
	const accept = (ledger: Ledger, slot: string) => ledger.begin(slot, order).accept('task-1', 2);

	test('says that an order is being sent before it is, and afterwards what came of it', () => {
		const ledger = Ledger.of(contextOf(HOME));
		const sending = ledger.begin('item0', order);
		expect(ledger.get('item0')).toEqual({ ...order, state: 'sending' });
		sending.doubt();
		expect(ledger.get('item0')).toEqual({ ...order, state: 'unknown' });
		sending.accept('task-1', 2);
		expect(ledger.get('item0')).toEqual(entry);
	});

	test('keeps what was asked for, where that is known', () => {
		const ledger = Ledger.of(contextOf(HOME));
		ledger.begin('item0', order).accept('task-1', 2, BODY);
		expect(ledger.get('item0')).toEqual({ ...entry, request: BODY });
		accept(ledger, 'item0');
		expect(ledger.get('item0')).toEqual(entry);
	});

	test('keeps the file of an order as long as the order, to delete it when its task has ended', () => {
		const ledger = Ledger.of(contextOf(HOME));
		const sending = ledger.begin('item0', { ...order, fileIds: ['file-1'] });
		expect(ledger.get('item0')).toMatchObject({ state: 'sending', fileIds: ['file-1'] });
		sending.accept('task-1', 2);
		expect(ledger.get('item0')).toEqual({ ...entry, fileIds: ['file-1'] });
	});

	test.each<[string, (ledger: Ledger) => void]>([
		['was never ordered', () => {}],
		['is of unknown outcome', (ledger) => ledger.begin('item0', order).doubt()],
		['was refused before', (ledger) => ledger.refuse('item0', 'k0', 5)],
	])('is as it was where what %s was sent and cannot have been taken', (_, prepare) => {
		const ledger = Ledger.of(contextOf(HOME));
		prepare(ledger);
		const before = ledger.get('item0');
		ledger.begin('item0', order).withdraw();
		expect(ledger.get('item0')).toEqual(before);
		expect(ledger.isEmpty).toBe(before === undefined);
	});

	test('is found again by the next try and after storage', () => {
		const node: Record<string, unknown> = {};
		for (const slot of ['item0', 'item1']) accept(Ledger.of(contextOf(HOME, node)), slot);
		const stored = JSON.parse(JSON.stringify(node)) as Record<string, unknown>;
		for (const slot of ['item0', 'item1'])
			expect(Ledger.of(contextOf(HOME, stored)).get(slot)).toEqual(entry);
	});

	test('is one and the same for tool calls at the same time', () => {
		const node: Record<string, unknown> = {};
		const first = Ledger.of(contextOf(HOME, node));
		const sending = first.begin('item0', order);
		const second = Ledger.of(contextOf(HOME, node));
		sending.accept('task-1', 2);
		accept(second, 'item1');
		expect(second.get('item0')).toEqual(entry);
		const stored = JSON.parse(JSON.stringify(node)) as Record<string, unknown>;
		for (const slot of ['item0', 'item1'])
			expect(Ledger.of(contextOf(HOME, stored)).get(slot)).toEqual(entry);
	});

	test('has one page for each round of a loop', () => {
		const node: Record<string, unknown> = {};
		accept(Ledger.of(contextOf(HOME, node)), 'item0');
		expect(Ledger.of(contextOf({ ...HOME, run: 1 }, node)).get('item0')).toBeUndefined();
		expect(Ledger.of(contextOf(HOME, node)).get('item0')).toEqual(entry);
	});

	test('has one page for all calls of a tool, which n8n counts as runs of their own', () => {
		const node: Record<string, unknown> = {};
		const isTool = { isToolExecution: () => true };
		accept(Ledger.of(contextOf(HOME, node, isTool)), 'item0');
		expect(Ledger.of(contextOf({ ...HOME, run: 7 }, node, isTool)).get('item0')).toEqual(entry);
		expect(Ledger.of(contextOf(HOME, node)).get('item0')).toBeUndefined();
	});

	test('keeps the keys under which an order was refused, each once, whatever comes of it later', () => {
		const ledger = Ledger.of(contextOf(HOME));
		for (const key of ['k0', 'k1', 'k1']) ledger.refuse('item0', key, 5);
		expect(ledger.get('item0')).toEqual(refusedUnder('k0', 'k1'));
		accept(ledger, 'item0');
		expect(ledger.refusedKeys('item0')).toEqual(['k0', 'k1']);
		expect(ledger.refusedKeys('item1')).toEqual([]);
	});

	test('forgets an order of unknown outcome that turned out not to be taken', () => {
		const ledger = Ledger.of(contextOf(HOME));
		ledger.begin('item0', order).doubt();
		ledger.withdraw('item0');
		expect(ledger.isEmpty).toBe(true);
		ledger.refuse('item1', 'k0', 5);
		ledger.begin('item1', order).doubt();
		ledger.withdraw('item1');
		expect(ledger.get('item1')).toEqual(refusedUnder('k0'));
	});

	test('that an execution has stored is found by every version of this package', () => {
		const isTool = { isToolExecution: () => true };
		const rounds = { run0: { item3: entry }, tool: { 'item3-c8f70549fa04ae85': entry } };
		const node = { ledger: { version: 1, rounds } };
		expect(Ledger.of(contextOf(HOME, node)).get(slotOf(3))).toEqual(entry);
		expect(Ledger.of(contextOf(HOME, node, isTool)).get(toolSlotOf(3, BODY))).toEqual(entry);
	});

	test('as n8n stored it, in every state, is read', () => {
		const ledger = Ledger.of(contextOf(HOME, { ledger: structuredClone(version1) as IDataObject }));
		expect(ledger.get('item0')).toEqual({
			request: version1.rounds.run0.item0.request,
			state: 'accepted',
			key: 'n8n-0fddc64124b89ac7b7bf0637b4f09441ecfc79d6cf91df6c',
			at: 1795511340656,
			id: 'task-unified-1795511340-was98kwz',
		});
		expect(ledger.get('item1')).toMatchObject({ state: 'sending', body: { prompt: 'a dog' } });
		expect(ledger.get('item2')).toMatchObject({ state: 'unknown', body: { prompt: 'a cow' } });
		expect(ledger.get('item3')).toEqual(refusedUnder('n8n-1'));
	});

	test.each([
		['a later version', { version: 2, rounds: { run0: { item0: entry } } }],
		[
			'an entry of an unknown state',
			{ version: 1, rounds: { run0: { item0: { ...entry, state: 'paid' } } } },
		],
		[
			'an order without its body',
			{ version: 1, rounds: { run0: { item0: { ...entry, state: 'unknown' } } } },
		],
	])('%s is refused in words that name what may be paid, instead of ordering again', (_, ledger) => {
		expect(() => Ledger.of(contextOf(HOME, { ledger }))).toThrow(
			/^Nothing was ordered, because .*; it names k, task-1$/,
		);
	});

	test('is empty where an agent of n8n runs the node in an execution that keeps nothing', () => {
		const getContext = () => {
			throw new Error('`executionData` is not initialized');
		};
		expect(Ledger.of(contextOf(HOME, {}, { getContext })).isEmpty).toBe(true);
	});
});

test('the tasks that an execution ordered are named, of all rounds or of one, and of a ledger of any shape', () => {
	const entry = (id: string) => ({ key: `key of ${id}`, state: 'accepted', id, at: 1 });
	const rounds = { run0: { item0: entry('a'), item1: entry('b') }, run1: { item0: entry('c') } };
	const named = (ledger: IDataObject, round?: string) => orderedIn(contextOf(HOME, { ledger }), round);
	expect(named({ version: 1, rounds })).toEqual(['a', 'b', 'c']);
	expect(named({ version: 1, rounds }, 'run1')).toEqual(['c']);
	expect(named({ version: 1, rounds }, 'run2')).toEqual([]);
	expect(named({ version: 9, kept: [entry('d')] }, 'run1')).toEqual(['d']);
	expect(orderedIn(contextOf(HOME))).toEqual([]);
});

describe('a Retry that may order again what was ordered', () => {
	const old = { ...HOME, token: undefined };
	const judge = (place: Place, mode: string, entries: IDataObject = {}) =>
		mayOrderAnew(
			contextOf(place, { ledger: { version: 1, rounds: { run0: entries } } }, { getMode: () => mode }),
		);

	test('is one on an n8n without a token that finds no earlier order', () => {
		expect(judge(old, 'retry')).toBe(true);
		expect(judge(old, 'retry', { item0: { key: 'k', state: 'sending', at: 0, body: {} } })).toBe(false);
	});

	test('is none where n8n keeps a token, and no first run is one', () => {
		expect(judge(HOME, 'retry')).toBe(false);
		for (const mode of ['trigger', 'manual', 'webhook']) expect(judge(old, mode)).toBe(false);
	});
});
