import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { keyHeaders } from '../../nodes/evolink/api';
import { priceByRules } from '../../nodes/evolink/priceRules';
import { startStandIn, type StandIn } from '../../stand-in';
import { differences } from './compare';
import {
	BURST,
	CALLBACK,
	FREE,
	LATER,
	newKey,
	PAID,
	type CallbackReceiver,
	type Earlier,
	type Findings,
	type Plan,
	type Probe,
} from './probes';
import { Redactor } from './redact';
import { Side, type Exchange, type Json } from './side';

export interface LiveOptions {
	apiKey: string;
	servers: { api: string; files: string };
	/** Credits that may be spent; 0 = the free probes alone. */
	spend?: number;
	burst?: number;
	later?: boolean;
	/** Names of the only probes to ask; default all. */
	only?: string[];
	callback?: CallbackReceiver & { host: string; origin: string };
	/** Where the fixtures go, and what `--later` needs. */
	fixtures: string;
	memory: string;
	pollMs?: number;
	signal: AbortSignal;
	/** Told after each probe. */
	say: (line: string) => void;
}

export interface Line {
	probe: string;
	assumption: string;
	differences: string[];
}

export interface Live {
	lines: Line[];
	requests: number;
	seconds: number;
	/** Credits, by the balance before and after. */
	spent: number;
	ordered: string[];
	/** Fixtures that were not written, and why. */
	withheld: string[];
}

/** Ends the run with one sentence. `ordered`: ids of the tasks that were paid for. */
export class Stopped extends Error {}

/** Orders that a paid run may make, the cheapest ones that are known. */
const ORDERS: Json[] = [
	{ model: 'seedance-2.0-mini-text-to-video', prompt: 'a cat', duration: 4, quality: '480p' },
	{ model: 'seedance-2.5-text-to-video', prompt: 'a cat', duration: 4, quality: '480p' },
	{ model: 'sora-2-preview', prompt: 'a cat', duration: 4 },
];

/** The key may be ignored, and then each of the three calls of one order is paid for. */
const CALLS_PER_ORDER = 3;

/** Asks EvoLink and a stand-in the same, and tells the differences. @throws Stopped */
export async function runLive(options: LiveOptions): Promise<Live> {
	const { apiKey, servers, signal, spend = 0, say } = options;
	const begun = Date.now();
	const evolink = new Side('EvoLink', servers, apiKey, options.pollMs ?? 5_000, signal);
	const standIn = await startStandIn({
		prices: 'all',
		timeScale: 200,
		callbackHosts: options.callback ? { [options.callback.host]: options.callback.origin } : {},
	});
	try {
		const local = new Side('stand-in', { api: standIn.url, files: standIn.url }, standIn.apiKey, 50, signal);
		await haveHistory(standIn);
		const before = await balanceOf(evolink);
		const order = spend > 0 ? await cheapestOrder(evolink, spend, before, options) : undefined;
		const plan = planOf(options, order, standIn);
		const redactor = new Redactor(apiKey);
		const lines: Line[] = [];
		const fixtures: Array<[string, string]> = [];
		const withheld: string[] = [];
		for (const { probe, isFree } of probesOf(options)) {
			const theirs = await asked(probe, evolink, plan);
			const ours = await asked(probe, local, plan);
			const line = { probe: probe.name, assumption: probe.assumption, differences: compared(theirs, ours) };
			lines.push({ ...line, differences: line.differences.map((text) => redactor.redact(text)) });
			say(`${line.differences.length > 0 ? '≠' : '='} ${probe.assumption}`);
			try {
				const { findings, exchanges } = theirs;
				fixtures.push([probe.name, redactor.publish({ probe: probe.name, exchanges, findings })]);
			} catch (error) {
				withheld.push(`${probe.name}: ${(error as Error).message}`);
			}
			if (isFree) await requireUnspent(evolink, before, probe);
		}
		const spent = round(before - (await balanceOf(evolink)));
		mkdirSync(options.fixtures, { recursive: true });
		for (const [name, text] of fixtures)
			writeFileSync(path.join(options.fixtures, `${name}.json`), `${text}\n`);
		const seconds = Math.round((Date.now() - begun) / 1000);
		return { lines, requests: evolink.requests, seconds, spent, ordered: evolink.ordered, withheld };
	} catch (error) {
		throw stopped(error, evolink);
	} finally {
		await standIn.close();
	}
}

function stopped(error: unknown, { ordered, signal }: Side): Stopped {
	const why = signal.aborted
		? 'Stopped'
		: error instanceof Stopped
			? error.message
			: `Stopped: ${String(error)}`;
	const tasks = ordered.length === 0 ? 'nothing was ordered' : `ordered: ${ordered.join(', ')}`;
	return new Stopped(`${why}; ${tasks}; no fixture was written`);
}

/** An account has tasks; of an empty list nothing could be compared. */
async function haveHistory(standIn: StandIn): Promise<void> {
	for (const outcome of ['completed', 'failed', 'cancelled', 'stuck'] as const)
		await standIn.order({ model: 'sora-2-preview', prompt: 'a cat' }, { seconds: 0, outcome });
}

function probesOf({ spend = 0, callback, burst = 0, later = false, only }: LiveOptions) {
	const paid = [
		...(spend > 0 ? PAID : []),
		...(callback ? [CALLBACK] : []),
		...(burst > 0 ? [BURST] : []),
		...(later ? [LATER] : []),
	];
	return [
		...FREE.map((probe) => ({ probe, isFree: true })),
		...paid.map((probe) => ({ probe, isFree: false })),
	].filter(({ probe }) => only?.includes(probe.name) ?? true);
}

export interface Asked {
	exchanges: Exchange[];
	findings: Findings;
}

export async function asked(probe: Probe, side: Side, plan: Plan): Promise<Asked> {
	side.exchanges = [];
	const findings = (await probe.ask(side, plan)) ?? {};
	return { exchanges: side.exchanges, findings };
}

export function compared(theirs: Asked, ours: Asked): string[] {
	const count = Math.max(theirs.exchanges.length, ours.exchanges.length);
	const answers = Array.from({ length: count }, (_, at) => {
		const [their, our] = [theirs.exchanges[at], ours.exchanges[at]];
		if (!their || !our)
			return [`${(their ?? our).asked}: ${their ? 'asked' : 'not asked'} / ${our ? 'asked' : 'not asked'}`];
		return differences(their, our).map((text) => `${our.asked}: ${text}`);
	});
	const names = Object.keys({ ...ours.findings, ...theirs.findings });
	const found = names
		.filter((name) => theirs.findings[name] !== ours.findings[name])
		.map((name) => `${name}: ${String(theirs.findings[name])} / ${String(ours.findings[name])}`);
	return [...answers.flat(), ...found];
}

function planOf(options: LiveOptions, order: Json | undefined, standIn: StandIn): Plan {
	const keys = new Map<string, string>();
	const keyOf = ({ name }: Side, what: string) => {
		const id = `${name} ${what}`;
		if (!keys.has(id)) keys.set(id, newKey());
		return keys.get(id)!;
	};
	return {
		order,
		keyOf,
		callback: options.callback,
		burst: options.burst ?? 0,
		remember: ({ name }, earlier) => {
			if (name === 'EvoLink') writeFileSync(options.memory, JSON.stringify(earlier));
		},
		earlier: async (side) =>
			side.name === 'EvoLink' ? rememberedRun(options.memory) : yesterday(side, standIn),
	};
}

function rememberedRun(file: string): Earlier {
	try {
		return JSON.parse(readFileSync(file, 'utf8')) as Earlier;
	} catch {
		throw new Stopped('--later needs an earlier run with --spend on this machine');
	}
}

/** What a paid run a day ago would have left on the stand-in. */
async function yesterday(side: Side, standIn: StandIn): Promise<Earlier> {
	const [order, key] = [ORDERS[0], newKey()];
	const body = { base64_data: Buffer.from('a picture').toString('base64'), file_name: 'later.png' };
	const created = await side.ask('createVideoTask', { body: order, headers: keyHeaders(key) });
	const upload = await side.ask('uploadFileBase64', { body });
	const { id } = created.body as { id: string };
	if (!standIn.tasks.get(id)?.terminal) standIn.finish(id);
	const read = await side.ask('getTask', { path: { task_id: id } });
	side.exchanges = [];
	standIn.advance(25 * 3600);
	const [link] = (read.body as { results: string[] }).results;
	return {
		taskId: id,
		link,
		uploadUrl: (upload.body as { data: { file_url: string } }).data.file_url,
		order,
		key,
	};
}

/** Credits of the account. @throws Stopped */
async function balanceOf(evolink: Side): Promise<number> {
	const { status, body } = await evolink.quietly('GET', `${evolink.servers.api}/v1/credits`);
	const host = new URL(evolink.servers.api).host;
	if (status === 0) throw new Stopped(`${host} cannot be reached (${String(body)})`);
	if (status === 401 || status === 403)
		throw new Stopped(`EvoLink does not take the key of EVOLINK_API_KEY (${status})`);
	const user = ((body as Json | undefined)?.data as Json | undefined)?.user as Json | undefined;
	const credits = user?.remaining_credits;
	if (status !== 200 || typeof credits !== 'number')
		throw new Stopped(`${host} does not tell the credits (${status})`);
	return credits;
}

async function requireUnspent(evolink: Side, before: number, { name }: Probe): Promise<void> {
	const now = await balanceOf(evolink);
	const isOrdered = evolink.ordered.length > 0;
	if (now === before && !isOrdered) return;
	throw new Stopped(
		`The balance moved by ${round(now - before)} credits during the free probe ${name}${isOrdered ? ', and an order was taken' : ' (by somebody else, or by it)'}`,
	);
}

const round = (credits: number) => Math.round(credits * 1e4) / 1e4;

/** The cheapest order whose price is known and fits. @throws Stopped */
async function cheapestOrder(
	evolink: Side,
	spend: number,
	balance: number,
	{ burst = 0, callback, later = false }: LiveOptions,
): Promise<Json> {
	const priced: Array<{ order: Json; credits: number }> = [];
	for (const order of ORDERS) {
		const url = `${evolink.servers.api}/v1/catalog/models/${String(order.model)}/pricing-rules`;
		const { body } = await evolink.quietly('GET', url);
		const rules = (body as { model?: unknown } | undefined)?.model;
		const { credits, extra } = priceByRules(rules, order as never, {}) ?? {};
		if (credits !== undefined && extra === undefined) priced.push({ order, credits });
	}
	const [cheapest] = priced.sort((one, other) => one.credits - other.credits);
	if (!cheapest)
		throw new Stopped('EvoLink tells no price of an order that could be made, so nothing is spent');
	const calls = CALLS_PER_ORDER + burst + (callback ? 1 : 0) + (later ? 1 : 0);
	const most = round(cheapest.credits * calls);
	if (most > spend)
		throw new Stopped(`The paid probes may cost ${most} credits, and --spend allows ${spend}`);
	if (most > balance) throw new Stopped(`The paid probes may cost ${most} credits, and ${balance} are left`);
	return cheapest.order;
}
