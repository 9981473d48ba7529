import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import defaults from 'lodash/defaults';
import pick from 'lodash/pick';
import { Address } from './address';
import { Api } from './api';
import { Callbacks } from './callbacks';
import { PriceList } from './catalogue';
import { Clock } from './clock';
import { Faults } from './faults';
import { FileStore } from './file-store';
import { IdempotencyKeys } from './keys';
import { Ledger } from './ledger';
import { MediaHost } from './media';
import { Random } from './random';
import { Scripts } from './scripts';
import { Server } from './server';
import { Spec } from './spec';
import { TaskStore, type Emit } from './task-store';
import type { Task } from './task';
import type { Modes, StandIn, StandInEvents, StandInOptions } from './types';
import { Waiters } from './until';

export type * from './types';

const DEFAULT_KEY = 'sk-evo-stand-in';

const DEFAULT_MODES: Modes = {
	idempotency: 'honoured',
	refusedKeys: 'forgotten',
	room: undefined,
	errorGeneration: 'new',
	unservedModel: 403,
	batchRead: 'offered',
	taskList: 'offered',
	catalogue: 'offered',
	prices: 'published',
};

/** Starts a local EvoLink on 127.0.0.1; resolves once it listens. Rejects if the port is taken. */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
	const spec = new Spec();
	const { facts } = spec;
	const apiKey = options.apiKey ?? DEFAULT_KEY;
	const models = options.models ?? [...Object.keys(facts.models), ...Object.keys(spec.entries)];
	const callbackHosts = options.callbackHosts ?? {};
	const seed = options.seed ?? 1;
	const random = new Random(seed);
	const clock = new Clock(options.timeScale ?? 1);
	const events = new EventEmitter<StandInEvents>();
	const violations: string[] = [];
	const tasks = new Map<string, Task>();
	// what is returned at the end: a change of it is a change of how EvoLink behaves
	const modes = defaults(pick(options, Object.keys(DEFAULT_MODES) as Array<keyof Modes>), DEFAULT_MODES);
	let url = '';
	const baseUrl = () => url;

	const waiters = new Waiters(() => server.requests);
	const emit = ((name: keyof StandInEvents, ...args: StandInEvents[typeof name]) => {
		(events as EventEmitter).emit(name, ...args);
		waiters.check();
	}) as Emit;
	const violation = (text: string) => {
		violations.push(text);
		console.error(`stand-in: ${text}`);
	};

	const faults = new Faults();
	const scripts = new Scripts(options.defaults ?? {});
	const ledger = new Ledger(options.balance ?? 10_000);
	const files = new FileStore(clock, random, { ...facts.upload, httpFailures: facts.httpFailures }, baseUrl);
	const media = new MediaHost(clock, tasks, faults.media, facts.results.linkLifetimeHours);
	const callbacks = new Callbacks(
		clock,
		facts.callback,
		callbackHosts,
		faults.callback,
		options.realCallbackTimeout ?? true,
		(attempt) => emit('callback', attempt),
	);
	const keys = new IdempotencyKeys(modes);
	const prices = new PriceList(spec, modes);
	const store = new TaskStore(tasks, {
		clock,
		random,
		scripts,
		ledger,
		callbacks,
		files,
		facts,
		defaults: spec.defaults,
		baseUrl,
		emit,
		keys,
		prices,
		modes,
	});
	const api = new Api({ spec, store, ledger, files, apiKey, models, modes, keys, prices, emit, violation });
	await api.init();
	const server = new Server({
		api,
		store,
		faults,
		files,
		media,
		clock,
		facts,
		random: new Random(seed + 2),
		apiKey,
		emit,
		violation,
	});

	const address = await Address.open(createServer(server.listener), options.port ?? 0);
	url = address.url;

	const rest: Omit<StandIn, keyof Modes> = {
		url,
		apiKey,
		credential: { apiKey, baseUrl: url, filesUrl: url },
		models,
		callbackHosts,
		violations,
		events,
		tasks,
		requests: server.requests,
		files: files.files,
		charges: ledger.charges,
		refused: ledger.refused,
		account: ledger.account,
		callbacks: callbacks.attempts,
		mediaStats: media.stats,
		chargesFor: (filter) => ledger.chargesFor(filter),
		script: (match, script) => scripts.add(match, script),
		fault: faults.add,
		order: (request, script = {}) => store.order(request, script),
		finish: (taskId, script = {}) => store.finish(taskId, script),
		advance: (seconds) => clock.advance(seconds),
		forgeCallback: (target, body) =>
			callbacks.post({
				url: target,
				taskId: undefined,
				body: typeof body === 'string' ? body : JSON.stringify(body),
				contentType: 'application/json',
			}),
		until: (predicate, timeoutMs) => waiters.until(predicate, timeoutMs),
		offline: async () => await address.offline(),
		online: async () => await address.online(),
		async close() {
			clock.stop();
			callbacks.stop();
			waiters.stop();
			await address.close();
		},
	};
	return Object.assign(modes, rest);
}
