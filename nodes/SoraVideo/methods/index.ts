import type { INodeType } from 'n8n-workflow';

import { getModelFields } from './modelFields';
import { getModels } from './getModels';
import { searchTasks } from './searchTasks';

/** What the editor asks for while a node is filled in. */
export const methods: INodeType['methods'] = {
	listSearch: { searchTasks },
	loadOptions: { getModels },
	resourceMapping: { getModelFields },
};
