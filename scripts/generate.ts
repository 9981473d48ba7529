/**
 * Writes `nodes/evolink/generated/` from `spec/`.
 *
 *   npm run generate                     writes the files
 *   npm run generate -- --check          compares them with the committed ones; exits 1 and says where they differ
 *   npm run generate -- --output <dir>   works on another folder (with or without --check)
 *
 * `zod.gen.ts` (requests) and `answers.gen.ts` (for tests, in `test/contract/generated/`) come from @hey-api/openapi-ts; `spec.gen.ts` holds the parts of the spec that code reads as
 * data, `models.gen.ts` which of both belongs to which model, `otherModels.gen.ts` the entries of `spec/models.json`.
 * `package.gen.ts` holds the User-Agent.
 */
import type { Plugins } from '@hey-api/openapi-ts';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const ROOT = join(__dirname, '..');
const SPEC_FILE = join(ROOT, 'spec', 'evolink-sora.openapi.yaml');
const MODELS_FILE = join(ROOT, 'spec', 'models.json');
const OUTPUT = join(ROOT, 'nodes', 'evolink', 'generated');
const TEST_OUTPUT = join(ROOT, 'test', 'contract', 'generated');
const HEADER = '// Generated from spec/evolink-sora.openapi.yaml by `npm run generate`. Do not edit.\n';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];

function isObject(value: Json | undefined): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function child(value: Json | undefined, ...keys: string[]): JsonObject {
	let current = value;
	for (const key of keys) current = isObject(current) ? current[key] : undefined;
	if (!isObject(current)) throw new Error(`The spec has no object at ${keys.join('/')}`);
	return current;
}

/** A copy without the keys in `drop`, and with `$ref`s replaced by what they point at. */
function copy(value: Json, drop: (key: string) => boolean, spec?: Json): Json {
	if (Array.isArray(value)) return value.map((item) => copy(item, drop, spec));
	if (!isObject(value)) return value;
	if (spec !== undefined && typeof value.$ref === 'string') {
		return copy(child(spec, ...value.$ref.slice(2).split('/')), drop, spec);
	}
	return Object.fromEntries(
		Object.entries(value)
			.filter(([key]) => !drop(key))
			.map(([key, item]) => [key, copy(item, drop, spec)]),
	);
}

const constant = (name: string, value: Json): string =>
	`export const ${name} = ${JSON.stringify(value, null, '\t')} as const;\n`;

function paths(spec: JsonObject): Json {
	const files = child(spec, 'x-evolink', 'servers', 'files').url;
	const result: JsonObject = {};
	for (const [path, item] of Object.entries(child(spec, 'paths'))) {
		const servers = child(spec, 'paths', path).servers ?? spec.servers;
		const url = Array.isArray(servers) && isObject(servers[0]) ? servers[0].url : undefined;
		for (const method of METHODS) {
			const operation = isObject(item) ? item[method] : undefined;
			if (!isObject(operation)) continue;
			result[String(operation.operationId)] = {
				method: method.toUpperCase(),
				server: url === files ? 'files' : 'api',
				path,
			};
		}
	}
	return result;
}

/** The schema that each documented model's requests follow, by model id. */
function modelSchemas(spec: JsonObject): Array<[model: string, schema: string]> {
	const models = child(spec, 'x-evolink', 'models');
	return Object.keys(models).map((model) => [model, String(child(models, model).schema)]);
}

/** Schemas that code reads as data: option lists, limits, defaults and help texts. */
function dataSchemas(spec: JsonObject): string[] {
	return [...new Set([...modelSchemas(spec).map(([, schema]) => schema), 'CustomModelRequest'])];
}

/** A new model in the spec is a new line here, and so a new option in the editor. */
function modelsModule(spec: JsonObject): string {
	const used = [...new Set(modelSchemas(spec).map(([, schema]) => schema))].sort();
	const lines = modelSchemas(spec).map(
		([model, schema]) => `\t'${model}': { schema: ${schema}Schema, request: z${schema} },`,
	);
	return [
		HEADER,
		`import { ${used.map((name) => `${name}Schema`).join(', ')} } from './spec.gen';`,
		`import { ${used.map((name) => `z${name}`).join(', ')} } from './zod.gen';`,
		'',
		'/** The rules of each documented model: the JSON schema of its request, and the check of a whole body. */',
		'export const MODEL_REQUESTS = {',
		...lines,
		'} as const;',
		'',
	].join('\n');
}

/** An execution uses few models: the fields of each are text, parsed only when needed. */
function otherModelsModule(models: JsonObject): string {
	const lines = Object.entries(models).map(([id, model]) => {
		const { label } = child(model);
		const fields = copy(child(model, 'fields'), (key) => key === 'meaning');
		const text = JSON.stringify(JSON.stringify(fields))
			.replaceAll("'", "\\'")
			.slice(1, -1)
			.replaceAll('\\"', '"');
		return `\t'${id}': { label: '${String(label)}', fields: '${text}' },`;
	});
	return [
		HEADER.replace('evolink-sora.openapi.yaml', 'models.json'),
		'/** Name and request fields (as JSON) of every model that the OpenAPI file does not describe, by id. */',
		'export const OTHER_MODELS: Readonly<Record<string, { label: string; fields: string }>> = {',
		...lines,
		'};',
		'',
	].join('\n');
}

function dataModule(spec: JsonObject): string {
	const dropped = ['x-source', 'x-clientNeeds', 'examples'];
	const schemas = dataSchemas(spec).map((name) => {
		const schema = child(spec, 'components', 'schemas', name);
		return constant(
			`${name}Schema`,
			copy(schema, (key) => dropped.includes(key), spec),
		);
	});
	const facts = copy(child(spec, 'x-evolink'), (key) => /^source$|Source$/.test(key));
	const servers = child(facts, 'servers');
	return [
		HEADER,
		...schemas,
		'/** Facts about the API that JSON Schema cannot express: the `x-evolink` part of the spec. */',
		constant('evolinkFacts', facts),
		'/** Default base URLs, without a slash at the end. */',
		constant('API_SERVERS', { api: child(servers, 'api').url, files: child(servers, 'files').url }),
		'/** HTTP method, server and path template by operationId. */',
		constant('PATHS', paths(spec)),
	].join('\n');
}

/**
 * The generator leaves out what JSON Schema says about unknown fields. zod would then drop them silently: in a request that
 * hides a typing error, in an answer it loses data.
 */
const unknownFields: Plugins.Zod.Resolvers['object'] = (ctx) => {
	const object = ctx.nodes.base(ctx);
	const { additionalProperties, properties } = ctx.schema;
	if (!additionalProperties || !properties) return object;
	if (additionalProperties.type === 'never') return object.attr('strict').call();
	return object.attr('passthrough').call();
};

/** The spec with some schemas alone. */
function only(spec: JsonObject, isWanted: (name: string) => boolean): JsonObject {
	const all = Object.entries(child(spec, 'components', 'schemas'));
	const schemas = Object.fromEntries(all.filter(([name]) => isWanted(name)));
	return { ...spec, paths: {}, components: { schemas } };
}

async function zodModule(spec: JsonObject): Promise<string> {
	const directory = mkdtempSync(join(tmpdir(), 'evolink-spec-'));
	try {
		// A plain import would become `require`, which this package does not allow.
		const { createClient } = await import('@hey-api/openapi-ts');
		await createClient({
			// Validation must never add a value that the caller did not send, so zod does not see defaults.
			input: copy(spec, (key) => key === 'default') as Record<string, unknown>,
			output: { path: directory, entryFile: false },
			logs: { level: 'silent', file: false },
			interactive: false,
			plugins: [
				{
					name: 'zod',
					compatibilityVersion: 3,
					requests: false,
					responses: false,
					'~resolvers': { object: unknownFields },
				},
			],
		});
		const generated = readFileSync(join(directory, 'zod.gen.ts'), 'utf8');
		return HEADER + generated;
	} finally {
		rmSync(directory, { recursive: true, force: true });
	}
}

/** The User-Agent of requests: media hosts refuse clients without one, and EvoLink's support can tell versions apart. */
function packageModule(): string {
	const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as JsonObject;
	return `// Generated from package.json by \`npm run generate\`. Do not edit.\n\n${constant('USER_AGENT', `${String(name)}/${String(version)}`)}`;
}

/** Where two texts differ first; undefined if they are the same. */
function firstDifference(committed: string, generated: string): string | undefined {
	if (committed === generated) return undefined;
	const [old, now] = [committed.split('\n'), generated.split('\n')];
	const at = Array.from({ length: Math.max(old.length, now.length) }).findIndex((_, i) => old[i] !== now[i]);
	return `line ${at + 1}\n  committed: ${old[at] ?? '(end)'}\n  generated: ${now[at] ?? '(end)'}`;
}

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: { check: { type: 'boolean', default: false }, output: { type: 'string' } },
	});
	const spec = child(parse(readFileSync(SPEC_FILE, 'utf8')) as Json);
	const models = JSON.parse(readFileSync(MODELS_FILE, 'utf8')) as JsonObject;
	const requests = dataSchemas(spec);
	const files = {
		'zod.gen.ts': await zodModule(only(spec, (name) => requests.includes(name))),
		'answers.gen.ts': await zodModule(only(spec, (name) => !requests.includes(name))),
		'spec.gen.ts': dataModule(spec),
		'models.gen.ts': modelsModule(spec),
		'otherModels.gen.ts': otherModelsModule(child(models, 'models')),
		'package.gen.ts': packageModule(),
	};
	for (const [name, generated] of Object.entries(files)) {
		const folder = values.output ?? (name === 'answers.gen.ts' ? TEST_OUTPUT : OUTPUT);
		const file = join(folder, name);
		if (!values.check) {
			mkdirSync(folder, { recursive: true });
			writeFileSync(file, generated);
			continue;
		}
		const committed = existsSync(file) ? readFileSync(file, 'utf8') : '';
		const difference = firstDifference(committed, generated);
		if (difference === undefined) continue;
		process.exitCode = 1;
		console.error(`${name} differs from the spec at ${difference}`);
	}
	if (process.exitCode) console.error('Run `npm run generate` and commit the result.');
}

void main();
