import type { IDataObject } from 'n8n-workflow';

import { creditsAvailable } from '../../../nodes/evolink/api';
import { always, hostileJson } from '../support';

const account = (credits: unknown) => ({ user: { remaining_credits: credits } }) as IDataObject;

describe('what can be spent', () => {
	test.each<[string, IDataObject, number | undefined]>([
		['the balance of the account', account(1095.3996), 1095.3996],
		['a balance written as text', account('77.5'), 77.5],
		['a debt', account(-3), -3],
		[
			'less where the key has a limit of its own',
			{ ...account(100), token: { remaining_credits: 20, unlimited_credits: false } },
			20,
		],
		[
			'the balance where the key has none',
			{ ...account(100), token: { remaining_credits: 0, unlimited_credits: true } },
			100,
		],
		[
			'what the day has left',
			{
				...account(100),
				token: { unlimited_credits: true, daily_limit_credits: 30, daily_used_credits: 29.9 },
			},
			0.1,
		],
		[
			'the balance where no daily limit is set',
			{ ...account(100), token: { unlimited_credits: true, daily_limit_credits: 0, daily_used_credits: 5 } },
			100,
		],
		['nothing that is known where EvoLink names no number', { ...account('many'), token: null }, undefined],
	])('is %s', (_, data, credits) => {
		expect(creditsAvailable({ data })).toBe(credits);
	});

	test('is a number or unknown, whatever EvoLink answers', () => {
		always(hostileJson, (data) => {
			const credits = creditsAvailable({ data } as IDataObject);
			expect(credits === undefined || Number.isFinite(credits)).toBe(true);
		});
	});
});
