/** Type-checks the shipped code against the n8n-workflow of the oldest n8n that the package supports. */
import path from 'node:path';
import { ROOT, installTool, readManifest, run, runMain } from './support';

runMain(async () => {
	const pinned = readManifest(path.join(ROOT, 'tools', 'oldest')).dependencies?.['n8n-workflow'];
	const { version } = readManifest(path.join(installTool('oldest'), 'n8n-workflow'));
	if (version !== pinned) {
		throw new Error(`tools/oldest/node_modules is of another version (${version}, not ${pinned}): remove it`);
	}
	run(path.join(ROOT, 'node_modules', '.bin', 'tsc'), ['-p', path.join(ROOT, 'tools', 'oldest')]);
	console.log(`check-oldest: the shipped code fits n8n-workflow ${version}`);
});
