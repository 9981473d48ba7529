/**
 * Prints "<passed> <failed>" of a Jest run. A suite that could not even start counts as a failure; so does a run that
 * failed without a failed test (a coverage limit, a timeout), ran no test or left no report.
 *
 * Usage: node count.cjs <report.json> <exit status of the run>
 */
const { existsSync, readFileSync } = require('node:fs');

const [report, status] = process.argv.slice(2);
const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
const { numPassedTests = 0, numFailedTests = 0, numRuntimeErrorTestSuites = 0 } = result;
const failed = numFailedTests + numRuntimeErrorTestSuites;
const silentFailure = failed === 0 && (status !== '0' || numPassedTests === 0);
console.log(numPassedTests, silentFailure ? 1 : failed);
