import { readFileSync } from 'node:fs';

import type { StandIn } from '../../../stand-in';
import type { Execution, SavedWorkflow } from '../../../tools/n8n-server/client';
import { eventually, sleep } from '../../../tools/n8n-server/poll';
import { chain, node, noOp } from '../../../tools/n8n-server/workflows';
import { BenchN8n, type Usage } from '../lib/n8n';
import type { Measure, PartResult, RunPart } from '../lib/report';
import { atMost, median, quantile, show } from '../lib/stats';
import { soraFlow } from '../lib/workflows';

const CALLS_AT_ONCE = 8;
/** The Wait node behind the video; less than 65 s would not be parked. */
const WAIT_SECONDS = 70;
/** n8n's first timer for a healthy wait comes no earlier after the order. */
const NO_TIMER_BEFORE_SECONDS = 145;
const VIDEOS_OF_ONE_RUN = 50;

const FLOWS = ['plain', 'wait', 'poll'] as const;
type Flow = (typeof FLOWS)[number];

/** Videos that are looked at together. */
interface Group {
	name: string;
	flow: Flow;
	/** EvoLink's estimate for each, in seconds. */
	estimates: number[];
	/** Whether EvoLink's callbacks never arrive. */
	isLost?: boolean;
}

interface Ended {
	group: string;
	/** From the end of the task at EvoLink to the start of the next node, in seconds. */
	delay: number;
	/** Wake-ups by n8n's timer, without the one of the Wait node behind. */
	rounds: number;
	/** How long the Wait node behind the video waited, in seconds. */
	waited?: number;
}

/** Groups of so many videos in all, for renders of so many seconds. The odd ones come first: they take longest. */
function groupsOf(videos: number, render: number): Group[] {
	const few = Math.max(1, Math.round(videos / 50));
	const spread = Array.from({ length: 5 * few }, (_, index) => render * (0.5 + index / (5 * few)));
	const lost = [0.5, 1, 1.5].map((share) => ({
		name: `callback lost, estimate ${share} × the render`,
		flow: 'plain' as const,
		estimates: Array<number>(few).fill(share * render),
		isLost: true,
	}));
	const half = Math.max(1, Math.floor((videos - 8 * few) / 2));
	const right = Array<number>(half).fill(render);
	return [
		...lost,
		{ name: 'estimates 0.5 to 1.5 × the render', flow: 'plain', estimates: spread },
		{ name: 'healthy', flow: 'plain', estimates: right },
		{ name: 'healthy, a Wait node behind', flow: 'wait', estimates: right },
	];
}

/** Calls `start` for each number below `count`, spread evenly over a time. */
async function spreadOver(
	seconds: number,
	count: number,
	start: (index: number) => Promise<void>,
): Promise<void> {
	const from = Date.now();
	let next = 0;
	const caller = async () => {
		for (let index = next++; index < count; index = next++) {
			await sleep(Math.max(0, from + (index / count) * seconds * 1000 - Date.now()));
			await start(index);
		}
	};
	await Promise.all(Array.from({ length: CALLS_AT_ONCE }, caller));
}

/** One execution per video, in one real n8n. */
class Bench {
	private readonly total: Record<Flow, number> = { plain: 0, wait: 0, poll: 0 };

	private constructor(
		private readonly n8n: BenchN8n,
		private readonly workflows: Record<Flow, SavedWorkflow>,
	) {}

	get evolink(): StandIn {
		return this.n8n.installation.evolink;
	}

	static async open(n8n: BenchN8n): Promise<Bench> {
		const publish = async (flow: Flow) => {
			const waitMode = flow === 'poll' ? 'poll' : 'suspend';
			const { nodes } = soraFlow(flow, n8n.installation.credential, { waitMode, download: false });
			const behind = [
				node('Wait', 'n8n-nodes-base.wait', { amount: WAIT_SECONDS, unit: 'seconds' }, { typeVersion: 1.1 }),
				noOp('Last'),
			];
			const all = flow === 'wait' ? [...nodes, ...behind] : nodes;
			return await n8n.publish(flow, all, chain(...all));
		};
		return new Bench(n8n, {
			plain: await publish('plain'),
			wait: await publish('wait'),
			poll: await publish('poll'),
		});
	}

	async start(flow: Flow, prompts: string[]): Promise<void> {
		this.total[flow] += 1;
		const jobs = prompts.map((prompt) => ({ prompt }));
		await (await this.n8n.installation.call(flow, { jobs })).text();
	}

	async settled(flow: Flow): Promise<Execution[]> {
		const ended = await this.n8n.settled(this.workflows[flow], this.total[flow], 600_000);
		return await this.n8n.details(ended);
	}

	/** Requests for each task of one run that suspends, whose videos end one after the other. */
	async oneRun(seconds: number): Promise<number> {
		const from = this.evolink.requests.length;
		await this.start(
			'plain',
			Array.from(
				{ length: VIDEOS_OF_ONE_RUN },
				(_, index) => `one run [stand-in: seconds ${show(3 + (index / VIDEOS_OF_ONE_RUN) * seconds)}]`,
			),
		);
		await this.settled('plain');
		const reads = this.evolink.requests
			.slice(from)
			.filter(({ operationId = '' }) => ['getTask', 'getTasks'].includes(operationId));
		return reads.length / VIDEOS_OF_ONE_RUN;
	}

	/** CPU that n8n takes meanwhile, ms per second. */
	async cpu(seconds: number): Promise<number> {
		const [before, from] = [await this.n8n.cpuMs(), Date.now()];
		await sleep(seconds * 1000);
		return ((await this.n8n.cpuMs()) - before) / ((Date.now() - from) / 1000);
	}

	async allWait(count: number): Promise<void> {
		const open = () => [...this.evolink.tasks.values()].filter(({ terminal }) => !terminal).length;
		await eventually(
			() => `${count} tasks at EvoLink, ${open()} there`,
			() => open() === count,
			{ timeoutMs: 120_000, everyMs: 500 },
		);
	}

	/** The middle of several looks: the timer's rounds come and go. */
	async active(): Promise<number> {
		const counts: number[] = [];
		for (let look = 0; look < 9; look += 1) {
			counts.push((await this.n8n.installation.client.executions()).concurrentExecutionsCount);
			await sleep(400);
		}
		return median(counts);
	}

	/** How often n8n's timer has woken each execution, by its id: n8n's own log says so. */
	timerRounds(): Map<string, number> {
		const rounds = new Map<string, number>();
		const log = readFileSync(this.n8n.installation.main.logFile, 'utf8');
		for (const [, id] of log.matchAll(/Resuming execution (\d+)/g)) rounds.set(id, (rounds.get(id) ?? 0) + 1);
		return rounds;
	}

	/** What became of an execution of one of the groups; nothing for others. */
	ended({ id, data }: Execution, groups: readonly Group[], timerRounds: Map<string, number>): Ended[] {
		const { Next, Wait, Last } = data.resultData.runData;
		const task = this.evolink.tasks.get(String(Next[0].data?.main[0]?.[0].json.id));
		const group = groups.find(({ name }) => String(task?.request.prompt).startsWith(`${name}:`));
		if (task?.endedAt === undefined || group === undefined) return [];
		const rounds = timerRounds.get(id) ?? 0;
		// where n8n words its log in another way, nothing would be counted
		if (Wait && rounds === 0) throw new Error('n8n does not log the wake-ups of its Wait node');
		return [
			{
				group: group.name,
				delay: (Next[0].startTime - task.endedAt) / 1000,
				rounds: Wait ? rounds - 1 : rounds,
				...(Wait && { waited: (Last[0].startTime - Next[0].startTime) / 1000 }),
			},
		];
	}
}

/** What n8n holds and does while all wait. */
interface Waiting {
	/** ms of CPU for each video and minute, without what n8n takes when nothing waits. */
	cpu: number;
	active: number;
	/** MB for each video. */
	rss: number;
	inUse: number;
}

export const run: RunPart = async ({ videos, quick }) => {
	const render = quick ? 40 : 180;
	const groups = groupsOf(quick ? Math.min(videos, 20) : videos, render);
	const plan = groups.flatMap((group) =>
		group.estimates.map((estimate, index) => ({
			...group,
			estimate,
			prompt: `${group.name}: video ${index}.`,
		})),
	);
	const startSeconds = Math.min(90, plan.length / 5);
	const n8n = await BenchN8n.open(
		'bench-waiting',
		{ defaults: { seconds: render } },
		// a limit that is never reached: without one n8n does not count; its timer tells of wake-ups only at this level
		{ N8N_CONCURRENCY_PRODUCTION_LIMIT: '2000', N8N_LOG_LEVEL: 'debug' },
	);
	try {
		const bench = await Bench.open(n8n);
		const { evolink } = bench;

		// first use of everything, and the size that the process has after work of this kind
		const together = await bench.oneRun(15);
		evolink.batchRead = 404;
		const singly = await bench.oneRun(15);
		evolink.batchRead = 'offered';
		for (const flow of FLOWS) {
			await spreadOver(1, Math.min(50, plan.length), async (index) => {
				await bench.start(flow, [`warm ${index} [stand-in: seconds 3]`]);
			});
			await bench.settled(flow);
		}
		await sleep(quick ? 0 : 10_000);
		const idle = await bench.cpu(quick ? 2 : 30);
		const empty = await n8n.usage();

		const sample = async (cpu: number): Promise<Waiting> => {
			const active = await bench.active();
			const usage = await n8n.usage();
			const perVideo = (of: keyof Usage) => (usage[of] - empty[of]) / 1e6 / plan.length;
			const cpuOfEach = ((cpu - idle) * 60) / plan.length;
			return { cpu: cpuOfEach, active, rss: perVideo('rss'), inUse: perVideo('inUse') };
		};

		for (const { prompt, estimate } of plan) evolink.script(prompt, { estimatedTime: Math.round(estimate) });
		const isLost = (prompt: unknown) => plan.some((video) => video.isLost && video.prompt === prompt);
		evolink.fault('callback', { kind: 'never' }, { match: ({ task }) => isLost(task.request.prompt) });
		const from = Date.now();
		await spreadOver(startSeconds, plan.length, async (index) => {
			await bench.start(plan[index].flow, [plan[index].prompt]);
		});
		await bench.allWait(plan.length);
		await sleep(2000);
		const until = from + 1000 * Math.min(NO_TIMER_BEFORE_SECONDS, render - 10);
		const suspended = await sample(await bench.cpu((until - Date.now()) / 1000));
		// n8n is not asked for anything while videos end
		await evolink.until(() => [...evolink.tasks.values()].every(({ terminal }) => terminal), 600_000);
		await sleep(5000);
		const executions = [...(await bench.settled('plain')), ...(await bench.settled('wait'))];
		const timerRounds = bench.timerRounds();
		const ended = executions.flatMap((execution) => bench.ended(execution, groups, timerRounds));

		evolink.script('polled', { seconds: 1_000_000 });
		await spreadOver(startSeconds / 2, plan.length, async (index) => {
			await bench.start('poll', [`polled ${index}`]);
		});
		await bench.allWait(plan.length);
		const polled = await sample(await bench.cpu(quick ? 10 : 30));
		for (const task of evolink.tasks.values()) if (!task.terminal) evolink.finish(task.id);
		await bench.settled('poll');

		return resultOf(groups, render, ended, { suspended, polled }, { together, singly });
	} finally {
		await n8n.close();
	}
};

function resultOf(
	groups: Group[],
	render: number,
	ended: Ended[],
	{ suspended, polled }: Record<'suspended' | 'polled', Waiting>,
	oneRun: Record<'together' | 'singly', number>,
): PartResult {
	const each = (value: (those: Ended[]) => number, some = groups) =>
		Object.fromEntries<number[]>(
			some.map(({ name }) => [name, [value(ended.filter(({ group }) => group === name))]]),
		);
	const delay = (share: number) => (those: Ended[]) =>
		quantile(
			those.map((one) => one.delay),
			share,
		);
	const rounds = each((those) => those.reduce((sum, one) => sum + one.rounds, 0) / those.length);
	const p95 = each(delay(0.95));
	const lost = groups.filter(({ isLost }) => isLost);
	const healthy = groups.filter(({ name }) => name.startsWith('healthy'));
	const worst = (values: Measure['values']) => Math.max(...healthy.flatMap(({ name }) => values[name]));
	const both = (of: keyof Waiting) => ({
		'Sora Video, suspended': [suspended[of]],
		'Sora Video, How to Wait = Poll': [polled[of]],
	});
	const extra = each((those) => Math.max(...those.map((one) => one.delay)) / render, lost);
	const shortest = Math.min(...ended.flatMap(({ waited }) => waited ?? []));
	return {
		title: `${ended.length} videos waiting in a real n8n`,
		measures: [
			{ what: "wake-ups by n8n's timer per finished video", unit: 'rounds', values: rounds },
			{ what: 'end → next node, p50', unit: 's', values: each(delay(0.5)) },
			{ what: 'end → next node, p95', unit: 's', values: p95 },
			{ what: 'callback lost: longest delay / render', unit: '×', values: extra },
			{ what: 'CPU of n8n per waiting video and minute', unit: 'ms', values: both('cpu') },
			{ what: 'active executions', unit: 'of n8n’s concurrency', values: both('active') },
			{ what: 'resident memory per waiting video', unit: 'MB', values: both('rss') },
			{ what: 'memory in use per waiting video', unit: 'MB', values: both('inUse') },
			{
				what: `${VIDEOS_OF_ONE_RUN} videos of one run, suspended: reads per task`,
				unit: 'requests',
				values: { 'read together': [oneRun.together], 'read singly': [oneRun.singly] },
			},
		],
		goals: [
			atMost('≤ 0.1 timer rounds per finished video', worst(rounds), 0.1, 'rounds'),
			atMost('CPU per waiting video and minute ≤ 3 ms', suspended.cpu, 3, 'ms'),
			atMost('end → next node, p95 ≤ 0.6 s, also with a Wait node behind', worst(p95), 0.6, 's'),
			{
				text: `a Wait node of ${WAIT_SECONDS} s behind waits its time`,
				measured: `at least ${show(shortest)} s`,
				met: shortest >= WAIT_SECONDS,
			},
			atMost('callback lost: extra delay / render ≤ 1', Math.max(...Object.values(extra).flat()), 1, '×'),
			atMost('0 active executions', suspended.active, 0, `(poll: ${polled.active})`),
			atMost('≤ 0.2 MB resident memory each', suspended.rss, 0.2, `MB (poll: ${show(polled.rss)})`),
		],
		notes: [
			`Renders of ${render} s; ${groups.map(({ name, estimates }) => `${estimates.length} "${name}"`).join(', ')}.`,
			"Timer rounds: `Resuming execution` in n8n's log, without that of the Wait node behind.",
			`CPU: of n8n's process while all wait, up to ${NO_TIMER_BEFORE_SECONDS} s after the first order, without what the same process takes when nothing waits.`,
			'Memory: after forced collections, without that of the same process before. Resident memory does not shrink when memory in use does.',
		],
	};
}
