import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { broughtHere } from '../../../scripts/examples';
import { causeOf, runLong } from '../../../scripts/progress.cjs';
import { ROOT } from '../../../scripts/support';
import type { WorkflowDraft } from '../../../tools/n8n-server/client';

describe('examples in `npm run dev`', () => {
	const examples = readdirSync(path.join(ROOT, 'examples'))
		.filter((file) => file.endsWith('.json'))
		.map((file) => JSON.parse(readFileSync(path.join(ROOT, 'examples', file), 'utf8')) as WorkflowDraft);

	test.each(examples.map((draft) => [draft.name, draft] as const))(
		'%s writes to this machine, and its notes say what they said',
		(_, draft) => {
			const here = broughtHere(draft, '/tmp/files', 'http://127.0.0.1:1');
			const isNote = ({ type }: WorkflowDraft['nodes'][number]) => type.endsWith('.stickyNote');
			expect(here.nodes.filter(isNote)).toEqual(draft.nodes.filter(isNote));
			const working = JSON.stringify(here.nodes.filter((node) => !isNote(node)));
			expect(working).not.toMatch(/\/home\/node|hooks\.example\.com/);
			expect(here.nodes.filter(({ type, disabled }) => disabled && type.endsWith('.readWriteFile'))).toEqual(
				[],
			);
		},
	);

	test('nodes that need an account of somebody stay off', () => {
		const off = examples.flatMap((draft) =>
			broughtHere(draft, '', '').nodes.filter(({ disabled }) => disabled),
		);
		expect(off.map(({ name }) => name)).toEqual(['Upload to Google Drive', 'Upload to S3']);
	});
});

describe('an install that fails', () => {
	test.each([
		['npm error code ENOTFOUND', 'could not reach its registry'],
		['npm error code SELF_SIGNED_CERT_IN_CHAIN', 'certificate'],
		['npm error nospc ENOSPC: no space left on device', 'disk is full'],
		['npm error code EACCES', 'owner of this folder'],
		['npm error code E404', 'registry lacks a package'],
		['gyp ERR! stack Error: not found: make', 'python3, make and g++'],
		['spawn npm ENOENT', 'There is no npm'],
	])('%s is told in plain words', (output, words) => expect(causeOf(output)).toContain(words));

	test('shows the end of what was said, where all of it is, and the cause; meanwhile nothing of it', async () => {
		const folder = mkdtempSync(path.join(tmpdir(), 'progress-'));
		const log = path.join(folder, 'logs', 'ci.log');
		const said: string[] = [];
		const says = ['npm error code ENOSPC', 'npm error stack Error: no', 'npm error     at f (x.js:1)'].join(
			'\n',
		);
		const script = `console.log("gcc says much"); console.error(${JSON.stringify(says)}); process.exit(3)`;
		const what = {
			command: process.execPath,
			args: ['-e', script],
			log,
			say: (line: string) => said.push(line),
		};
		const error: unknown = await runLong(what).catch((reason: unknown) => reason);
		expect(error).toMatchObject({ message: expect.stringContaining('failed (3):') as string });
		expect((error as Error).message.split('\n').slice(-2)).toEqual([
			`All of it: ${log}`,
			'The disk is full. Free some gigabytes, then try again.',
		]);
		expect((error as Error).message.split('\n').slice(1).join('\n')).not.toMatch(/stack|x\.js/);
		expect(readFileSync(log, 'utf8')).toContain('gcc says much');
		expect(said).toEqual([]);
		rmSync(folder, { recursive: true });
	});

	test('a program that is not there is told, too', async () => {
		const log = path.join(mkdtempSync(path.join(tmpdir(), 'progress-')), 'x.log');
		await expect(runLong({ command: '/nowhere/npm', args: ['ci'], log })).rejects.toThrow('ENOENT');
		rmSync(path.dirname(log), { recursive: true });
	});
});
