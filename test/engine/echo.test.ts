import { inLab, type Lab } from './lab';
import { SORA, sora } from './support';

/** Not in the form of EvoLink's keys: nothing but knowing it can blank it. */
const KEY = 'gw/Zm9v+c2VjcmV0/0123456789==';
const ID = 'task-unified-1757169743-7cvnl5zw';

/** How gateways spell what they repeat, as it stands in their JSON. */
const SPELLED: Array<[how: string, text: string]> = [
	['as it is', KEY],
	['with \\/', KEY.replaceAll('/', '\\/')],
	['with \\u002b', KEY.replaceAll('+', '\\u002b')],
	['with its first letter escaped', KEY.replace('g', '\\u0067')],
	['as JSON in JSON', JSON.stringify(JSON.stringify({ key: KEY.replaceAll('/', '\\/') })).slice(1, -1)],
	['URL-encoded', encodeURIComponent(KEY)],
	['in base64', Buffer.from(KEY).toString('base64')],
	['in base64, with its scheme', Buffer.from(`Bearer ${KEY}`).toString('base64')],
	['in base64url', Buffer.from(`Bearer ${KEY}`).toString('base64url')],
];

/** What somebody finds who looks for the key in a text: decoded until nothing changes, each part also read as base64. */
function allReadings(text: string): string {
	const plain = [1, 2, 3, 4].reduce(
		(left) =>
			left
				.replace(/\\u([\da-f]{4})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
				.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
				.replace(/\\(.)/g, '$1'),
		text,
	);
	const parts = plain.match(/[\w+/-]{16,}/g) ?? [];
	return [
		plain,
		...parts.flatMap((part) => [0, 1, 2, 3].map((skip) => Buffer.from(part.slice(skip), 'base64'))),
	].join('\n');
}

test('somebody who looks for the key finds it in every spelling', () => {
	for (const [, text] of SPELLED) expect(allReadings(`{"a":"x ${text}"}`)).toContain(KEY);
});

const inEchoLab = (body: (lab: Lab) => Promise<void>) => inLab(body, { apiKey: KEY });
const getTask = sora({ operation: 'getTask', taskId: ID, wait: 'none' });

describe.each(SPELLED)('the key, repeated by a gateway %s,', (_, text) => {
	test.concurrent('is in no output and in no stored execution', () =>
		inEchoLab(async (lab) => {
			const echo = `"note":"sent ${text} here","${text}":{"deep":["${text}"]}`;
			const body = `{"id":"${ID}","status":"failed",${echo},"error":{"code":"odd","message":"${text}"}}`;
			lab.evolink.fault('read', { kind: 'body', body });
			lab.evolink.fault('create', { kind: 'body', body: `{"id":"${ID}","status":"pending",${echo}}` });
			const runs = [await lab.run(getTask), await lab.run(sora({ wait: 'none' }))];
			for (const run of runs) {
				expect(run.json(SORA)).toMatchObject([{ id: ID, note: expect.stringContaining('[redacted]') }]);
				expect(allReadings(run.everythingWritten())).not.toContain(KEY);
			}
		}),
	);

	test.concurrent.each([
		[
			'JSON',
			401,
			(echo: string) => `{"error":{"code":"${echo}","message":"no ${echo}","fallback_suggestion":"${echo}"}}`,
		],
		['a page', 403, (echo: string) => `<p>${echo}</p>`],
		['half an answer', 200, (echo: string) => `{"id":"${ID}","note":"${echo}`],
	])('is in no error that comes as %s', (__, status, bodyOf) =>
		inEchoLab(async (lab) => {
			lab.evolink.fault('create', { kind: 'body', body: bodyOf(text), status });
			const run = await lab.run(sora());
			expect(run.errorText).toContain('[redacted]');
			expect(allReadings(run.everythingWritten())).not.toContain(KEY);
		}),
	);
});
