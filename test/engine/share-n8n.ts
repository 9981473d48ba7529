import { requireOutside } from '../../tools/n8n-engine/outside';

const SHARED = ['n8n-core', 'n8n-workflow', '@n8n/di', '@n8n/backend-common'];

if (requireOutside) for (const name of SHARED) jest.mock(name, () => requireOutside!(name));
