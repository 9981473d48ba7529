import {
	credentialFailure,
	httpFailure,
	malformedAnswer,
	networkFailure,
} from '../../../nodes/evolink/failure';
import { evolinkFacts } from '../../../nodes/evolink/generated/spec.gen';
import { adviceOn, failureSentence } from '../../../nodes/host/advice';
import { failureOf } from '../support';

const fail = (status: number, body: unknown, namesTask = true) =>
	httpFailure({ status, headers: {}, namesTask, body }, 0);
const words = (code: unknown, message = 'm') => ({ error: { code, message } });

describe('what to do about a failure', () => {
	test.each(Object.entries(evolinkFacts.httpFailures))(
		'is what the spec says of the code %s, at any status',
		(code, { advice }) => {
			for (const status of [400, 403, 500]) {
				expect(adviceOn(fail(status, { success: false, code: Number(code), msg: 'm' }))).toBe(advice);
				expect(adviceOn(fail(status, words(`${code}0`)))).not.toBe(advice);
			}
		},
	);

	test('is about the address where an order meets 404, and about the id where a task does', () => {
		expect(adviceOn(fail(404, words('not_found'), false))).toContain('base URLs');
		expect(adviceOn(fail(404, words('not_found')))).toContain('The id is unknown');
		expect(adviceOn(malformedAnswer({ status: 200 }, 'an empty body'))).toContain('base URLs');
	});

	test('is to wait where EvoLink has no room, and to send less where it was asked too often', () => {
		const { words: noRoom, advice } = evolinkFacts.capacity;
		expect(adviceOn(fail(400, words('invalid_request_error', noRoom)))).toBe(advice);
		expect(adviceOn(fail(429, words(429)))).toContain('send fewer items at once');
	});

	test('is about the credential where it cannot be read, and about the key where EvoLink refuses it', () => {
		expect(adviceOn(credentialFailure('gone'))).toBe("Look at the node's credential.");
		expect(adviceOn(fail(401, words('invalid_token')))).toContain('Check the API key');
	});

	test('is about the connection where no answer came', () => {
		expect(adviceOn(networkFailure('ECONNRESET', 'closed'))).toContain('Check the connection');
	});

	test('says that something on the way may have answered, and what EvoLink itself suggests', () => {
		expect(adviceOn(fail(403, '<h1>Forbidden</h1>'))).toContain('a proxy or firewall on the way');
		expect(adviceOn(fail(403, words('x')))).not.toContain('proxy');
		const body = { error: { code: 413, message: 'Too large', fallback_suggestion: 'compress the image' } };
		expect(adviceOn(fail(413, body))).toBe('Use a smaller file. EvoLink suggests: compress the image.');
	});
});

test('a failure as a sentence: what happened, what EvoLink’s support asks for, what to do', () => {
	const failure = failureOf({ message: 'No...  ', status: 402, code: 'no_quota', kind: 'tooLarge' });
	expect(failureSentence(failure)).toBe('No (402 no_quota). Use a smaller file.');
	expect(failureSentence(failureOf({ message: 'No', status: undefined, kind: 'tooLarge' }))).toBe(
		'No. Use a smaller file.',
	);
});
