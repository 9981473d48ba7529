import type { Clock } from '../../evolink/clock';
import type { Failure } from '../../evolink/failure';

/** Requests under way at once, to begin with and at most. */
const FIRST_AT_ONCE = 5;
const MOST_AT_ONCE = 64;

/** The least pause after a 429; doubled each time that nothing got through in between. EvoLink asks for 1 to 2 s. */
const PAUSE_MS = 1000;

/** Pauses in a row in which nothing got through, where EvoLink does not say how long to wait. */
const BLIND_PAUSES = 2;

/** A longer Retry-After is reported instead of waited for. EvoLink has been seen to ask for 60 s. */
const LONGEST_PAUSE_MS = 120_000;

/** A pause's time is a little longer than asked for, because no two requests take equally long on their way. */
const MARGIN = 1.03;

/** The share of a quota that, when it gets through, says that the limit is hardly less. */
const CLOSE = 0.75;

/** Rounds without a 429, in a row, before a round may have a tenth more requests. */
const ROUNDS_TO_GROW = 10;

/** What goes out between two pauses. */
interface Round {
	begun: number;
	through: number;
	isRefused: boolean;
	isOver: boolean;
}

const newRound = (): Round => ({ begun: 0, through: 0, isRefused: false, isOver: false });

/** A request that is under way. */
export interface Ticket {
	at: number;
	wave: number;
	round: Round;
}

/**
 * How fast requests may follow each other. EvoLink publishes no limits, and they differ by account and model, so they are learnt
 * from its answers. Twice as many are under way at once after each wave that got through, half as many after a 429, and from then
 * on one more at a time. What got through between two pauses is what the API allows in that time: from then on so many go out
 * between two pauses, before any of them is refused. Pure: told what happened and when, in ms of one clock.
 */
export class Pace {
	/** Requests that may be under way. */
	atOnce = FIRST_AT_ONCE;

	/** No request may begin before. */
	opensAt = 0;

	/** Counts the 429s that slowed it down: of requests that were under way together, only the first one tells anything new. */
	private wave = 0;

	/** Requests of this wave that got through since `atOnce` was last changed. */
	private through = 0;

	/** Waves in a row of which nothing got through. */
	private stalls = 0;

	private throughAt: number;

	private round = newRound();

	/** Requests in a round; no limit before the first 429. */
	private quota = Infinity;

	/** What a round may have, as far as that is known. */
	private limit = Infinity;

	/** Whether such a round got through since the last 429. */
	private isConfirmed = false;

	private roundsToGrow = ROUNDS_TO_GROW;

	private periodMs = PAUSE_MS;

	/** The shortest time from a request to its answer, ms. */
	private fastestMs = Infinity;

	/** @param patienceMs no 429 is waited for that lets nothing through for longer */
	constructor(
		now: number,
		private readonly patienceMs: number,
	) {
		this.throughAt = now;
	}

	begin(now: number): Ticket {
		if (this.round.isOver) this.beginRound();
		const { round, wave } = this;
		round.begun += 1;
		if (round.begun >= this.quota) {
			round.isOver = true;
			this.waitFrom(now);
		}
		return { at: now, wave, round };
	}

	private beginRound(): void {
		const { isRefused, through } = this.round;
		if (isRefused) {
			// after a round that got through, requests may only have come a little too early
			if (!this.isConfirmed) this.limit = this.limit === Infinity ? through : (this.limit + through) / 2;
			this.limit = Math.max(Math.ceil(this.limit), 1);
			const isClose = through >= this.quota * CLOSE;
			this.quota = isClose ? this.limit : Math.min(Math.max(Math.ceil(this.quota / 2), through), this.limit);
			this.isConfirmed = false;
			this.roundsToGrow = ROUNDS_TO_GROW;
		} else if (this.quota < this.limit) {
			this.quota = Math.min(this.quota * 2, this.limit);
		} else {
			this.isConfirmed = true;
			this.limit = this.quota;
			this.roundsToGrow -= 1;
			if (this.roundsToGrow === 0) {
				this.quota = Math.ceil(this.limit * 1.1);
				this.roundsToGrow = ROUNDS_TO_GROW;
			}
		}
		this.round = newRound();
	}

	private waitFrom(sentAt: number): void {
		this.opensAt = Math.max(this.opensAt, sentAt + this.periodMs * MARGIN);
	}

	private answered({ at, round }: Ticket, now: number): void {
		this.fastestMs = Math.min(this.fastestMs, now - at);
		// a busy machine sends a request later than it begins
		if (round === this.round && round.isOver && !round.isRefused) this.waitFrom(now - this.fastestMs);
	}

	/** A request was answered with anything but a 429. */
	got(ticket: Ticket, now: number): void {
		this.throughAt = now;
		this.stalls = 0;
		ticket.round.through += 1;
		this.answered(ticket, now);
		if (ticket.wave !== this.wave) return;
		this.through += 1;
		if (this.through < this.atOnce) return;
		this.through = 0;
		const more = this.wave === 0 ? this.atOnce : 1;
		this.atOnce = Math.min(this.atOnce + more, MOST_AT_ONCE);
	}

	/**
	 * A request was answered with 429.
	 *
	 * @returns whether it is to be sent again, once the pace allows
	 */
	refused(ticket: Ticket, { retryAfterMs }: Pick<Failure, 'retryAfterMs'>, now: number): boolean {
		if (ticket.wave === this.wave) {
			this.wave += 1;
			this.through = 0;
			this.stalls += 1;
			this.atOnce = Math.max(Math.floor(this.atOnce / 2), 1);
		}
		const isTooLong =
			retryAfterMs === undefined ? this.stalls > BLIND_PAUSES : retryAfterMs > LONGEST_PAUSE_MS;
		const planned = Math.min(PAUSE_MS * 2 ** Math.max(this.stalls - 1, 0), LONGEST_PAUSE_MS);
		const pauseMs = Math.max(planned, retryAfterMs ?? 0);
		if (isTooLong || now + pauseMs - this.throughAt > this.patienceMs) return false;
		this.periodMs = pauseMs;
		this.opensAt = Math.max(this.opensAt, now + pauseMs);
		this.round.isRefused = true;
		this.round.isOver = true;
		return true;
	}
}

/** How often a pause is interrupted to see whether the run is over. */
const SLICE_MS = 1000;

/**
 * Sends requests as fast as the other side lets, begun in order; those that met a 429 go first when it is over.
 *
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
		const ticket = pace.begin(clock.ticks());
		underWay += 1;
		void send(request).then((failure) => {
			underWay -= 1;
			if (failure === undefined) pace.got(ticket, clock.ticks());
			else if (pace.refused(ticket, failure, clock.ticks())) waiting.unshift(request);
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
