import type { SavedWorkflow } from '../../e2e/lib/client';
import { eventually, sleep } from '../../e2e/lib/poll';
import { BenchN8n, type Usage } from '../lib/n8n';
import type { Curve } from '../lib/plot';
import type { PartResult, RunPart } from '../lib/report';
import { median, ratios, show } from '../lib/stats';
import { soraFlow } from '../lib/workflows';

const MODES = ['suspend', 'poll'] as const;
type Mode = (typeof MODES)[number];
const NAMES: Record<Mode, string> = { suspend: 'Sora Video, suspended', poll: 'Sora Video, Wait = Poll' };
const CALLS_AT_ONCE = 8;

/** n8n's timer comes back to a parked execution every 66 s; polling reads every 8 s. */
const IDLE_SECONDS: Record<Mode, number> = { suspend: 70, poll: 24 };

interface Sample extends Usage {
	waiting: number;
	/** What n8n counts against its concurrency limit. */
	active: number;
	growth: { rss: number; inUse: number };
}

interface Idle {
	/** CPU that n8n uses while all wait, ms per second. */
	cpu: number;
	/** Requests to EvoLink, per second. */
	reads: number;
}

interface Round {
	samples: Sample[];
	/** From the end of all tasks to the end of all executions. */
	drainSeconds: number;
	idle?: Idle;
}

/** One execution per video, in one real n8n; both ways by turns. */
class Bench {
	private total: Record<Mode, number> = { suspend: 0, poll: 0 };

	private constructor(
		private readonly n8n: BenchN8n,
		private readonly workflows: Record<Mode, SavedWorkflow>,
	) {}

	static async open(n8n: BenchN8n): Promise<Bench> {
		const publish = async (wait: Mode) => {
			const { nodes, connections } = soraFlow(wait, n8n.installation.credential, { wait, download: false });
			return await n8n.publish(wait, nodes, connections);
		};
		return new Bench(n8n, { suspend: await publish('suspend'), poll: await publish('poll') });
	}

	/** Starts executions in steps; a sample once all of a step wait, then ends them all. */
	async round(mode: Mode, round: number, steps: number[], idleSeconds = 0): Promise<Round> {
		const { evolink } = this.n8n.installation;
		const before = await this.n8n.usage();
		const samples: Sample[] = [];
		let started = 0;
		for (const step of steps) {
			const first = started;
			await this.start(step - first, (index) => `${mode} ${round} ${first + index}`, mode);
			started = step;
			await this.allWait(mode, step);
			const usage = await this.n8n.usage();
			const active = await this.active();
			const growth = { rss: usage.rss - before.rss, inUse: usage.inUse - before.inUse };
			samples.push({ ...usage, waiting: step, active, growth });
		}
		const idle = idleSeconds > 0 ? await this.idle(idleSeconds) : undefined;
		const open = [...evolink.tasks.values()].filter(({ terminal }) => !terminal);
		const from = Date.now();
		for (const { id } of open) evolink.finish(id);
		this.total[mode] += started;
		await this.n8n.settled(this.workflows[mode], this.total[mode], 300_000);
		return { samples, drainSeconds: (Date.now() - from) / 1000, ...(idle && { idle }) };
	}

	private async start(count: number, prompt: (index: number) => string, mode: Mode): Promise<void> {
		let next = 0;
		const caller = async () => {
			for (let index = next++; index < count; index = next++)
				await (await this.n8n.installation.call(mode, { jobs: [{ prompt: prompt(index) }] })).text();
		};
		await Promise.all(Array.from({ length: CALLS_AT_ONCE }, caller));
	}

	private async allWait(mode: Mode, count: number): Promise<void> {
		const { evolink } = this.n8n.installation;
		// of those parked, a few are always in the timer's round
		const status = mode === 'suspend' ? ['waiting', 'running'] : ['running'];
		let state = '';
		await eventually(
			() => `${count} executions ${status[0]}: ${state}`,
			async () => {
				const open = [...evolink.tasks.values()].filter(({ terminal }) => !terminal).length;
				const stored = (await this.n8n.executions(this.workflows[mode], status)).length;
				state = `${open} tasks, ${stored} executions`;
				return open === count && stored === count;
			},
			{ timeoutMs: 240_000, everyMs: 500 },
		);
	}

	/** What n8n does while nothing happens. */
	private async idle(seconds: number): Promise<Idle> {
		const { evolink } = this.n8n.installation;
		const [before, requests] = [await this.n8n.usage(), evolink.requests.length];
		await sleep(seconds * 1000);
		const cpu = (await this.n8n.usage()).cpuMs - before.cpuMs;
		return { cpu: cpu / seconds, reads: (evolink.requests.length - requests) / seconds };
	}

	/** The middle of several looks: the timer's rounds come and go. */
	private async active(): Promise<number> {
		const counts: number[] = [];
		for (let look = 0; look < 9; look += 1) {
			counts.push((await this.n8n.installation.client.executions()).concurrentExecutionsCount);
			await sleep(400);
		}
		return median(counts);
	}
}

export const run: RunPart = async ({ rounds, videos, quick }): Promise<PartResult> => {
	const steps = [1, 50, 100, 200, 350].filter((step) => step < videos);
	const growing = quick ? [1, 5, 10] : [...steps, videos];
	const most = growing.at(-1) as number;
	const n8n = await BenchN8n.open(
		'bench-waiting',
		{ defaults: { seconds: 1_000_000 } },
		// a limit that is never reached: without one n8n does not count
		{ N8N_CONCURRENCY_PRODUCTION_LIMIT: '2000' },
	);
	try {
		const bench = await Bench.open(n8n);
		const sampled: Record<Mode, Sample[]> = { suspend: [], poll: [] };
		const drains: Record<Mode, number[]> = { suspend: [], poll: [] };
		const idles: Record<Mode, Idle[]> = { suspend: [], poll: [] };
		// first use of everything, and the size that the process has after work of this kind
		for (const mode of MODES) await bench.round(mode, -1, [quick ? 5 : Math.min(100, videos / 2)]);
		for (let round = 0; round < rounds; round += 1) {
			for (const mode of MODES) {
				const isLast = round === rounds - 1 && !quick;
				const { samples, drainSeconds, idle } = await bench.round(
					mode,
					round,
					round === 0 ? growing : [most],
					isLast ? IDLE_SECONDS[mode] : 0,
				);
				if (idle) idles[mode].push(idle);
				sampled[mode].push(...samples);
				drains[mode].push(drainSeconds);
			}
		}
		const each = (pick: (sample: Sample) => number) =>
			Object.fromEntries(
				MODES.map((mode) => [NAMES[mode], sampled[mode].filter(({ waiting }) => waiting === most).map(pick)]),
			);
		const idleOf = (pick: (idle: Idle) => number) =>
			Object.fromEntries(MODES.map((mode) => [NAMES[mode], idles[mode].map(pick)]));
		const active = each((sample) => sample.active);
		const perVideo = (bytes: number) => bytes / 1e6 / most;
		const rss = each(({ growth }) => perVideo(growth.rss));
		const inUse = each(({ growth }) => perVideo(growth.inUse));
		const { suspend: ours, poll: theirs } = NAMES;
		const curve = (name: string, title: string, y: string, pick: (sample: Sample) => number): Curve => ({
			name,
			title,
			x: 'waiting videos',
			y,
			points: MODES.flatMap((mode) =>
				sampled[mode].map((sample) => ({ candidate: NAMES[mode], x: sample.waiting, y: pick(sample) })),
			),
		});
		return {
			name: 'waiting',
			title: `${most} videos waiting in a real n8n`,
			measures: [
				{ what: 'active executions', unit: 'of n8n’s concurrency', values: active },
				{ what: 'resident memory per waiting video', unit: 'MB', values: rss },
				{ what: 'memory in use per waiting video', unit: 'MB', values: inUse },
				...(quick
					? []
					: [
							{
								what: `CPU of n8n while ${most} wait (last round)`,
								unit: 'ms per s',
								values: idleOf(({ cpu }) => cpu),
							},
							{
								what: `reads at EvoLink while ${most} wait (last round)`,
								unit: 'per s',
								values: idleOf(({ reads }) => reads),
							},
						]),
				{
					what: `all ${most} end at once → last execution done`,
					unit: 's',
					values: { [ours]: drains.suspend, [theirs]: drains.poll },
				},
			],
			ratios: [{ what: 'memory in use, poll / suspended', values: ratios(inUse[theirs], inUse[ours]) }],
			goals: [
				{
					text: '0 active executions',
					measured: `${Math.max(...active[ours])} (poll: ${Math.max(...active[theirs])})`,
					met: Math.max(...active[ours]) === 0,
				},
				{
					text: '≤ 0.2 MB resident memory each',
					measured: `${show(median(rss[ours]))} MB, at most ${show(Math.max(...rss[ours]))}`,
					met: Math.max(...rss[ours]) <= 0.2,
				},
			],
			notes: [
				'Before every sample n8n collects its garbage. Baseline: the same process before the round, after a warm-up.',
				'Resident memory does not shrink when memory in use does, so a round can show little or even negative growth.',
			],
			curves: [
				curve(
					'waiting-memory',
					'Memory in use of waiting videos',
					'growth of memory in use (MB)',
					(sample) => sample.growth.inUse / 1e6,
				),
				curve(
					'waiting-active',
					'Active executions of waiting videos',
					'active executions',
					({ active: count }) => count,
				),
			],
		};
	} finally {
		await n8n.close();
	}
};
