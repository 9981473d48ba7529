import { randomBytes } from 'node:crypto';
import { keyHeaders } from '../../nodes/evolink/api';
import { Spec } from '../../stand-in/spec';
import { PATHS, type Json, type Question, type Reply, type Side } from './side';

/** What was found beside the answers themselves, in words or numbers that can be compared. */
export type Findings = Record<string, string | number | boolean | undefined>;

export interface Probe {
	/** Names its fixture. */
	name: string;
	/** What the package takes for granted; the lines of docs/live.md. */
	assumption: string;
	ask: (evolink: Side, plan: Plan) => Promise<Findings | void>;
}

/** What a paid run may do. */
export interface Plan {
	/** The cheapest order that the key may make; undefined in a free run. */
	order?: Json;
	/** The same intent twice must be the same key twice, on each side its own. */
	keyOf: (side: Side, what: string) => string;
	callback?: CallbackReceiver;
	burst: number;
	/** What an earlier run left behind, by side. */
	earlier: (side: Side) => Promise<Earlier>;
	remember: (side: Side, earlier: Earlier) => void;
}

export interface Earlier {
	taskId: string;
	link: string;
	uploadUrl: string;
	order: Json;
	key: string;
}

export interface CallbackReceiver {
	urlFor: (side: Side) => string;
	/** Waits for the calls that this side makes. */
	received: (
		side: Side,
	) => Promise<Array<{ path: string; contentType: string; body: unknown; atMs: number }>>;
}

export const UNKNOWN_TASK = 'task-unified-1700000000-aaaaaaaa';
const NOTHING = 'no-such-model';

const STATUSES = ['pending', 'processing', 'completed', 'failed', 'cancelled'];

/** 1 × 1 pixel. */
const PNG = Buffer.from(
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
	'base64',
);
const MP4 = Buffer.concat([
	Buffer.from('\0\0\0\x18ftypisom\0\0\x02\0isommp41', 'latin1'),
	Buffer.alloc(1000),
]);
/** Agents that a media host may refuse: ours, a browser's, and the usual defaults. */
const AGENTS = ['n8n-nodes-evolink-sora', 'Mozilla/5.0', 'axios/1.7.0', 'Python-urllib/3.12'];

/** An order that cannot be taken: it lacks what its model requires (the prompt, a character's video), whatever else is in it. */
const refused = async (evolink: Side, body: Json, headers?: Record<string, string>) =>
	await evolink.ask('createVideoTask', { body, headers });

const dataOf = ({ body }: Reply) => ((body as Json | undefined)?.data ?? {}) as Json;

async function statusesOf(evolink: Side, link: string): Promise<string> {
	const found: string[] = [];
	for (const agent of AGENTS) {
		const { status } = await evolink.quietly('GET', link, {
			headers: { 'user-agent': agent, authorization: '' },
		});
		found.push(String(status));
	}
	return found.join(' ');
}

/** Asked of everybody, for free. */
export const FREE: Probe[] = [
	{
		name: 'credits',
		assumption: 'Credits are numbers with decimals, of the account and of the key',
		ask: async (evolink) => {
			const { token, user } = dataOf(await evolink.ask('getCredits')) as Record<string, Json | undefined>;
			return { credits: typeof user?.remaining_credits, unlimited: typeof token?.unlimited_credits };
		},
	},
	{
		name: 'wrong-key',
		assumption: 'A wrong key is refused with 401 and a request ID',
		ask: async (evolink) => {
			await evolink.ask('getCredits', { headers: { authorization: 'Bearer sk-wrong' } });
		},
	},
	{
		name: 'models',
		assumption: 'Sora’s three models are still served',
		ask: async (evolink) => {
			const { data } = ((await evolink.ask('listModels')).body ?? {}) as { data?: Array<{ id: string }> };
			const served = new Set(data?.map(({ id }) => id));
			return Object.fromEntries(
				['sora-2-preview', 'sora-2-pro-preview', 'sora-character'].map((id) => [id, served.has(id)]),
			);
		},
	},
	{
		name: 'catalogue',
		assumption: 'The catalogue says which models there are and which are up',
		ask: async (evolink) => {
			await evolink.ask('listCatalogueModels');
			await evolink.ask('listModelHealth');
		},
	},
	{
		name: 'prices',
		assumption: 'Prices are rules as in the public list, also for an alias of a model',
		ask: async (evolink) => {
			await evolink.ask('listPricingRules', { query: { modality: 'video', view: 'summary' } });
			const { headers } = await evolink.ask('getPricingRules', { path: { model_id: 'sora-2-preview' } });
			await evolink.ask('getPricingRules', {
				path: { model_id: 'sora-2-preview' },
				headers: { 'if-none-match': headers.etag ?? '' },
			});
			await evolink.ask('getPricingRules', { path: { model_id: 'veo3.1-pro' } });
			await evolink.ask('getPricingRules', { path: { model_id: NOTHING } });
		},
	},
	{
		name: 'unknown-task',
		assumption: 'An unknown task is 404, an ID of another form 400',
		ask: async (evolink) => {
			await evolink.ask('getTask', { path: { task_id: UNKNOWN_TASK } });
			await evolink.ask('getTask', { path: { task_id: 'nonsense' } });
		},
	},
	{
		name: 'batch',
		assumption: 'A batch reads up to 50 tasks and leaves out the unknown ones',
		ask: async (evolink) => {
			const many = Array.from({ length: 51 }, (_, at) => `${UNKNOWN_TASK.slice(0, -2)}${10 + at}`);
			const one = await evolink.ask('getTasks', { body: { task_ids: [UNKNOWN_TASK] } });
			await evolink.ask('getTasks', { body: { task_ids: many } });
			const { data } = (one.body ?? {}) as { data?: unknown[] };
			return { found: data?.length };
		},
	},
	{
		name: 'list',
		assumption: 'The list has all tasks of the account, newest first, in pages of at most 50',
		ask: async (evolink) => {
			const all = await evolink.ask('listTasks', { query: { page_size: 50 } });
			for (const status of ['processing', 'completed', 'failed', 'cancelled'])
				await evolink.ask('listTasks', { query: { status, page_size: 1 } });
			await evolink.ask('listTasks', { query: { status: 'pending' } });
			await evolink.ask('listTasks', { query: { page_size: 51 } });
			const { data = [] } = (all.body ?? {}) as { data?: Array<{ created_at: number }> };
			const times = Array.isArray(data) ? data.map(({ created_at: at }) => at) : [];
			return { 'newest first': times.every((at, index) => index === 0 || at <= times[index - 1]) };
		},
	},
	{
		name: 'refused-orders',
		assumption: 'A refused order (4xx) is charged nothing',
		ask: async (evolink) => {
			for (const model of ['sora-2-preview', 'sora-2-pro-preview']) await refused(evolink, { model });
			await refused(evolink, { model: 'sora-character' });
			await refused(evolink, { model: 'sora-2-preview', duration: 5 });
			await refused(evolink, { model: 'sora-2-preview' }, keyHeaders('no'));
			await refused(evolink, {
				model: 'seedance-2.0-mini-text-to-video',
				model_params: { web_search: true },
			});
		},
	},
	{
		name: 'unserved-model',
		assumption: 'A model that is not served is refused with 403, 404 or 503',
		ask: async (evolink) => {
			await refused(evolink, { model: NOTHING });
		},
	},
	{
		name: 'unknown-field',
		assumption: 'Fields that a model does not have are refused',
		ask: async (evolink) => {
			await refused(evolink, { model: 'sora-2-preview', no_such_field: true });
		},
	},
	{
		name: 'callback-url',
		assumption: 'Every model takes callback_url, and only public https addresses',
		ask: async (evolink) => {
			for (const callback of ['https://example.com/a', 'http://example.com/a', 'https://10.0.0.1/a'])
				await refused(evolink, { model: 'sora-2-preview', callback_url: callback });
			for (const [model, { callback }] of Object.entries(new Spec().entries))
				if (callback === false) await refused(evolink, { model, callback_url: 'https://example.com/a' });
		},
	},
	{
		name: 'refused-key',
		assumption: 'A key whose order was refused may come again with another body',
		ask: async (evolink, { keyOf }) => {
			const headers = keyHeaders(keyOf(evolink, 'refused'));
			await refused(evolink, { model: 'sora-2-preview' }, headers);
			await refused(evolink, { model: 'sora-2-preview' }, headers);
			await refused(evolink, { model: 'sora-2-preview', duration: 5 }, headers);
		},
	},
	{
		name: 'uploads',
		assumption: 'Uploads are free, take images and video, and the same name overwrites',
		ask: async (evolink) => {
			const name = 'evolink-live-check.png';
			const first = await evolink.ask('uploadFileStream', { file: { name, type: 'image/png', bytes: PNG } });
			const again = await evolink.ask('uploadFileBase64', {
				body: { base64_data: `data:image/png;base64,${PNG.toString('base64')}`, file_name: name },
			});
			const film = await evolink.ask('uploadFileStream', {
				file: { name: 'evolink-live-check.mp4', type: 'video/mp4', bytes: MP4 },
			});
			await evolink.ask('listFiles', { query: { page: 1, pageSize: 2 } });
			await evolink.ask('getFileQuota');
			const link = String(dataOf(again).file_url ?? '');
			const fetched = link ? await statusesOf(evolink, link) : undefined;
			for (const { file_id: id } of [again, film].map(dataOf))
				if (id !== undefined) await evolink.ask('deleteFile', { path: { file_id: String(id) } });
			return {
				'same link for the same name': link !== '' && link === dataOf(first).file_url,
				[`the link, to ${AGENTS.length} agents`]: fetched,
				'the film': (film.body as Json | undefined)?.success === true,
			};
		},
	},
	{
		name: 'cancel',
		assumption: 'There is no way to cancel a task',
		ask: async (evolink) => {
			const path = `${PATHS.listTasks.path}/${UNKNOWN_TASK}`;
			await evolink.send('POST', evolink.servers.api, `${path}/cancel`);
			await evolink.send('DELETE', evolink.servers.api, path);
		},
	},
];

const taskUrl = ({ servers }: Side, id: string) =>
	`${servers.api}${PATHS.getTask.path.replace('{task_id}', encodeURIComponent(id))}`;

/** Reads the task until it ends. The answers are kept as findings: how many there are is chance. */
async function watched(evolink: Side, id: string): Promise<{ words: string[]; last: Reply }> {
	const words = new Set<string>();
	const url = taskUrl(evolink, id);
	for (let read = 0; read < 360; read++) {
		const last = await evolink.quietly('GET', url);
		const { status, progress } = (last.body ?? {}) as { status?: string; progress?: number };
		if (status) words.add(status);
		const hasEnded = progress === 100 || /complet|succe|fail|cancel|error/i.test(status ?? '');
		if (last.status === 200 && hasEnded) return { words: [...words], last };
		await evolink.sleep(evolink.pollMs);
	}
	throw new Error(`Task ${id} did not end`);
}

const idOf = ({ body }: Reply) => (body as Json | undefined)?.id as string | undefined;

/** Asked with `--spend`. */
export const PAID: Probe[] = [
	{
		name: 'order',
		assumption:
			'The Idempotency-Key finds the order again; another body is a conflict; the result is a public https link',
		ask: async (evolink, { order = {}, keyOf, remember }) => {
			const key = keyOf(evolink, 'order');
			const headers = keyHeaders(key);
			const create = async (question: Question) => await evolink.ask('createVideoTask', question);
			const first = await create({ body: order, headers });
			const id = idOf(first);
			if (id === undefined) return { ordered: false };
			const fresh = await evolink.quietly('GET', taskUrl(evolink, id));
			const again = await create({ body: order, headers });
			if (idOf(again) === id) await create({ body: { ...order, prompt: 'another cat' }, headers });
			const { words, last } = await watched(evolink, id);
			const read = await evolink.ask('getTask', { path: { task_id: id } });
			await evolink.ask('getTasks', { body: { task_ids: [id] } });
			const { results } = (last.body ?? {}) as { results?: unknown[] };
			const link = typeof results?.[0] === 'string' ? results[0] : undefined;
			const cost = ((read.body as Json | undefined)?.usage ?? {}) as Json;
			const upload = await evolink.ask('uploadFileStream', {
				file: { name: 'evolink-live-later.png', type: 'image/png', bytes: PNG },
			});
			remember(evolink, {
				taskId: id,
				link: link ?? '',
				uploadUrl: String(dataOf(upload).file_url ?? ''),
				order,
				key,
			});
			return {
				'a fresh task is readable': fresh.status === 200,
				'the same key finds the same task': idOf(again) === id,
				'other words of status': words.filter((word) => !STATUSES.includes(word)).join(', '),
				'links are https': link?.startsWith('https:') ?? false,
				'the link, to 4 agents': link && (await statusesOf(evolink, link)),
				'what was reserved was used': cost.credits_reserved === cost.credits_used,
			};
		},
	},
];

export const CALLBACK: Probe = {
	name: 'callback',
	assumption: 'A callback is the task’s JSON, at the whole URL, sent again when it fails',
	ask: async (evolink, { order = {}, keyOf, callback }) => {
		const url = callback!.urlFor(evolink);
		const body = { ...order, callback_url: url };
		const reply = await evolink.ask('createVideoTask', {
			body,
			headers: keyHeaders(keyOf(evolink, 'callback')),
		});
		const id = idOf(reply);
		if (id === undefined) return { ordered: false };
		const { last } = await watched(evolink, id);
		const calls = await callback!.received(evolink);
		const keys = (value: unknown) =>
			Object.keys((value ?? {}) as Json)
				.sort()
				.join(' ');
		return {
			calls: calls.length,
			'path and query kept': calls.every(({ path }) => url.endsWith(path)),
			'content type': calls[0]?.contentType,
			'fields of the task': keys(calls.at(-1)?.body) === keys(last.body),
		};
	},
};

export const BURST: Probe = {
	name: 'burst',
	assumption:
		'Many tasks may run at once; what is refused for want of room is told by 429 with Retry-After, and nothing is taken',
	ask: async (evolink, { order = {}, keyOf, burst }) => {
		let taken = 0;
		for (; taken < burst; taken++) {
			const headers = keyHeaders(keyOf(evolink, `burst-${taken}`));
			const { status } = await evolink.ask('createVideoTask', { body: order, headers });
			if (status !== 200) break;
		}
		return { 'tasks at once': taken === burst ? `at least ${burst}` : taken };
	},
};

export const LATER: Probe = {
	name: 'later',
	assumption: 'After a day the link is dead, the task is still known, and its key still finds it',
	ask: async (evolink, { earlier }) => {
		const { taskId, link, uploadUrl, order, key } = await earlier(evolink);
		await evolink.ask('getTask', { path: { task_id: taskId } });
		const again = await evolink.ask('createVideoTask', { body: order, headers: keyHeaders(key) });
		return {
			'the link': (await statusesOf(evolink, link)).split(' ')[0],
			'the upload': (await statusesOf(evolink, uploadUrl)).split(' ')[0],
			'the same key finds the same task': idOf(again) === taskId,
		};
	},
};

export const PROBES = [...FREE, ...PAID, CALLBACK, BURST, LATER];

export const newKey = () => `live-${randomBytes(12).toString('hex')}`;
