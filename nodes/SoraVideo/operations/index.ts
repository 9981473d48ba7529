import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import partition from 'lodash/partition';

import { readCredential } from '../../evolink/client';
import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { withReference } from '../../evolink/reference';
import { overBudgetOf } from '../order/budget';
import { hostClock } from '../../evolink/clock';
import { mayOrderAnew } from '../order/ledger';
import { textOf } from '../../host/errors';
import { decideWait } from '../run/mode';
import { callbackUrl as callbackUrlOf } from '../run/parkedRun';
import { draftEntry, refuse, type OrderRun } from '../order/order';
import { retriedBlindly } from '../../host/messages';
import { readCallbackUrl, readFileField, readReference, readSettings, type RunSettings } from '../settings';
import { orderRunOf, run } from '../run';
import { draftCharacter } from './character';
import { executeEstimateCost } from './estimateCost';
import { draftGenerate } from './generate';
import { executeGetCredits } from './getCredits';
import { executeGetManyModels } from './getManyModels';
import { executeGetManyTasks } from './getManyTasks';
import { executeGetTask } from './getTask';
import { executeUploadFile } from './uploadFile';
import { goesOnAfterErrors, warn } from '../../host/context';
import { displayNamesOf, ItemParameters } from '../../host/parameters';
import { soraVideoFields } from './fields';
import { isQueued, isRefused, isTask, type Draft, type Entry } from '../entries';
import { stopOnProblem, type Operation } from '../items';

const displayNames = displayNamesOf(soraVideoFields);

/** All items are checked first, then as many are ordered as EvoLink has room for. */
function paid(
	draft: (ctx: IExecuteFunctions, parameters: ItemParameters) => Promise<Draft>,
	{ callbacks }: { callbacks: boolean },
): Operation {
	return async (ctx, parametersOf) => {
		const begunAt = hostClock.ticks();
		const settings = readSettings(ctx, parametersOf(0), { wait: 'auto' });
		const decision = decideWait(ctx, settings.wait);
		const callbackUrl = callbacks && decision.mode === 'suspend' ? callbackUrlOf(ctx).url : undefined;
		const orders = orderRunOf(ctx, settings, { begunAt, callbackUrl });
		const callback = callbacks && decision.mode === 'none' ? callbackReader(ctx) : () => ({});
		const isBlind = ctx.getMode() === 'retry' && orders.ledger.isEmpty;
		if (mayOrderAnew(ctx)) warn(ctx, textOf(retriedBlindly()));
		const entries: Entry[] = [];
		for (const item of ctx.getInputData().keys()) {
			const parameters = parametersOf(item);
			const fieldOf = () => (decision.mode === 'none' ? null : readFileField(ctx, parameters, true));
			const check = async () => ({ ...(await draft(ctx, parameters)), ...(await callback(parameters)) });
			entries.push(await draftEntry(orders, item, fieldOf, check));
		}
		stopOnProblem(ctx, briefly(entries));
		await holdToBudget(orders, settings, entries, isBlind);
		stopOnProblem(
			ctx,
			briefly(entries),
			entries.filter(isQueued).map(({ item }) => item),
		);
		return await run(orders, settings, entries, { decision, callbacks });
	};
}

/** Of items that are not ordered yet: those that may not be, and those that an earlier try ordered. */
const briefly = (entries: readonly Entry[]) => entries.filter((entry) => isRefused(entry) || isTask(entry));

async function holdToBudget(
	orders: OrderRun,
	settings: RunSettings,
	entries: Entry[],
	isBlind: boolean,
): Promise<void> {
	const { ctx } = orders;
	const queue = entries.filter(isQueued);
	const refusal = await overBudgetOf(ctx, settings, queue, isBlind);
	if (refusal === undefined) return;
	const [doubtful, fresh] = partition(queue, ({ draft }) => draft.doubt !== undefined);
	// in a run that stops, one item tells it for all
	const tellers = goesOnAfterErrors(ctx) ? fresh : fresh.slice(0, 1);
	for (const entry of [...doubtful, ...tellers]) entries[entry.item] = await refuse(orders, entry, refusal);
}

type Callback = Pick<Draft, 'callbackUrl' | 'reference'>;

/** Where EvoLink is to call about a task that this run does not wait for: the user's own URL. */
function callbackReader(ctx: IExecuteFunctions): (parameters: ItemParameters) => Promise<Callback> {
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

/** By the value of the field `operation`. EvoLink documents no callback for characters, so none is asked for. */
const operations: Record<string, Operation> = {
	generate: paid(draftGenerate, { callbacks: true }),
	character: paid(draftCharacter, { callbacks: false }),
	getTask: executeGetTask,
	getManyModels: executeGetManyModels,
	getManyTasks: executeGetManyTasks,
	estimateCost: executeEstimateCost,
	getCredits: executeGetCredits,
	uploadFile: executeUploadFile,
};

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
