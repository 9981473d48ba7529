import type { IExecuteFunctions, IWebhookFunctions } from 'n8n-workflow';
import pLimit from 'p-limit';

import { getTask } from '../api';
import { READS_AT_ONCE, type ReadTasks } from '../wait/poll';

/** Reads tasks for one wait. */
export function readerFor(ctx: IExecuteFunctions | IWebhookFunctions, timeoutMs?: number): ReadTasks {
	const limit = pLimit(READS_AT_ONCE);
	return async (ids, record, signal) => {
		const readOne = async (id: string) => {
			if (!signal?.aborted) record(id, await getTask(ctx, id, timeoutMs));
		};
		await Promise.all(ids.map(async (id) => await limit(readOne, id)));
	};
}
