import { spawn } from 'node:child_process';
import path from 'node:path';

import { type Installation } from '../../../tools/n8n-server/installation';
import { NODE_BIN } from '../../../tools/n8n-server/paths';

/** For SQLite, by a process of its own: node -e LOCK <file> <ms> */
const LOCK = `
const { DatabaseSync } = require('node:sqlite');
const [file, ms] = process.argv.slice(1);
const database = new DatabaseSync(file, { timeout: 20000 });
database.exec('BEGIN EXCLUSIVE');
console.log('locked');
setTimeout(() => { database.exec('COMMIT'); database.close(); }, Number(ms));
`;

/**
 * Keeps n8n from writing to its database for a while, and in PostgreSQL from reading executions, too. Returns as soon as it is
 * locked.
 */
export async function lockDatabase({ main, backends }: Installation, ms: number): Promise<void> {
	const child =
		backends === undefined
			? spawn(NODE_BIN, ['-e', LOCK, path.join(main.homeFolder, '.n8n/database.sqlite'), String(ms)])
			: spawn('psql', [
					...['-h', '127.0.0.1', '-p', String(backends.env.DB_POSTGRESDB_PORT), '-U', 'n8n', '-d', 'n8n'],
					...['-v', 'ON_ERROR_STOP=1', '-c', 'BEGIN'],
					...['-c', 'LOCK TABLE execution_entity, execution_data IN ACCESS EXCLUSIVE MODE'],
					...['-c', `SELECT pg_sleep(${ms / 1000})`, '-c', 'COMMIT'],
				]);
	child.stderr.pipe(process.stderr);
	await new Promise<void>((resolve, reject) => {
		child.stdout.on('data', (text) => /lock/i.test(String(text)) && resolve());
		child.once('exit', () => reject(new Error('the database could not be locked')));
	});
}
