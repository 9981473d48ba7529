import { z } from 'zod';

import { failureSchema } from '../evolink/failure';
import { plainObject } from '../evolink/json';
import { uploadableFile } from '../evolink/media/upload';
import { problemSchema, type Problem } from '../host/errors';
import { watchSchema, hasEnded, isSettled, type Watch } from './watch';

/* One item of a run that orders or waits, in each of its phases. Plain data: a suspended run keeps it in n8n's database. */

const inputFile = z.object({
	source: uploadableFile,
	/** What stands in the body for its URL. */
	standIn: z.string(),
});

/** A file that EvoLink must be given before the order. */
export type InputFile = z.infer<typeof inputFile>;

/** An order that may have been taken. */
export const doubtSchema = z.object({
	/** The Idempotency-Key. */
	key: z.string(),
	/** As sent: a repeat must be identical, whatever the item's expressions say by then. */
	body: plainObject,
	/** ms since 1970. */
	at: z.number(),
	/** EvoLink's ids of the files that were uploaded for it. */
	fileIds: z.array(z.string()).optional(),
	/** EvoLink answered that it does not serve the model, in a way that leaves open whether it took the order. */
	isModelClosed: z.literal(true).optional(),
});

export type Doubt = z.infer<typeof doubtSchema>;

const draftSchema = z.object({
	/** Checked in full, with a stand-in for the URL of each file. */
	body: plainObject,
	/** The user's own URL for EvoLink's callback. */
	callbackUrl: z.string().optional(),
	/** What the callback URL carries for the user. */
	reference: z.string().optional(),
	files: z.array(inputFile).optional(),
	/** What EvoLink has of the files: by stand-in the URL, and the ids for deleting them. */
	uploads: z.object({ urls: z.record(z.string(), z.string()), ids: z.array(z.string()) }).optional(),
	/** EvoLink refused the callback URL, not the order. */
	isCalledBack: z.literal(false).optional(),
	/** An earlier try sent it, its outcome is unknown, and the user wants it sent once more. */
	doubt: doubtSchema.optional(),
});

export type Draft = z.infer<typeof draftSchema>;

const item = {
	item: z.number(),
	/** The binary field that the item's file goes to; null where none is wanted. */
	field: z.string().nullable(),
};

/** `slot`: where its order stands in the ledger. */
const order = { ...item, slot: z.string(), draft: draftSchema };

const queuedSchema = z.object({ phase: z.literal('queued'), ...order });

const askedSchema = z.object({
	phase: z.literal('asked'),
	...order,
	key: z.string(),
	/** ms since 1970, by EvoLink's clock as far as that is known: no earlier task can be this order's. */
	since: z.number(),
	failure: failureSchema,
});

const taskSchema = z.object({
	phase: z.literal('task'),
	...item,
	watch: watchSchema,
	/** When its wait began, in ms of the run's own clock. */
	from: z.number(),
	/** Whether its order named this run's own callback URL. */
	isCalledBack: z.boolean().optional(),
	/** Its time is up; EvoLink may still be making it. */
	isOver: z.literal(true).optional(),
});

const refusedSchema = z.object({
	phase: z.literal('refused'),
	...item,
	problem: problemSchema,
	/** What a Retry of a suspended run orders: nothing was taken. */
	again: z.object({ slot: z.string(), draft: draftSchema }).optional(),
});

export const entrySchema = z.discriminatedUnion('phase', [
	queuedSchema,
	askedSchema,
	taskSchema,
	refusedSchema,
]);

export type Entry = z.infer<typeof entrySchema>;

/** Checked, nothing charged; its turn has not come. */
export type QueuedEntry = z.infer<typeof queuedSchema>;

/** EvoLink answered its order with a fault of its own; whether it was taken is being looked up. */
export type AskedEntry = z.infer<typeof askedSchema>;

export type TaskEntry = z.infer<typeof taskSchema>;

/** It has no task, or none that is known. */
export type RefusedEntry = z.infer<typeof refusedSchema>;

export const isQueued = (entry: Entry): entry is QueuedEntry => entry.phase === 'queued';
export const isAsked = (entry: Entry): entry is AskedEntry => entry.phase === 'asked';
export const isTask = (entry: Entry): entry is TaskEntry => entry.phase === 'task';
export const isRefused = (entry: Entry): entry is RefusedEntry => entry.phase === 'refused';

export function watchesOf(entries: readonly Entry[]): Watch[] {
	return entries.filter(isTask).map(({ watch }) => watch);
}

export function refusedEntry({ item, field }: Pick<Entry, 'item' | 'field'>, problem: Problem): RefusedEntry {
	return { phase: 'refused', item, field, problem };
}

/** Tasks that are not known to have ended and are still waited for. */
export function openTasks(entries: readonly Entry[]): TaskEntry[] {
	return entries.filter(isTask).filter(({ watch, isOver }) => !isOver && !isSettled(watch));
}

/** Ids of tasks that are not known to have ended. */
export function runningIds(entries: readonly Entry[]): string[] {
	return watchesOf(entries)
		.filter((watch) => !hasEnded(watch))
		.map(({ id }) => id);
}
