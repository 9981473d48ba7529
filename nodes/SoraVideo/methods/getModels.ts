import { sleep, type ILoadOptionsFunctions, type INodePropertyOptions } from 'n8n-workflow';

import { getCatalogue } from '../../evolink/api';
import { priceInWords, type Catalogue } from '../../evolink/catalogue';
import { hostClock } from '../../evolink/clock';
import { tasksOf } from '../../evolink/models';
import { videoModels } from '../operations/model';

/** The field cannot be used while its options load. The answer that comes later serves the next opening. */
const PATIENCE_MS = 2000;

/** Served first, what this key cannot call last. Where EvoLink does not answer, nothing is said of any. */
export async function getModels(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const catalogue: Catalogue = await Promise.race([
		getCatalogue(this, hostClock.now()),
		sleep(PATIENCE_MS).then(() => ({})),
	]);
	return videoModels(catalogue).map(({ id, label, price, unserved }) => ({
		name: label,
		value: id,
		description: [id, tasksOf(id), unserved ?? (price && priceInWords(price))].filter(Boolean).join(' · '),
	}));
}
