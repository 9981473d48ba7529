import type {
	ApiFault,
	ApiFaultContext,
	CallbackFault,
	FaultHandle,
	FaultOptions,
	FaultPlace,
	MediaFault,
	StandIn,
	TaskFaultContext,
} from './types';

export type ApiPlace = Exclude<FaultPlace, 'media' | 'callback'>;

interface Entry<Fault, Context> {
	fault: Fault;
	options: FaultOptions<Context>;
	seen: number;
	hits: number;
}

/** The faults of one place, in the order they were set. */
export class FaultList<Fault, Context> {
	private readonly entries: Array<Entry<Fault, Context>> = [];

	add(fault: Fault, options: FaultOptions<Context> = {}): FaultHandle {
		const entry: Entry<Fault, Context> = { fault, options, seen: 0, hits: 0 };
		this.entries.push(entry);
		return {
			get hits() {
				return entry.hits;
			},
			remove: () => {
				const at = this.entries.indexOf(entry);
				if (at >= 0) this.entries.splice(at, 1);
			},
		};
	}

	/** The first fault that applies now; counts as a hit. `only` considers some faults without using up others. */
	take(context: Context, only: (fault: Fault) => boolean = () => true): Fault | undefined {
		for (const entry of this.entries) {
			const { times = Infinity, skip = 0, match } = entry.options;
			if (entry.hits >= times || !only(entry.fault) || (match && !match(context))) continue;
			entry.seen++;
			if (entry.seen <= skip) continue;
			entry.hits++;
			return entry.fault;
		}
		return undefined;
	}
}

const apiFaults = () => new FaultList<ApiFault, ApiFaultContext>();

export class Faults {
	readonly media = new FaultList<MediaFault, TaskFaultContext>();
	readonly callback = new FaultList<CallbackFault, TaskFaultContext>();
	private readonly api = {
		create: apiFaults(),
		read: apiFaults(),
		batch: apiFaults(),
		list: apiFaults(),
		catalogue: apiFaults(),
		credits: apiFaults(),
		upload: apiFaults(),
		files: apiFaults(),
	} satisfies Record<ApiPlace, unknown>;

	readonly add: StandIn['fault'] = (
		where: FaultPlace,
		fault: ApiFault | MediaFault | CallbackFault,
		options?: FaultOptions<never>,
	): FaultHandle => {
		const { status = 200 } = fault as { status?: number };
		if (!Number.isInteger(status) || status < 200 || status > 599) {
			throw new RangeError(`status: expected 200 to 599, got ${status}`);
		}
		return this.list(where).add(fault, options);
	};

	at(place: ApiPlace): FaultList<ApiFault, ApiFaultContext> {
		return this.api[place];
	}

	/** The overloads of `fault()` make sure that place, fault and match belong together. */
	private list(where: FaultPlace): { add(fault: unknown, options?: FaultOptions<never>): FaultHandle } {
		const lists = { ...this.api, media: this.media, callback: this.callback };
		return lists[where] as FaultList<unknown, never>;
	}
}

/** Does EvoLink accept the request before the fault shows? See `FaultCommon.accepted`. */
export function isAccepted(fault: ApiFault): boolean {
	if (fault.accepted !== undefined) return fault.accepted;
	switch (fault.kind) {
		case 'slow':
		case 'stale':
		case 'lacking':
		case 'drop-after':
		case 'no-id':
		case 'odd-id':
		case 'truncated-json':
		case 'huge-body':
			return true;
		case 'html':
			return (fault.status ?? 200) < 400;
		default:
			return false;
	}
}
