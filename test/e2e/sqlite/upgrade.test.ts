import { existsSync, readFileSync, rmSync, symlinkSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { parse, stringify } from 'flatted';
import type { IRunExecutionData } from 'n8n-workflow';

import { type StandInTask } from '../../../stand-in';
import { json } from '../../../tools/n8n-server/client';
import { Flow, type Started } from '../lib/flow';
import { Installation } from '../../../tools/n8n-server/installation';
import { installDir, n8nBin, RUN_DIR } from '../../../tools/n8n-server/paths';

/** Runs that were parked under the oldest supported n8n go on under the newest, on the same database and user folder. */
const areInstalled = ['oldest', ''].every((host) => existsSync(n8nBin(host)));
const TIMERS_MS = 150_000;

let n8n: Installation;
let flow: Flow;
let called: Started;
let timed: Started;
let older: Started;

/** Whose modules the installed package finds in a folder above its own. */
function modulesOf(host: string): void {
	const link = path.join(RUN_DIR, 'upgrade/node_modules');
	rmSync(link, { force: true });
	symlinkSync(path.join(installDir(host), 'node_modules'), link);
}

/** Stores a parked run as version 0.1.0 of the package did. It set its timers 66 s ahead. */
function asVersion010Stored({ executionId, tasks }: Started): void {
	const now = Date.now();
	const text = readFileSync(path.join(__dirname, '../lib/golden/parked-0.1.0.json'), 'utf8')
		.replaceAll('<execution>', executionId)
		.replaceAll(/<task (\d)>/g, (_, index: string) => tasks[Number(index)].id)
		.replaceAll('"<deadline>"', String(now + 30 * 60_000))
		.replaceAll('"<wakesAt>"', String(now + 66_000));
	const golden = JSON.parse(text) as { waitTill: string; context: object; entry: object };

	const database = new DatabaseSync(path.join(n8n.main.homeFolder, '.n8n/database.sqlite'));
	const row = database.prepare('SELECT data FROM execution_data WHERE executionId = ?').get(executionId);
	const data = parse(String(row?.data)) as IRunExecutionData;
	const { contextData, nodeExecutionStack } = data.executionData!;
	contextData['node:Video'] = golden.context as never;
	Object.assign(nodeExecutionStack[0], golden.entry);
	data.waitTill = golden.waitTill as never;
	database
		.prepare('UPDATE execution_data SET data = ? WHERE executionId = ?')
		.run(stringify(data), executionId);
	database
		.prepare('UPDATE execution_entity SET waitTill = ? WHERE id = ?')
		.run(new Date(now + 66_000).toISOString().replace('T', ' ').replace('Z', ''), executionId);
	database.close();
}

(areInstalled ? describe : describe.skip)(
	'n8n is upgraded while videos wait (needs both n8n installs)',
	() => {
		beforeAll(async () => {
			mkdirSync(path.join(RUN_DIR, 'upgrade'), { recursive: true });
			modulesOf('oldest');
			n8n = await Installation.open({
				name: 'upgrade/n8n',
				mode: 'regular',
				host: 'oldest',
				standIn: { timeScale: 20, idempotency: 'ignored', defaults: { seconds: 1_000_000 } },
			});
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
			older = await flow.park('parked by 0.1.0 a', 'parked by 0.1.0 b');
			await n8n.main.stop();

			asVersion010Stored(older);
			modulesOf('');
			n8n.main.useHost('');
			await n8n.main.boot();
			for (const { id } of [called, timed, older].flatMap(({ tasks }) => tasks)) n8n.evolink.finish(id);
		}, 300_000);
		afterAll(async () => await n8n?.close());

		const callbacks = ({ tasks: [{ id }] }: { tasks: StandInTask[] }) =>
			n8n.evolink.callbacks.filter(({ taskId }) => taskId === id).map(({ status }) => status);

		it.each([
			['a run of two goes on by its callbacks', () => called],
			['a run goes on by its timer', () => timed],
			['a run that version 0.1.0 of the package parked goes on', () => older],
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

		it('nothing else was paid, and the key stands nowhere', () => {
			expect(n8n.evolink.charges).toHaveLength(5);
			expect(n8n.filesWith(n8n.evolink.apiKey)).toEqual([]);
			expect(n8n.evolink.violations).toEqual([]);
		});
	},
);
