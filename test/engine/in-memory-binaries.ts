/** n8n's other binary mode, where files travel inside the items. Import it before anything that imports n8n-core. */
import '../../tools/n8n-engine/environment.cjs';

process.env.N8N_DEFAULT_BINARY_DATA_MODE = 'default';
