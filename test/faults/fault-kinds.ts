import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiFault, HttpFault, MediaFault, StandIn, TaskScript } from '../../stand-in';
import { itemOf } from './orders';

export type Place = 'create' | 'read' | 'upload' | 'media' | 'callback' | 'task' | 'credits';

/** `once`: item 1's first request; `later`: item 1's second read; `stays`: every request of every item until it is lifted. */
export type When = 'once' | 'later' | 'stays';

export interface Fault {
	place: Place;
	name: string;
	/** Sets it up; what it returns lifts it, and may be called twice. */
	arm(evolink: StandIn, when: When): () => void | Promise<void>;
	/** A single hit goes by without the user noticing: the run ends well by itself. */
	passes: boolean;
	/** `passes` holds for tasks that the run itself ordered: EvoLink has accepted them. */
	ofOrdered?: boolean;
	/** Once it is lifted, n8n's Retry finishes every item. */
	heals: boolean;
	/** Whether EvoLink took the order cannot be known: only 'Resend When Outcome Is Unknown' goes on. */
	unknown?: boolean;
	/** The file that goes with the order breaks off. */
	cutsInput?: boolean;
	/** Real seconds that one hit lasts. */
	seconds?: number;
}

/** API seconds per real second in every cell. */
export const TIME_SCALE = 40;

/** The item that `once` and `later` hit: the one in the middle. */
export const HIT_ITEM = 1;

type ApiPlace = 'create' | 'read' | 'upload' | 'credits';
type Traits = Pick<Fault, 'passes' | 'heals'> & Partial<Fault>;

function optionsFor(when: When): { times?: number; skip?: number } {
	if (when === 'stays') return {};
	return { times: 1, skip: when === 'later' ? 1 : 0 };
}

/** A fault of one of the API's calls. Uploads carry no sign of their item, and credits are asked for once. */
export function api(place: ApiPlace, name: string, fault: ApiFault, traits: Traits): Fault {
	const arm = (evolink: StandIn, when: When) => {
		const isHit = ({ request, task }: { request: { body: unknown }; task?: { request: unknown } }) =>
			when === 'stays' || itemOf(place === 'read' ? task?.request : request.body) === HIT_ITEM;
		const match = place === 'create' || place === 'read' ? { match: isHit } : {};
		const handle = evolink.fault(place, fault, { ...optionsFor(when), ...match });
		return () => handle.remove();
	};
	return { place, name, arm, ...traits };
}

export function media(name: string, fault: MediaFault, traits: Traits): Fault {
	const arm = (evolink: StandIn, when: When) => {
		const match = ({ task }: { task: { request: unknown } }) =>
			when === 'stays' || itemOf(task.request) === HIT_ITEM;
		const handle = evolink.fault('media', fault, { ...optionsFor(when), match });
		return () => handle.remove();
	};
	return { place: 'media', name, arm, ...traits };
}

/** How a task itself turns out; no request fails. */
export function task(
	place: 'task' | 'media',
	name: string,
	script: TaskScript,
	more: Partial<Fault> = {},
): Fault {
	const arm = (evolink: StandIn, when: When) =>
		evolink.script((request) => when === 'stays' || itemOf(request) === HIT_ITEM, script);
	return { place, name, arm, passes: false, heals: false, ...more };
}

/** Connections are refused: for a second, or until it is lifted. `begin` says when it starts. */
export function offline(place: Place, begin: (evolink: StandIn) => Promise<unknown>): Fault {
	const arm = (evolink: StandIn, when: When) => {
		let lifted = false;
		let up = Promise.resolve();
		const begun = begin(evolink).then(
			async () => {
				if (lifted) return;
				await evolink.offline();
				up = when === 'stays' ? new Promise((resolve) => (end = resolve)) : sleep(700);
				up = up.then(async () => await evolink.online());
			},
			() => {},
		);
		let end = () => {};
		return async () => {
			lifted = true;
			await begun;
			end();
			await up;
		};
	};
	return { place, name: 'connections refused', arm, passes: true, heals: true, seconds: 1 };
}

export const http = (status: number, more: Partial<HttpFault> = {}): HttpFault => ({
	kind: 'http',
	status,
	...more,
});
