import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import sum from 'lodash/sum';
import uniq from 'lodash/uniq';

import { roundCredits } from '../evolink/prices';
import { runIndexOf } from './context';

/** n8n keeps ten values of an execution, of so many characters each. Other nodes may want some. */
const VALUE_LENGTH = 255;
const VALUES_OF_TASKS = 8;

/** Named here, because the types of the oldest n8n that is supported do not know it. */
interface HasCustomData {
	customData?: { set(key: string, value: string): void };
}

/** What all nodes of this package have noted, kept in the execution. */
interface Notes extends IDataObject {
	tasks: string[];
	/** By node and round. */
	credits: Record<string, number>;
}

/** Writes task ids, and what the node's run cost once that is known, into the execution's custom data, by which n8n finds it. */
export function noteInExecution(ctx: IExecuteFunctions, ids: readonly string[], credits?: number): void {
	try {
		const context = ctx.getContext('flow');
		const { tasks, credits: noted } = (context.evolink ?? { tasks: [], credits: {} }) as Notes;
		const values = inValues(uniq([...tasks, ...ids])).slice(0, VALUES_OF_TASKS);
		if (credits !== undefined) noted[`${ctx.getNode().name} ${runIndexOf(ctx)}`] = credits;
		context.evolink = { tasks: values.flat(), credits: noted };
		const { customData } = ctx as HasCustomData;
		for (const [at, value] of values.entries())
			customData?.set(`evolink_tasks_${at + 1}`, value.join(SEPARATOR));
		const spent = Object.values(noted);
		if (spent.length > 0) customData?.set('evolink_credits', String(roundCredits(sum(spent))));
	} catch {
		// an execution without data of its own
	}
}

const SEPARATOR = ' ';

function inValues(ids: readonly string[]): string[][] {
	const values: string[][] = [];
	for (const id of ids) {
		const last = values.at(-1);
		if (last !== undefined && [...last, id].join(SEPARATOR).length <= VALUE_LENGTH) last.push(id);
		else values.push([id]);
	}
	return values;
}
