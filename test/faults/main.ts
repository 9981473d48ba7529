/**
 * `npm run test:faults`: every fault at every place against the promises of the node. Prints a table and fails when
 * a promise was broken. A full run also writes reports/faults.md, the long form with every fault; docs/faults.md is its summary.
 *
 *     --quick        a small part (what CI runs as test/engine/faults.test.ts)
 *     --only=<text>  cells whose name holds the text: `--only='read: 429'`
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, runMain } from '../../scripts/support';
import { loadPackage } from '../../tools/n8n-engine';
import { fullMatrix, nameOf, quickMatrix, type Cell } from './matrix';
import { markdown, runAgain, table } from './report';
import { runMatrix, type Verdict } from './run-matrix';

/** n8n's engine keeps one core busy; the cells are dealt out to as many processes. */
const PROCESSES = 2;

/** Cells of each fault in a quick run. */
const QUICK = 2;

const option = (name: string) =>
	process.argv.find((text) => text.startsWith(`--${name}=`))?.slice(name.length + 3);
const isQuick = process.argv.includes('--quick');
const only = option('only');
const share = option('share');

function chosenCells(): Cell[] {
	const cells = isQuick ? quickMatrix(QUICK) : fullMatrix().cells;
	return only === undefined ? cells : cells.filter((cell) => nameOf(cell).includes(only));
}

interface Told extends Pick<Verdict, 'complaints' | 'discarded'> {
	index: number;
}

/** The cells of one process: every n-th one. */
const shareOf = (cells: readonly Cell[], at: number) =>
	cells.flatMap((cell, index) => (index % PROCESSES === at ? [{ cell, index }] : []));

/** Runs one share and tells the parent of each cell, until the parent says that it has heard of all. */
async function runShare(at: number): Promise<void> {
	// a run that hangs would keep the process
	process.once('message', () => process.exit());
	const own = shareOf(chosenCells(), at);
	await runMatrix(
		own.map(({ cell }) => cell),
		({ complaints, discarded }, nth) =>
			process.send?.({ index: own[nth].index, complaints, discarded } satisfies Told),
	);
}

async function runAll(cells: readonly Cell[]): Promise<Verdict[]> {
	const verdicts = new Map<number, Verdict>();
	const hear = ({ index, complaints, discarded }: Told) => {
		verdicts.set(index, { cell: cells[index], complaints, discarded });
		for (const { column, text } of complaints) console.log(`${column}: ${nameOf(cells[index])}\n\t${text}`);
		if (verdicts.size % 200 === 0) console.log(`${verdicts.size} of ${cells.length} cells`);
	};
	const follow = async (at: number) => {
		let left = shareOf(cells, at).length;
		if (left === 0) return;
		const child = fork(__filename, [...process.argv.slice(2), `--share=${at}`]);
		child.on('message', (told: Told) => {
			hear(told);
			left -= 1;
			if (left === 0) child.send('heard');
		});
		const [code] = (await once(child, 'exit')) as [number | null];
		if (left > 0) throw new Error(`A process ended (${code}) with ${left} cells to go`);
	};
	await Promise.all(Array.from({ length: PROCESSES }, async (_, at) => await follow(at)));
	return cells.map((_, index) => verdicts.get(index) as Verdict);
}

runMain(async () => {
	if (share !== undefined) return await runShare(Number(share));
	await loadPackage();
	const cells = chosenCells();
	const startedAt = Date.now();
	console.log(`${cells.length} cells …`);
	const verdicts = await runAll(cells);
	const seconds = Math.round((Date.now() - startedAt) / 1000);
	console.log(table(verdicts));
	console.log(runAgain(verdicts));
	const bad = verdicts.filter(({ complaints }) => complaints.length > 0).length;
	console.log(`${bad} of ${verdicts.length} cells broke a promise; ${seconds} s`);
	if (!isQuick && only === undefined) {
		mkdirSync(path.join(ROOT, 'reports'), { recursive: true });
		writeFileSync(path.join(ROOT, 'reports/faults.md'), markdown(verdicts, seconds));
	}
	if (bad > 0) process.exitCode = 1;
});
