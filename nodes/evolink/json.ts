/** What a text is as JSON; `undefined` if it is none. */
export function parseJson(text: string): unknown {
	try {
		// some servers begin with a byte order mark, which JSON.parse refuses
		return JSON.parse(text.replace(/^\uFEFF/, ''));
	} catch {
		return undefined;
	}
}

/** EvoLink's answers are five levels deep; n8n can neither store nor show what is nested thousands of levels deep. */
export const MAX_DEPTH = 100;

/** Whether more than `MAX_DEPTH` lists or objects stand in one another. Level by level: a call for each would overflow the stack. */
export function isTooDeep(value: unknown): boolean {
	let level = [value];
	for (let depth = 0; depth <= MAX_DEPTH; depth += 1) {
		level = level.filter((entry) => typeof entry === 'object' && entry !== null);
		if (level.length === 0) return false;
		level = level.flatMap((entry) => Object.values(entry as object) as unknown[]);
	}
	return true;
}
