import { recoverCrashed, retryExecution, startWorkflow, type Run } from '../../tools/n8n-engine';
import { SORA, inLab, prompts, sentKeys, sora, start, type Lab } from './support';

/** n8n was lost while the node ordered: nothing of the order is stored. */
async function lostWhileOrdering(lab: Lab): Promise<Run> {
	const run = await startWorkflow(lab.engine, { nodes: [start, sora()] }, { items: prompts('a cat') });
	await new Promise((resolve) => lab.evolink.events.once('create', resolve));
	run.crash();
	recoverCrashed(lab.engine, run);
	return run;
}

/** As n8n before 2.14 stores executions: without the token that its resume URL is signed with. */
function takeToken({ engine }: Lab, executionId: string): void {
	const { resumeToken, ...data } = engine.store.readData(executionId);
	expect(resumeToken).toBeDefined();
	engine.store.write(executionId, {}, data as never);
}

const WARNING = /found no earlier order.*EvoLink dashboard/;

async function warningsOfRetry(lab: Lab, executionId: string): Promise<string[]> {
	const retried = await (await retryExecution(lab.engine, executionId)).done;
	return retried
		.hints(SORA)
		.filter(({ type }) => type === 'warning')
		.map(({ message }) => message);
}

describe('Retry where n8n gives executions no token', () => {
	test('of a run that was lost while it ordered: says that the video may be there twice', () =>
		inLab(async (lab) => {
			lab.evolink.script('', { seconds: 0, estimatedTime: 0 });
			const { executionId } = await lostWhileOrdering(lab);
			takeToken(lab, executionId);
			expect(await warningsOfRetry(lab, executionId)).toEqual([expect.stringMatching(WARNING)]);
			expect(sentKeys(lab).size).toBe(2);
		}));

	test('of a run whose order is known: goes on with it, and has nothing to say', () =>
		inLab(async (lab) => {
			lab.evolink.script('', { seconds: 3600, estimatedTime: 0 });
			const first = await lab.run([start, sora({ options: { timeoutMinutes: 0.01 } })], {
				items: prompts('a cat'),
			});
			lab.evolink.finish(lab.ids[0]!);
			takeToken(lab, first.executionId);
			expect(await warningsOfRetry(lab, first.executionId)).toEqual([]);
			expect(lab.paid).toEqual(['a cat']);
		}));
});

test('Retry with the token repeats the order under its own key, and says that the first one made the video', () =>
	inLab(async (lab) => {
		lab.evolink.script('', { seconds: 0, estimatedTime: 0 });
		const { executionId } = await lostWhileOrdering(lab);
		expect(await warningsOfRetry(lab, executionId)).toEqual([
			expect.stringContaining('an earlier try of this execution had ordered this already'),
		]);
		expect(sentKeys(lab).size).toBe(1);
		expect(lab.paid).toEqual(['a cat']);
	}));
