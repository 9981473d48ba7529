import type { NodeHint } from 'n8n-workflow';

import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { DOCUMENTED_MODELS, optionsOf, takesField } from '../../evolink/models';
import { inMoney, PRICES_AS_OF } from '../../evolink/prices';

const EXAMPLE_MINUTES = Math.round(evolinkFacts.results.exampleEstimateSeconds / 60);

/** For each choice whose price EvoLink's list has. */
export const priceHints: NodeHint[] = DOCUMENTED_MODELS.filter((model) =>
	takesField(model, 'duration'),
).flatMap((model) =>
	optionsOf(model, 'duration').flatMap(({ value, credits }) =>
		credits === undefined ? [] : [priceHint(model, value, credits)],
	),
);

function priceHint(model: string, duration: string | number, credits: number): NodeHint {
	const chosen = { operation: 'generate', model, duration };
	const conditions = Object.entries(chosen).map(
		([name, value]) => `$parameter["${name}"] === ${JSON.stringify(value)}`,
	);
	return {
		message: `Each item will cost ${inMoney(credits)}, by EvoLink's price list of ${PRICES_AS_OF}. A video takes some minutes (${EXAMPLE_MINUTES} in the example of EvoLink's manual).`,
		type: 'info',
		location: 'outputPane',
		whenToDisplay: 'beforeExecution',
		displayCondition: `={{ ${conditions.join(' && ')} }}`,
	};
}
