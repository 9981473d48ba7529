import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { Client } from './client';
import { containerRun } from './container';
import { n8nPath, PACKAGE_NAME, PACKAGE_VERSION } from './package-under-test';
import { HOST, IN_CONTAINER, n8nBin, nodeBin, RUN_DIR } from './paths';
import { freePorts, logFileOf, ServerProcess } from './processes';

/** The public name that n8n believes it has; the stand-in delivers callbacks for it to n8n's loopback port. */
export const PUBLIC_HOST = 'n8n.example.test';

export type Role = 'start' | 'worker' | 'webhook';

export interface N8nOptions {
	/** Names the log file and the user folder. */
	name: string;
	role?: Role;
	/** Default: a free one. */
	port?: number;
	/** Over everything below. */
	env?: NodeJS.ProcessEnv;
	/** As `HOST`, which is the default. */
	host?: string;
}

/** The URL that n8n believes it has, under its name and under the one that older n8n knows. */
export const webhookUrl = (url: string) => ({ N8N_WEBHOOK_URL: url, WEBHOOK_URL: url });

/** mcp-registry calls home at boot; the others only cost time. */
const UNUSED_MODULES = [
	...['mcp-registry', 'mcp', 'instance-ai', 'agents', 'chat-hub', 'workflow-builder', 'insights'],
	'quick-connect',
];

/** n8n does not boot when it is told to leave out a module that it does not know; older ones know fewer. */
const hasModule = (host: string) => (name: string) =>
	!IN_CONTAINER && existsSync(path.join(n8nBin(host), '../../dist/modules', name));

/**
 * One n8n process on a private port with a user folder of its own (`.run/<name>/`), as the official image runs it:
 * NODE_ENV production, so a boot after a crash takes 10 s longer. Nothing leaves the machine.
 */
export class N8n {
	readonly client: Client;
	private process: ServerProcess | undefined;
	private host: string;
	private boots = 0;

	private constructor(
		private readonly options: N8nOptions,
		readonly port: number,
		private readonly extraPorts: number[],
		private home: string,
	) {
		this.client = new Client(this.url);
		this.host = options.host ?? HOST;
	}

	static async create(options: N8nOptions): Promise<N8n> {
		const [port, ...extra] = await freePorts(2);
		return new N8n(options, options.port ?? port, extra, path.join(RUN_DIR, options.name));
	}

	/** `http://127.0.0.1:<port>` */
	get url(): string {
		return `http://127.0.0.1:${this.port}`;
	}

	get homeFolder(): string {
		return this.home;
	}

	/** What the process wrote, over all restarts. */
	get logFile(): string {
		return logFileOf(this.options.name);
	}

	/** Boots, or boots again with the same data. The main process signs its client in. */
	async boot(): Promise<void> {
		mkdirSync(this.home, { recursive: true });
		const role = this.options.role ?? 'start';
		const up = async (path_: string) => (await fetch(this.url + path_)).status;
		const env = { ...this.environment(), ...this.options.env };
		const args = [role, ...(role === 'worker' ? ['--concurrency=5'] : [])];
		this.process = await ServerProcess.start({
			name: this.options.name,
			...(IN_CONTAINER
				? containerRun(`${this.options.name}-${this.port}-${++this.boots}`, args, this.home, env)
				: { command: nodeBin(this.host), args: [n8nBin(this.host), ...args], env }),
			cwd: this.home,
			// readiness = database migrated; the REST router of the main process answers a little later
			ready: async () =>
				(await up('/healthz/readiness')) === 200 &&
				(role !== 'start' || [200, 401].includes(await up('/rest/login'))),
		});
		if (role === 'start') await this.client.signIn();
	}

	async kill(): Promise<void> {
		await this.process?.kill();
	}

	async stop(): Promise<void> {
		await this.process?.stop();
	}

	/** Installs the packed package as the Community nodes page does; in a container it is there already. */
	async installPackage(): Promise<void> {
		if (IN_CONTAINER) return;
		const spec = { name: PACKAGE_NAME, version: PACKAGE_VERSION };
		await this.client.request('POST', '/rest/community-packages', spec);
	}

	/** Whether this process has installed the package, too: in queue mode the others follow the main process by a message. */
	hasPackage(): boolean {
		if (IN_CONTAINER) return true;
		return readFileSync(this.logFile, 'utf8').includes(`Community package installed: ${PACKAGE_NAME}`);
	}

	/** Next boot: an empty user folder, as a replaced container has it, with only the installed package in it. */
	useFreshFolder(suffix: string, packagesFrom: N8n): void {
		this.home = path.join(RUN_DIR, `${this.options.name}-${suffix}`);
		const nodes = '.n8n/nodes';
		cpSync(path.join(packagesFrom.home, nodes), path.join(this.home, nodes), { recursive: true });
	}

	/** Next boot: the same data under the other n8n. */
	useHost(host: string): void {
		this.host = host;
	}

	private environment(): NodeJS.ProcessEnv {
		const { HOME, LANG, NODE_EXTRA_CA_CERTS } = process.env;
		const worker = this.options.role === 'worker';
		return {
			PATH: n8nPath(),
			HOME,
			LANG,
			TZ: 'UTC',
			NO_COLOR: '1',
			...(NODE_EXTRA_CA_CERTS ? { NODE_EXTRA_CA_CERTS } : {}),
			NODE_ENV: 'production',
			N8N_USER_FOLDER: this.home,
			N8N_LISTEN_ADDRESS: '127.0.0.1',
			N8N_HOST: 'localhost',
			N8N_PROTOCOL: 'http',
			...(worker
				? { QUEUE_HEALTH_CHECK_ACTIVE: 'true', QUEUE_HEALTH_CHECK_PORT: String(this.port) }
				: { N8N_PORT: String(this.port) }),
			...webhookUrl(`https://${PUBLIC_HOST}/`),
			N8N_ENCRYPTION_KEY: 'e2e-encryption-key',
			N8N_SECURE_COOKIE: 'false',
			N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS: 'false',
			// no Code node in these workflows: no task runner process to start
			N8N_RUNNERS_MODE: 'external',
			N8N_RUNNERS_AUTH_TOKEN: 'e2e',
			N8N_RUNNERS_BROKER_PORT: String(this.extraPorts[0]),
			N8N_PYTHON_ENABLED: 'false',
			N8N_DIAGNOSTICS_ENABLED: 'false',
			N8N_DIAGNOSTICS_CONFIG_FRONTEND: '',
			N8N_DIAGNOSTICS_CONFIG_BACKEND: '',
			EXTERNAL_FRONTEND_HOOKS_URLS: '',
			N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
			N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: 'false',
			N8N_DYNAMIC_BANNERS_ENABLED: 'false',
			N8N_TEMPLATES_ENABLED: 'false',
			N8N_PERSONALIZATION_ENABLED: 'false',
			N8N_HIRING_BANNER_ENABLED: 'false',
			N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
			N8N_VERIFIED_PACKAGES_ENABLED: 'false',
			// as n8n asks for: its default is going to change
			N8N_UNVERIFIED_PACKAGES_ENABLED: 'true',
			N8N_AI_ENABLED: 'false',
			N8N_DISABLED_MODULES: UNUSED_MODULES.filter(hasModule(this.host)).join(','),
			// debug: the more n8n writes, the more a search for the key means
			N8N_LOG_LEVEL: 'debug',
		};
	}
}
