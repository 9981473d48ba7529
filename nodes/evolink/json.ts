/** What a text is as JSON; nothing where it is none. */
export function parseJson(text: string): unknown {
	try {
		// some servers begin with a byte order mark, which JSON.parse refuses
		return JSON.parse(text.replace(/^\uFEFF/, ''));
	} catch {
		return undefined;
	}
}
