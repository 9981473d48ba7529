/** Type-checks the shipped code against the n8n-workflow of the oldest n8n line that the package supports. */
import path from 'node:path';
import { ROOT, installTool, readManifest, run, runMain } from './support';

runMain(async () => {
	const { version } = readManifest(path.join(installTool('oldest'), 'n8n-workflow'));
	run(path.join(ROOT, 'node_modules', '.bin', 'tsc'), ['-p', path.join(ROOT, 'tools', 'oldest')]);
	console.log(`check-oldest: the shipped code fits n8n-workflow ${version}`);
});
