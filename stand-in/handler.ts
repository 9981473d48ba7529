import type { Context } from 'openapi-backend';
import type { Answer } from './answer';
import type { Upload } from './file-store';
import type { ApiFault } from './types';

/** What a call brings besides the HTTP request itself. */
export interface Call {
	/** The multipart file, if any. */
	upload?: Upload;
	/** Why the body is unusable. */
	unreadable?: string;
	/** API seconds since what is shown was true. */
	ago?: number;
	/** How the list lies. */
	lacking?: Extract<ApiFault, { kind: 'lacking' }>;
	/** Id to store the created task under. */
	taskId?: string;
	/** Set by the create handler: the order has a task, whatever is answered. */
	taken?: boolean;
	/** Set by the create handler: this answer may break the schema because its script says so. */
	unchecked?: boolean;
}

export type Handler = (context: Context, call: Call) => Answer | Promise<Answer>;
