import type { ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';
import { DateTime } from 'luxon';

import { listTasks } from '../../evolink/api';
import { createdAt, type Task } from '../../evolink/task';
import { nodeError } from '../../host/errors';
import { accountOf, ordersOfThisProcess } from '../order/inFlight';
import { listUnreadable } from '../../host/messages';

/** Pages that one look may take: the editor asks for more only where it has got something. */
const PAGES_AT_ONCE = 4;

/** Newest first, whose name or ID holds the words. `paginationToken`: the page to begin with. @throws NodeApiError */
export async function searchTasks(
	this: ILoadOptionsFunctions,
	filter = '',
	paginationToken = '1',
): Promise<INodeListSearchResult> {
	const wanted = filter.trim().toLowerCase();
	const zone = this.getTimezone();
	const first = Number(paginationToken);
	const account = await accountOf(this);
	const promptOf = ({ id }: Task) => ordersOfThisProcess.orderOf(account, id)?.prompt;
	for (let page = first; ; page++) {
		const answer = await listTasks(this, {}, page);
		if (!answer.ok) throw nodeError(this.getNode(), listUnreadable(answer.failure), 0);
		const results = answer.tasks
			.map((task) => ({ name: nameOf(task, zone, promptOf(task)), value: task.id }))
			.filter(({ name, value }) => `${name} ${value}`.toLowerCase().includes(wanted));
		if (answer.isLast) return { results };
		if (results.length > 0 || page >= first + PAGES_AT_ONCE - 1) {
			return { results, paginationToken: String(page + 1) };
		}
	}
}

/** `2025-09-06 16:42 · A paper boat · sora-2-preview · completed`; the list has no prompts, this process knows its own. */
function nameOf(task: Task, zone: string, prompt?: string): string {
	const at = createdAt(task);
	const { model } = task.raw;
	const time = at === undefined ? task.id : DateTime.fromMillis(at, { zone }).toFormat('yyyy-MM-dd HH:mm');
	return [time, prompt, typeof model === 'string' && model, task.status].filter(Boolean).join(' · ');
}
