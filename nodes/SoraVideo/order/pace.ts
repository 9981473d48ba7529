import type { Clock } from '../../evolink/clock';
import type { Failure } from '../../evolink/failure';

/** Requests under way at once, to begin with and at most. */
const FIRST_AT_ONCE = 5;
const MOST_AT_ONCE = 64;

/** The least pause after a 429; doubled each time that nothing got through in between. EvoLink asks for 1 to 2 s. */
const PAUSE_MS = 1000;

/** A pause's time is a little longer than asked for, because no two requests take equally long on their way. */
const MARGIN = 1.05;

/** Between two pauses. */
interface Round {
	begun: number;
	through: number;
	isRefused: boolean;
}

const newRound = (): Round => ({ begun: 0, through: 0, isRefused: false });

/**
 * EvoLink publishes no limits, and they differ by account and model, so they are learnt: each request that gets through makes
 * room for one more under way, until one is refused. What got through before is what the API allows between two pauses; each
 * round that is not refused may have a tenth more. Pure: told what happened and when, in ms of one clock.
 */
export class Pace {
	atOnce = FIRST_AT_ONCE;
	opensAt = 0;

	/** Requests in a round; no limit before the first 429. */
	private quota = Infinity;
	private round = newRound();
	private pauseMs = PAUSE_MS;

	/** Rounds in a row of which nothing got through. */
	private stalls = 0;
	private throughAt: number;

	/** @param patienceMs no 429 is waited for that lets nothing through for longer */
	constructor(
		now: number,
		private readonly patienceMs: number,
	) {
		this.throughAt = now;
	}

	/** @returns the round that the request belongs to */
	begin(now: number): Round {
		const { round } = this;
		round.begun += 1;
		if (round.begun >= this.quota) {
			this.opensAt = Math.max(this.opensAt, now + this.pauseMs * MARGIN);
			this.quota = Math.ceil(this.quota * 1.1);
			this.round = newRound();
		}
		return round;
	}

	got(round: Round, now: number): void {
		this.throughAt = now;
		round.through += 1;
		if (this.quota === Infinity) this.atOnce = Math.min(this.atOnce + 1, MOST_AT_ONCE);
	}

	/** It was answered with 429. @returns whether it is to be sent again, once the pace allows */
	refused(round: Round, { retryAfterMs = 0 }: Pick<Failure, 'retryAfterMs'>, now: number): boolean {
		const isFirst = !round.isRefused;
		round.isRefused = true;
		if (isFirst) this.stalls = round.through > 0 ? 0 : this.stalls + 1;
		const pauseMs = Math.max(retryAfterMs, PAUSE_MS * 2 ** Math.max(this.stalls - 1, 0));
		if (now + pauseMs - this.throughAt > this.patienceMs) return false;
		this.opensAt = Math.max(this.opensAt, now + pauseMs);
		if (!isFirst) return true;
		this.pauseMs = pauseMs;
		this.quota = Math.max(round.through, 1);
		this.round = newRound();
		return true;
	}
}

/** How often a pause is interrupted to see whether the run is over. */
const SLICE_MS = 1000;

/**
 * Sends requests as fast as the other side lets; those that met a 429 go first when it is over.
 * @param send never rejects. @returns the 429 that a request met
 * @param giveUp is told of a 429 that is not waited for
 * @param isOver whether no further request may begin
 */
export async function sendPaced<Request>(
	requests: readonly Request[],
	send: (request: Request) => Promise<Failure | undefined>,
	giveUp: (request: Request, failure: Failure) => void,
	isOver: () => boolean,
	{ patienceMs, clock, signal }: { patienceMs: number; clock: Clock; signal?: AbortSignal },
): Promise<void> {
	const pace = new Pace(clock.ticks(), patienceMs);
	const waiting = [...requests];
	let underWay = 0;
	let wake = () => {};
	const begin = (request: Request) => {
		const round = pace.begin(clock.ticks());
		underWay += 1;
		void send(request).then((failure) => {
			underWay -= 1;
			if (failure === undefined) pace.got(round, clock.ticks());
			else if (pace.refused(round, failure, clock.ticks())) waiting.unshift(request);
			else giveUp(request, failure);
			wake();
		});
	};
	for (;;) {
		const left = isOver() ? 0 : waiting.length;
		const pause = pace.opensAt - clock.ticks();
		const isOpen = pause <= 0 && underWay < pace.atOnce;
		if (left > 0 && isOpen) waiting.splice(0, 1).forEach(begin);
		else if (left > 0 && pause > 0) await clock.sleep(Math.min(pause, SLICE_MS), signal);
		else if (underWay > 0) await new Promise<void>((resolve) => (wake = resolve));
		else return;
	}
}
