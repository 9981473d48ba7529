import type { Charge, Json, Outcome, StandInTask, TaskScript } from './types';
import type { Clock } from './clock';
import type { Facts } from './spec';

/** API seconds of a render without a script. */
export const DEFAULT_SECONDS = 20;

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
		if (this.outcome === 'unknown-status') return this.script.status ?? 'queued_upstream';
		if (!this.terminal) return this.elapsedShare() < 0.1 ? 'pending' : 'processing';
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
		if (this.terminal && this.status === 'completed') return 100;
		const share = this.elapsedShare();
		return share < 0.1 ? 0 : Math.min(99, Math.floor(share * 100));
	}

	end(): void {
		this.cancelTimer();
		this.endedAt = Date.now();
		this.endedApiMs = this.world.clock.now();
	}

	/** Where the result stands; also for tasks that never get one. */
	mediaUrl(): string {
		return `${this.world.mediaBase}/${encodeURIComponent(this.id)}.${this.isCharacter ? 'jpg' : 'mp4'}`;
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

	/** The query answer, and the body of the callback. */
	detail(): Json {
		const ended = this.terminal;
		const completed = ended && this.status === 'completed';
		return {
			...this.head(),
			status: this.status,
			progress: this.progress,
			task_info: { can_cancel: !ended },
			...(completed ? this.results() : {}),
			...(ended && this.status === 'failed' ? { error: this.failure() } : {}),
			...(this.script.usage === false
				? {}
				: { usage: { ...this.reserved(), ...(ended ? { credits_used: this.used() } : {}) } }),
			...(ended && this.script.duration !== false
				? { duration: Math.round((this.endedApiMs! - this.startedApiMs) / 1000) }
				: {}),
			...(this.script.billing ? { billing: this.billing() } : {}),
			...this.script.extra,
		};
	}

	/** An entry of the list: its status, without links and reasons. */
	listed(): Json {
		const { id, model, type, status, progress, duration = null, results } = this.detail();
		return {
			id,
			model,
			type,
			status,
			progress,
			created_at: Math.floor(this.createdAt / 1000),
			duration,
			has_results: this.terminal && status === 'completed',
			result_count: Array.isArray(results) ? results.length : 0,
			has_error: status === 'failed',
			credits_used: this.terminal ? this.used() : null,
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
	private elapsedShare(): number {
		const planned = Math.max(this.seconds, 0.001) * 1000;
		const share = ((this.endedApiMs ?? this.world.clock.now()) - this.startedApiMs) / planned;
		return Math.max(0, Math.min(share, this.endless ? 0.57 : 1));
	}

	private results(): Json {
		const link = this.mediaUrl();
		const shape = this.script.resultData ?? (this.isCharacter ? 'object' : 'none');
		if (this.outcome === 'no-results') return { results: [] };
		const item = this.isCharacter
			? { character_name: this.world.characterName, profile_picture_url: link }
			: { url: link, video_url: link };
		return {
			results: this.script.results ?? [link],
			...(shape === 'none' ? {} : { result_data: shape === 'array' ? [item] : item }),
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

	private billing(): Json {
		const credits = this.charge?.credits ?? 0;
		const refunded = this.charge?.refunded ?? 0;
		return {
			charge_status: !this.terminal ? 'reserved' : refunded > 0 ? 'released' : 'charged',
			refund_status: refunded > 0 ? 'completed' : 'not_required',
			reserved_credits: credits,
			charged_credits: this.terminal ? credits - refunded : 0,
			refunded_credits: refunded,
			...(refunded > 0 && this.endedAt !== undefined
				? { refunded_at: Math.floor(this.endedAt / 1000), refund_scope: 'account_balance' }
				: {}),
		};
	}
}
