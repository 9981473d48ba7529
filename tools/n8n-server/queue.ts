import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { freePorts, ServerProcess } from './processes';

export interface QueueBackends {
	/** For every n8n process of the installation. */
	env: NodeJS.ProcessEnv;
	/** Deletes the database files; call it after the servers ended. */
	remove(): void;
}

/** Debian keeps initdb and postgres off the PATH, below a folder per major version. */
function postgresBinFolder(): string {
	const base = '/usr/lib/postgresql';
	const versions = existsSync(base) ? readdirSync(base) : [];
	const folders = [...versions.map((v) => path.join(base, v, 'bin')), ...(process.env.PATH ?? '').split(':')];
	const found = folders.find((folder) => existsSync(path.join(folder, 'initdb')));
	if (!found)
		throw new Error(
			'PostgreSQL is not installed: run node test/e2e/install.mjs as root, or install it by hand',
		);
	return found;
}

/** PostgreSQL refuses to run as root: its own user, then. */
function postgresUser(): { uid?: number; gid?: number } {
	if (process.getuid?.() !== 0) return {};
	const id = (kind: string) => Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }));
	return { uid: id('-u'), gid: id('-g') };
}

/** An empty Redis and an empty PostgreSQL on private ports. */
export async function setUpQueue(name: string): Promise<QueueBackends> {
	const [redisPort, postgresPort] = await freePorts(2);
	const loopback = '127.0.0.1';
	await ServerProcess.start({
		name: `${name}-redis`,
		command: 'redis-server',
		args: ['--port', String(redisPort), '--bind', loopback, '--save', '', '--appendonly', 'no'],
		ready: async () => {
			execFileSync('redis-cli', ['-p', String(redisPort), 'ping'], { stdio: 'ignore' });
			return await Promise.resolve(true);
		},
	});

	const bin = postgresBinFolder();
	const folder = mkdtempSync(path.join(tmpdir(), 'n8n-e2e-postgres-'));
	const data = path.join(folder, 'data');
	const user = postgresUser();
	if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
	execFileSync(path.join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'n8n', '-E', 'UTF8'], {
		cwd: folder,
		stdio: 'ignore',
		...user,
	});
	const client = ['-h', loopback, '-p', String(postgresPort), '-U', 'n8n'];
	await ServerProcess.start({
		name: `${name}-postgres`,
		command: path.join(bin, 'postgres'),
		args: [
			...['-D', data, '-p', String(postgresPort), '-k', folder],
			...['-c', 'fsync=off', '-c', `listen_addresses=${loopback}`],
		],
		cwd: folder,
		user,
		ready: async () => {
			execFileSync(path.join(bin, 'createdb'), [...client, 'n8n'], { stdio: 'ignore' });
			return await Promise.resolve(true);
		},
	});
	return {
		env: {
			EXECUTIONS_MODE: 'queue',
			OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS: 'true',
			QUEUE_BULL_REDIS_HOST: loopback,
			QUEUE_BULL_REDIS_PORT: String(redisPort),
			DB_TYPE: 'postgresdb',
			DB_POSTGRESDB_HOST: loopback,
			DB_POSTGRESDB_PORT: String(postgresPort),
			DB_POSTGRESDB_USER: 'n8n',
			DB_POSTGRESDB_PASSWORD: 'n8n',
			DB_POSTGRESDB_DATABASE: 'n8n',
		},
		remove: () => rmSync(folder, { recursive: true, force: true }),
	};
}
