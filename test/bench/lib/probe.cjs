// Loaded into n8n (NODE_OPTIONS=--require): answers with what this process uses, at /gc after a full garbage collection, on
// the loopback port BENCH_PROBE_PORT. In other processes that n8n starts the port is taken, and nothing happens.
const { createServer } = require('node:http');
const v8 = require('node:v8');
const vm = require('node:vm');

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');
const server = createServer((request, response) => {
	if (request.url === '/gc') for (let i = 0; i < 3; i += 1) gc();
	const { heapUsed, external, rss } = process.memoryUsage();
	const { user, system } = process.cpuUsage();
	response.end(JSON.stringify({ inUse: heapUsed + external, rss, cpuMs: (user + system) / 1000 }));
});
server.on('error', () => {});
server.listen(Number(process.env.BENCH_PROBE_PORT), '127.0.0.1').unref();
