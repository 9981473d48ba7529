import fc from 'fast-check';

import {
	MAX_CREDITS,
	POLL_SECONDS,
	readAdditionalFields,
	readCallbackUrl,
	readFileField,
	readImageCheck,
	readReference,
	readSettings,
	TIMEOUT_MINUTES,
	TOOL_WAIT_SECONDS,
} from '../../../nodes/SoraVideo/settings';
import { always, fakeContext, parametersIn, PROPERTY_TIMEOUT_MS } from '../support';
import { MAX_DOWNLOAD_MB, parameterMessage, type NumberRule } from '../../../nodes/host/parameters';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const DEFAULTS = { wait: 'auto' } as const;
const read = (values: Record<string, unknown>) =>
	readSettings(fakeContext().ctx, parametersIn(values), DEFAULTS);
const fileField = (values: Record<string, unknown>) =>
	readFileField(fakeContext().ctx, parametersIn(values), true);
const readOption = (name: string, value: unknown) =>
	readSettings(
		fakeContext({ isToolExecution: () => name.startsWith('tool') }).ctx,
		parametersIn({ options: { [name]: value } }),
		DEFAULTS,
	);

/** The message of what was thrown; fails when nothing was. */
function refusal(step: () => unknown): string {
	try {
		step();
	} catch (error) {
		return (error as Error).message;
	}
	throw new Error('nothing was refused');
}

describe('the settings of a run', () => {
	test('have the documented defaults', () => {
		expect(read({})).toEqual({
			wait: 'auto',
			pollMs: 8000,
			onTaskFailure: 'error',
			maxDownloadBytes: 500_000_000,
			simplify: true,
			resendUnknown: false,
			checkBalance: false,
		});
	});

	const numbers: Array<[string, string, NumberRule]> = [
		['timeoutMinutes', 'Timeout Minutes', TIMEOUT_MINUTES],
		['pollSeconds', 'Poll Seconds', POLL_SECONDS],
		['maxDownloadMb', 'Max Download MB', MAX_DOWNLOAD_MB],
		['maxCredits', 'Max Credits', MAX_CREDITS],
		['toolWaitSeconds', 'Tool Wait Seconds', TOOL_WAIT_SECONDS],
	];

	describe.each(numbers)('%s', (name, displayName, rule) => {
		test('takes every number in its range, as a number or as text', () => {
			const field = {
				timeoutMinutes: 'timeoutMs',
				pollSeconds: 'pollMs',
				maxDownloadMb: 'maxDownloadBytes',
				maxCredits: 'maxCredits',
				toolWaitSeconds: 'toolWaitMs',
			}[name];
			always(fc.double({ min: rule.min, max: rule.max, noNaN: true }), (value) => {
				const settings = readOption(name, value);
				expect(Math.sign(Number(settings[field as string]))).toBe(Math.sign(value));
				expect(readOption(name, ` ${value} `)).toEqual(settings);
			});
		});

		test('refuses everything else, with its name, what was given and what is allowed', () => {
			const wrong = fc.oneof(
				fc.constantFrom<unknown>(
					0,
					-1,
					NaN,
					Infinity,
					-Infinity,
					'',
					' ',
					'soon',
					true,
					[],
					[8],
					{},
					'8 s',
					10n,
				),
				fc.double({ min: rule.max, minExcluded: true }),
				fc.double({ max: rule.min, maxExcluded: true }),
				fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }),
			);
			always(wrong, (value) => {
				fc.pre(value !== null && value !== undefined);
				const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
				fc.pre(!(typeof number === 'number' && number >= rule.min && number <= rule.max));
				const message = refusal(() => readOption(name, value));
				expect(message).toContain(`'${displayName}' is `);
				expect(message).toContain(`Allowed: ${rule.min} to ${rule.max} ${rule.unit}`);
			});
			expect(refusal(() => readOption(name, -7))).toContain(`'${displayName}' is -7.`);
		});
	});

	test("'Tasks at Once' is a whole number from 1, and no limit where it is not added", () => {
		expect(read({})).not.toHaveProperty('tasksAtOnce');
		for (const given of [3, '3', ' 3 ']) expect(readOption('tasksAtOnce', given).tasksAtOnce).toBe(3);
		for (const given of [0, 1.5, 'many', '', 1001, -1]) {
			const message = refusal(() => readOption('tasksAtOnce', given));
			expect(message).toMatch(/^'Tasks at Once' is .*Allowed: 1 to 1000 tasks, as a whole number$/);
		}
	});

	test.each([
		['wait', 'Wait', 'auto, none'],
		['download', 'Download', 'true, false'],
	])('%s refuses what is not offered', (name, displayName, allowed) => {
		for (const value of ['POLL', 'yes', 1, null, {}, '']) {
			const values = { [name]: value };
			const message = refusal(() => (name === 'wait' ? read(values) : fileField(values)));
			expect(message).toContain(`'${displayName}' is `);
			expect(message).toContain(`Allowed: ${allowed}`);
		}
	});

	test.each([
		['onTaskFailure', 'When a Task Fails', 'error, output'],
		['resendUnknown', 'Resend When Outcome Is Unknown', 'true, false'],
	])('the option %s refuses what is not offered', (name, displayName, allowed) => {
		for (const value of ['Error', 'yes', 1, {}, '']) {
			const message = refusal(() => readOption(name, value));
			expect(message).toContain(`'${displayName}' is `);
			expect(message).toContain(`Allowed: ${allowed}`);
		}
	});

	test('a choice that an expression gives as text is taken: true is no silent no', () => {
		expect(fileField({ download: 'true' })).toBe('data');
		expect(fileField({ download: 'false' })).toBeNull();
		expect(readOption('resendUnknown', 'true').resendUnknown).toBe(true);
	});

	test("'Check Image Size' is on unless it is turned off", () => {
		const check = (options: object) => readImageCheck(parametersIn({ options }));
		const given = [{}, { checkImageSize: true }, { checkImageSize: false }, { checkImageSize: 'false' }];
		expect(given.map(check)).toEqual([true, true, false, false]);
		const message = refusal(() => check({ checkImageSize: 'no' }));
		expect(message).toContain("'Check Image Size' is 'no'. Allowed: true, false");
	});

	test('a download goes to the field that is named, or to the usual one', () => {
		expect(fileField({ binaryField: '  ' })).toBe('data');
		expect(fileField({ binaryField: ' ', download: false })).toBeNull();
		expect(fileField({ binaryField: ' film ' })).toBe('film');
	});

	test('a value that is too long to show is cut, never the rule', () => {
		always(fc.string(), (given) => {
			const message = parameterMessage('Prompt', given.repeat(50), 'anything');
			expect(message).toMatch(/Allowed: anything$/);
			expect(message.length).toBeLessThan(120);
		});
	});
});

describe('the callback URL', () => {
	const callback = (callbackUrl: unknown) => readCallbackUrl(parametersIn({ callbackUrl }));

	test('is public https of at most 2048 characters', () => {
		expect(callback('https://n8n.example.test/webhook/1/webhook')).toBe(
			'https://n8n.example.test/webhook/1/webhook',
		);
		const start = 'https://n8n.example.test/';
		expect(callback(start.padEnd(2048, 'x'))).toHaveLength(2048);
		expect(refusal(() => callback(start.padEnd(2049, 'x')))).toContain("'Callback URL' is ");
		// percent-encoding makes it longer than what was typed
		expect(refusal(() => callback(start + 'ä'.repeat(1000)))).toContain('2048');
	});

	test.each([
		'http://n8n.example.test/',
		'https://localhost:5678/webhook',
		'https://192.168.0.10/webhook',
		'https://0x7f.1/webhook',
		'https://[::ffff:7f00:1]/webhook',
		'https://u:p@n8n.example.test/',
		'n8n.example.test',
		' ',
		7,
		{},
	])('%j is refused with its display name and the reason', (url) => {
		expect(refusal(() => callback(url))).toMatch(/^'Callback URL' is .*Allowed: a public https URL/);
	});

	test('is left out when empty', () => {
		for (const nothing of ['', undefined, null]) expect(callback(nothing)).toBeUndefined();
	});
});

describe('the reference', () => {
	const reference = (given: unknown) => readReference(parametersIn({ reference: given }));

	test.each<[unknown, string]>([
		['row 17', 'row 17'],
		[17, '17'],
		[0, '0'],
		[false, 'false'],
		[{ row: 17 }, '{"row":17}'],
	])('%j is sent as %s', (given, text) => {
		expect(reference(given)).toBe(text);
	});

	test('is left out when empty', () => {
		for (const nothing of ['', undefined, null]) expect(reference(nothing)).toBeUndefined();
	});
});

describe('additional fields', () => {
	const fields = (additionalFields: unknown) =>
		readAdditionalFields(parametersIn({ options: { additionalFields } }));

	test('are any JSON object, given as text or as an object', () => {
		const names = fc.string().filter((name) => !['model', 'callback_url'].includes(name));
		always(fc.dictionary(names, fc.jsonValue(), { maxKeys: 5, noNullPrototype: true }), (object) => {
			const plain = JSON.parse(JSON.stringify(object)) as object;
			expect(fields(JSON.stringify(plain))).toEqual(plain);
			expect(fields(plain)).toEqual(plain);
		});
		for (const empty of [undefined, null, '']) expect(fields(empty)).toEqual({});
	});
});
