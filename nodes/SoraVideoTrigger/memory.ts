import type { IDataObject, IWebhookFunctions } from 'n8n-workflow';

/** Tasks that have started a workflow. EvoLink repeats a callback within a minute, so few need to be kept. */
export interface Memory {
	has(id: string): boolean;
	add(id: string): void;
}

/** Oldest first; more than this many are forgotten. */
export const MEMORY_SIZE = 500;

function ids(value: unknown): string[] {
	return Array.isArray(value) ? value.filter((id): id is string => typeof id === 'string') : [];
}

/**
 * @param stored n8n's static data of the node: survives a restart, but of deliveries at the same time only one is kept
 * @param shared what this process remembers, by node: sees deliveries at the same time
 */
export function memoryIn(stored: IDataObject, shared: Map<string, string[]>, node: string): Memory {
	return {
		has: (id) => ids(stored.started).includes(id) || (shared.get(node) ?? []).includes(id),
		add: (id) => {
			stored.started = [...ids(stored.started), id].slice(-MEMORY_SIZE);
			shared.set(node, [...(shared.get(node) ?? []), id].slice(-MEMORY_SIZE));
		},
	};
}

const inThisProcess = new Map<string, string[]>();

/** In a test run nothing is remembered, so that the same task can be sent again. */
const FORGETFUL: Memory = { has: () => false, add: () => {} };

export function memoryOf(ctx: IWebhookFunctions): Memory {
	if (ctx.getMode() === 'manual') return FORGETFUL;
	const node = `${ctx.getWorkflow().id}/${ctx.getNode().id}`;
	return memoryIn(ctx.getWorkflowStaticData('node'), inThisProcess, node);
}
