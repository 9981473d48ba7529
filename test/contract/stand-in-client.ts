import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import addFormats from 'ajv-formats';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import { parse } from 'yaml';
import { startStandIn, type StandIn, type StandInOptions } from '../../stand-in';

export type Json = Record<string, unknown>;

/** What came over the wire; `json` undefined where the body is none. */
export interface Reply {
	status: number;
	headers: Headers;
	text: string;
	json: Json | undefined;
}

interface Operation {
	operationId: string;
	responses: Record<string, unknown>;
}

const document = parse(readFileSync(join(__dirname, '../../spec/evolink-sora.openapi.yaml'), 'utf8')) as {
	paths: Record<string, Record<string, Operation>>;
};
const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
ajv.addSchema(document, 'spec');
const validators = new Map<string, ValidateFunction>();

/** Why a reply does not fit the OpenAPI file, or undefined. Own validation, apart from the stand-in's. */
export function misfit(operationId: string, reply: Reply): string | undefined {
	const pointer = responsePointer(operationId, reply.status);
	if (pointer === undefined) return `${operationId}: ${reply.status} is not documented`;
	let validate = validators.get(pointer);
	if (!validate) {
		validate = ajv.compile({ $ref: `spec#${pointer}/content/application~1json/schema` });
		validators.set(pointer, validate);
	}
	return validate(reply.json)
		? undefined
		: `${operationId} ${reply.status}: ${ajv.errorsText(validate.errors)}`;
}

/** Callback bodies have the form of the task query's answer. */
export function misfitTask(json: unknown): string | undefined {
	const validate = ajv.compile({ $ref: 'spec#/components/schemas/VideoTask' });
	return validate(json) ? undefined : ajv.errorsText(validate.errors);
}

function responsePointer(operationId: string, status: number): string | undefined {
	for (const [path, methods] of Object.entries(document.paths)) {
		for (const [method, operation] of Object.entries(methods)) {
			const response = operation.operationId === operationId ? operation.responses[status] : undefined;
			const reference = (response as { $ref?: string } | undefined)?.$ref;
			if (reference) return reference.slice(1);
			const escaped = path.replace(/~/g, '~0').replace(/\//g, '~1').replace(/[{}]/g, encodeURIComponent);
			if (response) return `/paths/${escaped}/${method}/responses/${status}`;
		}
	}
	return undefined;
}

export class Client {
	constructor(private readonly evolink: StandIn) {}

	async call(
		method: string,
		path: string,
		body?: unknown,
		headers: Record<string, string> = {},
	): Promise<Reply> {
		const isForm = body instanceof FormData;
		const response = await fetch(this.evolink.url + path, {
			method,
			headers: {
				authorization: `Bearer ${this.evolink.apiKey}`,
				...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
				...headers,
			},
			body: body === undefined || isForm || typeof body === 'string' ? body : JSON.stringify(body),
		});
		const text = await response.text();
		let json: Json | undefined;
		try {
			json = JSON.parse(text) as Json;
		} catch {
			json = undefined;
		}
		return { status: response.status, headers: response.headers, text, json };
	}

	create(body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
		return this.call('POST', '/v1/videos/generations', body, headers);
	}

	/** Creates a task that is expected to be accepted; answers its id. */
	async start(prompt: string, more: Json = {}, headers: Record<string, string> = {}): Promise<string> {
		const reply = await this.create({ model: 'sora-2-preview', prompt, ...more }, headers);
		if (reply.status !== 200) throw new Error(`create answered ${reply.status}: ${reply.text}`);
		return String(reply.json?.id);
	}

	read(id: string): Promise<Reply> {
		return this.call('GET', `/v1/tasks/${encodeURIComponent(id)}`);
	}

	readMany(ids: unknown): Promise<Reply> {
		return this.call('POST', '/v1/tasks/batch', { task_ids: ids });
	}

	list(query = ''): Promise<Reply> {
		return this.call('GET', `/v1/tasks${query}`);
	}

	/** Creates a task, ends it at once and answers the link to its result. */
	async finishedLink(prompt = 'a cat'): Promise<string> {
		const id = await this.start(prompt);
		this.evolink.finish(id);
		return String(((await this.read(id)).json?.results as string[])[0]);
	}

	upload(
		route: string,
		{ name = 'photo.png', type = 'image/png', bytes = 100, fields = {} as Record<string, string> } = {},
	): Promise<Reply> {
		const form = new FormData();
		for (const [field, value] of Object.entries(fields)) form.set(field, value);
		form.set('file', new Blob([Buffer.alloc(bytes)], { type }), name);
		return this.call('POST', route, form);
	}
}

/** Those of the running test; see `standInForEachTest`. */
export let evolink: StandIn;
export let client: Client;

/** A fresh stand-in for each test of a file, which must not have caught the client or itself breaking the spec. */
export function standInForEachTest(options: StandInOptions = {}): void {
	beforeEach(async () => {
		evolink = await startStandIn(options);
		client = new Client(evolink);
	});
	afterEach(async () => {
		await evolink.close();
		expect(evolink.violations).toEqual([]);
	});
}
