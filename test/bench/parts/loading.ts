import { cpSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';

import mapValues from 'lodash/mapValues';

import { withTemporaryFolder } from '../../../scripts/support';
import { packedPackage } from '../../../tools/n8n-engine/packed-package';
import { INSTALL_DIR } from '../../../tools/n8n-server/paths';
import { runChild } from '../lib/child';
import type { RunPart } from '../lib/report';
import { atMost, median, ratios, show } from '../lib/stats';

interface Loaded {
	ms: number;
	kb: number;
	modules: number;
}

/** Tarballs of packages of other video and media services, as the npm registry had them on 2026-11-21; bytes. */
const PEERS = { 'n8n-nodes-creatomate 0.2.0': 19851, 'n8n-nodes-upload-post 0.1.32': 152613 };

/** Loading the nodes' files as n8n does when they are first used, and the size of what is published. */
export const run: RunPart = async ({ rounds }) => {
	const { directory, tarball } = await packedPackage();
	const modules = path.join(INSTALL_DIR, 'node_modules');
	const base = path.join(modules, 'n8n-nodes-base');
	// what every n8n process has loaded before the first node
	const present = ['n8n-workflow', 'zod', 'luxon', path.join(modules, 'n8n-core')].join(',');
	const measured: Record<string, Loaded[]> = {};
	await withTemporaryFolder(async (folder) => {
		// beside the modules of n8n, as where n8n has installed it: what n8n has loaded is not loaded again
		symlinkSync(modules, path.join(folder, 'node_modules'));
		cpSync(directory, path.join(folder, 'package'), { recursive: true });
		const ours = ['SoraVideo/SoraVideo', 'SoraVideoTrigger/SoraVideoTrigger'].map((name) =>
			path.join(folder, 'package/dist/nodes', `${name}.node.js`),
		);
		const jobs = {
			'Sora Video and its trigger': ours,
			"n8n's Wait node": [path.join(base, 'dist/nodes/Wait/Wait.node.js')],
			"n8n's HTTP Request node": [path.join(base, 'dist/nodes/HttpRequest/HttpRequest.node.js')],
		};
		for (let round = 0; round < rounds; round += 1) {
			for (const [name, files] of Object.entries(jobs))
				(measured[name] ??= []).push(
					await runChild<Loaded>('load.cjs', [base, present, ...files], ['--expose-gc']),
				);
		}
	});
	const each = (pick: (loaded: Loaded) => number) => mapValues(measured, (list) => list.map(pick));
	const ms = each((one) => one.ms);
	const kb = each((one) => one.kb);
	const [both, wait] = Object.keys(measured);
	const size = statSync(tarball).size / 1000;
	const others = Object.values(PEERS).map((bytes) => bytes / 1000);
	const ratio = ratios(ms[both], ms[wait]);
	return {
		title: 'Loading both nodes, and the size of the package',
		measures: [
			{ what: 'time to load', unit: 'ms', values: ms },
			{ what: 'memory in use afterwards', unit: 'kB', values: kb },
			{ what: 'files loaded', unit: 'files', values: each(({ modules: files }) => files) },
			{
				what: 'tarball',
				unit: 'kB',
				values: { ours: [size], ...mapValues(PEERS, (bytes) => [bytes / 1000]) },
			},
		],
		ratios: [
			{ what: 'time, both Sora nodes / Wait', values: ratio },
			{ what: 'memory, both Sora nodes / Wait', values: ratios(kb[both], kb[wait]) },
		],
		goals: [
			atMost("loads faster than n8n's Wait node", median(ratio), 1, '×'),
			{
				text: `tarball smaller than the median of ${others.length} peers`,
				measured: `${show(size)} kB against ${show(median(others))} kB`,
				met: size < median(others),
			},
		],
		notes: [
			'Loaded before in all processes: n8n-core, n8n-workflow, zod, luxon, and of lodash what those load. All other files count.',
		],
	};
};
