import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import path from 'node:path';

import { drawCurve, type Curve } from './plot';
import type { Profile } from './profile';
import { show, spread } from './stats';

export const ROOT = path.resolve(__dirname, '../../..');
/** Ignored by git: docs/bench.md holds what is worth reading. */
const OUTPUT = path.join(ROOT, 'reports/bench');

/** One quantity: a value per round for each candidate, in the same order of rounds. */
export interface Measure {
	what: string;
	unit: string;
	/** Candidate → one value per round. Ours first. */
	values: Record<string, number[]>;
}

/** Ours against one other, a ratio per round. */
export interface Ratio {
	what: string;
	values: number[];
}

export interface Goal {
	text: string;
	measured: string;
	met: boolean;
}

export interface PartResult {
	/** File name of its report, and the part's name on the command line. */
	name: string;
	title: string;
	/** Where the part does not follow the option. */
	rounds?: number;
	measures: Measure[];
	ratios: Ratio[];
	goals: Goal[];
	/** Where the CPU goes, of one more run for each candidate. */
	profiles?: { unit: string; per: number; of: Record<string, Profile> };
	/** What a reader must know to read the numbers. */
	notes: string[];
	curves: Curve[];
}

export interface PartOptions {
	rounds: number;
	/** How many videos wait at most in the part `waiting`. */
	videos: number;
	/** Small sizes, to see whether the bench itself works. Its numbers mean nothing. */
	quick: boolean;
}

/** One part of the bench. Ends everything that it starts. */
export type RunPart = (options: PartOptions) => Promise<PartResult>;

function n8nVersion(): string {
	const folder = path.resolve(ROOT, process.env.E2E_N8N_DIR ?? 'test/e2e', 'node_modules/n8n');
	return (JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}

function surroundings(loadBefore: string): string {
	const [processor] = cpus();
	const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
		cwd: ROOT,
		encoding: 'utf8',
	}).trim();
	const machine = `${cpus().length} × ${processor.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
	const versions = `n8n ${n8nVersion()}, Node ${process.version}`;
	return `${new Date().toISOString().slice(0, 16)}Z, commit ${commit}, ${versions}, ${machine}, load before ${loadBefore}`;
}

/** Load average of the last minute. */
export const load = (): string => loadavg()[0].toFixed(2);

const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`;

/** Milliseconds by owner, the largest of the first candidate first. */
function profileTable({ unit, per, of }: NonNullable<PartResult['profiles']>): string[] {
	const candidates = Object.keys(of);
	const [first] = candidates;
	const owners = [...new Set(candidates.flatMap((candidate) => Object.keys(of[candidate])))];
	const sorted = owners.sort((a, b) => (of[first][b] ?? 0) - (of[first][a] ?? 0));
	return [
		'',
		row(`CPU profile (${unit})`, ...candidates),
		row('---', ...candidates.map(() => '--:')),
		...sorted.map((owner) =>
			row(owner, ...candidates.map((candidate) => show((of[candidate][owner] ?? 0) / per))),
		),
	];
}

function tables({ measures, ratios, goals, profiles, notes, curves }: PartResult): string[] {
	const lines: string[] = [];
	for (const { what, unit, values } of measures) {
		lines.push('', row(`${what} (${unit})`, 'median', 'min', 'max'), row('---', '--:', '--:', '--:'));
		for (const [candidate, rounds] of Object.entries(values)) {
			const [middle, range] = spread(rounds).split(' (');
			lines.push(row(candidate, middle, ...range.replace(')', '').split(' to ')));
		}
	}
	if (ratios.length > 0) lines.push('', row('ratio, median (min to max)', ''), row('---', '--:'));
	for (const { what, values } of ratios) lines.push(row(what, spread(values)));
	lines.push('', row('goal', 'measured', ''), row('---', '---', '---'));
	for (const { text, measured, met } of goals) lines.push(row(text, measured, met ? 'met' : '**missed**'));
	if (profiles) lines.push(...profileTable(profiles));
	if (notes.length > 0) lines.push('', ...notes.map((note) => `- ${note}`));
	for (const { name, title } of curves) lines.push('', `![${title}](${name}.svg) ([numbers](${name}.csv))`);
	return lines;
}

function csv(header: string[], rows: Array<Array<string | number>>): string {
	const cell = (value: string | number) =>
		typeof value === 'number' ? String(value) : `"${value.replaceAll('"', '""')}"`;
	return `${[header, ...rows].map((cells) => cells.map(cell).join(',')).join('\n')}\n`;
}

/** Prints a part's tables; a full run also writes them, the raw numbers (CSV) and the charts (SVG) to reports/bench. */
export async function publish(result: PartResult, options: PartOptions, loadBefore: string): Promise<void> {
	const command = `npm run bench:${result.name}`;
	const rounds = `rounds: ${result.rounds ?? options.rounds}`;
	const lines = [
		`# ${result.title}`,
		'',
		`${surroundings(loadBefore)}, ${rounds}, \`${command}\``,
		...tables(result),
		'',
	];
	console.log(lines.join('\n'));
	if (options.quick) return;
	mkdirSync(OUTPUT, { recursive: true });
	writeFileSync(path.join(OUTPUT, `${result.name}.md`), lines.join('\n'));
	const raw = result.measures.flatMap(({ what, unit, values }) =>
		Object.entries(values).flatMap(([candidate, list]) =>
			list.map((value, round) => [what, candidate, round + 1, value, unit]),
		),
	);
	const header = ['measure', 'candidate', 'round', 'value', 'unit'];
	writeFileSync(path.join(OUTPUT, `${result.name}.csv`), csv(header, raw));
	for (const curve of result.curves) {
		const points = curve.points.map(({ candidate, x, y }) => [candidate, x, Number(show(y))]);
		writeFileSync(path.join(OUTPUT, `${curve.name}.csv`), csv(['candidate', curve.x, curve.y], points));
		writeFileSync(path.join(OUTPUT, `${curve.name}.svg`), await drawCurve(curve));
	}
}
