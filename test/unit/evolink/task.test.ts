import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import { evolinkFacts } from '../../../nodes/evolink/generated/spec.gen';
import {
	createdAt,
	creditsCharged,
	failureNote,
	hasResult,
	isVideo,
	oneForEachResult,
	RESULT_LIFETIME_MS,
	readTask,
	resultLink,
	taskIdFromInput,
	taskIdOf,
	taskNamed,
	simplified,
	taskToJson,
} from '../../../nodes/evolink/task';
import { always, hostileBody, hostileJson, PROPERTY_TIMEOUT_MS, taskIds, taskOf } from '../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const ID = 'task-unified-1757169743-7cvnl5zw';

describe('an answer of EvoLink as a task', () => {
	test('no JSON body of any shape makes it throw', () => {
		always(hostileBody, (body) => {
			const task = readTask(body);
			if (task !== undefined) taskToJson(task, 0);
			taskIdOf(body);
		});
	});

	test('objects that cannot be turned into text or numbers are read all the same', () => {
		const hostile = { toString: 1, valueOf: 1 };
		const task = taskOf({
			id: ID,
			status: 'failed',
			error: { code: hostile, message: hostile } as unknown as IDataObject,
			task_info: { estimated_time: hostile },
			progress: hostile,
		});
		expect(task).toMatchObject({ id: ID, phase: 'failed', error: { code: 'unknown_error' } });
		expect(readTask({ id: ID, error: [hostile] })?.error?.code).toBe('unknown_error');
	});

	test('nesting as deep as 4 MB can hold does not overflow the stack', () => {
		const deep: unknown = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000));
		const body = {
			id: ID,
			status: 'failed',
			error: deep,
			task_info: { estimated_time: deep },
			results: deep,
		};
		expect(readTask(body)?.id).toBe(ID);
		expect(readTask({ id: ID, error: { code: deep, message: deep } })?.error?.message).toBeTruthy();
	});

	test('an id is never lost, whatever stands beside it, bare or wrapped in data, under either name', () => {
		always(
			taskIds,
			fc.dictionary(fc.string(), hostileJson, { maxKeys: 5, noNullPrototype: true }),
			fc.constantFrom('id', 'task_id'),
			fc.boolean(),
			(id, beside, name, wrapped) => {
				const { id: _, task_id: __, data: ___, ...rest } = beside;
				const task = { ...rest, [name]: id };
				const body = wrapped ? { code: 200, data: task } : task;
				expect(taskIdOf(body)).toBe(id);
				expect(readTask(body)?.id).toBe(id);
				expect(taskToJson(taskOf(body as IDataObject)).id).toBe(id);
			},
		);
	});

	test.each([
		['id null beside the data wrapper', { id: null, data: { id: ID } }],
		['an empty id beside the data wrapper', { id: '', data: { task_id: ID } }],
		['an id that cannot be one beside task_id', { id: 'two words', task_id: ID }],
		['a number as id beside task_id', { id: 7, task_id: ID }],
		['blanks around the id', { id: ` ${ID}\n` }],
		["the envelope's own id", { id: 'req_1', data: { id: ID, status: 'pending' } }],
		["the envelope's own id and status", { id: 'req_1', status: 'ok', data: { task_id: ID } }],
		["the request's id beside task_id", { id: 'req_1', task_id: ID }],
	])('%s does not hide the real id', (_, body) => {
		expect(taskIdOf(body)).toBe(ID);
		expect(readTask(body)?.id).toBe(ID);
	});

	test('an id of another form is found by the status beside it, or else comes first', () => {
		expect(taskIdOf({ id: 'req_1', data: { id: 'job-1', status: 'pending' } })).toBe('job-1');
		expect(taskIdOf({ id: 'job-1', status: 'pending', data: { id: 'other' } })).toBe('job-1');
		expect(taskIdOf({ id: 'job-1', data: { id: 'other' } })).toBe('job-1');
		expect(taskIdOf({ id: ID, data: { id: 'task-unified-2-other', status: 'pending' } })).toBe(ID);
	});

	test('what is emitted never has a top-level error, and a known reason is never dropped', () => {
		always(hostileJson, fc.constantFrom('failed', 'completed', 'FAILED', 'odd'), (error, status) => {
			const json = taskToJson(taskOf({ id: ID, status, error } as IDataObject));
			expect(Object.hasOwn(json, 'error')).toBe(false);
			const isNothing = error === null || error === undefined || error === false || error === '';
			expect(json.taskError === undefined).toBe(isNothing);
			if (!isNothing) expect(json.taskError).toMatchObject({ code: expect.any(String) });
		});
	});

	test("EvoLink's own fields are emitted verbatim, unknown ones included", () => {
		const own = fc.string().filter((name) => !['id', 'task_id', 'data', 'error'].includes(name));
		always(fc.dictionary(own, hostileJson, { maxKeys: 8, noNullPrototype: true }), (fields) => {
			const body = JSON.parse(JSON.stringify({ ...fields, id: ID })) as IDataObject;
			const before = JSON.stringify(body);
			const json = taskToJson(taskOf(body));
			const added = [
				...['id', 'createdAt', 'taskError', 'resultUrl', 'videoUrl', 'character', 'resultExpiresAt'],
				...['creditsReserved', 'creditsUsed', 'processingSeconds'],
			];
			for (const name of Object.keys(body).filter((key) => !added.includes(key))) {
				expect(json[name]).toEqual(body[name]);
			}
			expect(JSON.stringify(body)).toBe(before);
		});
	});

	test.each([
		['Failed', { code: 'service_error' }, 'failed'],
		['failed', { code: 'request_cancelled' }, 'cancelled'],
		['pending', undefined, 'running'],
		['processing', undefined, 'running'],
		['queued_for_moderation', undefined, 'running'],
		[undefined, undefined, 'running'],
		[{ odd: true }, undefined, 'running'],
	])('status %j with error %j counts as %s (%s)', (status, error, phase) => {
		expect(readTask({ id: ID, status, error })).toMatchObject({ phase });
	});

	const ends = Object.entries(evolinkFacts.task.endStatuses).flatMap(([phase, words]) =>
		words.map((word) => [word, phase as keyof typeof evolinkFacts.task.endStatuses] as const),
	);

	test('each word for an end is one, however it is written', () => {
		const written = [(word: string) => word.toUpperCase(), (word: string) => word.replaceAll(' ', '_')];
		always(fc.constantFrom(...ends), fc.constantFrom(String, ...written), ([word, phase], write) => {
			expect(readTask({ id: ID, status: write(word) })).toMatchObject({
				phase,
				status: evolinkFacts.task.endStatuses[phase][0],
			});
		});
	});

	test('each place in which EvoLink may put a result is found, as a link, in an object or in a list of either', () => {
		const { places, videoFields } = evolinkFacts.results;
		const url = 'https://a.example/v.mp4';
		const object = fc.constantFrom(...videoFields).map((field): unknown => ({ id: 'x', [field]: url }));
		const one = fc.oneof(fc.constant<unknown>(url), object);
		const field = fc.oneof(
			one,
			one.map((part): unknown => [part]),
			one.map((part): unknown => [null, { thumbnail: 'x' }, part]),
		);
		const other = fc.constantFrom<unknown>(undefined, null, [], {}, '', ['no link'], [{ url: 'no link' }]);
		const task = fc.oneof(
			fc.tuple(fc.constantFrom(...places), field, other).map(([place, value, rest]) => ({
				...Object.fromEntries(places.map((name) => [name, rest])),
				[place]: value,
			})),
			fc.constantFrom(...videoFields).map((name) => ({ [name]: url })),
		);
		always(task, fc.constantFrom(...ends), (fields, [status, phase]) => {
			const read = readTask({ ...fields, id: ID, status });
			expect(read?.videoUrl).toBe(phase === 'completed' ? url : undefined);
		});
		always(task, fc.constantFrom(100, '100'), (fields, progress) => {
			const running = { ...fields, id: ID, status: 'rendering' };
			expect(readTask({ ...running, progress })).toMatchObject({ phase: 'completed', videoUrl: url });
			expect(readTask({ ...running, progress: 99 })?.phase).toBe('running');
			expect(readTask({ id: ID, status: 'rendering', progress })?.phase).toBe('running');
		});
	});

	test('a status that no document lists counts as running and is kept as sent', () => {
		const terminal: string[] = ends.map(([word]) => word);
		always(fc.string({ minLength: 1 }), (status) => {
			fc.pre(
				status.trim() !== '' &&
					!terminal.includes(
						status
							.trim()
							.toLowerCase()
							.replace(/[\s_-]+/g, ' '),
					),
			);
			expect(readTask({ id: ID, status })).toMatchObject({ phase: 'running', status: status.trim() });
		});
	});

	test('nothing is told of a task that EvoLink did not say', () => {
		expect(readTask({ id: ID })).toEqual({
			id: ID,
			status: 'unknown',
			phase: 'running',
			raw: { id: ID },
		});
		expect(Object.keys(taskToJson(taskOf({ id: ID, status: 'completed' })))).toEqual(['id', 'status']);
	});

	test.each([
		['text', 'no credits', { code: 'unknown_error', message: 'no credits', retryable: false }],
		['a code alone', { code: 'x' }, { code: 'x', message: 'EvoLink gave no reason', retryable: false }],
		['words alone', { message: 'no' }, { code: 'unknown_error', message: 'no', retryable: false }],
		[
			'all that EvoLink has',
			{ code: 'x', message: 'm', type: 'task_error', param: 'image_urls', suggestion: 'crop it' },
			{
				...{ code: 'x', message: 'm', retryable: false },
				...{ type: 'task_error', param: 'image_urls', suggestion: 'crop it' },
			},
		],
		[
			'the older generation',
			{ code: 413, message: 'm', fallback_suggestion: 'compress it', param: null },
			{ code: '413', message: 'm', retryable: false, suggestion: 'compress it' },
		],
	])('a reason that comes as %s is kept', (_, error, expected) => {
		expect(readTask({ id: ID, status: 'failed', error })?.error).toEqual(expected);
	});

	test.each([
		['a name alone', { character_name: 'chr_1#' }, { name: 'chr_1#' }],
		[
			'a picture alone',
			{ profile_picture_url: 'http://a.example/p.jpg' },
			{ profilePictureUrl: 'http://a.example/p.jpg' },
		],
		['neither', { character_name: ' ', profile_picture_url: 'p.jpg' }, undefined],
	])('a character with %s is told as it is', (_, data, character) => {
		const task = taskOf({ id: ID, status: 'completed', result_data: data });
		expect(task.character).toStrictEqual(character);
	});

	test.each([
		['a video', { results: ['https://a.example/v.mp4?x=.jpg'] }, 'https://a.example/v.mp4?x=.jpg', true],
		['a link without an ending', { results: ['https://a.example/v'] }, 'https://a.example/v', true],
		['a picture', { results: ['https://a.example/p.JPG#1'] }, 'https://a.example/p.JPG#1', false],
		[
			'a picture by its type',
			{ type: 'image', results: ['https://a.example/p'] },
			'https://a.example/p',
			false,
		],
		[
			'a sound by its type',
			{ type: 'audio', results: ['https://a.example/p'] },
			'https://a.example/p',
			false,
		],
		[
			'a picture in result_data',
			{ result_data: [{ image_url: 'http://a.example/i' }] },
			'http://a.example/i',
			false,
		],
		[
			'a sound in result_data',
			{ result_data: { audio_url: 'http://a.example/s.mp3' } },
			'http://a.example/s.mp3',
			false,
		],
		[
			"a character's picture",
			{ result_data: { profile_picture_url: 'http://a.example/p.jpg' } },
			'http://a.example/p.jpg',
			false,
		],
		['nothing', {}, undefined, false],
	])('%s is a result, and a video only where it is one', (_, fields, resultUrl, isVideo) => {
		const json = taskToJson(taskOf({ id: ID, status: 'completed', ...fields } as IDataObject));
		expect(json.resultUrl).toBe(resultUrl);
		expect(json.videoUrl).toBe(isVideo ? resultUrl : undefined);
	});

	test('credits and the seconds that the job took are told as numbers, also where EvoLink counts in ten-thousandths of a credit', () => {
		const usage = { credits_reserved: '23.04', credits_used: 20 };
		const ended = taskOf({ id: ID, status: 'completed', duration: 187, usage });
		expect(taskToJson(ended)).toMatchObject({
			...{ creditsReserved: 23.04, creditsUsed: 20, processingSeconds: 187, duration: 187, usage },
		});
		const running = taskOf({ id: ID, status: 'processing', duration: 8, usage: { credits_reserved: 7 } });
		expect(taskToJson(running)).toEqual({ ...running.raw, creditsReserved: 7 });
		const units = taskOf({
			id: ID,
			status: 'completed',
			usage: { credits_reserved: 607500, credits_used: 10000 },
		});
		expect(taskToJson(units)).toMatchObject({
			creditsReserved: 60.75,
			creditsUsed: 1,
			usage: units.raw.usage,
		});
		const dear = taskOf({
			id: ID,
			status: 'completed',
			usage: { credits_reserved: 9999, credits_used: 10000.5 },
		});
		expect(taskToJson(dear)).toMatchObject({ creditsReserved: 9999, creditsUsed: 10000.5 });
		const odd = taskOf({ id: ID, status: 'failed', duration: 'long', usage: 'none' });
		expect(taskToJson(odd)).toEqual(odd.raw);
	});

	test('simplified, a task has ten fields at most, and the same ones as the whole', () => {
		const usage = { credits_reserved: 23.04, credits_used: 23.04 };
		const job = { id: ID, model: 'm', created: 1, progress: 100, duration: 187, usage, task_info: {} };
		const video = { ...job, status: 'completed', results: ['https://a.example/v.mp4'] };
		const character = {
			...job,
			status: 'completed',
			result_data: { character_name: 'chr_1#', profile_picture_url: 'https://a.example/p.jpg' },
		};
		const failed = { ...job, status: 'failed', error: { code: 'x', message: 'y' } };
		const running = { ...job, status: 'processing' };
		const common = ['id', 'status', 'model', 'createdAt', 'creditsUsed'];
		const ended = [...common, 'processingSeconds'];
		for (const [body, fields] of [
			[video, [...ended, 'videoUrl', 'resultExpiresAt']],
			[character, [...ended, 'resultUrl', 'character', 'resultExpiresAt']],
			[failed, [...ended, 'taskError']],
			[running, common],
		] as const) {
			const whole = taskToJson(taskOf(body), 1);
			expect(Object.keys(simplified(whole)).sort()).toEqual([...fields].sort());
			expect(whole).toMatchObject(simplified(whole));
			// one place is left, for what was asked for
			expect(fields.length).toBeLessThan(10);
		}
	});

	test('a character is a result by its name alone', () => {
		const has = (fields: IDataObject) => hasResult(taskOf({ id: ID, status: 'completed', ...fields }));
		expect(has({ result_data: { character_name: 'chr_1#' } })).toBe(true);
		expect(has({ result_data: { profile_picture_url: 'http://a.example/p.jpg' } })).toBe(false);
		expect(has({ results: ['https://a.example/v.mp4'] })).toBe(true);
		expect(has({ results: [], result_data: { character_name: ' ' } })).toBe(false);
	});

	test("what is downloaded is the character's picture, or else the first result", () => {
		const results = ['http://a.example/v.mp4'];
		const picture = { profile_picture_url: 'http://a.example/p.jpg' };
		const linkOf = (fields: IDataObject) => resultLink(taskOf({ id: ID, status: 'completed', ...fields }));
		expect(linkOf({ results })).toBe('http://a.example/v.mp4');
		expect(linkOf({ result_data: picture })).toBe('http://a.example/p.jpg');
		expect(linkOf({ results, result_data: picture })).toBe('http://a.example/p.jpg');
		expect(linkOf({ results, result_data: { character_name: 'chr_1#' } })).toBe('http://a.example/v.mp4');
		expect(linkOf({})).toBeUndefined();
	});

	test('links and characters count only once the task is completed', () => {
		const body = {
			id: ID,
			results: ['https://files.evolink.ai/a.mp4'],
			result_data: { character_name: 'chr_1#', profile_picture_url: 'https://files.evolink.ai/a.jpg' },
		};
		always(fc.constantFrom('pending', 'processing', 'failed', 'cancelled', 'odd'), (status) => {
			const task = taskOf({ ...body, status });
			expect([task.videoUrl, task.character, resultLink(task)]).toEqual([undefined, undefined, undefined]);
		});
		expect(taskToJson(taskOf({ ...body, status: 'completed' }))).toMatchObject({
			videoUrl: 'https://files.evolink.ai/a.mp4',
			character: { name: 'chr_1#', profilePictureUrl: 'https://files.evolink.ai/a.jpg' },
		});
	});

	test('only http and https links are results', () => {
		for (const url of [
			'file:///etc/passwd',
			'javascript:alert(1)',
			'data:text/html,x',
			'/v.mp4',
			'see https://a.example/v.mp4',
			'',
			7,
			null,
		]) {
			expect(readTask({ id: ID, status: 'completed', results: [url] })?.videoUrl).toBeUndefined();
		}
	});

	test.each(Object.entries(evolinkFacts.taskFailures))('%s is retryable as the manual says', (code, note) => {
		const task = taskOf({ id: ID, status: 'failed', error: { code, message: 'x' } });
		expect(task.error?.retryable).toBe(note.retryable);
	});

	test('codes that are names on every object are not known codes', () => {
		for (const code of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
			const task = taskOf({ id: ID, status: 'failed', error: { code, message: 'x' } });
			expect(task.error).toEqual({ code, message: 'x', retryable: false });
			expect(failureNote(code)).toBeUndefined();
		}
	});

	test('an estimate is a number of seconds or nothing', () => {
		const estimate = (value: unknown) => readTask({ id: ID, task_info: { estimated_time: value } });
		expect(estimate(300)?.estimatedSeconds).toBe(300);
		expect(estimate('300')?.estimatedSeconds).toBe(300);
		expect(estimate(0)?.estimatedSeconds).toBe(0);
		for (const value of [null, '', ' ', true, [5], {}, -1, 'soon', '1e999']) {
			expect(estimate(value)?.estimatedSeconds).toBeUndefined();
		}
	});

	test.each([
		['https://task-unified-proxy.example.com/v1/tasks/abc', 'abc'],
		['task-unified-1757169743-7cvnl5zw.', ID],
		['task-unified-1757169743-ab-cd123', 'task-unified-1757169743-ab-cd123'],
		["Task task-unified-1-ab-cd-9 was still 'pending' - try later", 'task-unified-1-ab-cd-9'],
		['https://evolink.ai/t/task-unified-1-ab-cd?x=1', 'task-unified-1-ab-cd'],
		['evolink.ai/dashboard/tasks/task-unified-1-ab-cd/', 'task-unified-1-ab-cd'],
		['https://evolink.ai/dashboard?task=task-unified-1-ab-cd&tab=1', 'task-unified-1-ab-cd'],
		['"task-unified-1-ab-cd"', 'task-unified-1-ab-cd'],
		['see task-unified-', undefined],
		[' sora_1\n', 'sora_1'],
		['http://evolink.ai/tasks/sora_1//?x=1', 'sora_1'],
		['task-unified-1/../b?c=d#e', 'task-unified-1/../b?c=d#e'],
	])('%s, as pasted, means the task %s', (input, id) => {
		expect(taskIdFromInput(input)).toBe(id);
	});

	test('a creation time is a date or nothing', () => {
		const created = (value: unknown) => createdAt(taskOf({ id: ID, created: value } as never));
		for (const value of [1757169743, '1757169743']) expect(created(value)).toBe(1757169743000);
		for (const value of [undefined, 0, -1, 1e11, 1e300, 'soon', {}]) expect(created(value)).toBeUndefined();
	});

	test('the end of the links is told only when this run saw the task complete', () => {
		const done = taskOf({ id: ID, status: 'completed', results: ['https://a.example/v.mp4'] });
		expect(taskToJson(done)).not.toHaveProperty('resultExpiresAt');
		expect(taskToJson(done, 1000).resultExpiresAt).toBe(new Date(1000 + RESULT_LIFETIME_MS).toISOString());
		expect(taskToJson(taskOf({ id: ID, status: 'processing' }), 1000)).not.toHaveProperty('resultExpiresAt');
	});
});

describe('a callback body', () => {
	test('gives a printable id of bounded length or nothing', () => {
		always(hostileBody, (body) => {
			const id = taskIdOf(body);
			if (id !== undefined) expect(id).toMatch(/^[\x21-\x7e]{1,256}$/);
		});
	});

	test('no id leads out of the tasks of the API', () => {
		always(fc.oneof(fc.string(), fc.constantFrom('.', '..', '../credits', '%2e%2e', 'a/../..')), (text) => {
			const id = taskIdOf({ id: text });
			if (id === undefined) return;
			const { pathname } = new URL(`https://api.evolink.ai/v1/tasks/${encodeURIComponent(id)}`);
			expect(pathname).toMatch(/^\/v1\/tasks\/[^/]+$/);
		});
	});

	test.each([
		null,
		undefined,
		'',
		'x',
		7,
		[],
		[{ id: ID }],
		{},
		{ id: 7 },
		{ id: 'two words' },
		{ id: 'x'.repeat(257) },
		{ id: 'ä' },
		{ data: 'x' },
		{ data: [{ id: ID }] },
	])('%j names no task', (body) => {
		expect(taskIdOf(body)).toBeUndefined();
		expect(readTask(body)).toBeUndefined();
	});
});

describe('a pasted task id', () => {
	test('is taken as it is, or from the end of a URL, blanks around it or not', () => {
		const before = fc.constantFrom('', ' ', 'https://api.evolink.ai/v1/tasks/', ' HTTPS://evolink.ai/a?/');
		always(taskIds, fc.constantFrom('', ' ', '\n'), (id, after) => {
			expect(taskIdFromInput(`${id}${after}`)).toBe(id);
			expect(taskIdFromInput(` https://api.evolink.ai/v1/tasks/${id}${after}`)).toBe(id);
			expect(taskIdFromInput(`HTTPS://evolink.ai/t/${id}/?page=1#top`)).toBe(id);
			expect(taskIdFromInput(`http://evolink.ai/${id}//`)).toBe(id);
		});
		always(fc.string(), before, (text, start) => {
			const id = taskIdFromInput(start + text);
			if (id !== undefined) expect(id).toMatch(/^[\x21-\x7e]{1,256}$/);
		});
	});

	test.each([
		'',
		' ',
		'two words',
		'https://evolink.ai',
		'https://evolink.ai/',
		'https://evolink.ai?x=1',
		'..',
		'https://x/%E0%A4%A',
		'see https://evolink.ai/t/task-1',
	])('%j is none', (input) => {
		expect(taskIdFromInput(input)).toBeUndefined();
	});
});

describe('the credits that a task has cost', () => {
	const task = (fields: IDataObject) => taskOf({ id: ID, status: 'completed', ...fields });

	test.each<[IDataObject, number | undefined]>([
		[{}, undefined],
		[{ usage: { credits_reserved: 40 } }, undefined],
		[{ usage: { credits_used: 38.4 } }, 38.4],
		[{ credits_used: 7 }, 7],
		[{ usage: { credits_used: 8 }, credits_used: 7 }, 8],
		[{ billing: { charged_credits: 9 }, usage: { credits_used: 8 } }, 9],
		[{ billing: { charged_credits: 9, refunded_credits: 9 } }, 0],
		[{ billing: { charged_credits: 9, refunded_credits: 4 } }, 9],
		[{ billing: { refunded_credits: 15 }, usage: { credits_reserved: 40 } }, 25],
		[{ billing: { refunded_credits: 50 }, usage: { credits_reserved: 40 } }, 0],
		[{ billing: { refunded_credits: 0 }, usage: { credits_reserved: 40 } }, undefined],
		[{ billing: { refunded_credits: 15 } }, undefined],
	])('%j is %p', (fields, credits) => {
		expect(creditsCharged(task(fields))).toBe(credits);
	});
});

describe('a task with several results', () => {
	const results = ['https://a.test/1.mp4', 'https://a.test/2.mp4', 'https://a.test/3.png'];
	const task = () => taskOf({ id: ID, status: 'completed', results });

	test('names all of them; one with a single result names it alone', () => {
		expect(task().resultUrls).toEqual(results);
		const single = taskOf({ id: ID, status: 'completed', results: [results[0], 7] });
		expect([single.resultUrl, single.resultUrls]).toEqual([results[0], undefined]);
		const another = { video_url: 'https://a.test/0.mp4' };
		expect(taskOf({ id: ID, status: 'completed', results: [another, results[1]] }).resultUrls).toEqual([
			another.video_url,
			results[1],
		]);
	});

	test('becomes one item for each, which share what it cost', () => {
		const json = { id: ID, videoUrl: results[0], creditsUsed: 9 };
		expect(oneForEachResult(json, task())).toEqual(
			results.map((resultUrl, at) => ({
				id: ID,
				creditsUsed: 3,
				resultUrl,
				...(at < 2 && { videoUrl: resultUrl }),
				resultNumber: at + 1,
				resultCount: 3,
			})),
		);
		const [first] = oneForEachResult({ id: ID }, { ...task(), resultUrls: results.slice(0, 2) });
		expect(first).not.toHaveProperty('creditsUsed');
		expect(first).toMatchObject({ resultNumber: 1, resultCount: 2 });
		expect(oneForEachResult(json, taskOf({ id: ID, status: 'completed' }))).toEqual([json]);
	});
});

test.each([
	['https://a.test/v.mp4', undefined, true],
	['https://a.test/p.png.mp4', undefined, true],
	['https://a.test/p.PNG', undefined, false],
	['https://a.test/p.png?size=1#a', undefined, false],
	['https://a.test/v', 'audio', false],
	['https://a.test/v', 'image', false],
])('the link %s of a task for %p is a video: %p', (url, type, expected) => {
	expect(isVideo(url, { type })).toBe(expected);
});

test.each([
	['processing', 'processing'],
	['Succeeded', 'completed'],
	['Cancelled__on -request', 'cancelled'],
	['odd', 'odd'],
	[undefined, undefined],
])('the status %p stands in the item as %p', (status, told) => {
	expect(taskToJson(taskOf({ id: ID, ...(status && { status }) }), 0).status).toBe(told);
});

test('a running task is not cancelled by the code of its error', () => {
	const error = { code: evolinkFacts.task.cancelledFailureCode, message: 'm' };
	expect(taskOf({ id: ID, status: 'processing', error }).phase).toBe('running');
	expect(taskOf({ id: ID, status: 'failed', error }).phase).toBe('cancelled');
});

test('of a task that only its id is known of is said that it runs', () => {
	expect(taskNamed(ID)).toEqual({ id: ID, status: 'unknown', phase: 'running', raw: { id: ID } });
});
