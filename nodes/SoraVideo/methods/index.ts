import type { INodeType } from 'n8n-workflow';

import { getModelFields } from './modelFields';
import { searchModels } from './searchModels';
import { searchTasks } from './searchTasks';

/** What the editor asks for while a node is filled in. */
export const methods: INodeType['methods'] = {
	listSearch: { searchModels, searchTasks },
	resourceMapping: { getModelFields },
};
