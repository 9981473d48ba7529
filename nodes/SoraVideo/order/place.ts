import type { IExecuteFunctions } from 'n8n-workflow';

import { mapLimit } from '../../evolink/async';
import { hostClock } from '../../evolink/clock';
import type { Failure } from '../../evolink/failure';
import { cancelSignal, goesOnAfterErrors } from '../../host/context';
import { fileRefused } from '../../host/messages';
import { patienceOf, type RunSettings } from '../settings';
import { holdToBudget } from './budget';
import { RunIntent } from './intent';
import { ItemOrder } from './itemOrder';
import { Ledger } from './ledger';
import { sendPaced } from './pace';
import { deleteUploads, makeRoom } from '../uploads';
import { stopOnProblem, type Draft, type Order } from '../items';

const UPLOADS_AT_ONCE = 2;

/**
 * Orders whose files are uploaded before the first of them is sent. Up to this many, a file that EvoLink refuses costs nothing;
 * more, and a batch would take up all the places for files that EvoLink gives an account.
 */
const WINDOW = 25;

/**
 * Turns every item of the run into an order, each intent at most once: everything is checked before the first request, files
 * are uploaded just before their orders, every order is sent before anything is waited for. Only where EvoLink has no room for
 * another file do orders wait, for the first tasks of this run to end. Items that an earlier try already ordered are taken from
 * the ledger, whatever their fields say now. A stopped execution gets what there is: no further order is begun.
 *
 * @param draft checks one item and builds its body; throws ProblemError, sends nothing
 * @throws ProblemError naming every id known so far, when the node stops on errors
 */
export async function placeOrders(
	ctx: IExecuteFunctions,
	draft: (itemIndex: number) => Promise<Draft>,
	settings: RunSettings,
): Promise<Order[]> {
	const run = {
		ctx,
		ledger: Ledger.of(ctx),
		intent: new RunIntent(ctx),
		resendUnknown: settings.resendUnknown,
		problems: 0,
	};
	const isBlind = ctx.getMode() === 'retry' && run.ledger.isEmpty;
	const orders = ctx.getInputData().map((_, item) => new ItemOrder(run, item));
	const isStopped = () => cancelSignal(ctx)?.aborted === true;
	/** Whether no further request may be begun: the run was stopped, or stops on an error. */
	const isOver = () => isStopped() || (!goesOnAfterErrors(ctx) && run.problems > 0);
	const stopOnRefusal = (untouched: number[] = []) => {
		const outcomes = orders.flatMap(({ outcome }) => outcome ?? []);
		if (!isStopped()) stopOnProblem(ctx, outcomes, untouched);
	};

	for (const order of orders) await order.begin(draft);
	stopOnRefusal();
	const waiting = orders.filter(({ isSettled }) => !isSettled);
	await holdToBudget(ctx, settings, waiting, isBlind);
	const size = waiting.some(({ hasFile }) => hasFile) ? WINDOW : waiting.length;
	const pace = { pollMs: settings.pollMs, timeoutMs: patienceOf(settings) };
	while (waiting.length > 0 && !isOver()) {
		const window = waiting.splice(0, size);
		const refusal = await uploadAndSend(ctx, window, isOver, pace.timeoutMs);
		if (refusal === undefined || isOver()) continue;
		const later = window.filter(({ isSettled }) => !isSettled);
		const held = orders.flatMap(({ watch }) => watch ?? []);
		if (await makeRoom(ctx, held, pace)) waiting.unshift(...later);
		else for (const order of later) order.problem(fileRefused(refusal));
	}
	stopOnRefusal([...orders.keys()].filter((item) => !orders[item].isSettled));
	return orders.map(({ result }) => result);
}

/**
 * Uploads the files of some orders, then sends these orders. Of what was not ordered, no file stays.
 *
 * @returns EvoLink's refusal where there was no room for a file; the orders that wait for some are not settled then
 */
async function uploadAndSend(
	ctx: IExecuteFunctions,
	orders: readonly ItemOrder[],
	isOver: () => boolean,
	patienceMs: number,
): Promise<Failure | undefined> {
	let outOfRoom: Failure | undefined;
	await mapLimit(orders, UPLOADS_AT_ONCE, async (order) => {
		if (isOver() || (order.hasFile && outOfRoom !== undefined)) return;
		outOfRoom = (await order.upload()) ?? outOfRoom;
	});
	await sendPaced(
		orders,
		async (order) => await order.send(),
		(order, failure) => order.refuse(failure),
		isOver,
		{ patienceMs, clock: hostClock, signal: cancelSignal(ctx) },
	);
	const unused = orders.flatMap(({ unusedFile }) => unusedFile ?? []);
	await deleteUploads(ctx, unused);
	return outOfRoom;
}
