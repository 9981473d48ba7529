import { inLab, type Lab } from './lab';
import { SORA, failedWith, parking, prompts, sora } from './support';
import { withTrigger } from './trigger-support';

/** The answer of a task that made three results; the last link may lead nowhere. */
const three = (lab: Lab, id: string, last = '3') => {
	const url = `${lab.evolink.url}/media/stand-in/${id}.mp4`;
	return [url, `${url}?2`, last === 'dead' ? `${url}.gone` : `${url}?3`];
};

/** Gives every task three results, once it is ordered. */
function makeThree(lab: Lab, last?: string): void {
	lab.evolink.events.on('create', () => {
		for (const task of lab.evolink.tasks.values()) task.script.results = three(lab, task.id, last);
	});
}

const SHARE = 7.68;

describe('an order that makes several results', () => {
	test.concurrent('gives an item for each, with its file and its share of the credits', () =>
		inLab(async (lab) => {
			makeThree(lab);
			const run = await lab.run(sora({ download: true, simplify: true }), prompts('a cat', 'a dog'));
			const out = run.output(SORA);
			const ids = ['a cat', 'a dog'].flatMap((prompt) => Array<string>(3).fill(lab.idOf(prompt)));
			expect(out.map(({ json }) => json.id)).toEqual(ids);
			expect(out.map(({ pairedItem }) => pairedItem)).toEqual([0, 0, 0, 1, 1, 1].map((item) => ({ item })));
			expect(out.map(({ json }) => [json.resultNumber, json.resultCount, json.creditsUsed])).toEqual(
				[1, 2, 3, 1, 2, 3].map((number) => [number, 3, SHARE]),
			);
			expect(out.map(({ json }) => json.videoUrl)).toEqual(
				['a cat', 'a dog'].flatMap((prompt) => three(lab, lab.idOf(prompt))),
			);
			expect(out.map(({ binary }) => binary?.data?.fileName)).toEqual(
				['a cat', 'a dog'].flatMap((prompt) =>
					['', '-2', '-3'].map((suffix) => `${lab.idOf(prompt)}${suffix}.mp4`),
				),
			);
			expect(run.hints(SORA).map(({ message }) => message)).toEqual([
				expect.stringMatching(/^Made 6 videos .*for 46\.08 credits \(about 0\.68 USD\)\./),
			]);
		}),
	);

	test.concurrent.each(['polled', 'suspended'])('one dead link costs one row, and no other (%s)', (way) =>
		inLab(async (lab) => {
			makeThree(lab, 'dead');
			const more = { onError: 'continueErrorOutput' as const };
			const parameters = { download: true };
			const node = way === 'polled' ? sora(parameters, more) : parking({ ...more, parameters });
			let run = await lab.run(node);
			if (run.status === 'waiting') run = await lab.timer(run.executionId);
			const [taskId] = lab.ids;
			expect(run.json('After')).toMatchObject([{ resultNumber: 1 }, { resultNumber: 2 }]);
			expect(run.json('Failed')).toMatchObject([
				failedWith('could not be downloaded', { taskId, link: three(lab, taskId!, 'dead')[2]! }),
			]);
			expect(run.hints(SORA)).toContainEqual(
				expect.objectContaining({ message: expect.stringContaining('1 failed: see its item.') }),
			);
		}),
	);
});

test('the trigger starts its workflow with an item for each', async () => {
	await withTrigger({ download: true, simplify: true }, async (trigger) => {
		makeThree(trigger, 'dead');
		const id = await trigger.orderAndDeliver('a cat');
		const out = trigger.received[0]!.execution!.output('After');
		expect(out.map(({ json }) => json)).toMatchObject([
			{ id, resultNumber: 1, creditsUsed: SHARE },
			{ id, resultNumber: 2, creditsUsed: SHARE },
			{ id, resultNumber: 3, downloadError: expect.stringContaining('404') },
		]);
		expect(out.map(({ binary }) => binary?.data?.fileName)).toEqual([`${id}.mp4`, `${id}-2.mp4`, undefined]);
	});
});
