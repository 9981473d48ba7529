import { inLab } from './lab';
import { SORA, failed, prompts, sora, withBothOutputs } from './support';

const estimate = (more: object = {}, node: object = {}) =>
	sora({ operation: 'estimateCost', options: undefined, ...more }, node);

test.concurrent('each item comes out with what its order would cost, and nothing is sent', () =>
	inLab(async (lab) => {
		const run = await lab.run(
			estimate({ duration: '={{ $json.prompt === "a" ? 4 : 12 }}' }),
			prompts('a', 'b'),
		);
		expect(run.error).toBeUndefined();
		const source = "EvoLink's price list of 2026-10-10";
		expect(run.output(SORA)).toEqual([
			{ json: { model: 'sora-2-preview', credits: 23.04, usd: 0.34, source }, pairedItem: { item: 0 } },
			{ json: { model: 'sora-2-preview', credits: 69.12, usd: 1.02, source }, pairedItem: { item: 1 } },
		]);
		expect(lab.evolink.requests).toEqual([]);
	}),
);

test.concurrent('an order that would be refused is refused here, by its field; the other items go on', () =>
	inLab(async (lab) => {
		const node = estimate(
			{ duration: '={{ $json.prompt === "a" ? 5 : 4 }}' },
			{ onError: 'continueErrorOutput' },
		);
		const run = await lab.run(withBothOutputs(node), prompts('a', 'b'));
		expect(run.json('After')).toMatchObject([{ credits: 23.04 }]);
		expect(JSON.stringify(run.json(failed.name))).toContain("'Duration' is 5. Allowed: 4, 8, 12");
		expect(lab.evolink.requests).toEqual([]);
	}),
);
