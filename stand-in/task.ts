import type { Charge, Json, Outcome, StandInTask, TaskScript } from './types';
import type { Clock } from './clock';
import type { Facts } from './spec';

/** API seconds of a render without a script. */
export const DEFAULT_SECONDS = 20;

const MOST_RESULTS = 10;

/** Outcomes that never end by time. */
const ENDLESS: readonly Outcome[] = ['stuck', 'unknown-status'];

/** What a task gets from around it. */
interface World {
	clock: Clock;
	/** Media links begin with it. */
	mediaBase: string;
	characterName: string;
	defaultDuration: number;
	taskFailures: Facts['taskFailures'];
	creditsPerUsd: number;
}

export class Task implements StandInTask {
	readonly createdAt = Date.now();
	readonly model: string;
	endedAt: number | undefined;
	/** API ms; counts the media links' 24 h. */
	endedApiMs: number | undefined;
	reads = 0;
	charge: Charge | undefined;
	cancelTimer: () => void = () => {};
	private readonly startedApiMs: number;

	constructor(
		readonly id: string,
		readonly request: Json,
		readonly idempotencyKey: string | undefined,
		public script: TaskScript,
		private readonly world: World,
	) {
		this.model = String(request.model);
		this.startedApiMs = world.clock.now();
	}

	get outcome(): Outcome {
		return this.script.outcome ?? 'completed';
	}

	get seconds(): number {
		return this.script.seconds ?? DEFAULT_SECONDS;
	}

	get terminal(): boolean {
		return this.endedAt !== undefined;
	}

	get endless(): boolean {
		return ENDLESS.includes(this.outcome);
	}

	get isCharacter(): boolean {
		return this.request.video_url !== undefined && this.request.prompt === undefined;
	}

	get status(): string {
		return this.statusOf();
	}

	/** Whether there was such a task so many API seconds ago. */
	existed(ago = 0): boolean {
		return ago === 0 || this.startedApiMs <= this.timeOf(ago);
	}

	/** Whether it had ended so many API seconds ago. */
	ended(ago = 0): boolean {
		return this.endedApiMs !== undefined && (ago === 0 || this.endedApiMs <= this.timeOf(ago));
	}

	statusOf(ago = 0): string {
		if (this.outcome === 'unknown-status') return this.script.status ?? 'queued_upstream';
		if (!this.ended(ago)) return this.elapsedShare(ago) < 0.1 ? 'pending' : 'processing';
		switch (this.outcome) {
			case 'failed':
			case 'request-cancelled':
				return 'failed';
			case 'cancelled':
			case 'canceled':
				return this.outcome;
			default:
				return 'completed';
		}
	}

	get progress(): number {
		return this.progressOf();
	}

	private progressOf(ago = 0): number {
		if (this.ended(ago) && this.statusOf() === 'completed') return 100;
		const share = this.elapsedShare(ago);
		return share < 0.1 ? 0 : Math.min(99, Math.floor(share * 100));
	}

	end(): void {
		this.cancelTimer();
		this.endedAt = Date.now();
		this.endedApiMs = this.world.clock.now();
	}

	/** Where the results stand, also of tasks that never get any: one for each that `n` orders. */
	private links(): string[] {
		const base = `${this.world.mediaBase}/${encodeURIComponent(this.id)}`;
		const extension = this.isCharacter ? 'jpg' : 'mp4';
		return Array.from(
			{ length: resultCount(this.request) },
			(_, at) => `${base}${at > 0 ? `_${at + 1}` : ''}.${extension}`,
		);
	}

	/** Some models take words or -1 for a length of their own choice. */
	private get videoSeconds(): number {
		const asked = Number(this.request.duration);
		return asked > 0 ? asked : this.world.defaultDuration;
	}

	/** The create answer: the task as it was accepted, whatever has happened to it since. */
	accepted(): Json {
		return {
			...this.head(),
			status: 'pending',
			progress: 0,
			task_info: {
				can_cancel: true,
				estimated_time: this.script.estimatedTime ?? Math.ceil(this.world.clock.realMs(this.seconds) / 1000),
				...(this.isCharacter ? {} : { video_duration: this.videoSeconds }),
			},
			usage: this.reserved(),
		};
	}

	/** The query answer, and the body of the callback. @param ago API seconds since it was true */
	detail(ago = 0): Json {
		const ended = this.ended(ago);
		const status = this.statusOf(ago);
		const task = {
			...this.head(),
			status: this.worded(status),
			progress: this.progressOf(ago),
			task_info: { can_cancel: !ended },
			...(ended && status === 'completed' ? this.results(ago) : {}),
			...(ended && status === 'failed' ? { error: this.failure() } : {}),
			...(this.script.usage === false
				? {}
				: {
						usage: { ...this.reserved(), ...(ended ? { credits_used: this.used(), cost: this.cost() } : {}) },
					}),
			...(ended && this.script.duration !== false
				? { duration: Math.round((this.endedApiMs! - this.startedApiMs) / 1000) }
				: {}),
			...(this.script.billing === false ? {} : { billing: this.billing(ended) }),
			...this.script.extra,
		};
		return this.script.envelope ? { code: 200, message: 'success', data: task } : task;
	}

	/** Whether its answers may break the schema because its script says so. */
	get isOdd(): boolean {
		const { envelope, extra, resultsAt } = this.script;
		return envelope === true || extra !== undefined || resultsAt !== undefined;
	}

	/** An entry of the list: its status, without links and reasons. */
	listed(ago = 0): Json {
		const { id, model, type } = this.head();
		const ended = this.ended(ago);
		const status = this.statusOf(ago);
		const completed = ended && status === 'completed';
		const { results } = completed ? this.results(ago) : {};
		return {
			id,
			model,
			type,
			status: this.worded(status),
			progress: this.progressOf(ago),
			created_at: Math.floor(this.createdAt / 1000),
			duration:
				ended && this.script.duration !== false
					? Math.round((this.endedApiMs! - this.startedApiMs) / 1000)
					: null,
			has_results: completed,
			result_count: Array.isArray(results) ? results.length : 0,
			has_error: status === 'failed',
			credits_used: ended ? this.used() : null,
		};
	}

	private head(): Json {
		return {
			created: Math.floor(this.createdAt / 1000),
			id: this.id,
			model: this.model,
			object: 'video.generation.task',
			type: 'video',
		};
	}

	/** Share of the planned time, 0–1; below 1 for a task that never ends. */
	private elapsedShare(ago = 0): number {
		const planned = Math.max(this.seconds, 0.001) * 1000;
		const until = Math.min(this.endedApiMs ?? Infinity, this.timeOf(ago));
		const share = (until - this.startedApiMs) / planned;
		return Math.max(0, Math.min(share, this.endless ? 0.57 : 1));
	}

	private timeOf(ago: number): number {
		return this.world.clock.now() - ago * 1000;
	}

	private worded(status: string): string {
		return this.script.words?.[status] ?? status;
	}

	private results(ago: number): Json {
		const { resultData, resultsAt, resultsLate = 0, results } = this.script;
		const isLate = this.timeOf(ago) < this.endedApiMs! + resultsLate * 1000;
		if (this.outcome === 'no-results' || isLate) return { results: [] };
		const links = results ?? this.links();
		if (resultsAt !== undefined) return placed(resultsAt.split('.'), links);
		const shape = resultData ?? (this.isCharacter ? 'object' : 'none');
		const items = this.isCharacter
			? [{ character_name: this.world.characterName, profile_picture_url: links[0] }]
			: links.map((link) => ({ url: link, video_url: link }));
		return {
			results: links,
			...(shape === 'none' ? {} : { result_data: shape === 'array' ? items : items[0] }),
		};
	}

	private failure(): Json {
		const code =
			this.outcome === 'request-cancelled' ? 'request_cancelled' : (this.script.code ?? 'service_error');
		return {
			code,
			message: this.script.message ?? this.world.taskFailures[code]?.meaning ?? `The task failed: ${code}.`,
			type: 'task_error',
		};
	}

	private reserved(): Json {
		return {
			billing_rule: 'per_call',
			credits_reserved: this.charge?.credits ?? 0,
			user_group: 'default',
		};
	}

	private used(): number {
		return this.charge ? this.charge.credits - this.charge.refunded : 0;
	}

	private cost(): Json {
		return { credits: this.used(), usd: Math.round((this.used() / this.world.creditsPerUsd) * 1e6) / 1e6 };
	}

	private billing(ended: boolean): Json {
		const credits = this.charge?.credits ?? 0;
		const refunded = ended ? (this.charge?.refunded ?? 0) : 0;
		return {
			charge_status: !ended ? 'reserved' : refunded > 0 ? 'released' : 'charged',
			refund_status: refunded > 0 ? 'completed' : 'not_required',
			refund_scope: 'account_balance',
			reserved_credits: credits,
			charged_credits: ended ? credits - refunded : 0,
			refunded_credits: refunded,
			...(refunded > 0 ? { refunded_at: new Date(this.endedAt!).toISOString() } : {}),
		};
	}
}

/** How many videos an order asks for; any model's request may hold anything. */
export function resultCount({ n }: Json): number {
	return Number.isInteger(n) ? Math.min(Math.max(Number(n), 1), MOST_RESULTS) : 1;
}

/** Links at a path such as `output.video_url` or `videos[].url`; without `[]` the first alone. */
function placed([step, ...rest]: string[], links: string[]): Json {
	const name = step.replace('[]', '');
	const inside = (some: string[]): unknown => (rest.length > 0 ? placed(rest, some) : some[0]);
	return { [name]: step.endsWith('[]') ? links.map((link) => inside([link])) : inside(links) };
}
