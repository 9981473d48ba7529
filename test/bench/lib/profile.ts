import { Session, type Profiler } from 'node:inspector/promises';

/** CPU of one process by what it was spent on, ms; `idle` is the time in which there was nothing to do. */
export type Profile = Record<string, number>;

interface Frame {
	name: string;
	/** File, with the folders before the package left out. */
	url: string;
}

/** In this order: a moment belongs to the first line that a frame of its stack fits. */
const OWNERS: Array<[string, (frame: Frame) => boolean]> = [
	['idle', ({ name }) => name === '(idle)'],
	['garbage collection', ({ name }) => name === '(garbage collector)'],
	['loading modules', ({ url }) => /^node:internal\/modules|tsx\/dist/.test(url)],
	[
		"n8n: the credential's expression",
		({ name, url }) => name === 'authenticate' && url.includes('credentials-helper'),
	],
	[
		'n8n: parameters and expressions',
		({ name, url }) => name === 'getParameterValue' || /expression|tournament/.test(url),
	],
	['zod: checking the order', ({ url }) => url.startsWith('zod/')],
	[
		'HTTP: n8n, axios, Node',
		({ url }) => /^axios|^@n8n\/backend-network|^node:(_http|net|http|dns)/.test(url),
	],
	['HTTP: sockets', ({ url }) => /^node:internal\/stream_base_commons/.test(url)],
	['the node itself', ({ url }) => /evolink-sora|n8n-nodes-base/.test(url)],
	['files', ({ url }) => /^node:(internal\/)?fs|blob-storage/.test(url)],
	['streams', ({ url }) => url.startsWith('node:internal/streams')],
];

/** The CPU profile of `work`, by owner. */
export async function profiled(work: () => Promise<unknown>): Promise<Profile> {
	const session = new Session();
	session.connect();
	await session.post('Profiler.enable');
	await session.post('Profiler.start');
	try {
		await work();
		const { profile } = await session.post('Profiler.stop');
		return byOwner(profile);
	} finally {
		session.disconnect();
	}
}

function byOwner({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Profile {
	const byId = new Map(nodes.map((node) => [node.id, node]));
	const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
	const ownerOf = (leaf: number): string => {
		const stack: Frame[] = [];
		for (let id: number | undefined = leaf; id !== undefined; id = parents.get(id)) {
			const { functionName, url } = byId.get(id)!.callFrame;
			stack.push({ name: functionName, url: url.replace(/^.*node_modules\//, '') });
		}
		return OWNERS.find(([, owns]) => stack.some(owns))?.[0] ?? "n8n's engine, Node and the rest";
	};
	const owners = new Map(nodes.map(({ id }) => [id, ownerOf(id)]));
	const profile: Profile = {};
	for (const [at, id] of samples.entries()) {
		const owner = owners.get(id)!;
		profile[owner] = (profile[owner] ?? 0) + timeDeltas[at] / 1000;
	}
	return profile;
}
