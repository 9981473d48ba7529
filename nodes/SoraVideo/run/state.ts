import type { IDataObject } from 'n8n-workflow';
import { z } from 'zod';

import { failureSchema } from '../../evolink/failure';
import { isObject } from '../../evolink/json';
import type { RunSettings } from '../settings';
import { entrySchema } from '../entries';
import { roomSchema } from './room';

const keptSettings = z.object({
	onTaskFailure: z.enum(['error', 'output']),
	maxDownloadBytes: z.number(),
	simplify: z.boolean(),
	resendUnknown: z.boolean(),
	tasksAtOnce: z.number().optional(),
	pollMs: z.number(),
	timeoutMs: z.number().optional(),
});

/**
 * A run from its first order to its output. No field of the node is read again: what was checked is what is sent. Moments are
 * ms of the run's own clock, which no set clock moves; `parkedAt` and `wakesAt` are ms since 1970.
 */
const runState = z.object({
	version: z.literal(1),
	/** Stands on the stack entry of the same wait, too. */
	token: z.string(),
	/** A retry runs under another id. */
	executionId: z.string(),
	runIndex: z.number(),
	settings: keptSettings,
	/** By their index. */
	items: z
		.array(entrySchema)
		.min(1)
		.refine((items) => items.every(({ item }, at) => item === at)),
	/** Absent as long as EvoLink took every order. */
	room: roomSchema.optional(),
	/** Why the latest order was refused that found no room. */
	refusal: failureSchema.optional(),
	/** When the account's list is looked at for orders that EvoLink answered with a fault of its own. */
	lookup: z.object({ begunAt: z.number(), at: z.number() }).optional(),
	lastedMs: z.number(),
	/** When EvoLink last took an order. */
	tookAt: z.number(),
	/** When tasks are read next; absent before the first of them is there. */
	readAt: z.number().optional(),
	observedAt: z.number().optional(),
	estimatedSeconds: z.number().optional(),
	parkedAt: z.number(),
	wakesAt: z.number(),
	callsBack: z.boolean(),
	/** Whether it has gone on since it was suspended: a process that is lost meanwhile leaves no trace of what it ordered. */
	isAwake: z.boolean(),
});

export type RunState = z.infer<typeof runState>;

export function beginRun(
	settings: RunSettings,
	own: Pick<RunState, 'token' | 'executionId' | 'runIndex' | 'items' | 'callsBack'>,
): RunState {
	return {
		version: 1,
		...own,
		settings: keptSettings.parse(settings),
		lastedMs: 0,
		tookAt: 0,
		parkedAt: 0,
		wakesAt: 0,
		isAwake: true,
	};
}

/** A stored run that this version of the package cannot read: the tasks and items that it names all the same. */
export class UnreadableRun extends Error {
	readonly ids: string[];
	readonly items: number[];

	constructor({ items }: IDataObject) {
		const entries = [items].flat().filter(isObject);
		const watches = entries.map(({ watch: inner }) => inner).filter(isObject);
		super('its record in n8n cannot be read, or was written by another version of this package');
		this.ids = [...entries, ...watches].map(({ id }) => id).filter((id) => typeof id === 'string');
		this.items = entries.map(({ item }) => item).filter((item) => typeof item === 'number');
	}
}

/** `undefined` if there is none. @throws UnreadableRun */
export function readRun(value: unknown): RunState | undefined {
	if (!isObject(value)) return undefined;
	const { success, data } = runState.safeParse(value);
	if (success) return data;
	throw new UnreadableRun(value);
}
