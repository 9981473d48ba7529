/**
 * `npm run test:mutation [-- part of a path …]`: does the unit test of each core module notice a changed rule in it? Each module is
 * judged by the test file of its own name alone: others notice more, and take minutes to load.
 */
import { existsSync, readFileSync } from 'node:fs';
import sumBy from 'lodash/sumBy';
import { basename, dirname, join } from 'node:path';

/** As far as it is used; the package's own types need another way of resolving modules. */
interface StrykerModule {
	Stryker: new (options: object) => { runMutationTest(): Promise<Array<{ status: string }>> };
}

const STRYKER: string = '@stryker-mutator/core';

/** Everything that ran and was not left out on purpose counts. */
const NOTICED = ['Killed', 'Timeout'];
const MISSED = ['Survived', 'NoCoverage'];

const { mutate } = JSON.parse(readFileSync('stryker.config.json', 'utf8')) as { mutate: string[] };
const wanted = process.argv.slice(2);

/** `nodes/evolink/task.ts` → `test/unit/evolink/task.test.ts`. */
const testOf = (file: string) =>
	join('test/unit', dirname(file).replace(/^nodes\/?/, ''), `${basename(file, '.ts')}.test.ts`);

async function main(): Promise<void> {
	const { Stryker } = (await import(STRYKER)) as StrykerModule;
	const rows: Array<[file: string, noticed: number, missed: number]> = [];
	for (const file of mutate.filter((one) => wanted.every((part) => one.includes(part)))) {
		const test = testOf(file);
		if (!existsSync(test)) throw new Error(`${file} has no unit test of its own: ${test}`);
		const jest = { config: { testMatch: [`<rootDir>/${test}`] } };
		const results = await new Stryker({ mutate: [file], jest }).runMutationTest();
		const count = (statuses: string[]) => results.filter(({ status }) => statuses.includes(status)).length;
		rows.push([file, count(NOTICED), count(MISSED)]);
	}
	const percent = (noticed: number, missed: number) =>
		`${((100 * noticed) / (noticed + missed)).toFixed(1)} %`;
	rows.push(['all', sumBy(rows, '1'), sumBy(rows, '2')]);
	for (const [file, noticed, missed] of rows)
		console.log(percent(noticed, missed).padStart(8), noticed + missed, file);
}

void main();
