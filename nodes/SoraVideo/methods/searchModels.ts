import type { ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';

import { getCatalogue } from '../../evolink/api';
import { listModels, type ListedModel } from '../../evolink/catalogue';
import { hostClock } from '../../evolink/clock';
import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { MODEL_ENTRIES } from '../../evolink/modelEntries';
import { CHARACTER_MODEL, DOCUMENTED_MODELS } from '../../evolink/models';

/** Chosen by fields of their own, or no video models. */
const HIDDEN = [...DOCUMENTED_MODELS, CHARACTER_MODEL, ...evolinkFacts.catalogue.noVideo];

/**
 * The models with an entry, and those that EvoLink's catalogue has beside them, whose label or ID holds the words. What this
 * key cannot call comes last; where EvoLink does not answer, nothing is said of any.
 */
export async function searchModels(this: ILoadOptionsFunctions, filter = ''): Promise<INodeListSearchResult> {
	const wanted = filter.trim().toLowerCase();
	const models = listModels(MODEL_ENTRIES, await getCatalogue(this, hostClock.now()), HIDDEN);
	const results = models
		.filter(({ id, label }) => `${label} ${id}`.toLowerCase().includes(wanted))
		.map((model) => ({ name: nameOf(model), value: model.id }));
	return { results };
}

function nameOf({ label, price, unserved }: ListedModel): string {
	const note = unserved ?? price;
	return note === undefined ? label : `${label} (${note})`;
}
