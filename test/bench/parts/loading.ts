import { statSync } from 'node:fs';
import path from 'node:path';

import { packedPackage } from '../../../tools/n8n-engine/packed-package';
import { runChild } from '../lib/child';
import { ROOT, type PartResult, type RunPart } from '../lib/report';
import { median, ratios, show } from '../lib/stats';
import peers from '../peers.json';

interface Loaded {
	ms: number;
	kb: number;
	modules: number;
}

/** Loading the nodes' files as n8n does when they are first used, and the size of what is published. */
export const run: RunPart = async ({ rounds }): Promise<PartResult> => {
	const { directory, tarball } = await packedPackage();
	const modules = path.join(ROOT, 'test/e2e/node_modules');
	const ours = ['SoraVideo/SoraVideo.node.js', 'SoraVideoTrigger/SoraVideoTrigger.node.js'].map((file) =>
		path.join(directory, 'dist/nodes', file),
	);
	const base = path.join(modules, 'n8n-nodes-base');
	// every n8n process has these loaded before the first node
	const present = ['n8n-workflow', 'zod', 'luxon', 'lodash', path.join(modules, 'n8n-core')].join(',');
	const jobs: Record<string, [string, string, ...string[]]> = {
		'Sora Video and its trigger': [directory, present, ...ours],
		"n8n's Wait node": [base, present, path.join(base, 'dist/nodes/Wait/Wait.node.js')],
		"n8n's HTTP Request node": [base, present, path.join(base, 'dist/nodes/HttpRequest/HttpRequest.node.js')],
	};
	const measured: Record<string, Loaded[]> = {};
	for (let round = 0; round < rounds; round += 1) {
		for (const [name, args] of Object.entries(jobs))
			(measured[name] ??= []).push(await runChild<Loaded>('load.cjs', args, ['--expose-gc']));
	}
	const each = (pick: (loaded: Loaded) => number) =>
		Object.fromEntries(Object.entries(measured).map(([name, list]) => [name, list.map(pick)]));
	const ms = each((one) => one.ms);
	const kb = each((one) => one.kb);
	const [both, wait] = Object.keys(jobs);
	const size = statSync(tarball).size / 1000;
	const others = peers.packages.map(({ tarballBytes }) => tarballBytes / 1000);
	const ratio = ratios(ms[both], ms[wait]);
	return {
		name: 'loading',
		title: 'Loading both nodes, and the size of the package',
		measures: [
			{ what: 'time to load', unit: 'ms', values: ms },
			{ what: 'memory in use afterwards', unit: 'kB', values: kb },
			{ what: 'files loaded', unit: 'files', values: each(({ modules: files }) => files) },
			{
				what: `tarball (peers of ${peers.date}, from the npm registry)`,
				unit: 'kB',
				values: {
					'n8n-nodes-evolink-sora': [size],
					...Object.fromEntries(
						peers.packages.map(({ name, version, tarballBytes }) => [
							`${name} ${version}`,
							[tarballBytes / 1000],
						]),
					),
				},
			},
		],
		ratios: [
			{ what: 'time, both Sora nodes / Wait', values: ratio },
			{ what: 'memory, both Sora nodes / Wait', values: ratios(kb[both], kb[wait]) },
		],
		goals: [
			{
				text: "loads faster than n8n's Wait node",
				measured: `${show(median(ratio))} ×`,
				met: median(ratio) <= 1,
			},
			{
				text: `tarball smaller than the median of ${others.length} peers`,
				measured: `${show(size)} kB against ${show(median(others))} kB`,
				met: size < median(others),
			},
		],
		notes: ['Loaded before in all processes: n8n-core, n8n-workflow, zod, luxon, lodash.'],
		curves: [],
	};
};
