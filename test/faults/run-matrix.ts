import pLimit from 'p-limit';
import { Bridge } from './bridge';
import { judge, type Column, type Complaint } from './judge';
import type { Cell } from './matrix';
import { runCell } from './run-cell';

export interface Verdict {
	cell: Cell;
	complaints: Complaint[];
	/** What it said in runs that did not count because the machine stalled. */
	discarded: Complaint[];
}

/** A machine that gives the process no turn for so long shifts every clock in its cells. */
const STALL_MS = 700;
const RUNS_AT_MOST = 3;

/** What a stall can bring about. */
const TIMED: readonly Column[] = ['hung', 'wrong'];

/** Notes when the process last got no turn. */
class StallWatch {
	private lastTurn = Date.now();
	private stalledAt = 0;
	private readonly timer = setInterval(() => {
		const now = Date.now();
		if (now - this.lastTurn > STALL_MS) this.stalledAt = now;
		this.lastTurn = now;
	}, 50);

	since(time: number): boolean {
		return this.stalledAt >= time;
	}

	stop(): void {
		clearInterval(this.timer);
	}
}

/** Cells mostly wait, for the clock or for pauses: so many at once keep one core busy. */
const CELLS_AT_ONCE = 30;

/**
 * Runs cells side by side, each on a stand-in and an engine of its own. A cell that complains of nothing but `hung` or
 * `wrong` is run again if the machine stalled meanwhile, because its deadlines meant nothing. No stall explains the others.
 *
 * @param onDone called with each verdict and the cell's place among `cells`
 * @returns verdicts in the order of the cells
 */
export async function runMatrix(
	cells: readonly Cell[],
	onDone: (verdict: Verdict, at: number) => void = () => {},
): Promise<Verdict[]> {
	const bridge = await Bridge.open();
	const limit = pLimit(CELLS_AT_ONCE);
	const stalls = new StallWatch();
	const run = async (cell: Cell, at: number) => {
		const discarded: Complaint[] = [];
		for (let runs = 1; ; runs += 1) {
			const startedAt = Date.now();
			const complaints = judge(await runCell(cell, bridge));
			const ofClocks = complaints.length > 0 && complaints.every(({ column }) => TIMED.includes(column));
			if (ofClocks && stalls.since(startedAt) && runs < RUNS_AT_MOST) {
				discarded.push(...complaints);
				continue;
			}
			const verdict = { cell, complaints, discarded };
			onDone(verdict, at);
			return verdict;
		}
	};
	try {
		return await Promise.all(cells.map(async (cell, at) => await limit(run, cell, at)));
	} finally {
		stalls.stop();
		await bridge.close();
	}
}
