/**
 * Loads an installed package with n8n's own loader and fails unless each node and credential is complete, with its codex and both
 * icons. A process of its own, because NODE_PATH is read at start.
 *
 * Usage: node scripts/load-packed.cjs <package folder>
 */
require('reflect-metadata');
const { strict: assert } = require('node:assert');
const { existsSync } = require('node:fs');
const path = require('node:path');
const { PackageDirectoryLoader } = require('n8n-core');

const [folder] = process.argv.slice(2);

async function main() {
	const { name, n8n } = require(path.join(folder, 'package.json'));
	const loader = new PackageDirectoryLoader(folder);
	await loader.loadAll();
	const { nodes, credentials } = loader.types;
	assert.equal(nodes.length, n8n.nodes.length, 'nodes loaded');
	assert.equal(credentials.length, n8n.credentials.length, 'credentials loaded');
	for (const type of [...nodes, ...credentials]) {
		for (const theme of ['light', 'dark']) {
			const url = type.iconUrl?.[theme];
			assert.ok(url, `${type.name} has a ${theme} icon`);
			assert.ok(
				existsSync(path.join(folder, url.slice(url.indexOf(name) + name.length))),
				`${url} is packed`,
			);
		}
	}
	for (const { name: node, codex } of nodes) {
		// Without a readable codex the loader makes one up that has only a category.
		assert.ok(codex?.resources, `${node} has a codex`);
	}
	const loaded = [...nodes, ...credentials].map((type) => type.name);
	console.log(`check-pack: n8n loads ${loaded.join(', ')}`);
}

main().catch((error) => {
	console.error(error);
	process.exitCode = 1;
});
