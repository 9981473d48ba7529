/**
 * A small part of the fault matrix; `npm run test:faults` runs all of it. Each fault has one cell here, and from fault to
 * fault the cells differ in operation, wait, On Error, Retry On Fail and what becomes of the Idempotency-Key.
 */
import { COLUMNS } from '../faults/judge';
import { nameOf, quickMatrix } from '../faults/matrix';
import { runMatrix, type Verdict } from '../faults/run-matrix';

let verdicts: Verdict[];

beforeAll(async () => {
	verdicts = await runMatrix(quickMatrix(1));
}, 300_000);

test.each([
	['create', 'whatever becomes of an order: paid once at most, and found again'],
	['read', 'whatever becomes of the reads: no task is lost, none is waited for beyond its deadline'],
	['upload', 'whatever becomes of an upload: nothing is ordered without its file'],
	['media', 'whatever becomes of a download: the paid video can still be had, and the key stays here'],
	['callback', 'whatever callback comes, or none: the result is the one that EvoLink reports'],
	['task', 'however a task ends: the message names it and says what to do'],
	['credits', 'credits that cannot be read: told with the reason'],
])('%s: %s', (place) => {
	const own = verdicts.filter(({ cell }) => cell.fault.place === place);
	expect(own.length).toBeGreaterThan(5);
	const broken = own.flatMap(({ cell, complaints }) =>
		complaints.map(({ column, text }) => `${nameOf(cell)}: ${COLUMNS[column]}: ${text}`),
	);
	expect(broken).toEqual([]);
});
