import { inLab } from './lab';
import { SORA, sora } from './support';

const credits = (more: object = {}) => sora({ operation: 'getCredits' }, more);

test.concurrent("the key's limit and the account's balance come out for each item, after one request", () =>
	inLab(
		async (lab) => {
			const items = [{ json: {} }, { json: {} }];
			const run = await lab.run(credits(), items);
			const json = {
				token: { remaining_credits: 99_999, used_credits: 0, unlimited_credits: true },
				user: { remaining_credits: 77, used_credits: 0 },
				creditsAvailable: 77,
			};
			expect(run.output(SORA)).toEqual([0, 1].map((item) => ({ json, pairedItem: { item } })));
			expect(lab.evolink.requests).toHaveLength(1);
		},
		{ balance: 77 },
	),
);

test.concurrent('a refusal says what EvoLink said and what to do', () =>
	inLab(async (lab) => {
		lab.evolink.fault('credits', { kind: 'http', status: 401 });
		const run = await lab.run(credits());
		expect(run.error?.message).toMatch(/^The credits could not be read: .*401/);
		expect(run.error).toMatchObject({ description: expect.stringContaining('API key') });
	}),
);
