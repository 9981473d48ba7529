import path from 'node:path';
import groupBy from 'lodash/groupBy';
import { ROOT, readManifest } from '../../scripts/support';
import { COLUMNS, type Column } from './judge';
import { RULES, fullMatrix, nameOf } from './matrix';
import type { Verdict } from './run-matrix';

const columns = Object.keys(COLUMNS) as Column[];

interface Row {
	place: string;
	faults: string[];
	cells: number;
	bad: Record<Column, number>;
}

/** One row for each place: in how many of its cells each promise was broken. */
function rowsOf(verdicts: readonly Verdict[]): Row[] {
	const byPlace = groupBy(verdicts, ({ cell: { fault } }) => fault.place);
	return Object.entries(byPlace).map(([place, own]) => ({
		place,
		faults: [...new Set(own.map(({ cell: { fault } }) => fault.name))],
		cells: own.length,
		bad: countBad(own),
	}));
}

function countBad(verdicts: readonly Verdict[]): Record<Column, number> {
	const count = (column: Column) =>
		verdicts.filter(({ complaints }) => complaints.some((complaint) => complaint.column === column)).length;
	return Object.fromEntries(columns.map((column) => [column, count(column)])) as Record<Column, number>;
}

/** A Markdown table that is readable in a terminal, too. The last row sums up. */
export function table(verdicts: readonly Verdict[]): string {
	const rows = rowsOf(verdicts);
	const faults = rows.flatMap((row) => row.faults);
	const total = { place: 'all', faults, cells: verdicts.length, bad: countBad(verdicts) };
	const body = [...rows, total].map((row) => [
		row.place,
		row.faults.length,
		row.cells,
		...columns.map((column) => row.bad[column]),
	]);
	const lines = [['place', 'faults', 'cells', ...columns], ...body].map((line) => line.map(String));
	const widths = lines[0].map((_, at) => Math.max(...lines.map((line) => line[at].length)));
	const draw = (line: string[]) =>
		`| ${line.map((text, at) => (at < 1 ? text.padEnd(widths[at]) : text.padStart(widths[at]))).join(' | ')} |`;
	const rule = `| ${widths.map((width, at) => (at < 1 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
	return [draw(lines[0]), rule, ...lines.slice(1).map(draw)].join('\n');
}

/** Which runs did not count, in words: a table of zeros must not hide them. */
export function runAgain(verdicts: readonly Verdict[]): string {
	const cells = verdicts.filter(({ discarded }) => discarded.length > 0);
	if (cells.length === 0) return 'No cell was run twice.';
	const what = [...new Set(cells.flatMap(({ discarded }) => discarded.map(({ column }) => column)))].join(
		', ',
	);
	return `${cells.length} cells were run again, because they complained (${what}) while the machine gave the process no turn for 0.7 s or more.`;
}

const versionOf = (name: string) => readManifest(path.join(ROOT, 'node_modules', name)).version;

/** reports/faults.md: what was asked, what came out, how to repeat it. */
export function markdown(verdicts: readonly Verdict[], seconds: number): string {
	const { combinations, dropped } = fullMatrix();
	const broken = verdicts.flatMap(({ cell, complaints }) =>
		complaints.map(({ column, text }) => `- **${column}** ${nameOf(cell)}: ${text.slice(0, 160)}`),
	);
	return `# Faults

What happens when something breaks at any place, and whether the promises of the node hold. Written by \`npm run
test:faults\` (${new Date().toISOString().slice(0, 10)}, ${seconds} s): n8n-core ${versionOf('n8n-core')}, n8n-workflow ${versionOf('n8n-workflow')}, Node ${process.versions.node}, the package as packed, on the stand-in.

Each cell is three items in one workflow, run in n8n's real engine against a local EvoLink that misbehaves in one way:
operation × wait (None, Poll, Suspend woken by its timer, Suspend woken by callbacks) × fault × when (\`once\` for the middle
item, \`later\` at its second read, \`stays\` for every item until it is lifted) × On Error × Retry On Fail × Idempotency-Key
honoured or ignored. An execution that ends in an error is retried as the editor's Retry does it, with the fault lifted; where
the outcome of an order is unknown, once more with 'Resend When Outcome Is Unknown'.

A number other than 0 is the number of cells in which

${columns.map((column) => `- **${column}**: ${COLUMNS[column]}`).join('\n')}

${table(verdicts)}

${broken.length === 0 ? 'No cell broke a promise.' : `## What broke\n\n${broken.join('\n')}`}

${runAgain(verdicts)}

## The faults

${rowsOf(verdicts)
	.map(({ place, faults }) => `- **${place}**: ${faults.join('; ')}`)
	.join('\n')}

## What is left out

Of ${combinations} combinations ${verdicts.length} are run. The others would show nothing new:

${RULES.map(({ says }, at) => `- ${dropped[at]}: ${says}.`).join('\n')}

What needs a whole server (a killed process, a restart, a lost worker, storms of callbacks) is in \`npm run test:e2e:full\`.
`;
}
