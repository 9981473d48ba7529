import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { MOUNTED_PACKAGE, PACKAGE_NAME } from './package-under-test';

/** n8n 3 is published as an image only. */
export const IMAGE = process.env.N8N_IMAGE ?? 'docker.n8n.io/n8nio/n8n:latest';
/** Anything that understands `docker run` and `docker kill`. */
const DOCKER = process.env.N8N_DOCKER ?? 'docker';

export interface ContainerRun {
	command: string;
	args: string[];
	/** SIGKILL reaches the client alone, so containers are ended by name. */
	kill(): void;
}

/**
 * n8n in a container on the host's network, so that ports, stand-in and callbacks are where they are without one. The user
 * folder is mounted at its own path, and the package inside it where n8n keeps what it has installed.
 */
export function containerRun(
	name: string,
	args: string[],
	home: string,
	env: Record<string, string | undefined>,
): ContainerRun {
	const mount = path.join(home, '.n8n/nodes/node_modules', PACKAGE_NAME);
	// what docker would make by itself would be root's
	mkdirSync(mount, { recursive: true });
	const inside: Record<string, string | undefined> = { ...env, HOME: home, PATH: undefined };
	const variables = Object.entries(inside).filter(([, value]) => value !== undefined);
	return {
		command: DOCKER,
		args: [
			...['run', '--rm', '--name', name, '--network', 'host', '--workdir', home],
			...['--user', `${process.getuid?.()}:${process.getgid?.()}`],
			...['--volume', `${home}:${home}`, '--volume', `${MOUNTED_PACKAGE}:${mount}:ro`],
			...variables.flatMap(([key, value]) => ['--env', `${key}=${value}`]),
			IMAGE,
			...args,
		],
		kill: () => void spawnSync(DOCKER, ['kill', name], { stdio: 'ignore' }),
	};
}
