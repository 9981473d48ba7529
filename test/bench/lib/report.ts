import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import path from 'node:path';

import { ROOT } from '../../../scripts/support';
import { INSTALL_DIR } from '../../../tools/n8n-server/paths';
import { spread } from './stats';

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
	title: string;
	measures: Measure[];
	ratios?: Ratio[];
	goals: Goal[];
	/** What a reader must know to read the numbers. */
	notes: string[];
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

function surroundings(loadBefore: string): string {
	const manifest = readFileSync(path.join(INSTALL_DIR, 'node_modules/n8n/package.json'), 'utf8');
	const { version } = JSON.parse(manifest) as { version: string };
	const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
		cwd: ROOT,
		encoding: 'utf8',
	}).trim();
	const machine = `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
	return `${new Date().toISOString().slice(0, 16)}Z, commit ${commit}, n8n ${version}, Node ${process.version}, ${machine}, load before ${loadBefore}`;
}

const table = (...rows: string[][]): string[] => ['', ...rows.map((cells) => `| ${cells.join(' | ')} |`)];

function tables({ measures, ratios = [], goals, notes }: PartResult): string[] {
	return [
		...measures.flatMap(({ what, unit, values }) =>
			table(
				[`${what} (${unit})`, 'median (min to max)'],
				['---', '--:'],
				...Object.entries(values).map(([candidate, rounds]) => [candidate, spread(rounds)]),
			),
		),
		...table(
			['ratio', 'median (min to max)'],
			['---', '--:'],
			...ratios.map(({ what, values }) => [what, spread(values)]),
		),
		...table(
			['goal', 'measured', ''],
			['---', '---', '---'],
			...goals.map(({ text, measured, met }) => [text, measured, met ? 'met' : '**missed**']),
		),
		'',
		...notes.map((note) => `- ${note}`),
	];
}

/** Runs a part and prints its tables; a full run also writes them, and the values of every round (JSON), to reports/bench. */
export async function publish(name: string, run: RunPart, options: PartOptions): Promise<void> {
	const loadBefore = loadavg()[0].toFixed(2);
	const result = await run(options);
	const facts = `${surroundings(loadBefore)}, \`npm run bench:${name}\``;
	const page = [`# ${result.title}`, '', facts, ...tables(result), ''].join('\n');
	console.log(page);
	if (options.quick) return;
	mkdirSync(OUTPUT, { recursive: true });
	writeFileSync(path.join(OUTPUT, `${name}.md`), page);
	writeFileSync(path.join(OUTPUT, `${name}.json`), JSON.stringify({ facts, ...result }, null, '\t'));
}
