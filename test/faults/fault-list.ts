import type { ApiFault, StandIn } from '../../stand-in';
import { HIT_ITEM, TIME_SCALE, api, http, media, offline, task, type Fault } from './fault-kinds';
import { mp4 } from '../engine/media-files';
import { ITEMS, itemOf } from './orders';

/** Every fault that the stand-in knows, in the forms that mean something different to the node. */

const refused = { passes: false, heals: true };
const unnoticed = { passes: true, heals: true };
const unknown = { passes: false, heals: false, unknown: true };

const seconds = (real: number) => real * TIME_SCALE;

/** A key that a gateway repeats in its error. */
const echo =
	(status: number) =>
	(place: 'create' | 'read' | 'upload' | 'credits', traits: typeof refused): Fault => {
		const fault = api(place, `${status} that repeats the key`, http(status), traits);
		const arm: Fault['arm'] = (evolink, when) => {
			const message = `Invalid token ${evolink.apiKey} (Authorization: Bearer ${evolink.apiKey})`;
			const named = api(
				place,
				fault.name,
				http(status, { message, extra: { hint: evolink.apiKey } }),
				traits,
			);
			return named.arm(evolink, when);
		};
		return { ...fault, arm };
	};

const body = (text: unknown, more: { status?: number; accepted?: boolean } = {}): ApiFault =>
	({ kind: 'body', body: text, ...more }) as ApiFault;

/** Answers with status 200 that no client should trip over. An order that is answered so has been taken. */
const odd = (place: 'create' | 'read' | 'credits', traits: typeof refused): Fault[] =>
	(
		[
			['HTML', { kind: 'html' }],
			['half the JSON', { kind: 'truncated-json' }],
			['8 MB', { kind: 'huge-body' }],
			['empty', body('', { accepted: true })],
			['null', body('null', { accepted: true })],
			['a list', body([{ id: 'task-1' }], { accepted: true })],
			['a number', body(7, { accepted: true })],
			['wrong types', body({ id: { $ne: 1 }, status: [], data: 'many' }, { accepted: true })],
			['a line break in the id', body({ id: 'task\r\nX: 1', status: 'pending' }, { accepted: true })],
			['10,000 characters of id', body({ id: 'x'.repeat(10_000), status: 'pending' }, { accepted: true })],
			['bytes that are no text', body('\u0000\ufffd\u0001{', { accepted: true })],
			['two documents', body('{"id":"task-1"}{"id":"task-2"}', { accepted: true })],
			['refused without a code', body({ success: false, message: 'no' }, { accepted: true })],
		] satisfies Array<[string, ApiFault]>
	).map(([name, fault]) => api(place, `200, ${name}`, fault, traits));

/** Ways to write a key that a plain search for it would not find: as they would stand in JSON. */
const spelled = (key: string) =>
	[
		key.replaceAll('/', '\\/'),
		key.replace(/[^]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
		JSON.stringify(JSON.stringify({ key: key.replaceAll('/', '\\/') })).slice(1, -1),
		encodeURIComponent(key),
		key.replace(/[^]/g, (character) => `%${character.charCodeAt(0).toString(16)}`),
		Buffer.from(key).toString('base64'),
		Buffer.from(`Bearer ${key}`).toString('base64'),
		Buffer.from(`Bearer ${key}`).toString('base64url'),
	].join(' ');

/** A gateway repeats the key in each of these ways. */
const spelledEcho = (
	place: 'create' | 'read' | 'upload' | 'credits',
	name: string,
	status: number,
	textWith: (echo: string) => string,
	traits: typeof refused = refused,
): Fault => ({
	place,
	name,
	...traits,
	arm: (evolink, when) =>
		api(place, name, body(textWith(spelled(evolink.apiKey)), { status }), traits).arm(evolink, when),
});

const escapedEcho = (place: 'create' | 'read' | 'upload' | 'credits'): Fault =>
	spelledEcho(
		place,
		'401 that repeats the key, escaped',
		401,
		(echo) => `{"error":{"code":"${echo}","message":"no ${echo}","fallback_suggestion":"${echo}"}}`,
	);

/** A task that goes well, with the key in a field and in a field's name. */
const escapedEchoInTask: Fault = {
	place: 'task',
	name: 'the key in its fields, escaped',
	...unnoticed,
	arm: (evolink, when) => {
		const text = spelled(evolink.apiKey);
		return task('task', '', { extra: { note: text, [text]: [text] } }).arm(evolink, when);
	},
};

/** Refused, and EvoLink keeps the refusal under its key. */
const keptRefusal = (refusedKeys: 'replayed' | 'conflict'): Fault => {
	const fault = api('create', `402, then its key is ${refusedKeys}`, http(402), refused);
	const arm: Fault['arm'] = (evolink, when) => {
		evolink.refusedKeys = refusedKeys;
		return fault.arm(evolink, when);
	};
	return { ...fault, arm };
};

/** A file that is not all there: refused here, before anything is sent. */
const cutInput: Fault = {
	place: 'upload',
	name: 'a cut file',
	passes: false,
	heals: false,
	cutsInput: true,
	arm: () => () => {},
};

const create: Fault[] = [
	keptRefusal('replayed'),
	keptRefusal('conflict'),
	...[400, 401, 402, 403, 404, 413, 422, 425].map((status) =>
		api('create', `${status}`, http(status), refused),
	),
	api('create', '402, older error body', http(402, { generation: 'old' }), refused),
	echo(401)('create', refused),
	escapedEcho('create'),
	api('create', '429', http(429), unnoticed),
	api('create', '429, Retry-After 1', http(429, { retryAfter: 1 }), unnoticed),
	api('create', '429, Retry-After a date', http(429, { retryAfter: { date: 1 } }), unnoticed),
	api('create', '429, Retry-After nonsense', http(429, { retryAfter: 'soon' }), unnoticed),
	api('create', '429, Retry-After an hour', http(429, { retryAfter: 3600 }), refused),
	...[408, 409, 500, 502, 503, 504].flatMap((status) => [
		api('create', `${status}, order not taken`, http(status), unknown),
		api('create', `${status}, order taken`, http(status, { accepted: true }), unknown),
	]),
	echo(500)('create', unknown),
	api('create', '409 idempotency_conflict', http(409, { code: 'idempotency_conflict' }), unknown),
	api(
		'create',
		'400 paid_outcome_unknown',
		http(400, { code: 'paid_outcome_unknown', accepted: true }),
		unknown,
	),
	api('create', 'a redirect', http(307, { headers: { location: 'https://attacker.example/' } }), unknown),
	offline('create', async (evolink) => await evolink.offline()),
	api('create', 'dropped before it is taken', { kind: 'drop-before' }, unknown),
	api('create', 'dropped after it is taken', { kind: 'drop-after' }, unknown),
	api('create', '200 without an id', { kind: 'no-id' }, unknown),
	api(
		'create',
		'200, an id with path characters',
		{ kind: 'odd-id', id: 'task-unified-1/../b?c=d#e' },
		unnoticed,
	),
	api('create', '200, an id with spaces', { kind: 'odd-id', id: 'task unified 1' }, unknown),
	...odd('create', unknown),
	api('create', '502, HTML', { kind: 'html', status: 502 }, unknown),
	spelledEcho('create', '403, a page that repeats the key', 403, (echo) => `<p>${echo}</p>`),
	spelledEcho(
		'create',
		'200, half an answer with the key',
		200,
		(echo) => `{"id":"1","note":"${echo}`,
		unknown,
	),
	api('create', 'an answer 2 s late', { kind: 'slow', seconds: seconds(2) }, { ...unnoticed, seconds: 2 }),
	api(
		'create',
		'no answer, order taken',
		{ kind: 'slow', seconds: seconds(32) },
		{ ...unknown, seconds: 31 },
	),
	api(
		'create',
		'no answer, order not taken',
		{ kind: 'slow', seconds: seconds(32), accepted: false },
		{ ...unknown, seconds: 31 },
	),
];

const threeAnswered = async (evolink: StandIn) =>
	await evolink.until(
		() => evolink.requests.filter(({ status }) => status === 200).length >= ITEMS.length,
		30_000,
	);

const read: Fault[] = [
	...[400, 401, 403].map((status) => api('read', `${status}`, http(status), refused)),
	api('read', '404', http(404), { ...unnoticed, ofOrdered: true }),
	api('read', '403, a page of a firewall', { kind: 'html', status: 403 }, { ...unnoticed, ofOrdered: true }),
	api('read', '404, JSON of a proxy', body({ message: 'no Route matched' }, { status: 404 }), {
		...unnoticed,
		ofOrdered: true,
	}),
	api('read', '401, empty', body('', { status: 401 }), {
		...unnoticed,
		ofOrdered: true,
	}),
	echo(401)('read', refused),
	escapedEcho('read'),
	...[408, 425, 429, 500, 502, 503, 504].map((status) => api('read', `${status}`, http(status), unnoticed)),
	api('read', '429, Retry-After 1', http(429, { retryAfter: 1 }), unnoticed),
	api('read', '503, Retry-After an hour', http(503, { retryAfter: 3600 }), unnoticed),
	echo(500)('read', unnoticed),
	api('read', 'a redirect', http(302, { headers: { location: 'https://attacker.example/' } }), refused),
	offline('read', threeAnswered),
	api('read', 'dropped', { kind: 'drop-before' }, unnoticed),
	api('read', '200 without an id', { kind: 'no-id' }, unnoticed),
	...odd('read', unnoticed),
	api('read', '200, another task', body({ id: 'task-unified-1-zzzzzzzz', status: 'completed' }), unnoticed),
	api(
		'read',
		'a replica that lags',
		{ kind: 'stale', seconds: seconds(1) },
		{ ...unnoticed, ofOrdered: true },
	),
	api('read', 'an answer 1 s late', { kind: 'slow', seconds: seconds(1) }, { ...unnoticed, seconds: 1 }),
	// 15 s for each look, and the last one may begin at the deadline
	api('read', 'no answer', { kind: 'slow', seconds: seconds(16) }, { ...refused, seconds: 32 }),
];

const upload: Fault[] = [
	cutInput,
	...[400, 401, 403, 413].map((status) => api('upload', `${status}`, http(status), refused)),
	echo(401)('upload', refused),
	escapedEcho('upload'),
	...[429, 500, 502, 503].map((status) => api('upload', `${status}`, http(status), unnoticed)),
	api('upload', '429, Retry-After 1', http(429, { retryAfter: 1 }), unnoticed),
	...[40001, 40002, 40003].map((code) =>
		api('upload', `refused, ${code}`, { kind: 'refused', code }, refused),
	),
	api('upload', 'refused, 50001', { kind: 'refused', code: 50001 }, unnoticed),
	offline('upload', async (evolink) => await evolink.offline()),
	api('upload', 'dropped before', { kind: 'drop-before' }, unnoticed),
	api('upload', 'dropped after', { kind: 'drop-after' }, unnoticed),
	api('upload', '200, HTML', { kind: 'html' }, unnoticed),
	api('upload', '200, half the JSON', { kind: 'truncated-json' }, unnoticed),
	api('upload', '200, 8 MB', { kind: 'huge-body' }, unnoticed),
	api('upload', '200 without a URL', body({ success: true, data: {} }), unnoticed),
	api(
		'upload',
		'200, a script for a URL',
		body({ success: true, data: { file_url: 'javascript:1' } }),
		unnoticed,
	),
	api('upload', 'an answer 2 s late', { kind: 'slow', seconds: seconds(2) }, { ...unnoticed, seconds: 2 }),
];

const results = (name: string, link: string) => task('media', `a link ${name}`, { results: [link] });

const mediaFaults: Fault[] = [
	...[403, 404, 410].map((status) => media(`${status}`, { kind: 'http', status }, refused)),
	...[429, 500, 503].map((status) => media(`${status}`, { kind: 'http', status }, unnoticed)),
	media('dropped', { kind: 'drop-before' }, unnoticed),
	media('half a video, then dropped', { kind: 'media', media: { truncated: true } }, unnoticed),
	...(['fin', 'rst', 'shorter', 'gzip'] as const).map((truncated) =>
		media(`cut off without a word (${truncated})`, { kind: 'media', media: { truncated } }, unnoticed),
	),
	media('HTML', { kind: 'media', media: { body: 'html' } }, refused),
	media('JSON', { kind: 'media', media: { body: 'json' } }, refused),
	media('endless', { kind: 'media', media: { endless: true } }, refused),
	media('larger than allowed', { kind: 'media', media: { sizeBytes: 3_000_000 } }, refused),
	media('empty', { kind: 'media', media: { sizeBytes: 0 } }, refused),
	media(
		'other bytes behind the video',
		{ kind: 'media', media: { bytes: Buffer.concat([mp4(), Buffer.alloc(99, 7)]) } },
		unnoticed,
	),
	media('no content length', { kind: 'media', media: { contentLength: false } }, unnoticed),
	media('another content type', { kind: 'media', media: { contentType: 'text/plain' } }, unnoticed),
	media('1 s late', { kind: 'media', media: { delaySeconds: seconds(1) } }, { ...unnoticed, seconds: 1 }),
	media('3 redirects', { kind: 'media', media: { redirects: 3 } }, refused),
	media('4 redirects', { kind: 'media', media: { redirects: 4 } }, refused),
	...['http://169.254.169.254/latest', 'http://[::ffff:127.0.0.1]/', 'file:///etc/passwd', '//'].map(
		(redirectTo) => media(`redirected to ${redirectTo}`, { kind: 'media', media: { redirectTo } }, refused),
	),
	results('to a private host', 'https://10.0.0.1/v.mp4'),
	results('over http', 'http://files.example.com/v.mp4'),
	results('with a password', 'https://user:secret@files.example.com/v.mp4'),
	results('to a file', 'file:///etc/passwd'),
	results('that is no URL', 'a video'),
	results('that is a script', 'javascript:alert(1)'),
	...[null, 'https://files.example.com/v.mp4', [{ url: 'https://files.example.com/v.mp4' }]].map((links) =>
		task('media', `results of ${JSON.stringify(links)}`, { extra: { results: links } }),
	),
];

const callback: Fault[] = (
	[
		['none comes', { kind: 'never' }],
		['it comes 3 times', { kind: 'duplicate', times: 3 }],
		['it comes before the create answer', { kind: 'early' }],
		['it comes 1 s late', { kind: 'late', seconds: seconds(1) }],
		['forged: completed, a link to elsewhere', { kind: 'forged' }],
		['forged: no task', { kind: 'forged', body: { status: 'completed' } }],
		['another id', { kind: 'wrong-id' }],
		['no JSON', { kind: 'non-json' }],
		['wrapped in data', { kind: 'wrapped' }],
	] as const
).map(([name, fault]) => ({
	place: 'callback',
	name,
	...unnoticed,
	arm: (evolink, when) => {
		const match = ({ task: { request } }: { task: { request: unknown } }) =>
			when === 'stays' || itemOf(request) === HIT_ITEM;
		const handle = evolink.fault('callback', fault, { match });
		return () => handle.remove();
	},
}));

const tasks: Fault[] = [
	task('task', 'failed, service_error', { outcome: 'failed' }),
	task('task', 'failed, content_policy_violation', { outcome: 'failed', code: 'content_policy_violation' }),
	task('task', 'failed, a code nobody knows', { outcome: 'failed', code: 'gremlins' }),
	task('task', 'failed, no reason', { outcome: 'failed', extra: { error: null } }),
	task('task', 'failed, a reason of the wrong type', {
		outcome: 'failed',
		extra: { error: { code: [], message: {} } },
	}),
	...['out of order', [1]].map((error) =>
		task('task', `failed, ${JSON.stringify(error)} as its reason`, { outcome: 'failed', extra: { error } }),
	),
	task('task', 'cancelled', { outcome: 'cancelled' }),
	task('task', 'canceled', { outcome: 'canceled' }),
	task('task', 'failed as request_cancelled', { outcome: 'request-cancelled' }),
	task('task', 'stuck', { outcome: 'stuck' }),
	task('task', 'a status nobody knows', { outcome: 'unknown-status' }),
	task('task', 'completed without a result', { outcome: 'no-results' }),
	task('task', 'gone (404)', { outcome: 'expired' }),
	escapedEchoInTask,
	task('task', 'completed, its result comes 1 s late', { resultsLate: seconds(1) }, unnoticed),
	task('task', 'succeeded, in other words', { words: { completed: 'succeeded' } }, unnoticed),
	...['output.video_url', 'videos[].url'].map((resultsAt) =>
		task('task', `its link at ${resultsAt}`, { resultsAt }, unnoticed),
	),
	task(
		'task',
		'fields of wrong types',
		{ extra: { progress: 'much', task_info: [], usage: null, created: {}, result_data: [null] } },
		unnoticed,
	),
	task(
		'task',
		'a top-level error beside a result',
		{ extra: { error: { code: 'odd', message: 'odd' } } },
		unnoticed,
	),
];

const credits: Fault[] = [
	...[401, 403, 429, 500, 503].map((status) => api('credits', `${status}`, http(status), refused)),
	echo(401)('credits', refused),
	escapedEcho('credits'),
	api('credits', 'dropped', { kind: 'drop-before' }, refused),
	...odd('credits', refused),
	api('credits', '200 without data', body({ success: true }), refused),
];

export const FAULTS: readonly Fault[] = [
	...create,
	...read,
	...upload,
	...mediaFaults,
	...callback,
	...tasks,
	...credits,
];
