import './environment.cjs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { NodeHelpers, UnexpectedError } from 'n8n-workflow';
import type { ICredentialType, IDataObject, INodeType, INodeTypes, IVersionedNodeType } from 'n8n-workflow';
import { BinaryDataService, PackageDirectoryLoader } from 'n8n-core';
import { Container } from '@n8n/di';
import { coreDoubles } from './core-doubles';
import { requireOutside } from './outside';
import { packedPackage, repositoryRoot } from './packed-package';
import { toolOf } from './tool';

type AnyNodeType = INodeType | IVersionedNodeType;

/** Loads `dist/x.js` of the manifest from `x.ts`: for coverage runs, which cannot see into a packed copy. */
class SourceDirectoryLoader extends PackageDirectoryLoader {
	protected resolvePath(file: string): string {
		return super.resolvePath(file.replace(/^dist\//, '').replace(/\.js$/, '.ts'));
	}
}

/** A package loaded the way n8n loads it. `packageName` is the prefix of its node types. */
export type LoadedPackage = Pick<PackageDirectoryLoader, 'packageName' | 'nodeTypes' | 'credentialTypes'> & {
	/** Forgets what the package keeps in the memory of its process. */
	forget(): void;
};

/** Gives the very module that the node loaded. */
const requireFrom = requireOutside ?? createRequire(__filename);

/** What the package remembers in its process, from its root. */
const MEMORY = 'nodes/evolink/recent';

/**
 * Loads the package through n8n's PackageDirectoryLoader.
 *
 * - no argument: the packed copy that users would install, built at need (`packedPackage`); with the environment
 *   variable `ENGINE_PACKAGE=source`, the TypeScript sources instead, so that coverage is counted
 * - a directory: the unpacked package found there
 */
export async function loadPackage(directory?: string): Promise<LoadedPackage> {
	const fromSource = directory === undefined && process.env.ENGINE_PACKAGE === 'source';
	const loader = fromSource
		? new SourceDirectoryLoader(repositoryRoot)
		: new PackageDirectoryLoader(directory ?? (await packedPackage()).directory);
	await loader.loadAll();
	const { packageName, nodeTypes, credentialTypes } = loader;
	const memory = join(loader.directory, fromSource ? '' : 'dist', MEMORY);
	const forget = () => (requireFrom(memory) as { forgetEverything(): void }).forgetEverything();
	return {
		packageName,
		nodeTypes,
		credentialTypes,
		forget: packageName === 'n8n-nodes-evolink-sora' ? forget : () => {},
	};
}

/**
 * The node and credential types that one test host knows, under their full names (`package.node`). `soraVideoTool`
 * style names resolve to the tool that n8n derives from a node with `usableAsTool`.
 */
export class Host implements INodeTypes {
	private readonly nodes = new Map<string, AnyNodeType>();
	private readonly credentials = new Map<string, ICredentialType>();

	constructor(
		private readonly packages: LoadedPackage[] = [],
		probes: Record<string, AnyNodeType> = {},
	) {
		for (const [name, type] of Object.entries({ ...coreDoubles, ...probes })) this.nodes.set(name, type);
		for (const { packageName, nodeTypes, credentialTypes } of packages) {
			for (const [name, { type }] of Object.entries(nodeTypes))
				this.nodes.set(`${packageName}.${name}`, type);
			for (const { type } of Object.values(credentialTypes)) this.credentials.set(type.name, type);
		}
	}

	/** n8n's process ends and another one begins. */
	restart(): void {
		for (const { forget } of this.packages) forget();
	}

	addCredentialType(type: ICredentialType): this {
		this.credentials.set(type.name, type);
		return this;
	}

	getByName(nodeType: string): AnyNodeType {
		const known = this.nodes.get(nodeType);
		if (known) return known;
		const base = this.nodes.get(nodeType.replace(/Tool$/, ''));
		if (!base) throw new UnexpectedError(`Unrecognized node type: ${nodeType}`);
		const tool = toolOf(NodeHelpers.getVersionedNodeType(base));
		this.nodes.set(nodeType, tool);
		return tool;
	}

	getByNameAndVersion(nodeType: string, version?: number): INodeType {
		return NodeHelpers.getVersionedNodeType(this.getByName(nodeType), version);
	}

	getKnownTypes(): IDataObject {
		return Object.fromEntries([...this.nodes.keys()].map((name) => [name, {}]));
	}

	getCredentialType(name: string): ICredentialType {
		const type = this.credentials.get(name);
		if (!type) throw new UnexpectedError(`Unknown credential type: ${name}`);
		return type;
	}
}

let binaryStore: Promise<void> | undefined;

/** Readies n8n's binary store: filesystem mode, in the throw-away user folder. */
export async function readyBinaryStore(): Promise<BinaryDataService> {
	const service = Container.get(BinaryDataService);
	await (binaryStore ??= service.init());
	return service;
}
