/**
 * Checks `.github/`: actionlint on the workflows (syntax, contexts, needs, inputs of known actions), and what it does not check:
 * every action is pinned to a commit, every workflow states its permissions, every job has a time limit.
 */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { ROOT, installTool, runMain } from './support';

interface Workflow {
	permissions?: unknown;
	jobs: Record<string, { uses?: string; 'timeout-minutes'?: number; steps?: Array<{ uses?: string }> }>;
}
interface Fault {
	line: number;
	column: number;
	message: string;
}
type Lint = (text: string, file: string) => Fault[];

const FOLDER = path.join(ROOT, '.github/workflows');
const PINNED = /^(\.\/|[\w./-]+@[0-9a-f]{40}$)/;

export function faultsOf(text: string): string[] {
	const { permissions, jobs } = load(text) as Workflow;
	return [
		...(permissions === undefined ? ['no permissions: it may do whatever the repository allows'] : []),
		...Object.entries(jobs).flatMap(([name, { uses, steps = [], 'timeout-minutes': minutes }]) => [
			...(uses === undefined && minutes === undefined ? [`${name}: no timeout-minutes`] : []),
			...[uses, ...steps.map((step) => step.uses)]
				.filter((used) => used !== undefined && !PINNED.test(used))
				.map((used) => `${name}: ${used} is not pinned to a commit`),
		]),
	];
}

if (require.main === module) {
	runMain(async () => {
		const { createLinter } = (await import(path.join(installTool('workflows'), 'actionlint/node.cjs'))) as {
			createLinter(): Promise<Lint>;
		};
		const lint = await createLinter();
		const files = readdirSync(FOLDER);
		const faults = files.flatMap((file) => {
			const text = readFileSync(path.join(FOLDER, file), 'utf8');
			return [
				...lint(text, file).map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`),
				...faultsOf(text).map((fault) => `${file}: ${fault}`),
			];
		});
		if (faults.length > 0) throw new Error(faults.join('\n'));
		console.log(`check-workflows: ${files.join(', ')} are sound`);
		// the linter's runtime never ends by itself
		process.exit();
	});
}
