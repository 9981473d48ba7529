import type { INodeType } from 'n8n-workflow';

import { getModelFields } from './modelFields';
import { getModels } from './getModels';
import { searchTasks } from './searchTasks';

export const methods: INodeType['methods'] = {
	listSearch: { searchTasks },
	loadOptions: { getModels },
	resourceMapping: { getModelFields },
};
