import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Host, createEngine, loadPackage, packedPackage, runWorkflow } from '../../../tools/n8n-engine';

const nodeCode = `
const { z } = require('zod');
const { NodeConnectionTypes } = require('n8n-workflow');
exports.Tiny = class {
	constructor() {
		this.description = { displayName: 'Tiny', name: 'tiny', group: ['transform'], version: 1, description: 'x',
			defaults: { name: 'Tiny' }, inputs: ['main'], outputs: [NodeConnectionTypes.Main], properties: [] };
	}
	async execute() {
		let sees = 'nothing';
		try { require('typescript'); sees = 'devDependencies'; } catch {}
		return [[{ json: { sees, zod: z.string().safeParse('x').success } }]];
	}
};`;

let root = '';
beforeAll(() => {
	root = mkdtempSync(join(tmpdir(), 'n8n-nodes-tiny-'));
	const manifest = {
		name: 'n8n-nodes-tiny',
		version: '1.0.0',
		scripts: { build: 'node -e 0' },
		files: ['nodes'],
		devDependencies: { typescript: '*' },
		n8n: { n8nNodesApiVersion: 1, nodes: ['nodes/Tiny.node.js'] },
	};
	writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
	mkdirSync(join(root, 'nodes'));
	writeFileSync(join(root, 'nodes/Tiny.node.js'), nodeCode);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a packed package runs with the modules that n8n provides, and without its devDependencies', async () => {
	const packed = await packedPackage(root);
	const host = new Host([await loadPackage(packed.directory)]);
	const run = await runWorkflow(createEngine(host), {
		nodes: [{ name: 'Tiny', type: 'n8n-nodes-tiny.tiny' }],
	});
	expect(run.json('Tiny')).toEqual([{ sees: 'nothing', zod: true }]);
}, 60_000);

test('a package is packed anew when a source has changed, and only then', async () => {
	const [first, again] = await Promise.all([packedPackage(root), packedPackage(root)]);
	expect(again).toEqual(first);
	writeFileSync(join(root, 'README.md'), 'changed');
	expect((await packedPackage(root)).directory).not.toBe(first.directory);
}, 60_000);
