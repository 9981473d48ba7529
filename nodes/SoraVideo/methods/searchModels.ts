import type { ILoadOptionsFunctions, INodeListSearchItems, INodeListSearchResult } from 'n8n-workflow';

import { MODEL_ENTRIES } from '../../evolink/modelEntries';

/** The models of the list: those with an entry, by name. */
function modelChoices(): INodeListSearchItems[] {
	return MODEL_ENTRIES.map(({ id, label }) => ({ name: label, value: id }));
}

export async function searchModels(this: ILoadOptionsFunctions, filter = ''): Promise<INodeListSearchResult> {
	const wanted = filter.trim().toLowerCase();
	const results = modelChoices().filter(({ name, value }) =>
		`${name} ${String(value)}`.toLowerCase().includes(wanted),
	);
	return { results };
}
