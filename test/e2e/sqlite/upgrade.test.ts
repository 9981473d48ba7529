import { existsSync, rmSync, symlinkSync, mkdirSync } from 'node:fs';
import path from 'node:path';

import { type StandInTask } from '../../../stand-in';
import { json } from '../../../tools/n8n-server/client';
import { Flow, type Started } from '../lib/flow';
import { BY_HAND, keepsTheKey, openInstallation } from '../lib/installation';
import { installDir, n8nBin, RUN_DIR } from '../../../tools/n8n-server/paths';

/** Runs that were parked under the oldest supported n8n go on under the newest, on the same database and user folder. */
const areInstalled = ['oldest', ''].every((host) => existsSync(n8nBin(host)));
const TIMERS_MS = 150_000;

let flow: Flow;
let called: Started;
let timed: Started;

/** Whose modules the installed package finds in a folder above its own. */
function modulesOf(host: string): void {
	const link = path.join(RUN_DIR, 'upgrade/node_modules');
	rmSync(link, { force: true });
	symlinkSync(path.join(installDir(host), 'node_modules'), link);
}

(areInstalled ? describe : describe.skip)(
	'n8n is upgraded while videos wait (needs both n8n installs)',
	() => {
		beforeAll(() => {
			mkdirSync(path.join(RUN_DIR, 'upgrade'), { recursive: true });
			modulesOf('oldest');
		});
		const n8n = openInstallation({ name: 'upgrade/n8n', host: 'oldest', standIn: BY_HAND });
		beforeAll(async () => {
			flow = await Flow.publish(n8n, 'upgraded');
			// the only timer is the one at the end of the wait
			const short = await Flow.publish(n8n, 'timer', { video: { options: { timeoutMinutes: 1.5 } } });
			n8n.evolink.fault(
				'callback',
				{ kind: 'never' },
				{ match: ({ task }) => task.request.prompt === 'by timer' },
			);
			called = await flow.park('by callback a', 'by callback b');
			timed = await short.park('by timer');
			await n8n.main.stop();

			modulesOf('');
			n8n.main.useHost('');
			await n8n.main.boot();
			for (const { id } of [called, timed].flatMap(({ tasks }) => tasks)) n8n.evolink.finish(id);
		}, 300_000);

		const callbacks = ({ tasks: [{ id }] }: { tasks: StandInTask[] }) =>
			n8n.evolink.callbacks.filter(({ taskId }) => taskId === id).map(({ status }) => status);

		it.each([
			['a run of two goes on by its callbacks', () => called],
			['a run goes on by its timer', () => timed],
		])(
			'%s: each item with its own video, paid once',
			async (_, run) => {
				const started = run();
				const done = await flow.end(started, TIMERS_MS);
				expect(done.status).toBe('success');
				expect(json(done, 'Next').map(({ id, asked }) => [id, asked])).toEqual(
					started.tasks.map(({ id, request }) => [id, request.prompt]),
				);
				expect(done.data.resultData.runData.Video).toHaveLength(1);
				for (const { id } of started.tasks) expect(n8n.evolink.chargesFor({ taskId: id })).toHaveLength(1);
				if (started !== timed) expect(callbacks(started)).toContain(200);
			},
			200_000,
		);

		it('nothing else was paid', () => expect(n8n.evolink.charges).toHaveLength(3));

		keepsTheKey(n8n);
	},
);
