import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { containerRun, IMAGE } from '../../../tools/n8n-server/container';
import { PACKAGE_NAME } from '../../../tools/n8n-server/package-under-test';

test('n8n in a container gets the package where it looks for installed ones, its data, its settings, and no PATH of ours', () => {
	const home = mkdtempSync(path.join(tmpdir(), 'container-'));
	const env = {
		N8N_PORT: '5678',
		N8N_LISTEN_ADDRESS: '127.0.0.1',
		PATH: '/ours',
		HOME: '/root',
		GONE: undefined,
	};
	const { command, args } = containerRun('e2e-main-1', ['start'], home, env);
	expect(command).toBe('docker');
	expect(args.slice(args.indexOf(IMAGE))).toEqual([IMAGE, 'start']);
	const valuesOf = (flag: string) => args.filter((_, at) => args[at - 1] === flag);
	expect(valuesOf('--env')).toEqual(['N8N_PORT=5678', 'N8N_LISTEN_ADDRESS=127.0.0.1', `HOME=${home}`]);
	expect(valuesOf('--name')).toEqual(['e2e-main-1']);
	const mount = path.join(home, '.n8n/nodes/node_modules', PACKAGE_NAME);
	expect(valuesOf('--volume')).toEqual([
		`${home}:${home}`,
		expect.stringMatching(new RegExp(`/package:${mount}:ro$`)),
	]);
	// made by us: docker would make it root's
	expect(existsSync(mount)).toBe(true);
	rmSync(home, { recursive: true });
});
