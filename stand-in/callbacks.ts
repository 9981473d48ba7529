import { request as httpRequest } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { Clock } from './clock';
import type { FaultList } from './faults';
import type { Facts } from './spec';
import type { Task } from './task';
import type { CallbackAttempt, CallbackFault, Json, TaskFaultContext } from './types';

/** Bytes of a receiver's answer that are kept. */
const ANSWER_LIMIT = 65_536;

interface Delivery {
	url: string;
	taskId: string | undefined;
	body: string;
	/** undefined = no header. */
	contentType: string | undefined;
}

/** Why EvoLink would refuse this `callback_url` at create; undefined if it would not. */
export function callbackUrlProblem(text: string, rules: Facts['callback']): string | undefined {
	if (text.length > rules.maxLength) return `callback_url is longer than ${rules.maxLength} characters`;
	if (!URL.canParse(text)) return 'callback_url is not a URL';
	const url = new URL(text);
	if (url.protocol !== rules.protocol) return 'callback_url must use https';
	return isPrivate(url, rules) ? 'callback_url must not lead to a private address' : undefined;
}

/** Whether it leads where EvoLink's servers cannot, or must not, go. */
export function isPrivate(url: URL, rules: Facts['callback']): boolean {
	const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
	return isIP(host) ? forbiddenAddress(host, rules) : forbiddenName(host, rules);
}

function forbiddenAddress(address: string, rules: Facts['callback']): boolean {
	const blocked = new BlockList();
	for (const range of [...rules.forbiddenRanges.documented, ...rules.forbiddenRanges.inferred]) {
		const [net, bits] = range.split('/');
		blocked.addSubnet(net, Number(bits), isIPv6(net) ? 'ipv6' : 'ipv4');
	}
	return blocked.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function forbiddenName(host: string, rules: Facts['callback']): boolean {
	return rules.forbiddenHosts.inferred.some((pattern) =>
		pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern,
	);
}

export class Callbacks {
	readonly attempts: CallbackAttempt[] = [];
	private readonly stopping = new AbortController();

	constructor(
		private readonly clock: Clock,
		private readonly rules: Facts['callback'],
		private readonly hosts: Record<string, string>,
		private readonly faults: FaultList<CallbackFault, TaskFaultContext>,
		private readonly realTimeout: boolean,
		private readonly attempted: (attempt: CallbackAttempt) => void,
	) {}

	/** The fault that makes a task end, and its callback arrive, before the create answer. */
	takeEarly(task: Task): boolean {
		return hasCallback(task) && this.faults.take({ task }, (fault) => fault.kind === 'early') !== undefined;
	}

	/** Delivers with retries. `firstAttempt` settles once the receiver has answered or failed for the first time. */
	deliver(task: Task): { firstAttempt: Promise<void> } {
		if (!hasCallback(task)) return { firstAttempt: Promise.resolve() };
		const fault = this.faults.take({ task }, ({ kind }) => kind !== 'early');
		const delivery = this.prepare(task, fault);
		if (!delivery) return { firstAttempt: Promise.resolve() };
		const firstAttempt = new Promise<void>((resolve) => {
			const start = () => void this.deliverAll(delivery, fault, resolve);
			if (fault?.kind === 'late') this.clock.after(fault.seconds, start);
			else start();
		});
		return { firstAttempt };
	}

	/** One POST as EvoLink would send it, through the host table. Rejects where the host is not in it. */
	async post(delivery: Delivery): Promise<{ status: number; body: string }> {
		const url = new URL(delivery.url);
		const name = [url.host, url.hostname].find((host) => Object.hasOwn(this.hosts, host));
		if (name === undefined) throw new Error(`dropped: no entry for ${url.host} in callbackHosts`);
		// set piece by piece: as a relative reference, a path that begins with `//` would name another host
		const target = new URL(this.hosts[name]);
		target.pathname = url.pathname;
		target.search = url.search;
		const timeout = this.rules.timeoutSeconds * 1000;
		const signal = AbortSignal.any([
			this.stopping.signal,
			AbortSignal.timeout(Math.ceil(this.realTimeout ? timeout : timeout / this.clock.scale)),
		]);
		return new Promise((resolve, reject) => {
			const outgoing = httpRequest(target, {
				method: 'POST',
				signal,
				agent: false,
				headers: {
					host: url.host,
					...(delivery.contentType === undefined ? {} : { 'content-type': delivery.contentType }),
					'content-length': Buffer.byteLength(delivery.body),
					'user-agent': 'EvoLink-stand-in',
				},
			});
			outgoing.on('error', (error) => reject(signal.aborted ? (signal.reason as Error) : error));
			outgoing.on('response', (incoming) => {
				let body = '';
				incoming.setEncoding('utf8');
				incoming.on('data', (text: string) => {
					if (body.length < ANSWER_LIMIT) body += text;
				});
				incoming.on('error', (error) => reject(signal.aborted ? (signal.reason as Error) : error));
				incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body }));
			});
			outgoing.end(delivery.body);
		});
	}

	stop(): void {
		this.stopping.abort(new Error('stand-in closed'));
	}

	private async deliverAll(
		delivery: Delivery,
		fault: CallbackFault | undefined,
		first: () => void,
	): Promise<void> {
		const rounds = fault?.kind === 'duplicate' ? (fault.times ?? 2) : 1;
		for (let round = 0; round < rounds; round++) await this.deliverOnce(delivery, first);
	}

	private async deliverOnce(delivery: Delivery, first: () => void): Promise<void> {
		for (const [index, pause] of [0, ...this.rules.retryDelaysSeconds].entries()) {
			if (pause > 0) await this.clock.sleep(pause);
			const delivered = await this.attempt(delivery, index + 1);
			first();
			if (delivered || this.stopping.signal.aborted) return;
		}
	}

	/** True = no further attempt makes sense: answered with 2xx, or nowhere to deliver to. */
	private async attempt(delivery: Delivery, number: number): Promise<boolean> {
		const { url, taskId, body } = delivery;
		const record: CallbackAttempt = { at: Date.now(), taskId, url, attempt: number, body };
		try {
			record.status = (await this.post(delivery)).status;
		} catch (error) {
			record.error = error instanceof Error ? error.message : String(error);
			if (record.error.startsWith('dropped:')) record.attempt = 0;
		}
		if (this.stopping.signal.aborted) return true;
		this.attempts.push(record);
		this.attempted(record);
		return (
			record.attempt === 0 || (record.status !== undefined && record.status >= 200 && record.status < 300)
		);
	}

	private prepare(task: Task, fault: CallbackFault | undefined): Delivery | undefined {
		const delivery: Delivery = {
			url: String(task.request.callback_url),
			taskId: task.id,
			body: JSON.stringify(task.detail()),
			contentType: 'application/json',
		};
		switch (fault?.kind) {
			case 'never':
				return undefined;
			case 'forged':
				return { ...delivery, body: JSON.stringify(fault.body ?? forged(task)) };
			case 'wrong-id': {
				const id = fault.id ?? task.id.replace(/.{8}$/, 'xxxxxxxx');
				return { ...delivery, body: JSON.stringify({ ...task.detail(), id }) };
			}
			case 'non-json':
				return { ...delivery, body: fault.body ?? 'task finished', contentType: 'text/plain' };
			case 'content-type':
				return { ...delivery, contentType: fault.value };
			case 'wrapped': {
				const { id, ...rest } = task.detail();
				return { ...delivery, body: JSON.stringify({ data: { task_id: id, ...rest } }) };
			}
			default:
				return delivery;
		}
	}
}

function hasCallback(task: Task): boolean {
	return typeof task.request.callback_url === 'string';
}

function forged(task: Task): Json {
	return {
		...task.detail(),
		status: 'completed',
		progress: 100,
		error: null,
		results: ['https://attacker.example/forged.mp4'],
	};
}
