import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ICredentialType, INodeParameters, INodeProperties, INodeType } from 'n8n-workflow';

export const ROOT = path.resolve(__dirname, '../..');

/** A file of the checkout, by its path from the root. */
export const text = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
export const json = (file: string) => JSON.parse(text(file)) as Record<string, unknown>;

interface Manifest {
	name: string;
	version: string;
	scripts: Record<string, string>;
	dependencies?: object;
	peerDependencies: object;
	peerDependenciesMeta: object;
	n8n: { nodes: string[]; credentials: string[] };
}

export const manifest = json('package.json') as unknown as Manifest;

export const sourceOf = (built: string) => built.replace(/^dist\//, '').replace(/\.js$/, '.ts');

function construct<T>(built: string, className: string): T {
	const loaded = jest.requireActual<Record<string, new () => T>>(path.join(ROOT, sourceOf(built)));
	return new loaded[className]!();
}

/** The nodes that the manifest registers, by full type name, read from their sources. */
export const nodes = new Map<string, INodeType>(
	manifest.n8n.nodes.map((file) => {
		const node = construct<INodeType>(file, path.basename(file, '.node.js'));
		return [`${manifest.name}.${node.description.name}`, node];
	}),
);

export const credentials = manifest.n8n.credentials.map((file) =>
	construct<ICredentialType>(file, path.basename(file, '.credentials.js')),
);

/** Every field of a list of properties, those inside collections included. */
export function fieldsOf(properties: INodeProperties[]): INodeProperties[] {
	return properties.flatMap((property) => [
		property,
		...(property.type === 'collection' ? fieldsOf(property.options as INodeProperties[]) : []),
	]);
}

/** Each value belongs to a field, and where the field is a list of choices, to one of them, unless it is an expression. */
export function expectKnown(values: INodeParameters, properties: INodeProperties[]): void {
	for (const [name, value] of Object.entries(values)) {
		const fields = properties.filter((property) => property.name === name);
		expect({ name, known: fields.length > 0 }).toEqual({ name, known: true });
		const [{ type }] = fields as [INodeProperties];
		const inside = fields.flatMap(({ options = [] }) => options);
		if (type === 'collection') expectKnown(value as INodeParameters, inside as INodeProperties[]);
		if (type !== 'options' && type !== 'multiOptions') continue;
		for (const choice of [value].flat()) {
			const isExpression = typeof choice === 'string' && choice.startsWith('=');
			if (!isExpression) expect(inside).toContainEqual(expect.objectContaining({ value: choice }));
		}
	}
}

interface ExampleNode {
	name: string;
	type: string;
	typeVersion: number;
	parameters: INodeParameters;
}

export interface ExampleWorkflow {
	nodes: ExampleNode[];
	/** By node, then by kind of connection: main, ai_tool … */
	connections: Record<string, Record<string, Array<Array<{ node: string }>>>>;
}

/** What n8n adds to a node that is used as a tool. */
const TOOL_FIELDS = ['descriptionType', 'toolDescription'];

/** The nodes of ours in a workflow set only fields and choices that exist. */
export function expectOurFields(workflow: ExampleWorkflow): void {
	const ours = workflow.nodes.filter(({ type }) => type.startsWith(`${manifest.name}.`));
	expect(ours).not.toEqual([]);
	for (const { type, parameters } of ours) {
		const node = nodes.get(type) ?? nodes.get(type.replace(/Tool$/, ''));
		expect({ type, known: node !== undefined }).toEqual({ type, known: true });
		const given = Object.entries(parameters).filter(
			([name]) => !(type.endsWith('Tool') && TOOL_FIELDS.includes(name)),
		);
		expectKnown(Object.fromEntries(given), node!.description.properties);
	}
}
