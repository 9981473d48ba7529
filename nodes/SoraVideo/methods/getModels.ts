import type { ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';

import { getCatalogue } from '../../evolink/api';
import { unlessAborted } from '../../evolink/async';
import { priceInWords } from '../../evolink/catalogue';
import { hostClock } from '../../evolink/clock';
import { tasksOf } from '../../evolink/models';
import { videoModels } from '../operations/model';

/** The field cannot be used while its options load. The answer that comes later serves the next opening. */
const PATIENCE_MS = 2000;

/** Served first, what this key cannot call last. Where EvoLink does not answer, nothing is said of any. */
export async function getModels(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const patience = AbortSignal.timeout(PATIENCE_MS);
	const catalogue = (await unlessAborted(getCatalogue(this, hostClock.now()), patience)) ?? {};
	return videoModels(catalogue).map(({ id, label, price, unserved }) => ({
		name: label,
		value: id,
		description: [id, tasksOf(id), unserved ?? (price && priceInWords(price))].filter(Boolean).join(' · '),
	}));
}
