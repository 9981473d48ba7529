import type { ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';

import { getCatalogue } from '../../evolink/api';
import { unlessAborted } from '../../evolink/async';
import { listModels, priceInWords } from '../../evolink/catalogue';
import { hostClock } from '../../evolink/clock';
import { evolinkFacts } from '../../evolink/generated/spec.gen';
import { MODEL_ENTRIES } from '../../evolink/modelEntries';
import { CHARACTER_MODEL, modelOptions, tasksOf } from '../../evolink/models';

/** Made by another operation, or no video models. */
const HIDDEN = [CHARACTER_MODEL, ...evolinkFacts.catalogue.noVideo];

/** The field cannot be used while its options load. The answer that comes later serves the next opening. */
const PATIENCE_MS = 2000;

const SHIPPED = [...modelOptions().map(({ name, value }) => ({ id: value, label: name })), ...MODEL_ENTRIES];

/**
 * The models that the form knows, and those that EvoLink's catalogue has beside them, with what it says of each: served first, what
 * this key cannot call last. Without a credential, or where EvoLink does not answer, nothing is said of any.
 */
export async function getModels(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const patience = AbortSignal.timeout(PATIENCE_MS);
	const catalogue = (await unlessAborted(getCatalogue(this, hostClock.now()), patience)) ?? {};
	return listModels(SHIPPED, catalogue, HIDDEN).map(({ id, label, price, unserved }) => ({
		name: label,
		value: id,
		description: [id, tasksOf(id), unserved ?? (price && priceInWords(price))].filter(Boolean).join(' · '),
	}));
}
