import './environment.cjs';
import { Logger } from '@n8n/backend-common';
import { Container } from '@n8n/di';

/** One line as n8n's own logger would write it: `text` is the whole line as JSON, metadata included. */
export interface LogLine {
	level: string;
	message: string;
	text: string;
}

const lines: LogLine[] = [];
const asJson = Symbol.for('message');

interface WinstonLine {
	level: string;
	message: unknown;
	[asJson]?: string;
}

const winston = Container.get(Logger).getInternalLogger();
for (const transport of winston.transports) transport.silent = true;
const note = (line: WinstonLine) => {
	lines.push({
		level: line.level,
		message: String(line.message),
		text: line[asJson] ?? JSON.stringify(line),
	});
};
winston.on('data', note);
// n8n outlives a test file
if (typeof afterAll === 'function') afterAll(() => winston.off('data', note));

/** Position in the log, to be handed to `logSince`. */
export const logPosition = (): number => lines.length;

/** Lines of every level (debug included) that n8n or a node wrote since `position`. */
export const logSince = (position: number): LogLine[] => lines.slice(position);
