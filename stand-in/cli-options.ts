import { parseArgs } from 'node:util';
import { FULL_ANSWERS } from './room';
import type { Room, StandInOptions } from './types';

export const USAGE = `A local EvoLink for trying the nodes without an API key.

  tsx stand-in/cli.ts [--port 4010] [--time-scale 1] [--callback-host name=http://127.0.0.1:5678]… [--minutes 240]
    [--room 3] [--full 429]

  --time-scale     API seconds per real second (a render takes 20 API seconds)
  --callback-host  deliver callbacks for this public-looking name to a local port; may be repeated
  --minutes        ends by itself after so many real minutes
  --room           tasks that the account may have under way at once
  --full           how an order beyond them is answered: ${FULL_ANSWERS.join(', ')}`;

/** A mistake of the user: reported in one line, with the usage. */
export class UsageError extends Error {}

function parsed(args: string[]) {
	try {
		return parseArgs({
			args,
			options: {
				port: { type: 'string', default: '4010' },
				'time-scale': { type: 'string', default: '1' },
				'callback-host': { type: 'string', multiple: true, default: [] },
				minutes: { type: 'string', default: '240' },
				room: { type: 'string' },
				full: { type: 'string', default: FULL_ANSWERS[0] },
				help: { type: 'boolean', default: false },
			},
		}).values;
	} catch (error) {
		throw new UsageError((error as Error).message);
	}
}

function number(name: string, text: string, least: number): number {
	const value = Number(text);
	if (!Number.isFinite(value) || value < least)
		throw new UsageError(`--${name} ${text}: not a number from ${least}`);
	return value;
}

function roomOf(tasks: string | undefined, answer: string): Room | undefined {
	const full = FULL_ANSWERS.find((known) => known === answer);
	if (!full) throw new UsageError(`--full ${answer}: expected ${FULL_ANSWERS.join(', ')}`);
	return tasks === undefined ? undefined : { tasks: number('room', tasks, 0), full };
}

function callbackHosts(entries: string[]): Record<string, string> {
	return Object.fromEntries(
		entries.map((entry) => {
			const [name, target] = [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)];
			if (!name || !URL.canParse(target))
				throw new UsageError(`--callback-host ${entry}: expected name=http://127.0.0.1:port`);
			return [name, target];
		}),
	);
}

/** What the command line asks for. Throws a `UsageError`. */
export function readOptions(args: string[]): StandInOptions & { minutes: number; help: boolean } {
	const values = parsed(args);
	return {
		help: values.help,
		minutes: number('minutes', values.minutes, 0),
		port: number('port', values.port, 0),
		timeScale: number('time-scale', values['time-scale'], 0.001),
		callbackHosts: callbackHosts(values['callback-host']),
		room: roomOf(values.room, values.full),
	};
}
