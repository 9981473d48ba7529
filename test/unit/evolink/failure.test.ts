import fc from 'fast-check';

import {
	credentialFailure,
	failureReference,
	failureSchema,
	httpFailure,
	isRefusedCreation,
	malformedAnswer,
	networkFailure,
	nothingSent,
	retryAfterMs,
	statusOfRefusal,
	type Failure,
	type FailureKind,
} from '../../../nodes/evolink/failure';
import { evolinkFacts } from '../../../nodes/evolink/generated/spec.gen';
import { always, failureOf, hostileJson, PROPERTY_TIMEOUT_MS } from '../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const NOW = Date.parse('2026-11-20T12:00:00Z');
const fail = (status: number, body: unknown, headers = {}) =>
	httpFailure({ status, body, headers, namesTask: true }, NOW);
const failOrder = (status: number, body: unknown) =>
	httpFailure({ status, body, headers: {}, namesTask: false }, NOW);

const newBody = (code: string) => ({ error: { code, message: 'm', type: 't' } });
const oldBody = (status: number) => ({ error: { code: status, message: 'm', type: 't' } });

type Charge = Failure['charge'];

/** What each HTTP status means where no code says more: kind, whether a read may be repeated, whether it may have cost. */
const STATUSES: Array<[number, FailureKind, boolean, Charge]> = [
	[302, 'unexpected', false, 'unknown'],
	[304, 'unexpected', false, 'unknown'],
	[400, 'badRequest', false, 'unlikely'],
	[401, 'unauthorized', false, 'unlikely'],
	[402, 'balance', false, 'unlikely'],
	[403, 'forbidden', false, 'unlikely'],
	[404, 'notFound', false, 'unlikely'],
	[405, 'badRequest', false, 'unlikely'],
	[408, 'server', true, 'unknown'],
	[409, 'submission', false, 'unknown'],
	[413, 'tooLarge', false, 'unlikely'],
	[422, 'badRequest', false, 'unlikely'],
	[425, 'server', true, 'unlikely'],
	[429, 'rateLimited', true, 'unlikely'],
	[500, 'server', true, 'unknown'],
	[502, 'server', true, 'unknown'],
	[503, 'server', true, 'unknown'],
	[504, 'server', true, 'unknown'],
	[524, 'server', true, 'unknown'],
];

/** What each group of codes means, at the status it comes with. */
const GROUPS: Array<[keyof typeof evolinkFacts.httpErrorCodes, number, FailureKind]> = [
	['balance', 402, 'balance'],
	['keyLimit', 402, 'keyLimit'],
	['keyDailyLimit', 429, 'keyLimit'],
	['keyState', 401, 'unauthorized'],
	['keyState', 403, 'keyState'],
	['content', 400, 'content'],
	['modelAccess', 403, 'modelUnavailable'],
	['availability', 503, 'modelUnavailable'],
	['quota', 402, 'balance'],
	['quota', 429, 'rateLimited'],
	['input', 400, 'badRequest'],
	['submission', 409, 'submission'],
	['submission', 500, 'submission'],
	['rateLimit', 429, 'rateLimited'],
	['server', 500, 'server'],
	['availability', 402, 'balance'],
];

describe('what an HTTP answer means', () => {
	describe.each([
		['the newer body', (status: number) => newBody(`code_nobody_knows_${status}`)],
		['the older body', oldBody],
		['the flat body of the file host', (status: number) => ({ success: false, code: status, msg: 'm' })],
		['an OAuth body', () => ({ error: 'odd', error_description: 'm' })],
		['no body', () => ''],
		['a page', () => '<html><h1>Bad gateway</h1></html>'],
	])('with %s', (_, body) => {
		test.each(STATUSES)('%i is %s (repeatable %s, charge %s)', (status, kind, transient, charge) => {
			const failure = fail(status, body(status));
			expect(failure).toMatchObject({ kind, transient, charge, status });
			expect(failure.message).not.toBe('');
		});
	});

	describe.each(GROUPS)('a code of the group %s at %i', (group, status, kind) => {
		test.each(evolinkFacts.httpErrorCodes[group].map((code) => [code]))(`%s means ${kind}`, (code) => {
			expect(fail(status, newBody(code)).kind).toBe(kind);
		});
	});

	test('every code of the spec has a row in this table', () => {
		const told = new Set<string>([...GROUPS.map(([group]) => group), 'task']);
		expect(Object.keys(evolinkFacts.httpErrorCodes).filter((group) => !told.has(group))).toEqual([]);
	});

	test('a model that is not served is told so by the older bodies, too, which only name the field', () => {
		for (const status of [400, 403, 404]) {
			const body = { error: { code: status, message: 'm', type: 't', param: 'model' } };
			expect(failOrder(status, body).kind).toBe('modelUnavailable');
		}
		const tooMany = { error: { code: 429, message: 'm', type: 't', param: 'model' } };
		expect(failOrder(429, tooMany).kind).toBe('rateLimited');
	});

	test('a 404 to an order is about the address, not about an id', () => {
		for (const body of [oldBody(404), newBody('not_found'), '<h1>Not Found</h1>']) {
			expect(failOrder(404, body)).toMatchObject({ kind: 'unexpected', charge: 'unlikely' });
		}
	});

	test.each<[unknown, number | undefined]>([
		[400, 400],
		[402, 402],
		['404', 404],
		[599, 599],
		[40001, 400],
		[50001, 500],
		['insufficient_quota', 400],
		['content_policy_violation', 400],
		['task_not_found', 404],
		['internal_error', undefined],
		['no_available_channel', undefined],
		['rate_limit_exceeded', undefined],
		['idempotency_conflict', undefined],
		['a word nobody knows', undefined],
		[200, undefined],
		[0, undefined],
		[399, undefined],
		[600, undefined],
		[400.5, undefined],
		[39_999, undefined],
		[60_000, undefined],
		[undefined, undefined],
		[{ toString: 1 }, undefined],
	])('a refusal inside a 2xx with the code %p counts as %p', (code, status) => {
		expect(statusOfRefusal({ success: false, code } as never)).toBe(status);
		expect(statusOfRefusal({ success: false, error: { code } } as never)).toBe(status);
	});

	test('the statuses of reading a task mean what they say', () => {
		expect(fail(400, newBody('invalid_task_id')).kind).toBe('badRequest');
		expect(fail(403, newBody('permission_denied')).kind).toBe('forbidden');
		expect(fail(404, newBody('task_not_found')).kind).toBe('notFound');
	});

	const trusted = [
		...evolinkFacts.uncharged.codes,
		...evolinkFacts.uncharged.groups.flatMap((group) => evolinkFacts.httpErrorCodes[group]),
	] as string[];

	test("that nothing was charged is said for certain of the codes only that EvoLink's own client trusts", () => {
		const known = Object.values(evolinkFacts.httpErrorCodes).flat();
		const codes = fc.oneof(fc.string(), fc.constantFrom<string>(...known, ...trusted));
		const statuses = fc.oneof(fc.integer({ min: 400, max: 499 }), fc.constantFrom(408, 409, 429, 500));
		always(statuses, codes, (status, code) => {
			fc.pre(!(evolinkFacts.httpErrorCodes.submission as readonly string[]).includes(code.trim()));
			const open = [408, 409, 500].includes(status) ? 'unknown' : 'unlikely';
			const expected = trusted.includes(code.trim().toLowerCase()) ? 'none' : open;
			expect(fail(status, newBody(code)).charge).toBe(expected);
		});
	});

	test('whatever is no refusal leaves the charge unknown, whatever its body says', () => {
		const others = fc.oneof(fc.integer({ min: 100, max: 399 }), fc.integer({ min: 500, max: 999 }));
		always(others, hostileJson, (status, body) => expect(fail(status, body).charge).toBe('unknown'));
	});

	test('a 400 for lack of room is told as that, and may be tried again like a 429', () => {
		const body = { error: { code: 'invalid_request_error', message: 'No available service.' } };
		const failure = failOrder(400, body);
		expect(failure).toMatchObject({ kind: 'rateLimited', transient: true, charge: 'unlikely' });
		expect(failOrder(422, body).kind).toBe('badRequest');
	});

	test("a 5xx of EvoLink's own tells that it could not create the task; a page of a proxy tells nothing", () => {
		for (const status of [500, 502, 503, 599]) {
			for (const body of [newBody('internal_error'), oldBody(status), newBody('no_available_channel')]) {
				expect(isRefusedCreation(failOrder(status, body))).toBe(true);
			}
			for (const body of ['', '<h1>Bad gateway</h1>', { message: 'Internal server error' }, {}]) {
				expect(isRefusedCreation(failOrder(status, body))).toBe(false);
			}
			for (const code of [...evolinkFacts.httpErrorCodes.submission, ...trusted]) {
				expect(isRefusedCreation(failOrder(status, newBody(code)))).toBe(false);
			}
		}
		expect(isRefusedCreation(failOrder(499, newBody('internal_error')))).toBe(false);
		expect(isRefusedCreation(malformedAnswer({ status: 200 }, 'no task id in it'))).toBe(false);
		expect(isRefusedCreation(networkFailure('ECONNRESET', 'm'))).toBe(false);
	});

	test('a hostile body never makes it throw, and the words are one line of bounded length', () => {
		always(fc.integer({ min: 100, max: 999 }), hostileJson, (status, body) => {
			for (const shape of [body, { error: body }, { error: { code: body, message: body } }]) {
				const failure = fail(status, shape, { 'retry-after': body, 'x-request-id': body });
				for (const text of Object.values(failure).filter((part) => typeof part === 'string')) {
					expect(text.length).toBeLessThanOrEqual(500);
					expect(text).not.toMatch(/[\p{Cc}\n]/u);
				}
				expect(failure.message.trim()).not.toBe('');
				expect(failure.retryAfterMs ?? 0).toBeGreaterThanOrEqual(0);
				expect(Number.isFinite(failure.retryAfterMs ?? 0)).toBe(true);
			}
		});
	});

	test("EvoLink's code, request id and suggestion are kept", () => {
		const failure = fail(413, {
			error: { code: 413, message: 'Image file too large', fallback_suggestion: 'compress the image' },
			request_id: 'req_1',
		});
		expect(failure).toMatchObject({ code: '413', requestId: 'req_1', suggestion: 'compress the image' });
		expect(failureReference(failure)).toBe('(413, request req_1)');
	});

	test('nothing is told that EvoLink did not say', () => {
		expect(fail(500, '')).toEqual({
			kind: 'server',
			message: 'EvoLink answered 500 without a reason',
			status: 500,
			transient: true,
			charge: 'unknown',
		});
	});

	test.each([
		['in the newer body', { error: { code: 'c1', message: 'words' } }, 'c1'],
		['in the older body', { error: { code: 500, message: 'words' } }, '500'],
		['in the flat body of the file host', { success: false, code: 50001, msg: 'words' }, '50001'],
		['in an OAuth body', { error: 'invalid_client', error_description: 'words' }, 'invalid_client'],
		['behind an empty message', { error: { code: 'c1', message: '' }, msg: 'words' }, 'c1'],
		['with blanks around them', { error: { code: ' c1 ', message: ' words\n' } }, 'c1'],
	])("EvoLink's code and words are found %s", (_, body, code) => {
		expect(fail(500, body)).toMatchObject({ code, message: 'words' });
	});

	test.each<[string, unknown]>([
		['no body', ''],
		['a page', '<html><h1>403 Forbidden</h1></html>'],
		['a list', [{ code: 'x', message: 'm' }]],
		['an empty object', {}],
		['the words of an API gateway', { message: 'Forbidden' }],
		['the words of a framework', { detail: 'Not Found' }],
		['a status without words', { status: 403, error: 'Forbidden', path: '/v1' }],
		['a problem by RFC 9457', { type: 'about:blank', title: 'Forbidden', status: 403 }],
		['an error without code and message', { error: { status: 'PERMISSION_DENIED' } }],
	])('a 4xx with %s may come from something on the way', (_, body) => {
		for (const status of [400, 401, 403, 404, 429, 499]) {
			const failure = fail(status, body);
			expect(failure.fromProxy).toBe(true);
			expect(failure.charge).toBe('unlikely');
			expect(failure.transient).toBe(status === 429);
		}
		for (const status of [302, 307])
			expect(fail(status, body)).toMatchObject({ fromProxy: true, charge: 'unknown', transient: false });
		for (const status of [500, 503]) expect(fail(status, body)).toHaveProperty('fromProxy', undefined);
	});

	test.each<[string, unknown]>([
		['the newer body', newBody('x')],
		['the older body', oldBody(403)],
		['a code alone', { error: { code: 'x' } }],
		['words alone', { error: { message: 'no' } }],
		['the flat body of the file host', { success: false, code: 403, msg: 'm' }],
		['the same without words', { success: false, code: 403 }],
		['a code and words', { code: 'x', message: 'm' }],
		['an OAuth body', { error: 'invalid_client', error_description: 'm' }],
	])('a 4xx with %s is EvoLink itself', (_, body) => {
		const failure = fail(403, body);
		expect(failure).toHaveProperty('fromProxy', undefined);
	});

	test('a page or other text is quoted from its start, 120 characters at most', () => {
		expect(fail(502, '<h1>Bad gateway</h1>').message).toBe('EvoLink answered: <h1>Bad gateway</h1>');
		const { message } = fail(502, `${' '.repeat(200)}${'x'.repeat(119)}yz`);
		expect(message).toBe(`EvoLink answered: ${'x'.repeat(119)}y`);
	});

	test('an empty account is told as such, whatever status its code comes with', () => {
		expect(fail(403, newBody('insufficient_user_quota')).kind).toBe('balance');
		expect(fail(400, newBody('account_balance_insufficient')).kind).toBe('balance');
	});

	test('an order that EvoLink says it knows is never called free, whatever status that comes with', () => {
		for (const code of evolinkFacts.httpErrorCodes.submission) {
			for (const status of [400, 403, 422, 429]) {
				expect(fail(status, newBody(code))).toMatchObject({ kind: 'submission', charge: 'unknown' });
			}
		}
	});

	test('a pause that EvoLink asks for is kept, whatever the status', () => {
		for (const status of [429, 503]) {
			expect(fail(status, '', { 'retry-after': '42' }).retryAfterMs).toBe(42_000);
		}
	});

	test('the request id is found in either header, and an empty one is none', () => {
		expect(fail(500, { request_id: ' ' }, { 'x-request-id': '', 'x-oneapi-request-id': 'b' }).requestId).toBe(
			'b',
		);
		expect(fail(500, '', { 'x-request-id': 'a' }).requestId).toBe('a');
		expect(fail(500, '', { 'x-oneapi-request-id': 'b' }).requestId).toBe('b');
	});
});

describe('Retry-After', () => {
	test('counts seconds, or up to a date', () => {
		always(fc.nat(1_000_000), (seconds) => {
			expect(retryAfterMs(String(seconds), NOW)).toBe(seconds * 1000);
			expect(retryAfterMs(seconds, NOW)).toBe(seconds * 1000);
			expect(retryAfterMs(new Date(NOW + seconds * 1000).toUTCString(), NOW)).toBe(seconds * 1000);
			expect(retryAfterMs(new Date(NOW - seconds * 1000).toUTCString(), NOW)).toBe(0);
		});
		expect(retryAfterMs('1.5', NOW)).toBe(1500);
		expect(retryAfterMs(' 0.125 ', NOW)).toBe(125);
		expect(retryAfterMs('Friday, 20-Nov-26 12:00:07 GMT', NOW)).toBe(7000);
	});

	test.each<[string, object, number]>([
		["in EvoLink's suggestion", { message: 'm', fallback_suggestion: 'retry after 60 seconds' }, 60_000],
		['in its message', { message: 'Too many requests. Please try again in 1.5s.' }, 1500],
	])('is read %s where no header says it', (_, error, ms) => {
		for (const status of [400, 429, 503]) {
			expect(fail(status, { error: { code: status, ...error } }).retryAfterMs).toBe(ms);
			expect(fail(status, { error }, { 'retry-after': '7' }).retryAfterMs).toBe(7000);
		}
	});

	test.each([
		'retry after a while',
		'retry after 60',
		'retry after 60 secondary steps',
		'do not retry; after 60 seconds the task fails',
		'retry after -5 seconds',
	])('%j is none', (message) => {
		expect(fail(429, { error: { code: 429, message } }).retryAfterMs).toBeUndefined();
	});

	test.each([
		'',
		' ',
		'soon',
		'soon 1',
		'-5',
		'1e3',
		'0x10',
		'NaN',
		'Infinity',
		'5 s',
		'1 Jan, 2027',
		null,
		undefined,
		{},
		[],
	])('%j is none', (header) => expect(retryAfterMs(header, NOW)).toBeUndefined());

	test('is a finite number, however many digits it has', () => {
		expect(Number.isFinite(retryAfterMs('9'.repeat(400), NOW))).toBe(true);
	});
});

describe('words that leave the node', () => {
	test('hold no control characters, in answers of any kind', () => {
		const odd = 'a\u0000b\u001b[31mc\r\nd\u0085e';
		const texts = [
			fail(500, odd).message,
			fail(400, { error: { code: odd, message: odd, fallback_suggestion: odd } }).message,
			malformedAnswer({ status: 200, body: { message: odd, code: odd } }, odd).message,
			networkFailure('ECONNRESET', odd).message,
		];
		for (const text of texts) expect(text).not.toMatch(/\p{Cc}/u);
	});

	test('fall back to the status where EvoLink says nothing that can be read', () => {
		for (const body of ['', '\u0000', {}, { error: '\u0000' }, { error: { message: ' ' } }, null, [], 7]) {
			expect(fail(503, body).message).toBe('EvoLink answered 503 without a reason');
		}
	});
});

test('an unusable success leaves the charge unknown and may be read again', () => {
	expect(malformedAnswer({ status: 200 }, 'an empty body')).toEqual({
		kind: 'unexpected',
		message: 'EvoLink answered 200 with an empty body',
		status: 200,
		transient: true,
		charge: 'unknown',
	});
});

test("an unusable success keeps EvoLink's request id, code and words, which its support asks for", () => {
	const headers = { 'x-request-id': 'req_7' };
	const body = { error: { code: 'insufficient_quota', message: 'no money' } };
	const failure = malformedAnswer({ status: 200, headers, body }, 'no task id in it');
	expect(failure).toMatchObject({
		message: 'EvoLink answered 200 with no task id in it; it says: no money',
		code: 'insufficient_quota',
		requestId: 'req_7',
	});
	const named = malformedAnswer({ status: 200, headers, body: { request_id: 'req_8' } }, 'nothing');
	expect(named.requestId).toBe('req_8');
});

describe('a request that got no answer', () => {
	test.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'CERT_HAS_EXPIRED', 'BLOCKED_BY_N8N'])(
		'because of %s never reached EvoLink, so it cost nothing',
		(code) => {
			expect(nothingSent(code)).toBe(true);
			expect(networkFailure(code, 'No way')).toEqual({
				kind: 'network',
				message: 'No way',
				code,
				transient: true,
				charge: 'none',
			});
		},
	);

	test.each(['ECONNRESET', 'ETIMEDOUT', 'ECONNABORTED', 'EPIPE', 'XECONNREFUSED', 'ECONNREFUSED2', ''])(
		'because of %j may have reached EvoLink',
		(code) => {
			expect(nothingSent(code)).toBe(false);
			expect(networkFailure(code, 'No way')).toMatchObject({ code, transient: true, charge: 'unknown' });
		},
	);

	test('for no known reason may have reached EvoLink', () => {
		expect(nothingSent(undefined)).toBe(false);
		const failure = networkFailure(undefined, 'No way');
		expect(failure).toMatchObject({ transient: true, charge: 'unknown' });
		expect(failure.code).toBeUndefined();
	});
});

test('a credential that cannot be used says so, costs nothing and is not tried again', () => {
	expect(credentialFailure('it was\ndeleted')).toEqual({
		kind: 'unauthorized',
		message: 'The credential cannot be used: it was deleted',
		transient: false,
		charge: 'none',
	});
});

describe('what EvoLink’s support asks for', () => {
	test.each<[Partial<Failure>, string]>([
		[{}, ''],
		[{ status: 402 }, '(402)'],
		[{ code: 'ECONNREFUSED' }, '(ECONNREFUSED)'],
		[{ requestId: 'r1' }, '(request r1)'],
		[{ status: 402, code: 'no_quota', requestId: 'r1' }, '(402 no_quota, request r1)'],
		[{ code: 'c'.repeat(61), requestId: 'r'.repeat(60) }, `(${'c'.repeat(59)}…, request ${'r'.repeat(60)})`],
	])('of %j is %j', (more, reference) => {
		expect(failureReference(failureOf({ status: undefined, ...more }))).toBe(reference);
	});

	test('is the key, too, of an order that may have been taken', () => {
		expect(failureReference(failureOf({ status: 504 }), 'n8n-1')).toBe('(504, Idempotency-Key n8n-1)');
	});
});

describe('what the answer itself tells', () => {
	test.each<[number, unknown, Record<string, string>, Partial<Failure>]>([
		[422, newBody('x'), { 'idempotency-replayed': 'true' }, { replayed: true }],
		[422, newBody('x'), { 'idempotency-replayed': 'false' }, { replayed: undefined }],
		[500, newBody('x'), { date: 'Fri, 20 Nov 2026 11:59:58 GMT' }, { answeredAt: NOW - 2000 }],
		[500, newBody('x'), { date: 'soon' }, { answeredAt: undefined }],
		[500, newBody('x'), {}, { answeredAt: undefined, answered: true, fromProxy: undefined }],
		[500, '<h1>Bad gateway</h1>', {}, { answered: undefined, fromProxy: undefined }],
		[499, newBody('x'), {}, { answered: undefined, fromProxy: undefined }],
		[300, 'moved', {}, { fromProxy: true }],
		[200, 'odd', {}, { fromProxy: undefined }],
		[400, newBody('insufficient_quota'), {}, { charge: 'none' }],
		[200, newBody('insufficient_quota'), {}, { charge: 'unknown' }],
		[400, { code: 7, msg: 'no' }, {}, { fromProxy: undefined }],
		[400, { code: 7, message: 'no' }, {}, { fromProxy: undefined }],
		[400, { code: 7, success: false }, {}, { fromProxy: undefined }],
		[400, { code: 7, success: true }, {}, { fromProxy: true }],
	])('%i %j with %j', (status, body, headers, told) => {
		expect(fail(status, body, headers)).toMatchObject(told);
	});
});

test('a failure comes back the same from n8n’s database, and is refused without its kind', () => {
	const failure = JSON.parse(JSON.stringify(fail(503, newBody('x'), { 'retry-after': '5' }))) as Failure;
	expect(failureSchema.parse(failure)).toEqual(failure);
	expect(failureSchema.safeParse({ ...failure, kind: 'of tomorrow' }).success).toBe(true);
	expect(failureSchema.safeParse({ ...failure, kind: 7 }).success).toBe(false);
});
