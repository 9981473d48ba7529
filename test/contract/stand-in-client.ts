import type { ValidateFunction } from 'ajv/dist/2020';
import memoize from 'lodash/memoize';
import { startStandIn, type StandIn, type StandInOptions } from '../../stand-in';
import { at, bodySchema, misfits, spec, validator } from './openapi';

export type Json = Record<string, unknown>;

/** What came over the wire; `json` undefined where the body is none. */
export interface Reply {
	status: number;
	headers: Headers;
	text: string;
	json: Json | undefined;
}

const operations = Object.entries(
	spec.paths as Record<string, Record<string, { operationId: string }>>,
).flatMap(([path, methods]) =>
	Object.entries(methods).map(([method, { operationId }]) => ({ path, method, operationId })),
);

const answerOf = memoize(
	(operationId: string, status: number): ValidateFunction | undefined => {
		const { path, method } = operations.find((operation) => operation.operationId === operationId)!;
		if (!(status in at('paths', path, method, 'responses'))) return undefined;
		return validator(bodySchema(path, method, String(status)));
	},
	(...key) => key.join(' '),
);

/** Why a reply does not fit the OpenAPI file, or undefined. Own validation, apart from the stand-in's. */
export function misfit(operationId: string, { status, json }: Reply): string | undefined {
	const validate = answerOf(operationId, status);
	if (validate === undefined) return `${operationId}: ${status} is not documented`;
	const problems = misfits(validate, json);
	return problems.length === 0 ? undefined : `${operationId} ${status}: ${problems.join(', ')}`;
}

const validateTask = validator({ $ref: '#/components/schemas/VideoTask' });

/** Callback bodies have the form of the task query's answer. */
export function misfitTask(json: unknown): string | undefined {
	return misfits(validateTask, json).join(', ') || undefined;
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
