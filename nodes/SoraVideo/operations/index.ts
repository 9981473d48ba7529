import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { readCredential } from '../../evolink/client';
import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { withReference } from '../../evolink/reference';
import { reservedInWords } from '../order/budget';
import { hostClock } from '../../evolink/clock';
import { mayOrderAnew } from '../order/ledger';
import { told, type Problem } from '../../host/errors';
import { decideWait, type WaitDecision } from '../run/mode';
import { placeOrders } from '../order/place';
import { orderedEarlier, retriedBlindly } from '../../host/messages';
import { afterwards, readCallbackUrl, readFileField, readReference, readSettings } from '../settings';
import { callbackFor, settleOrders } from '../run';
import { draftCharacter } from './character';
import { draftGenerate } from './generate';
import { executeGetCredits } from './getCredits';
import { executeGetManyTasks } from './getManyTasks';
import { executeGetTask } from './getTask';
import { hint } from '../../host/context';
import { displayNamesOf, ItemParameters } from '../../host/parameters';
import { soraVideoFields } from './fields';
import type { Draft, Order } from '../items';

type Operation = (
	ctx: IExecuteFunctions,
	parametersOf: (item: number) => ItemParameters,
) => Promise<INodeExecutionData[]>;

const displayNames = displayNamesOf(soraVideoFields);

function warn(ctx: IExecuteFunctions, problem: Problem): void {
	hint(ctx, told(problem), 'warning');
	// a hint of a suspended run goes when the run goes on
	ctx.logger.warn(told(problem));
}

/** An operation that pays: orders for all items first, then one wait for all. */
function paid(
	draft: (ctx: IExecuteFunctions, parameters: ItemParameters) => Promise<Draft>,
	{ callbacks }: { callbacks: boolean },
): Operation {
	return async (ctx, parametersOf) => {
		const settings = readSettings(ctx, parametersOf(0), { wait: 'auto' });
		const fileFieldOf = (item: number) => readFileField(ctx, parametersOf(item), true);
		const decision = decideWait(ctx, settings.wait);
		const callback = callbacks ? callbackReader(ctx, decision) : () => ({});
		if (mayOrderAnew(ctx)) warn(ctx, retriedBlindly());
		const checked = async (item: number) => {
			fileFieldOf(item);
			const parameters = parametersOf(item);
			return { ...(await draft(ctx, parameters)), ...(await callback(parameters)) };
		};
		const begun = hostClock.ticks();
		const orders = await placeOrders(ctx, checked, settings);
		nameTasks(ctx, orders);
		const reserved = reservedInWords(orders);
		if (reserved !== undefined) hint(ctx, reserved);
		const earlier = orders.flatMap((order) =>
			'watch' in order && order.watch.replayed ? [order.watch.id] : [],
		);
		if (earlier.length > 0) warn(ctx, orderedEarlier(earlier));
		const left = afterwards(settings, hostClock.ticks() - begun);
		return await settleOrders(ctx, orders, { settings: left, fileFieldOf, decision, callbacks });
	};
}

type Callback = Pick<Draft, 'callbackUrl' | 'reference'>;

/** Says where EvoLink is to call about an item's task: the user's own URL, or that of a run that suspends. */
function callbackReader(
	ctx: IExecuteFunctions,
	decision: WaitDecision,
): (parameters: ItemParameters) => Callback | Promise<Callback> {
	if (decision.mode !== 'none') {
		const callbackUrl = callbackFor(ctx, decision);
		return () => ({ callbackUrl });
	}
	let credential: ReturnType<typeof readCredential> | undefined;
	return async (parameters) => {
		const url = readCallbackUrl(parameters);
		const reference = readReference(parameters);
		if (reference === undefined) return { callbackUrl: url };
		const refuse = (allowed: string) => parameters.refuse('reference', reference, allowed);
		if (url === undefined) throw refuse("nothing without a 'Callback URL', because it travels in that");
		const { apiKey } = await (credential ??= readCredential(ctx));
		const callbackUrl = withReference(url, reference, apiKey);
		const { maxLength } = evolinkFacts.callback;
		if (callbackUrl.length <= maxLength) return { callbackUrl, reference };
		throw refuse(
			`a text with which the callback URL has at most ${maxLength} characters (with this one it has ${callbackUrl.length})`,
		);
	};
}

/** Named here, because the types of the oldest n8n that is supported do not know it. */
interface HasCustomData {
	customData?: { set(key: string, value: string): void };
}

/** n8n keeps ten such values for an execution, and other nodes may want some. */
const TASKS_NAMED = 5;

/** Writes task ids into the execution's custom data, so that it can be found by them. Hosts without it go without. */
function nameTasks(ctx: IExecuteFunctions, orders: readonly Order[]): void {
	const ids = orders.flatMap((order) => ('watch' in order ? [order.watch.id] : []));
	try {
		const { customData } = ctx as HasCustomData;
		for (const [at, id] of ids.slice(0, TASKS_NAMED).entries()) customData?.set(`evolink_task_${at + 1}`, id);
	} catch {
		// an execution without data of its own
	}
}

/** By the value of the field `operation`. EvoLink documents no callback for characters, so none is asked for. */
const operations: Record<string, Operation> = {
	generate: paid(draftGenerate, { callbacks: true }),
	character: paid(draftCharacter, { callbacks: false }),
	getTask: executeGetTask,
	getManyTasks: executeGetManyTasks,
	getCredits: executeGetCredits,
};

/** @throws ProblemError when the node has no such operation */
export async function executeOperation(ctx: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const parametersOf = (item: number) =>
		new ItemParameters(
			(name, fallback, options) => ctx.getNodeParameter(name, item, fallback, options) as unknown,
			displayNames,
			item,
		);
	const operation = parametersOf(0).text('operation', 'generate');
	if (!Object.hasOwn(operations, operation))
		throw parametersOf(0).refuse('operation', operation, Object.keys(operations).join(', '));
	return await operations[operation](ctx, parametersOf);
}
