// Ends what a test run started when the run itself dies (a killed Jest runs no afterAll). Reads `+<pid>` and `-<pid>`
// lines on stdin; when stdin closes, every pid still listed gets SIGKILL.
import { createInterface } from 'node:readline';

const pids = new Set();
createInterface({ input: process.stdin })
	.on('line', (line) => {
		const pid = Number(line.slice(1));
		if (line.startsWith('+')) pids.add(pid);
		else pids.delete(pid);
	})
	.on('close', () => {
		for (const pid of pids) {
			try {
				process.kill(pid, 'SIGKILL');
			} catch {
				// it has ended by itself
			}
		}
	});
// a Ctrl-C in the terminal reaches the whole group; the leash must outlive the run
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
