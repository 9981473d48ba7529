import fc from 'fast-check';

import {
	contentSecurityPolicy,
	renderStatusPage,
	type StatusItem,
	type StatusPage,
} from '../../../../nodes/SoraVideo/statusPage/page';
import { inWords } from '../../../../nodes/host/html';
import { viewOf } from '../../../../nodes/SoraVideo/statusPage/taskView';
import { readTask } from '../../../../nodes/evolink/task';
import { always, hostileJson, PROPERTY_TIMEOUT_MS, taskOf } from '../../support';

const NOW = Date.UTC(2026, 10, 24, 12, 0, 0);

function taskItem(body: object, more: Partial<Extract<StatusItem, { id: string }>> = {}): StatusItem {
	const view = viewOf(taskOf({ id: 'task-1', ...body }));
	return { item: 0, id: 'task-1', prompt: 'a cat', orderedAt: NOW - 40_000, view, ...more };
}

const running = taskItem({
	status: 'processing',
	progress: 19,
	task_info: { estimated_time: 150 },
	usage: { credits_reserved: 23.04 },
});
const done = (item: number) =>
	taskItem(
		{ status: 'completed', duration: 95, results: ['https://files.evolink.ai/v.mp4?a=1&b=2'] },
		{ item },
	);
const refused: StatusItem = { item: 2, problem: 'EvoLink did not take the order.' };

const page = (items: StatusItem[], more: Partial<StatusPage> = {}) =>
	renderStatusPage({
		workflow: 'Three videos',
		execution: { id: '7', url: 'https://n8n.example.test/workflow/w/executions/7' },
		items,
		state: 'waiting',
		callbackExpected: true,
		wakesAt: NOW + 12 * 60_000,
		now: NOW,
		timezone: 'Europe/Berlin',
		nonce: 'NONCE',
		...more,
	});

const section = (text: string, item: number) =>
	new RegExp(`<section id="item-${item}".*?</section>`, 's').exec(text)?.[0];

test('a running task: prompt, id, status, progress, time since the order, estimate, credits', () => {
	const text = page([running]);
	for (const part of [
		'a cat',
		'<code>task-1</code>',
		'processing',
		'<progress max="100" value="19"',
		'19 %',
		'ordered 40 s ago',
		'EvoLink estimates 3 min',
		'23.04 credits (about 0.34 USD) reserved',
		"About 110 s left, by EvoLink's estimate.",
		"Workflow 'Three videos', <a href=",
		'<title>Sora Video: 0 of 1 ended</title>',
	])
		expect(text).toContain(part);
});

test('a finished video has a player, a finished picture is shown, a failed task says why', () => {
	expect(page([done(0)])).toContain(
		'<video controls playsinline preload="metadata" src="https://files.evolink.ai/v.mp4?a=1&amp;b=2"></video>',
	);
	const picture = { character_name: 'cat', profile_picture_url: 'https://files.evolink.ai/p.jpg' };
	const character = page([taskItem({ status: 'completed', result_data: picture })]);
	expect(character).toContain('<img loading="lazy" alt="The result" src="https://files.evolink.ai/p.jpg">');
	expect(character).not.toContain('<video');
	const error = { code: 'content_policy_violation', message: 'No such cats' };
	expect(page([taskItem({ status: 'failed', error })])).toContain('No such cats (content_policy_violation)');
});

test('a result that a browser must not load has no player, no picture and no link', () => {
	const text = page([taskItem({ status: 'completed', results: ['http://192.168.1.1/x'] })]);
	expect(text).toContain('completed');
	expect(text).not.toContain('192.168');
});

test('an item without a task says so, and the summary counts it', () => {
	const text = page([running, done(1), refused]);
	expect(section(text, 2)).toContain('No task');
	expect(section(text, 2)).toContain('EvoLink did not take the order.');
	expect(text).toContain(
		'3 items: 1 completed, 1 in progress, 1 without a task. EvoLink reserved 23.04 credits (about 0.34 USD).',
	);
});

describe('what will wake the run', () => {
	const wake = (more: Partial<StatusPage>) => /<p id="wake">(.*?)<\/p>/.exec(page([running], more))?.[1];

	test('callback and timer, with the time in the workflow’s zone until the browser shows its own', () => {
		expect(wake({})).toContain('<time datetime="2026-11-24T12:12:00.000Z">');
		expect(wake({})).toContain('EvoLink then calls n8n;');
		expect(wake({})).toContain('>13:12 (Europe/Berlin)</time>, in 12 min');
	});
	test('the timer alone, where nobody calls back', () => {
		expect(wake({ callbackExpected: false })).not.toContain('EvoLink then calls');
		expect(wake({ callbackExpected: false, wakesAt: NOW - 1 })).toContain('n8n checks now');
	});
	test('that it goes on now, or by its timer', () => {
		expect(wake({ state: 'woken' })).toContain('continues now');
		expect(wake({ state: 'ended' })).toContain('n8n continues the workflow at <time');
	});
});

describe('how far all are together', () => {
	const whole = (items: StatusItem[]) => /<p id="whole">(.*?)<\/p>/.exec(page(items))?.[1];
	const item = (progress: number, orderedAt: number, at: number) =>
		taskItem({ status: 'processing', progress, task_info: { estimated_time: 100 } }, { item: at, orderedAt });

	test('is a bar, with the time that the last of them will take', () => {
		const items = [item(30, NOW - 80_000, 0), item(0, NOW - 10_000, 1), done(2), refused];
		expect(whole(items)).toContain('value="57" aria-label="All items"');
		expect(whole(items)).toContain("About 90 s left, by EvoLink's estimate.");
	});
	test('says so when it takes longer, and nothing where EvoLink estimates nothing or all have ended', () => {
		expect(whole([item(90, NOW - 200_000, 0)])).toBe('Takes longer than EvoLink estimated.');
		expect(whole([taskItem({ status: 'processing' })])).toBe('');
		expect(whole([done(1), refused])).toBe('');
	});
});

test('what has ended reads the same later, so that a playing video is left alone', () => {
	const [now, later] = [NOW, NOW + 60_000].map((at) => page([running, done(1)], { now: at }));
	expect(section(later!, 1)).toBe(section(now!, 1));
	expect(section(later!, 0)).not.toBe(section(now!, 0));
});

test('without script it reloads itself as long as there is no player to interrupt, and has a link to reload', () => {
	expect(page([running])).toContain('<noscript><meta http-equiv="refresh"');
	expect(page([running, done(1)])).not.toContain('http-equiv="refresh"');
	expect(page([done(1)])).toContain('<noscript><p><a href="">Reload</a></p></noscript>');
});

test('the policy allows the page its own script and style, and media, and nothing else', () => {
	const trusted = ['https://api.evolink.ai', 'http://127.0.0.1:4010', 'http://127.0.0.1:4010'];
	expect(contentSecurityPolicy('NONCE', trusted)).toBe(
		"default-src 'none'; script-src 'nonce-NONCE'; style-src 'nonce-NONCE'; connect-src 'self'; " +
			'img-src data: https: http://127.0.0.1:4010; media-src https: http://127.0.0.1:4010; ' +
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
			'sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-downloads',
	);
	const text = page([running, done(1)]);
	expect(text.match(/<(script|style)\b[^>]*>/g)).toEqual(['<style nonce="NONCE">', '<script nonce="NONCE">']);
	expect(text).not.toMatch(/\s(style|on\w+)=/);
});

const MARKUP = `</title></style></section><script>alert(1)</script><img src=x onerror=alert(1)>"'&`;

test('markup in a prompt, an id, a status, a reason, a name, a problem and a link is text', () => {
	const hostile = { code: MARKUP, message: MARKUP };
	const link = `https://files.evolink.ai/"><script>alert(1)</script>`;
	const items: StatusItem[] = [
		taskItem({ status: MARKUP }, { id: MARKUP, prompt: MARKUP }),
		taskItem({ status: 'failed', error: hostile }, { item: 1, prompt: MARKUP }),
		taskItem({ status: 'completed', results: [link] }, { item: 2 }),
		taskItem({ status: 'completed', result_data: { character_name: MARKUP } }, { item: 3 }),
		{ item: 4, problem: MARKUP },
	];
	const plain = page([running], { trouble: 'x' });
	const text = page(items, { trouble: MARKUP, timezone: 'UTC', workflow: MARKUP });
	expect(text).not.toContain('<script>');
	expect(text.match(/<\/?(script|style|title)\b/g)).toEqual(plain.match(/<\/?(script|style|title)\b/g));
	expect(text.match(/<img|<video/g)).toEqual(['<video']);
	expect(text.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt;/g)!.length).toBeGreaterThanOrEqual(7);
});

test(
	'whatever EvoLink sends, the page is a page of a bounded size with the tags of the template only',
	() => {
		const known =
			/^<(!doctype html|\/?(html|head|body|header|main|section|noscript|title|style|script|h1|h2|small|p|code|time|progress|video|img|a|meta|link)( [a-z-]+(="[^"<>]*")?)*)>$/;
		always(
			fc.record({ status: hostileJson, progress: hostileJson, error: hostileJson, task_info: hostileJson }),
			fc.string(),
			(body, prompt) => {
				const task = readTask({ id: 'task-1', ...body })!;
				const text = page([{ item: 0, id: 'task-1', prompt, view: viewOf(task) }]);
				expect(text.length).toBeLessThan(20_000);
				const markup = text.replace(/(<(style|script)[^>]*>).*?(<\/\2>)/gs, '$1$3');
				expect((markup.match(/<[^>]*>/g) ?? []).filter((tag) => !known.test(tag))).toEqual([]);
			},
		);
	},
	PROPERTY_TIMEOUT_MS,
);

test('300 items are all shown, and only the first players load anything', () => {
	const text = page(Array.from({ length: 300 }, (_, item) => done(item)));
	expect(text.match(/<section/g)).toHaveLength(300);
	expect(text.match(/preload="metadata"/g)).toHaveLength(12);
	expect(text.match(/preload="none"/g)).toHaveLength(288);
	expect(text.length).toBeLessThan(300_000);
});

test('of thousands the first 500 are shown, and all are counted', () => {
	const text = page(Array.from({ length: 2000 }, (_, item) => done(item)));
	expect(text.match(/<section/g)).toHaveLength(500);
	expect(text).toContain('And 1500 more items.');
	expect(text).toContain('2000 items: 2000 completed.');
});

test('a long prompt is shortened', () => {
	expect(page([taskItem({ status: 'pending' }, { prompt: 'x'.repeat(5000) })])).toContain(
		`<h2>${'x'.repeat(159)}…</h2>`,
	);
});

test.each([
	[-5, '0 s'],
	[95_000, '95 s'],
	[720_000, '12 min'],
	[3_600_000, '1 h'],
	[7_500_000, '2 h 5 min'],
])('%i ms are %s', (ms, words) => {
	expect(inWords(ms)).toBe(words);
});
