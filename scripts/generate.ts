/**
 * Writes `nodes/evolink/generated/` from `spec/`.
 *
 *   npm run generate                     writes the files
 *   npm run generate -- --check          compares them with the committed ones; exits 1 and says where they differ
 *   npm run generate -- --output <dir>   works on another folder (with or without --check)
 *
 * `spec.gen.ts` holds what code reads of the OpenAPI file, `otherModels.gen.ts` the entries of `spec/models.json`, `package.gen.ts`
 * the User-Agent.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { load } from 'js-yaml';

import { modelsPage, type DocumentedModel } from './models-page';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const ROOT = join(__dirname, '..');
const SPEC_FILE = join(ROOT, 'spec', 'evolink-sora.openapi.yaml');
const MODELS_FILE = join(ROOT, 'spec', 'models.json');
const PAGE = join(ROOT, 'docs', 'models.md');
const OUTPUT = join(ROOT, 'nodes', 'evolink', 'generated');
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

/** A copy without what `drop` names by its path of keys, and with `$ref`s replaced by what they point at. */
function copy(value: Json, drop: (path: string) => boolean, spec?: Json, path = ''): Json {
	if (Array.isArray(value)) return value.map((item) => copy(item, drop, spec, path));
	if (!isObject(value)) return value;
	if (spec !== undefined && typeof value.$ref === 'string') {
		return copy(child(spec, ...value.$ref.slice(2).split('/')), drop, spec, path);
	}
	return Object.fromEntries(
		Object.entries(value)
			.map(([key, item]) => [key, item, path === '' ? key : `${path}.${key}`] as const)
			.filter(([, , at]) => !drop(at))
			.map(([key, item, at]) => [key, copy(item, drop, spec, at)]),
	);
}

const constant = (name: string, value: Json): string =>
	`export const ${name} = ${JSON.stringify(value, null, '\t')} as const;\n`;

/** Operations and facts that only the stand-in, the documents or nobody reads; a test names those missing here. */
const UNREAD_OPERATIONS = ['uploadFileBase64', 'uploadFileFromUrl', 'listFiles', 'getFileQuota'];
const UNREAD_FACTS = [
	/(^|\.)(source|\w+Source|note|meaning|inferred)$/,
	/^(asOf|servers|retiredModels)$/,
	/^models\.[^.]+\.(schema|callback|standing)$/,
	/^imageInput\.maxItems$/,
	/^results\.(extension|mimeType)$/,
	/^upload\.(maxBytes|sameNameOverwrites|filesPerRequest|documentedMimeTypes)$/,
	/^callback\.(protocol|timeoutSeconds|retryDelaysSeconds|success|signed|forbidden\w+)$/,
	/^task\.runningStatuses$/,
	/^idempotency\.pattern$/,
	/^pricing\.unknown$/,
];

function paths(spec: JsonObject): Json {
	const files = child(spec, 'x-evolink', 'servers', 'files').url;
	const result: JsonObject = {};
	for (const [path, item] of Object.entries(child(spec, 'paths'))) {
		const servers = child(spec, 'paths', path).servers ?? spec.servers;
		const url = Array.isArray(servers) && isObject(servers[0]) ? servers[0].url : undefined;
		for (const method of METHODS) {
			const operation = isObject(item) ? item[method] : undefined;
			if (!isObject(operation) || UNREAD_OPERATIONS.includes(String(operation.operationId))) continue;
			result[String(operation.operationId)] = {
				method: method.toUpperCase(),
				server: url === files ? 'files' : 'api',
				path,
			};
		}
	}
	return result;
}

/** What a field takes, where the general words for its kind would say less. */
function allowedIn(schema: JsonObject): Json | undefined {
	if (schema.enum) return undefined;
	if (schema.items) return `at most ${String(schema.maxItems)} http or https URL`;
	if (schema.format === 'uri') return 'an http or https URL';
	if (schema.maxLength) return `${String(schema.minLength)} to ${String(schema.maxLength)} characters`;
	return schema.description;
}

/** A request field in the form of `spec/models.json`, with what only these models have: see `ModelField`. */
function entryField(schema: JsonObject, required: boolean): JsonObject {
	const item = isObject(schema.items) ? schema.items : schema;
	const choices = Array.isArray(schema.enum) ? schema.enum : [];
	const entry: Record<string, Json | undefined> = {
		type: `${String(item.type)}${schema.items ? '[]' : ''}`,
		required: required || undefined,
		description: choices.length > 1 ? schema.description : undefined,
		enum: schema.enum,
		enumDescriptions: schema['x-enumDescriptions'],
		default: choices.length > 1 ? schema.default : undefined,
		minLength: schema.minLength,
		maxLength: schema.maxLength,
		maxItems: schema.maxItems,
		format: item.format,
		pattern: item.pattern,
		allowed: allowedIn(schema),
	};
	return JSON.parse(JSON.stringify(entry)) as JsonObject;
}

function entryOf(spec: JsonObject, name: string): JsonObject {
	const schema = child(copy(child(spec, 'components', 'schemas', name), () => false, spec));
	const required = schema.required as string[];
	return Object.fromEntries(
		Object.entries(child(schema, 'properties')).map(([field, property]) => [
			field,
			entryField(child(property), required.includes(field)),
		]),
	);
}

/** What most models mean by a field of that name says no more than its name. */
function commonMeanings(models: JsonObject): (meaning: Json) => boolean {
	const meanings = Object.values(models).flatMap((model) =>
		Object.values((child(model).fields ?? {}) as JsonObject).map((field) => child(field).meaning),
	);
	return (meaning) => meanings.filter((each) => each === meaning).length > Object.keys(models).length / 2;
}

/** `text, first and last frame`: what a model makes a video of. */
function tasksInWords(tasks: Json): string {
	return (tasks as string[])
		.map((task) =>
			task
				.replace(/-to-video$/, '')
				.replace('first-last-', 'first and last ')
				.replaceAll('-', ' '),
		)
		.join(', ');
}

/** Text between single quotes. */
function quoted(value: Json): string {
	return `'${JSON.stringify(JSON.stringify(value)).replaceAll("'", "\\'").slice(1, -1).replaceAll('\\"', '"')}'`;
}

/** An execution uses few models: the fields of each are text, parsed only when needed. */
function otherModelsModule(models: JsonObject): string {
	const isCommon = commonMeanings(models);
	const lines = Object.entries(models).map(([id, model]) => {
		const { label, tasks, frames, fields } = child(model);
		const kept = Object.entries((fields ?? {}) as JsonObject).map(([name, field]) => {
			const drop = (path: string) =>
				/\bmaxLength$/.test(path) || (path === 'meaning' && isCommon(child(field).meaning));
			return [name, copy(field, drop)] as const;
		});
		const parts = [
			`label: '${String(label)}'`,
			`tasks: '${tasksInWords(tasks)}'`,
			...(frames === undefined ? [] : [`frames: ${JSON.stringify(frames)}`]),
			...(fields === undefined ? [] : [`fields: ${quoted(Object.fromEntries(kept))}`]),
		];
		return `\t'${id}': { ${parts.join(', ')} },`;
	});
	return [
		HEADER.replace('evolink-sora.openapi.yaml', 'models.json'),
		'/** Which field of a model takes the first and the last frame, and what its keys mean: see spec/models.json. */',
		'export interface Frames { readonly first: string; readonly last?: string; readonly set?: Readonly<Record<string, string>>; readonly alsoReferences?: boolean }',
		'',
		'/** A model that the OpenAPI file does not describe: what it makes a video of, and its request fields as JSON, where they are known. */',
		'export interface OtherModel { readonly label: string; readonly tasks: string; readonly frames?: Frames; readonly fields?: string }',
		'',
		'/** By id, those asked for most first. */',
		'export const OTHER_MODELS: Readonly<Record<string, OtherModel>> = {',
		...lines,
		'};',
		'',
	].join('\n');
}

function dataModule(spec: JsonObject): string {
	const models = Object.entries(child(spec, 'x-evolink', 'models'));
	const facts = child(spec, 'x-evolink');
	const servers = child(facts, 'servers');
	return [
		HEADER,
		'/** The request fields of each model that the OpenAPI file describes, by id. */',
		constant(
			'DOCUMENTED_FIELDS',
			Object.fromEntries(models.map(([id, model]) => [id, entryOf(spec, String(child(model).schema))])),
		),
		'/** What is checked in a request for a model of which nothing is known. */',
		constant('CUSTOM_FIELDS', entryOf(spec, 'CustomModelRequest')),
		'/** Facts about the API that JSON Schema cannot express: what is read of the `x-evolink` part of the spec. */',
		constant(
			'evolinkFacts',
			copy(facts, (path) => UNREAD_FACTS.some((unread) => unread.test(path))),
		),
		'/** Default base URLs, without a slash at the end. */',
		constant('API_SERVERS', { api: child(servers, 'api').url, files: child(servers, 'files').url }),
		'/** HTTP method, server and path template by operationId, of those that are called. */',
		constant('PATHS', paths(spec)),
	].join('\n');
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

/** docs/models.md */
function modelsPageOf(spec: JsonObject, models: JsonObject): string {
	const facts = child(spec, 'x-evolink');
	const documented = Object.entries(child(facts, 'models')).flatMap(([id, value]): DocumentedModel[] => {
		const { operation, label, schema } = child(value);
		if (operation !== 'generate') return [];
		const { duration } = child(spec, 'components', 'schemas', String(schema), 'properties');
		const { enum: durations, default: usual } = child(duration);
		const { models: prices, creditsPerUsd } = child(facts, 'pricing');
		const { creditsPerSecond } = id in child(prices) ? child(prices, id) : {};
		const credits = Number(creditsPerSecond) * Number(usual);
		const price = `${credits.toFixed(2)} credits (${(credits / Number(creditsPerUsd)).toFixed(2)} USD)`;
		return [
			{
				id,
				label: String(label),
				durations: durations as number[],
				...(creditsPerSecond !== undefined && { price }),
			},
		];
	});
	return modelsPage(documented, child(models, 'models') as never, {
		table: String(child(models, 'source').read),
		prices: String(child(facts, 'pricing').asOf),
	});
}

function main(): void {
	const { values } = parseArgs({
		options: { check: { type: 'boolean', default: false }, output: { type: 'string' } },
	});
	const spec = child(load(readFileSync(SPEC_FILE, 'utf8')) as Json);
	const models = JSON.parse(readFileSync(MODELS_FILE, 'utf8')) as JsonObject;
	const files = {
		'spec.gen.ts': dataModule(spec),
		'otherModels.gen.ts': otherModelsModule(child(models, 'models')),
		'package.gen.ts': packageModule(),
	};
	const folder = values.output ?? OUTPUT;
	const placed = Object.entries(files).map(([name, text]) => [join(folder, name), text] as const);
	const all = values.output ? placed : [...placed, [PAGE, modelsPageOf(spec, models)] as const];
	for (const [file, generated] of all) {
		const name = basename(file);
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

main();
