import type { IWebhookFunctions } from 'n8n-workflow';

import { callbackUrl, CONTEXT_KEY, parkedRunOf, statusUrl } from '../../../../nodes/SoraVideo/run/parkedRun';
import { readRun, UnreadableRun } from '../../../../nodes/SoraVideo/run/state';
import version1 from '../../golden/parked-run.v1.json';
import { fakeContext } from '../../support';

/** Records as n8n had stored them. The files never change: a new shape is a new version with a file of its own. */
const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test('a parked run is read as it was written', () => {
	expect(readRun(clone(version1))).toEqual(version1);
});

test.each([
	['of a later version', { version: 2 }],
	[
		'with a broken item',
		{ items: [{ item: 0, phase: 'task', watch: { id: 7 } }, ...version1.items.slice(1)] },
	],
	['without settings', { settings: null }],
])('a record %s is refused, with the tasks and items that it names', (_, change) => {
	const ids = version1.items.flatMap((entry) => entry.watch?.id ?? []);
	try {
		readRun({ ...clone(version1), ...change });
		throw new Error('it was read');
	} catch (error) {
		expect(error).toBeInstanceOf(UnreadableRun);
		expect(error).toMatchObject({ ids, items: [0, 1, 2, 3, 4] });
	}
});

test.each([[undefined], [null], ['text'], [[]]])('%j is no record', (value) => {
	expect(readRun(value)).toBeUndefined();
});

test.each([[{}], [{ items: 'none' }], [{ items: [null, { id: {} }] }]])(
	'a record that names nothing (%j) is refused all the same',
	(value) => {
		expect(() => readRun(value)).toThrow(UnreadableRun);
	},
);

test('items without a number are not named', () => {
	expect(() => readRun({ items: [{ item: '0', id: 'task-1' }] })).toThrow(
		expect.objectContaining({ ids: ['task-1'], items: [] }) as Error,
	);
});

test.each(['Sora Video', 'a "b" }} c', '視頻 🎬'])('a callback finds what the node %j has kept', (name) => {
	const context: Record<string, unknown> = { [CONTEXT_KEY]: clone(version1) };
	const escaped = [...name]
		.flatMap((character) => character.split(''))
		.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
	const webhook = {
		getNode: () => ({ name }),
		evaluateExpression: (expression: string) =>
			expression === `{{ $("${escaped.join('')}").context.wait }}` ? context.wait : undefined,
	};
	expect(parkedRunOf(webhook as unknown as IWebhookFunctions)).toEqual(version1);
});

/** A run that n8n gives this resume URL. */
const runAt = (resumeUrl: string | undefined) =>
	fakeContext({ getWorkflowDataProxy: () => ({ $execution: { resumeUrl }, $runIndex: 0 }) }).ctx;

test.each([
	[
		'https://n8n.example.test/webhook-waiting/231?signature=f00d',
		{ url: 'https://n8n.example.test/webhook-waiting/231/sora-video?signature=f00d' },
	],
	[
		'http://n8n.example.test/webhook-waiting/231',
		{ reason: expect.stringMatching(/^n8n's own URL .*https/) },
	],
	[
		'https://localhost:5678/webhook-waiting/231',
		{ reason: expect.stringMatching(/^n8n's own URL .*private/) },
	],
	[undefined, { reason: 'this n8n gives no resume URL' }],
])('EvoLink is to call a run of %s behind its resume URL, or it is said why not', (resumeUrl, expected) => {
	expect(callbackUrl(runAt(resumeUrl))).toEqual(expected);
});

const OWN = 'n8n.example.test/webhook-waiting/231';

test.each([
	[`https://${OWN}?signature=f00d`, `https://${OWN}/sora-video?signature=f00d`],
	[`http://${OWN}?signature=f00d`, `http://${OWN}/sora-video?signature=f00d`],
	[`https://${OWN}`, undefined],
	[`ftp://${OWN}?signature=f00d`, undefined],
	['/webhook-waiting/231?signature=f00d', undefined],
	[undefined, undefined],
])('the status page of a run of %s is shown only to who knows the token', (resumeUrl, expected) => {
	expect(statusUrl(runAt(resumeUrl))).toBe(expected);
});
