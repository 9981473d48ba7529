import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

import { NODE_BIN, RUN_DIR } from './paths';
import { eventually } from './poll';

let leash: ChildProcess | undefined;
const running = new Set<ServerProcess>();

function onLeash(mark: '+' | '-', pid: number): void {
	leash ??= spawn(NODE_BIN, [path.join(__dirname, 'leash.mjs')], {
		stdio: ['pipe', 'ignore', 'ignore'],
		detached: true,
	});
	leash.stdin?.write(`${mark}${pid}\n`);
}

export const logFileOf = (name: string) => path.join(RUN_DIR, `${name}.log`);

export interface ServerProcessOptions {
	/** Names the log file: `.run/<name>.log`; a restart appends. */
	name: string;
	command: string;
	args: string[];
	env?: NodeJS.ProcessEnv;
	cwd?: string;
	/** Whom it runs as; default: us. */
	user?: { uid?: number; gid?: number };
	/** Asked every 100 ms until true; a throw means "not yet". */
	ready: () => Promise<boolean>;
	/** Instead of SIGKILL. */
	kill?: () => void;
	/** Real ms; default 120 s (a boot takes 5 s alone, 20 s on a busy machine). */
	bootTimeoutMs?: number;
}

/** One server that the suite started: its log, and its end by its own pid. */
export class ServerProcess {
	private readonly ended: Promise<void>;
	private exit: string | undefined;

	private constructor(
		private readonly child: ChildProcess,
		private readonly killNow: () => void,
	) {
		this.ended = new Promise((resolve) => {
			child.on('exit', (code, signal) => {
				this.exit = `code ${code}, signal ${signal}`;
				running.delete(this);
				if (child.pid) onLeash('-', child.pid);
				resolve();
			});
			child.on('error', (error) => {
				this.exit = error.message;
				resolve();
			});
		});
	}

	/** @throws Error with the end of the log when it exits or is not ready in time */
	static async start(options: ServerProcessOptions): Promise<ServerProcess> {
		mkdirSync(RUN_DIR, { recursive: true });
		const logFile = logFileOf(options.name);
		const log = openSync(logFile, 'a');
		const child = spawn(options.command, options.args, {
			env: options.env ?? process.env,
			cwd: options.cwd,
			stdio: ['ignore', log, log],
			...options.user,
		});
		closeSync(log);
		const server = new ServerProcess(child, options.kill ?? (() => child.kill('SIGKILL')));
		running.add(server);
		if (child.pid) onLeash('+', child.pid);
		try {
			await eventually(
				`${options.name} ready`,
				async () => {
					if (server.exit) throw new Error(`${options.name} ended while it booted: ${server.exit}`);
					return await options.ready().catch(() => false);
				},
				{ timeoutMs: options.bootTimeoutMs ?? 120_000 },
			);
		} catch (error) {
			await server.kill();
			throw new Error(
				`${(error as Error).message}; ${logFile} ends with:\n${readFileSync(logFile, 'utf8').slice(-3000)}`,
			);
		}
		return server;
	}

	get alive(): boolean {
		return this.exit === undefined;
	}

	/** SIGKILL: no chance to clean up. */
	async kill(): Promise<void> {
		if (this.alive) this.killNow();
		await this.ended;
	}

	/** SIGTERM, and SIGKILL when that takes more than 15 s. */
	async stop(): Promise<void> {
		const last = setTimeout(this.killNow, 15_000);
		if (this.alive) this.child.kill('SIGTERM');
		await this.ended;
		clearTimeout(last);
	}
}

/** Stops whatever is still running, the newest first. For afterAll: works after a failed setup too. */
export async function stopEverything(): Promise<void> {
	for (const server of [...running].reverse()) await server.stop();
	leash?.stdin?.end();
	leash = undefined;
}

/**
 * `count` ports that are free on 127.0.0.1 right now. They are taken from below the range that systems use for outgoing
 * connections (32768 and up on Linux): a port from there may be gone when a killed server wants it back.
 */
export async function freePorts(count: number): Promise<number[]> {
	const ports: number[] = [];
	while (ports.length < count) {
		const port = randomInt(20_000, 32_000);
		if (!ports.includes(port) && (await isFree(port))) ports.push(port);
	}
	return ports;
}

async function isFree(port: number): Promise<boolean> {
	const server = createServer();
	return await new Promise((resolve) => {
		server.once('error', () => resolve(false));
		server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
	});
}
