// What it costs to load node files in a plain Node that has loaded what n8n has loaded at that point anyway.
// node --expose-gc load.cjs <folder to resolve from> <already there, comma-separated> <file> ...
const { createRequire } = require('node:module');
const { performance } = require('node:perf_hooks');

const [from, present, ...files] = process.argv.slice(2);
const load = createRequire(`${from}/`);
for (const name of present.split(',').filter(Boolean)) load(name);
const known = new Set(Object.keys(require.cache));
const inUse = () => {
	global.gc();
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
};
const before = inUse();
const start = performance.now();
for (const file of files) {
	const [Type] = Object.values(load(file));
	new Type();
}
const ms = performance.now() - start;
const kb = (inUse() - before) / 1000;
const modules = Object.keys(require.cache).filter((file) => !known.has(file)).length;
process.stdout.write(`${JSON.stringify({ ms, kb, modules })}\n`);
