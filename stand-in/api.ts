import addFormats from 'ajv-formats';
import mapValues from 'lodash/mapValues';
import { OpenAPIBackend, type Context, type Request } from 'openapi-backend';
import { errorAnswer, Refusal, type Answer } from './answer';
import { CATALOGUE, catalogueOperations, type PriceList } from './catalogue';
import { fileOperations } from './file-operations';
import { FileRefusal, type FileStore } from './file-store';
import type { Call, Handler } from './handler';
import type { ApiPlace } from './faults';
import { checkBeyondSchema, checkByEntry, complaint } from './create-rules';
import type { IdempotencyKeys } from './keys';
import type { Ledger } from './ledger';
import type { Spec } from './spec';
import type { Emit, TaskStore } from './task-store';
import { mediaType } from './text';
import type { HttpFault, Json, Modes, Offer } from './types';

/** Operation → where its faults are set. */
export const PLACES: Record<string, ApiPlace> = {
	createVideoTask: 'create',
	getTask: 'read',
	getTasks: 'batch',
	listTasks: 'list',
	...Object.fromEntries(CATALOGUE.map((operation) => [operation, 'catalogue' as const])),
	getCredits: 'credits',
	uploadFileStream: 'upload',
	uploadFileBase64: 'upload',
	uploadFileFromUrl: 'upload',
	listFiles: 'files',
	getFileQuota: 'files',
	deleteFile: 'files',
};

/** About what a live reading showed. */
const UNLIMITED_CREDITS = 99_999;

/** Throws the refusal. */
type Check = (context: Context, call: Call) => void;

/** Of all stand-ins of a process: compiling the checks of the OpenAPI file takes longer than most of what is done with them. */
let shared: Promise<OpenAPIBackend> | undefined;

/** EvoLink's operations on top of the OpenAPI file. Refusals come back as answers; nothing is thrown. */
export class Api {
	private readonly handlers: Record<string, Handler | Check>;
	private backend!: OpenAPIBackend;

	constructor(
		private readonly parts: {
			spec: Spec;
			store: TaskStore;
			ledger: Ledger;
			files: FileStore;
			apiKey: string;
			models: string[];
			modes: Modes;
			keys: IdempotencyKeys;
			prices: PriceList;
			emit: Emit;
			violation: (text: string) => void;
		},
	) {
		this.handlers = {
			createVideoTask: this.create,
			getTask: this.readTask,
			getTasks: this.readTasks,
			listTasks: this.listTasks,
			getCredits: this.credits,
			...catalogueOperations(parts.spec, parts.models, parts.prices),
			...fileOperations(parts.files, parts.spec),
			postSecurityHandler: this.checkForm,
			validationFail: this.invalid,
			notFound: () => this.unknownRoute(404),
			methodNotAllowed: () => this.unknownRoute(405),
			unauthorizedHandler: () => {
				throw new Refusal(401);
			},
		};
	}

	async init(): Promise<void> {
		const { spec } = this.parts;
		shared ??= new OpenAPIBackend({
			// resolved in place
			definition: structuredClone(spec.document),
			strict: true,
			// Without it the document is checked against OpenAPI 3.0 and a 3.1 file is refused.
			quick: true,
			// its schemas are checked by our own tests
			ajvOpts: { allErrors: true, strict: false, validateSchema: false },
			customizeAjv: (ajv) => addFormats(ajv),
			handlers: mapValues(
				this.handlers,
				(_, name) => (context: Context, api: Api, call: Call) => api.handlers[name](context, call),
			),
			securityHandlers: {
				bearerAuth: ({ request }: Context, { parts }: Api) =>
					request.headers.authorization === `Bearer ${parts.apiKey}`,
			},
		}).init();
		this.backend = await shared;
	}

	operationId(request: Request): string | undefined {
		return this.backend.router.matchOperation(request)?.operationId;
	}

	/** Answers a request; an answer of our own that does not fit the OpenAPI file becomes a loud 500. */
	async handle(request: Request, call: Call = {}): Promise<Answer> {
		const operationId = this.operationId(request);
		const offer = this.offerOf(operationId ?? '');
		if (offer !== 'offered') return this.unknownRoute(offer);
		let answer: Answer;
		try {
			answer = (await this.backend.handleRequest(this.known(request), this, call)) as Answer;
		} catch (error) {
			answer = this.refused(error, operationId);
		}
		const problem = operationId && !call.unchecked ? this.misfit(answer, operationId) : undefined;
		if (problem === undefined) return answer;
		this.parts.violation(problem);
		return this.error({ status: 500, message: `STAND-IN BUG: ${problem}` }, operationId);
	}

	private offerOf(operationId: string): Offer {
		if (CATALOGUE.includes(operationId)) return this.parts.modes.catalogue;
		return (
			{ getTasks: this.parts.modes.batchRead, listTasks: this.parts.modes.taskList }[operationId] ?? 'offered'
		);
	}

	/** Without query parameters that the operation does not have: a server ignores them, the validator does not. */
	private known(request: Request): Request {
		const [path, query] = request.path.split('?');
		if (query === undefined) return request;
		const { parameters = [] } = this.backend.router.matchOperation(request) ?? {};
		const names = (parameters as Array<{ name: string; in: string }>).map(
			(one) => one.in === 'query' && one.name,
		);
		const kept = [...new URLSearchParams(query)].filter(([name]) => names.includes(name));
		return { ...request, path: `${path}?${new URLSearchParams(kept).toString()}` };
	}

	/** An error body of the configured generation, in the words that the OpenAPI file documents for this operation. */
	error(fault: Omit<HttpFault, 'kind'>, operationId: string | undefined): Answer {
		const operation = operationId ? this.backend.router.getOperation(operationId) : undefined;
		return errorAnswer(fault, this.parts.modes.errorGeneration, (generation) =>
			this.parts.spec.errorExample(operation?.responses as Json | undefined, fault, generation),
		);
	}

	private readonly create: Handler = async ({ request }, call) => {
		const body = request.requestBody as Json;
		this.checkModel(body);
		checkBeyondSchema(body, this.parts.spec.facts);
		checkByEntry(body, this.parts.spec.entries);
		const { task, answer, replayed, refusal } = await this.parts.store.create(
			body,
			this.keyOf(request),
			call.taskId,
		);
		call.taken = true;
		if (refusal) throw refusal;
		call.unchecked = task.isOdd;
		return { status: 200, headers: replayed ? this.replayedHeader : {}, json: answer };
	};

	keyOf({ headers }: Pick<Request, 'headers'>): string | undefined {
		const { requestHeader } = this.parts.spec.facts.idempotency;
		return headers[requestHeader.toLowerCase()] as string | undefined;
	}

	/** What a create is answered without being looked at, because its key was refused before. */
	refusedBefore(request: Request): Answer | undefined {
		try {
			const answer = this.parts.keys.refusalOf(this.keyOf(request), (request.body ?? {}) as Json);
			return answer && { ...answer, headers: { ...answer.headers, ...this.replayedHeader } };
		} catch (error) {
			return this.refused(error, 'createVideoTask');
		}
	}

	/** A create that was answered with an error and made no task. */
	noteRefusal(request: Request, answer: Answer): void {
		const { keys, ledger, emit } = this.parts;
		const key = this.keyOf(request);
		const body = (request.body ?? {}) as Json;
		const { error } = (answer.json ?? {}) as { error?: { code?: unknown } };
		if (![401, 409].includes(answer.status)) keys.noteRefusal(key, body, answer);
		const refused = {
			at: Date.now(),
			status: answer.status,
			code: error?.code,
			prompt: typeof body.prompt === 'string' ? body.prompt : '',
			idempotencyKey: key,
		};
		ledger.refused.push(refused);
		emit('refused', refused);
	}

	private get replayedHeader(): Record<string, string> {
		return { [this.parts.spec.facts.idempotency.replayedHeader.toLowerCase()]: 'true' };
	}

	private readonly readTask: Handler = ({ request }, call) => {
		const id = String(request.params.task_id);
		call.unchecked = this.parts.store.tasks.get(id)?.isOdd;
		return { status: 200, headers: {}, json: this.parts.store.read(id, call.ago) };
	};

	private readonly readTasks: Handler = ({ request }, call) => {
		const { task_ids: ids } = request.requestBody as { task_ids: string[] };
		const { tasks } = this.parts.store;
		call.unchecked = ids.some((id) => tasks.get(id)?.isOdd);
		return { status: 200, headers: {}, json: { data: this.parts.store.readMany(ids, call.ago) } };
	};

	private readonly listTasks: Handler = ({ request }, { ago, lacking }) => {
		const {
			status,
			type,
			model,
			page = '1',
			page_size: size = '20',
		} = request.query as Record<string, string>;
		const all = this.parts.store.list({ status, type, model }, ago);
		const found = all.filter((task) => !lacking?.hide?.(task));
		const shown = Math.min(Number(size), lacking?.pageSize ?? Infinity);
		const from = (Number(page) - 1) * Number(size);
		const data = found.slice(from, from + shown).map((task) => task.listed(ago));
		const total = lacking && 'total' in lacking ? lacking.total : found.length;
		const json = { data, total, page: Number(page), page_size: Number(size) };
		return { status: 200, headers: {}, json };
	};

	private readonly credits: Handler = () => {
		const { remaining, used, tokenLimit, dailyLimit } = this.parts.ledger.account;
		const token = {
			// of an unlimited key it means nothing, and is not nought either
			remaining_credits: tokenLimit ?? UNLIMITED_CREDITS,
			used_credits: used,
			unlimited_credits: tokenLimit === null,
			...(dailyLimit === null
				? {}
				: { daily_limit_credits: dailyLimit, daily_used_credits: used, reset_timezone: 'UTC' }),
		};
		const user = { remaining_credits: remaining, used_credits: used };
		return { status: 200, headers: {}, json: { success: true, message: '', data: { token, user } } };
	};

	/** Checked first: whether there is a body, in a form that the operation takes. */
	private readonly checkForm: Check = ({ operation, request, security }, { unreadable }) => {
		const body = operation.requestBody as { content: Json } | undefined;
		if (!body || !security?.authorized) return;
		const types = Object.keys(body.content);
		const type = mediaType(request.headers['content-type'] as string | undefined);
		const problem = types.includes(type) ? unreadable : `Content-Type must be ${types.join(' or ')}`;
		if (problem === undefined) return;
		const message = `Invalid request: ${problem}`;
		if (PLACES[operation.operationId ?? ''] === 'upload') throw new FileRefusal(400, message, 400);
		throw new Refusal(400, { message });
	};

	private readonly invalid: Handler = (context) => {
		const { operationId = '' } = context.operation;
		const body = context.request.requestBody as Json | undefined;
		if (operationId === 'createVideoTask') this.checkModel(body);
		const { param, message } = complaint(this.parts.spec, operationId, body, context.validation.errors ?? []);
		if (PLACES[operationId] === 'upload') throw new FileRefusal(400, message, 400);
		if (PLACES[operationId] === 'files') throw new FileRefusal(400, message);
		throw new Refusal(400, { message, ...(param ? { param } : {}) });
	};

	/** Before the schema: EvoLink refuses an unserved model by its name, whatever the body looks like. */
	private checkModel(body: Json | undefined): void {
		const model = body?.model;
		if (typeof model !== 'string' || model === '' || this.parts.models.includes(model)) return;
		const words = {
			403: { code: 'model_access_denied', message: `Token does not have access to model: ${model}` },
			404: { param: 'model' },
			503: { code: 'no_available_channel' },
		};
		throw new Refusal(this.parts.modes.unservedModel, words[this.parts.modes.unservedModel]);
	}

	private refused(error: unknown, operationId: string | undefined): Answer {
		if (error instanceof FileRefusal) return fileRefusal(error);
		if (error instanceof Refusal) {
			const { code, ...rest } = error.detail;
			const word = this.parts.modes.errorGeneration === 'new' ? { code } : {};
			const answer = this.error({ status: error.status, ...rest, ...word }, operationId);
			const place = PLACES[operationId ?? ''];
			if (place !== 'upload' && place !== 'files') return answer;
			const { message } = (answer.json as { error: { message: string } }).error;
			return fileRefusal(new FileRefusal(error.status, message, error.status));
		}
		this.parts.violation(error instanceof Error ? (error.stack ?? error.message) : String(error));
		return this.error({ status: 500, message: `STAND-IN BUG: ${String(error)}` }, operationId);
	}

	private unknownRoute(status: number): Answer {
		const words = { code: 'route_not_found', message: 'No such route', type: 'invalid_request_error' };
		return errorAnswer({ status, ...words }, this.parts.modes.errorGeneration, () => undefined);
	}

	/** Why an answer does not fit the OpenAPI file. */
	private misfit({ status, json }: Answer, operationId: string): string | undefined {
		if (status === 304) return undefined;
		const documented = this.backend.router.getOperation(operationId)?.responses;
		if (!documented?.[status]) return `${operationId} answered ${status}, which is not documented`;
		// as sent: NaN and Infinity are numbers here and null in JSON
		const text = JSON.stringify(json);
		const { errors } = this.backend.validateResponse(JSON.parse(text), operationId, status);
		return errors ? `${operationId} ${status}: ${JSON.stringify(errors)} in ${text}` : undefined;
	}
}

function fileRefusal({ status, code, message }: FileRefusal): Answer {
	return { status, headers: {}, json: { success: false, code, msg: message } };
}
