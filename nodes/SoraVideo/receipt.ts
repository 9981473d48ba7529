import max from 'lodash/max';
import min from 'lodash/min';
import sum from 'lodash/sum';

import { evolinkFacts } from '../evolink/generated/spec.gen';
import { creditsInWords, roundCredits } from '../evolink/prices';
import { taskToJson, type Task } from '../evolink/task';
import type { Outcome } from './items';

const { linkLifetimeHours } = evolinkFacts.results;

/**
 * What was made of what a run ordered, how long that took, what it cost.
 * @param failed output items that are errors
 * @returns `undefined` where nothing was made
 */
export function receiptOf(outcomes: readonly Outcome[], failed: number): string | undefined {
	const made = orderedTasks(outcomes).filter(({ phase }) => phase === 'completed');
	if (made.length === 0) return undefined;
	const parts = ['Made', inNumbers(made), took(made), cost(made)];
	const missed = failed === 1 ? ' 1 failed: see its item.' : ` ${failed} failed: see their items.`;
	return `${parts.filter(Boolean).join(' ')}.${failed === 0 ? '' : missed} Links work for ${linkLifetimeHours} hours.`;
}

/** `undefined` where EvoLink says nothing of it. */
export function creditsOf(outcomes: readonly Outcome[]): number | undefined {
	const credits = numbersOf(orderedTasks(outcomes), 'creditsUsed');
	return credits.length === 0 ? undefined : roundCredits(sum(credits));
}

function orderedTasks(outcomes: readonly Outcome[]): Task[] {
	return outcomes.flatMap((outcome) =>
		'task' in outcome && outcome.watch.orderedAt !== undefined ? [outcome.task] : [],
	);
}

function inNumbers(made: readonly Task[]): string {
	const count = sum(made.map(({ resultUrls = [] }) => Math.max(resultUrls.length, 1)));
	const isVideos = made.every(({ videoUrl }) => videoUrl !== undefined);
	const what = isVideos ? 'video' : made.every(({ character }) => character) ? 'character' : 'result';
	return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function took(made: readonly Task[]): string | undefined {
	const seconds = numbersOf(made, 'processingSeconds').map(Math.ceil);
	const [least, most] = [min(seconds), max(seconds)];
	if (least === undefined || most === 0) return undefined;
	return `in ${least === most ? '' : `${least} to `}${most} second${most === 1 ? '' : 's'}`;
}

function cost(made: readonly Task[]): string | undefined {
	const credits = numbersOf(made, 'creditsUsed');
	// a part of the sum would look like the whole
	if (credits.length < made.length) return undefined;
	return `for ${creditsInWords(sum(credits))}`;
}

function numbersOf(tasks: readonly Task[], field: string): number[] {
	return tasks.map((task) => taskToJson(task)[field]).filter((value) => typeof value === 'number');
}
