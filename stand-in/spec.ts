import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Document } from 'openapi-backend';
import { load } from 'js-yaml';
import type { ErrorGeneration, Json } from './types';

const FOLDER = join(__dirname, '..', 'spec');
const FILE = join(FOLDER, 'evolink-sora.openapi.yaml');
const MODELS_FILE = join(FOLDER, 'models.json');

/** A request field of `models.json`, as far as a request is refused for it. */
export interface EntryField {
	type: 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'string[]' | 'object[]';
	required?: boolean;
	default?: unknown;
	/** What only the manual's text says. */
	prose?: { default?: unknown };
	enum?: Array<string | number>;
	min?: number;
	max?: number;
	also?: Array<string | number>;
	minLength?: number;
	minItems?: number;
	maxItems?: number;
	format?: 'uri';
	fields?: Record<string, EntryField>;
	itemFields?: Record<string, EntryField>;
}

/** The models beside those of the OpenAPI file: their request fields by id, and whether they take a `callback_url`. */
export type Entries = Record<string, { callback?: false; fields?: Record<string, EntryField> }>;

export interface InputRules {
	mimeTypes: string[];
	/** With their dots. */
	extensions: string[];
}

/** The parts of `x-evolink` that the stand-in uses. */
export interface Facts {
	defaultModel: string;
	models: Record<string, { schema: string }>;
	quality: { priceFactors: Record<string, number> };
	results: { linkLifetimeHours: number };
	imageInput: InputRules;
	characterVideo: InputRules & { timestamps: { minPoints: number; maxSpanSeconds: number } };
	upload: {
		maxBytes: number;
		lifetimeHours: number;
		filesPerRequest: number;
		maxFiles: { default: number };
		documentedMimeTypes: string[];
	};
	callback: {
		protocol: string;
		maxLength: number;
		timeoutSeconds: number;
		retryDelaysSeconds: number[];
		forbiddenRanges: Record<'documented' | 'inferred', string[]>;
		forbiddenHosts: { inferred: string[] };
	};
	catalogue: { protocol: string; available: string };
	task: { idPrefix: string; endStatuses: { cancelled: string[] } };
	idempotency: { requestHeader: string; replayedHeader: string };
	requestIdHeaders: string[];
	taskFailures: Record<string, { meaning: string }>;
	httpFailures: Record<string, { meaning: string }>;
	pricing: {
		unitsPerCredit: number;
		creditsPerUsd: number;
		models: Record<string, { creditsPerCall?: number }>;
	};
}

/** `x-stand-in`: what no client needs to know. */
export interface StandInFacts {
	room: { fullMessage: string };
}

/** What counts for a field that a request leaves out. */
export interface Defaults {
	/** Seconds of video. Only the default model's page states one; it is taken for the other models too. */
	duration: number;
	page: number;
	pageSize: number;
}

interface WithDefault {
	default: number;
}

type SpecDocument = Document & { 'x-evolink': Facts; 'x-stand-in': StandInFacts };

let parsed: { document: SpecDocument; entries: Entries } | undefined;

function readFiles(): { document: SpecDocument; entries: Entries } {
	const { models } = JSON.parse(readFileSync(MODELS_FILE, 'utf8')) as { models: Entries };
	return { document: load(readFileSync(FILE, 'utf8')) as SpecDocument, entries: models };
}

/** The OpenAPI file, as it stands, and its facts; the entries of the other models. */
export class Spec {
	readonly document: Document;
	readonly facts: Facts & StandInFacts;
	readonly entries: Entries;
	readonly defaults: Defaults;
	/** Names of the create body's alternatives, in order. */
	readonly requestSchemas: string[];

	constructor() {
		// parsing takes most of a start
		parsed ??= readFiles();
		const { document, entries } = parsed;
		this.document = document;
		this.entries = entries;
		this.facts = { ...document['x-evolink'], ...document['x-stand-in'] };
		const { content } = this.operation('createVideoTask').requestBody as {
			content: { 'application/json': { schema: { oneOf: Array<{ $ref: string }> } } };
		};
		const { oneOf } = content['application/json'].schema;
		this.requestSchemas = oneOf.map(({ $ref }) => $ref.split('/').at(-1)!);
		this.defaults = this.readDefaults();
	}

	/**
	 * The documented error object for a status: the operation's own, otherwise the shared response of that status; the one with
	 * that code, if there is one. Undefined if none is documented in that generation.
	 */
	errorExample(
		responses: Record<string, unknown> | undefined,
		{ status, code }: { status: number; code?: string | number },
		generation: ErrorGeneration,
	): Json | undefined {
		const own = this.errorExamples(responses?.[status], code);
		if (own) return own[generation];
		const shared = Object.values(this.at(['components', 'responses']) as Json).map((one) =>
			this.errorExamples(one),
		);
		return shared.find((one) => one?.old?.code === status)?.[generation];
	}

	/** By generation; an example with neither name counts as the newer one. */
	private errorExamples(
		response: unknown,
		code?: string | number,
	): Partial<Record<ErrorGeneration, Json>> | undefined {
		type Response = {
			content?: { 'application/json'?: { examples?: Record<string, { value: { error?: Json } }> } };
		};
		const { newer, older, ...others } =
			(this.resolve(response) as Response | undefined)?.content?.['application/json']?.examples ?? {};
		const words = [newer, ...Object.values(others)].map((example) => example?.value.error);
		const found = {
			new: words.find((word) => code !== undefined && word?.code === code) ?? words.find((word) => word),
			old: older?.value.error,
		};
		return found.new || found.old ? found : undefined;
	}

	private readDefaults(): Defaults {
		const { schema } = this.facts.models[this.facts.defaultModel];
		const duration = this.at(['components', 'schemas', schema, 'properties', 'duration']) as WithDefault;
		const query = this.operation('listFiles').parameters as Array<{ name: string; schema: WithDefault }>;
		const ofQuery = (wanted: string) => query.find(({ name }) => name === wanted)!.schema.default;
		return { duration: duration.default, page: ofQuery('page'), pageSize: ofQuery('pageSize') };
	}

	private operation(id: string): Json {
		const operations = Object.values(this.at(['paths']) as Record<string, Json>).flatMap(
			Object.values,
		) as Json[];
		return operations.find(({ operationId }) => operationId === id)!;
	}

	private resolve(value: unknown): unknown {
		const reference = (value as { $ref?: string } | undefined)?.$ref;
		return reference ? this.at(reference.split('/').slice(1)) : value;
	}

	private at(path: string[]): unknown {
		return path.reduce<unknown>((value, name) => (value as Json)[name], this.document);
	}
}
