import { inLab, type Lab } from './lab';
import { BY_HAND, SORA, sora } from './support';

/** As n8n before 2.14 stores executions: without the token that its resume URL is signed with. */
function takeToken({ engine }: Lab, executionId: string): void {
	const { resumeToken, ...data } = engine.store.readData(executionId);
	expect(resumeToken).toBeDefined();
	engine.store.write(executionId, {}, data as never);
}

const WARNING = /found no earlier order.*EvoLink dashboard/;

async function warningsOfRetry(lab: Lab, executionId: string): Promise<string[]> {
	return (await lab.retry({ executionId }))
		.hints(SORA)
		.filter(({ type }) => type === 'warning')
		.map(({ message }) => message);
}

describe('Retry where n8n gives executions no token', () => {
	test('of a run that was lost while it ordered: says that the video may be there twice', () =>
		inLab(async (lab) => {
			const { executionId } = await lab.lostWhileOrdering(sora());
			takeToken(lab, executionId);
			expect(await warningsOfRetry(lab, executionId)).toEqual([expect.stringMatching(WARNING)]);
			expect(lab.sentKeys.size).toBe(2);
		}));

	test('of a run whose order is known: goes on with it, and has nothing to say', () =>
		inLab(async (lab) => {
			lab.evolink.script('', BY_HAND);
			const first = await lab.run(sora({ options: { timeoutMinutes: 0.01 } }));
			lab.evolink.finish(lab.ids[0]!);
			takeToken(lab, first.executionId);
			expect(await warningsOfRetry(lab, first.executionId)).toEqual([]);
			expect(lab.paid).toEqual(['a cat']);
		}));
});

test('Retry with the token repeats the order under its own key, and says that the first one made the video', () =>
	inLab(async (lab) => {
		const { executionId } = await lab.lostWhileOrdering(sora());
		expect(await warningsOfRetry(lab, executionId)).toEqual([
			expect.stringContaining('an earlier try of this execution had ordered this already'),
		]);
		expect(lab.sentKeys.size).toBe(1);
		expect(lab.paid).toEqual(['a cat']);
	}));
