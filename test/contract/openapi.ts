import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { load } from 'js-yaml';

import type { Facts } from '../../stand-in/spec';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export const SPEC_FILE = join(__dirname, '..', '..', 'spec', 'evolink-sora.openapi.yaml');

/** The OpenAPI document as it is written, `$ref`s included. */
export const spec = load(readFileSync(SPEC_FILE, 'utf8')) as JsonObject;

interface Failure {
	meaning: string;
	advice: string;
}

/** Its facts beside the schemas, those included that shipped code does not read. */
export const facts = spec['x-evolink'] as unknown as Facts & {
	models: Record<string, { callback: boolean }>;
	imageInput: { maxBytes: number; exactPixels: { sizes: JsonObject } };
	quality: { standard: string };
	callback: { events: string[] };
	task: { runningStatuses: string[]; endStatuses: Record<string, string[]>; cancelledFailureCode: string };
	idempotency: { pattern: string };
	taskFailures: Record<string, Failure & { retryable: boolean }>;
	httpFailures: Record<string, Failure>;
	httpErrorCodes: Record<string, string[]>;
	pricing: { asOf: string; creditsPerUsd: number };
};

const DOCUMENT = 'evolink-sora.openapi.json';

/** Words that say nothing about validity: our notes, and the place in the document where the schemas live. */
const ANNOTATIONS = ['x-source', 'x-clientNeeds', 'x-enumDescriptions', 'components'];

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
addFormats(ajv);
ajv.addVocabulary(ANNOTATIONS);
ajv.addSchema({ $id: DOCUMENT, components: spec.components } as object, DOCUMENT, false, false);

/** The value at a path of keys, through `$ref`s. Throws where the document has none. */
export function at(...path: string[]): JsonObject {
	let current: Json | undefined = spec;
	for (const key of path) {
		current = (current as JsonObject | undefined)?.[key];
		const ref = (current as JsonObject | undefined)?.$ref;
		if (typeof ref === 'string') current = at(...ref.slice(2).split('/'));
	}
	if (current === undefined) throw new Error(`The spec has nothing at ${path.join(' / ')}`);
	return current as JsonObject;
}

/** `$ref`s point into the document; ajv is told which document. */
const located = (schema: Json): Json =>
	JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', `"$ref":"${DOCUMENT}#/`)) as Json;

/** Compiles a schema of the document, strictly: an unknown keyword or a dangling `$ref` throws. */
export function validator(schema: Json): ValidateFunction {
	return ajv.compile(located(schema) as object);
}

/** The JSON body schema of an operation's request (without `status`) or of its answer. */
export function bodySchema(path: string, method: string, status?: string): Json {
	const body = status === undefined ? ['requestBody'] : ['responses', status];
	return at('paths', path, method, ...body, 'content', 'application/json').schema;
}

/** Why a value does not fit, one line per error; empty when it fits. */
export function misfits(validate: ValidateFunction, value: unknown): string[] {
	if (validate(value)) return [];
	return (validate.errors ?? []).map((error: ErrorObject) => `${error.instancePath} ${error.message}`);
}
