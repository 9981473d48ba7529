import type { INodeExecutionData } from 'n8n-workflow';
import type { Execution } from '../../tools/n8n-engine';
import { SORA } from '../engine/support';
import type { Ending, Trace } from './run-cell';
import { HIT_ITEM } from './fault-kinds';
import { ITEMS, itemOf } from './orders';

/** The ways in which a cell can break a promise. */
export const COLUMNS = {
	twice: 'an item was charged more than once',
	lost: 'a task that exists stands nowhere in the output, the message, or (by its Idempotency-Key) the error',
	hung: 'it went on past its deadline',
	leaked: 'the API key was written somewhere or sent to the media host',
	unhelpful: 'a message lacks its item, its task or key, or what to do next',
	wrong: 'a result is wrong: a false success, a mixed-up item, a needless error, a Retry that does not heal',
} as const;

export type Column = keyof typeof COLUMNS;

export interface Complaint {
	column: Column;
	text: string;
}

interface Seen {
	item: number;
	output: INodeExecutionData;
	message?: string;
	description?: string;
}

const NEXT_STEP =
	/Get Task|Get Credits|Retry|Top up|Raise|Check|[Ll]ook (at|for)|Wait (a|until)|get it once more|Try again|Use a|change the|choose|[Rr]un (the workflow|this again)/;

/** What the words of a machine look like when nobody thought of a person. */
const NONSENSE = /undefined|\[object|\bNaN\b|Infinity/;

function itemsOf(execution: Execution): Seen[] {
	return [...execution.output(SORA, 0), ...execution.output(SORA, 1)].map((output) => {
		const { pairedItem, json } = output;
		const item = typeof pairedItem === 'object' && !Array.isArray(pairedItem) ? pairedItem.item : -1;
		const { message, description } = (json.error ?? {}) as Record<string, unknown>;
		return {
			item,
			output,
			...(message !== undefined && { message: String(message) }),
			...(typeof description === 'string' && { description }),
		};
	});
}

/** All that a user gets to see of an execution where n8n keeps no descriptions. */
function visible(execution: Execution): string {
	const messages = itemsOf(execution).map(({ output, message }) => [output.json, message]);
	return [execution.error?.message, JSON.stringify(messages)].join('\n');
}

/** Judges what a cell left behind. @returns nothing when every promise held */
export function judge(trace: Trace): Complaint[] {
	const complaints = [...ofCharges(trace), ...ofSecrets(trace)];
	if (trace.hung !== undefined) complaints.push({ column: 'hung', text: trace.hung });
	for (const ending of trace.endings)
		complaints.push(...ofLoss(ending), ...ofMessages(ending, trace), ...ofItems(ending, trace));
	return [...complaints, ...ofEnds(trace)];
}

function ofCharges({ evolink, cell, endings }: Trace): Complaint[] {
	const itemOfTask = (id: string) => itemOf(evolink.tasks.get(id)?.request);
	const complaints = ITEMS.flatMap<Complaint>((item) => {
		const ids = evolink.charges.flatMap(({ taskId }) => (itemOfTask(taskId) === item ? [taskId] : []));
		return ids.length > 1 ? [{ column: 'twice', text: `item ${item}: ${ids.join(', ')}` }] : [];
	});
	// between two looks at the account's list, which settle whether the first was taken
	const sent = Math.max(
		...evolink.requests.reduce(
			(counts, { operationId, body }) => {
				if (operationId === 'listTasks') return [...counts, 0];
				const isHit = operationId === 'createVideoTask' && itemOf(body) === HIT_ITEM;
				return [...counts.slice(0, -1), counts.at(-1)! + Number(isHit)];
			},
			[0],
		),
	);
	const mayBeSent = endings.some(({ step }) => step === 'resend') ? 2 : 1;
	if (cell.fault.unknown && sent > mayBeSent)
		complaints.push({ column: 'twice', text: `item ${HIT_ITEM} was sent ${sent} times, in doubt` });
	if (cell.operation === 'getCredits' && evolink.charges.length > 0)
		complaints.push({ column: 'twice', text: 'Get Credits ordered something' });
	return complaints;
}

/** Whether somebody who looks for the key finds it: decoded until nothing changes, each part also read as base64. */
function holds(text: string, key: string): boolean {
	const plain = [1, 2, 3, 4].reduce(
		(left) =>
			left
				.replace(/(?:\\+u00|%)([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
				.replace(/\\(.)/g, '$1'),
		text,
	);
	const inBase64 = [0, 1, 2].map((shift) =>
		Buffer.from(' '.repeat(shift) + key)
			.toString('base64')
			.slice(4, -4),
	);
	const forms = [key, ...inBase64, ...inBase64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
	return forms.some((form) => plain.includes(form));
}

function ofSecrets({ evolink, endings }: Trace): Complaint[] {
	const { apiKey, mediaStats, callbacks } = evolink;
	const complaints: Complaint[] = [];
	for (const { step, execution } of endings)
		if (holds(execution.everythingWritten(), apiKey))
			complaints.push({ column: 'leaked', text: `written by the ${step}` });
	if (mediaStats.authorizations.length > 0)
		complaints.push({ column: 'leaked', text: 'sent to the media host' });
	if (callbacks.some(({ url }) => url.includes(apiKey)))
		complaints.push({ column: 'leaked', text: 'in a callback URL' });
	return complaints;
}

/** Every task that exists by then can be found again by somebody who reads the result of this execution. */
function ofLoss({ step, execution, tasks }: Ending): Complaint[] {
	const text = visible(execution);
	return tasks
		.filter(({ id, key }) => !text.includes(id) && (key === undefined || !text.includes(key)))
		.map(({ item, id }) => ({ column: 'lost', text: `${id} of item ${item}, by the ${step}` }));
}

function ofMessages({ step, execution, tasks }: Ending, { cell }: Trace): Complaint[] {
	const complaints: Complaint[] = [];
	const blame = (message: string, why: string) =>
		complaints.push({ column: 'unhelpful', text: `${why}, in the ${step}: ${message}` });
	const examine = (message: string, description = '', item?: number) => {
		const named = item ?? /\[item (\d)\]$/.exec(message)?.[1];
		// credits are those of all items
		if (named === undefined && cell.operation !== 'getCredits') blame(message, 'names no item');
		if (NEXT_STEP.test(message)) blame(message, 'gives advice, which belongs into the description');
		if (!NEXT_STEP.test(description) && !/try again|read its task again/.test(description))
			blame(`${message} (${description})`, 'says no next step');
		if (NONSENSE.test(`${message} ${description}`)) blame(`${message} (${description})`, 'is nonsense');
		const own = tasks.filter((task) => task.item === Number(named));
		if (
			own.length > 0 &&
			!own.some(({ id, key }) => message.includes(id) || (key !== undefined && message.includes(key)))
		)
			blame(message, 'names neither its task nor its key');
		if (cell.fault.unknown && /not known|earlier try/.test(message) && !/Idempotency-Key n8n-/.test(message))
			blame(message, 'names no key');
	};
	const { error } = execution;
	if (error) examine(error.message, error.description ?? undefined);
	for (const { item, message, description } of itemsOf(execution))
		if (message !== undefined) examine(message, description, item);
	return complaints;
}

/** No false success, no item mixed up with another, none missing. */
function ofItems({ step, execution, tasks }: Ending, { cell }: Trace): Complaint[] {
	const complaints: Complaint[] = [];
	const blame = (text: string) => complaints.push({ column: 'wrong', text: `${text}, in the ${step}` });
	if (execution.status !== 'success' && execution.status !== 'error') blame(`it ended ${execution.status}`);
	if (execution.status !== 'success') return complaints;
	const seen = itemsOf(execution);
	if (seen.length !== ITEMS.length) blame(`${seen.length} items came out of ${ITEMS.length}`);
	for (const { item, output, message } of seen) {
		if (message !== undefined || cell.operation === 'getCredits') continue;
		const { id, status } = output.json;
		if (!tasks.some((task) => task.id === id && task.item === item))
			blame(`item ${item} came out with the task ${String(id)}`);
		if (cell.wait !== 'none' && status !== 'completed') blame(`item ${item} came out ${String(status)}`);
		const downloads = cell.fault.place === 'media' || cell.fault.place === 'callback';
		if (
			cell.wait !== 'none' &&
			downloads &&
			output.binary?.data === undefined &&
			output.json.downloadError === undefined
		)
			blame(`item ${item} has no file`);
		if (JSON.stringify(output.json).includes('attacker.example')) blame(`item ${item} holds a forged link`);
	}
	return complaints;
}

/** A passing fault is not noticed; what heals is finished by Retry; the stand-in itself was asked nothing wrong. */
function ofEnds({ cell, endings, evolink, hung }: Trace): Complaint[] {
	const { fault, when, wait } = cell;
	const complaints: Complaint[] = [];
	const wentWell = (ending: Ending | undefined) =>
		ending?.execution.status === 'success' &&
		itemsOf(ending.execution).every(({ message }) => message === undefined);
	const first = endings.find(({ step }) => step === 'run');
	const why = ({ execution }: Ending) => visible(execution).slice(0, 400);
	const passes =
		fault.passes &&
		(wait !== 'none' || fault.place !== 'read') &&
		!(fault.ofOrdered && cell.operation === 'getTask');
	if (first && passes && when !== 'stays' && !wentWell(first))
		complaints.push({ column: 'wrong', text: `a passing fault ended the run: ${why(first)}` });
	const retried = endings.find(({ step }) => step === 'retry');
	if (retried && fault.heals && !wentWell(retried))
		complaints.push({ column: 'wrong', text: `Retry did not finish it: ${why(retried)}` });
	const resent = endings.find(({ step }) => step === 'resend');
	if (resent && !wentWell(resent))
		complaints.push({ column: 'wrong', text: `sending again did not finish it: ${why(resent)}` });
	for (const violation of evolink.violations) complaints.push({ column: 'wrong', text: violation });
	if (!hung && endings.length === 0) complaints.push({ column: 'wrong', text: 'nothing was run' });
	return complaints;
}
