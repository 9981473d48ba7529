import type { IDataObject, IWebhookFunctions } from 'n8n-workflow';

import { Recent } from '../evolink/recent';

/**
 * EvoLink repeats a callback within a minute, so few need to be kept. Anybody may call for a task without the reference of its
 * order, so a task with a verified one is another.
 */
export interface Memory {
	has(id: string, isReferenced?: boolean): boolean;
	add(id: string, isReferenced?: boolean): void;
}

/** More than this many tasks of a node are forgotten, the oldest first. */
export const MEMORY_SIZE = 500;

/** Those of all nodes together: what counts are deliveries at the same time. */
const SHARED_SIZE = 10 * MEMORY_SIZE;

/** Ids hold no blanks. */
const withReference = (id: string) => `${id} referenced`;

function ids(value: unknown): string[] {
	return Array.isArray(value) ? value.filter((id): id is string => typeof id === 'string') : [];
}

/** `stored` survives a restart, but of deliveries at the same time only one is kept there; `shared` sees them all. */
export function memoryIn(stored: IDataObject, shared: Map<string, true>, node: string): Memory {
	const has = (entry: string) => ids(stored.started).includes(entry) || shared.has(`${node} ${entry}`);
	return {
		has: (id, isReferenced) => has(withReference(id)) || (!isReferenced && has(id)),
		add: (id, isReferenced) => {
			const entry = isReferenced ? withReference(id) : id;
			stored.started = [...ids(stored.started), entry].slice(-MEMORY_SIZE);
			shared.set(`${node} ${entry}`, true);
		},
	};
}

const inThisProcess = new Recent<true>(SHARED_SIZE);

/** In a test run nothing is remembered, so that the same task can be sent again. */
const FORGETFUL: Memory = { has: () => false, add: () => {} };

export function memoryOf(ctx: IWebhookFunctions): Memory {
	if (ctx.getMode() === 'manual') return FORGETFUL;
	const node = `${ctx.getWorkflow().id}/${ctx.getNode().id}`;
	return memoryIn(ctx.getWorkflowStaticData('node'), inThisProcess, node);
}
