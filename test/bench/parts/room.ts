import { readFileSync } from 'node:fs';
import type { IDataObject } from 'n8n-workflow';

import type { Room } from '../../../stand-in';
import { chain } from '../../../tools/n8n-server/workflows';
import { BenchN8n } from '../lib/n8n';
import type { RunPart } from '../lib/report';
import { atMost, show } from '../lib/stats';
import { soraFlow } from '../lib/workflows';

const TASKS = 3;
const QUEUED = 200;

type Answer = NonNullable<Room['full']>;

interface Case {
	name: string;
	full: Answer;
	suspended: boolean;
	items: number;
}

interface Measured {
	/** Total time / what the waves take at EvoLink. */
	ratio: number;
	/** Orders refused per video. */
	refused: number;
	/** Wake-ups per video. */
	wakes: number;
}

/** Runs with more items than the account has room for, in one real n8n. */
class Bench {
	private flows = 0;

	constructor(
		private readonly n8n: BenchN8n,
		private readonly render: number,
	) {}

	private get evolink() {
		return this.n8n.installation.evolink;
	}

	private async publish(parameters: IDataObject) {
		const path = `room-${(this.flows += 1)}`;
		const { nodes } = soraFlow(path, this.n8n.installation.credential, { download: false, ...parameters });
		return { path, workflow: await this.n8n.publish(path, nodes, chain(...nodes)) };
	}

	private async start(path: string, count: number): Promise<void> {
		const jobs = Array.from({ length: count }, (_, at) => ({ prompt: `${path} ${at}` }));
		await this.n8n.installation.call(path, { jobs });
	}

	private wakes(): number {
		return readFileSync(this.n8n.installation.main.logFile, 'utf8').split('Video: woken by').length - 1;
	}

	async measure({ full, suspended, items }: Case): Promise<Measured> {
		this.evolink.room = { tasks: TASKS, full };
		const how = suspended ? {} : { waitMode: 'poll', options: { pollSeconds: 1 } };
		const { path, workflow } = await this.publish(how);
		const [refused, wakes, from] = [this.evolink.refused.length, this.wakes(), Date.now()];
		await this.start(path, items);
		const [execution] = await this.n8n.details(await this.n8n.settled(workflow, 1, 900_000));
		const ended = execution.data.resultData.runData.Next[0].startTime;
		if (execution.data.resultData.runData.Next[0].data?.main[0]?.length !== items)
			throw new Error('videos are missing');
		return {
			ratio: (ended - from) / 1000 / (Math.ceil(items / TASKS) * this.render),
			refused: (this.evolink.refused.length - refused) / items,
			wakes: (this.wakes() - wakes) / items,
		};
	}

	/** Bytes that n8n stores for each order that waits for its turn. */
	async stored(): Promise<number> {
		this.evolink.room = { tasks: TASKS };
		this.evolink.script(/./, { seconds: 1_000_000 });
		const { path, workflow } = await this.publish({});
		const bytes = async (items: number) => {
			await this.start(path, items);
			const { id, data } = await this.n8n.installation.latest(workflow, ['waiting']);
			await this.n8n.installation.client.stop(id);
			for (const task of this.evolink.tasks.values()) if (!task.terminal) this.evolink.finish(task.id);
			return JSON.stringify(data.executionData?.contextData).length;
		};
		const few = await bytes(TASKS + 1);
		return ((await bytes(TASKS + 1 + QUEUED)) - few) / QUEUED;
	}
}

export const run: RunPart = async ({ quick }) => {
	const render = quick ? 3 : 10;
	const items = quick ? 9 : 30;
	const answers: Answer[] = ['429', '429-retry-after', '500'];
	const cases = [true, false].flatMap((suspended) =>
		answers.map((full) => ({
			name: `${suspended ? 'suspended' : 'polled'}, ${full}`,
			full,
			suspended,
			items,
		})),
	);
	const more = { name: 'suspended, 429, twice as many items', full: '429', suspended: true } as const;
	const n8n = await BenchN8n.open(
		'bench-room',
		{ defaults: { seconds: render, estimatedTime: render } },
		// the node tells of its wake-ups at this level
		{ N8N_LOG_LEVEL: 'debug' },
	);
	try {
		const bench = new Bench(n8n, render);
		const measured: Record<string, Measured> = {};
		for (const one of [...cases, { ...more, items: 2 * items }])
			measured[one.name] = await bench.measure(one);
		const bytes = await bench.stored();
		const each = (of: keyof Measured) =>
			Object.fromEntries(Object.entries(measured).map(([name, one]) => [name, [one[of]]]));
		const worst = (of: keyof Measured, of429: boolean, how: string) =>
			Math.max(
				...Object.entries(measured)
					.filter(([name]) => name.startsWith(how) && name.includes('429') === of429)
					.map(([, one]) => one[of]),
			);
		const refused = Math.max(...Object.values(measured).map((one) => one.refused));
		const wakes = Math.max(...Object.values(measured).map((one) => one.wakes));
		return {
			title: `${items} items, an account with room for ${TASKS} tasks`,
			measures: [
				{ what: `total time / (waves × render of ${render} s)`, unit: '×', values: each('ratio') },
				{ what: 'orders refused per video', unit: 'orders', values: each('refused') },
				{ what: 'wake-ups per video', unit: 'wake-ups', values: each('wakes') },
				{ what: 'stored per queued item', unit: 'bytes', values: { 'Sora Video': [bytes] } },
			],
			goals: [
				atMost('polled, 429: total ≤ 1.15 ×', worst('ratio', true, 'polled'), 1.15, '×'),
				atMost('suspended, 429: total ≤ 1.1 ×', worst('ratio', true, 'suspended'), 1.1, '×'),
				atMost('polled, 500: total ≤ 1.15 ×', worst('ratio', false, 'polled'), 1.15, '×'),
				atMost('suspended, 500: total ≤ 1.1 ×', worst('ratio', false, 'suspended'), 1.1, '×'),
				atMost('orders refused per video ≤ 0.5', refused, 0.5, 'orders'),
				atMost('wake-ups per video ≤ 1', wakes, 1, 'wake-ups'),
			],
			notes: [
				`A wave is ${TASKS} tasks that EvoLink renders at once. An answer of 500 is looked up for 30 s, once, which is ${show(30 / render)} renders here and a sixth of one that takes three minutes.`,
				'`429` says in words that one is to wait for a minute, `429-retry-after` in its header for 5 s, `500` is what a user saw: "Failed to create video generation task", nothing taken.',
			],
		};
	} finally {
		await n8n.close();
	}
};
